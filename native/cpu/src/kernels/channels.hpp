/* Iterates over tensors of any layout. Every layout but ANY is [N][C / b][H][W][b], so one description serves all of them. */
#pragma once

#include <algorithm>
#include <cstdint>

#include "sunet_cpu.h"

namespace sunet {

/* A tensor or a channel slice of one. Offsets count elements from the first one of the enclosing tensor. */
struct channel_view {
    std::int64_t images, channels, height, width;
    std::int64_t block; /* neighbouring channels of a pixel; also the distance between neighbouring pixels */
    std::int64_t first; /* the slice's first channel in the enclosing tensor */
    std::int64_t total; /* the enclosing tensor's channels, rounded up to the block */
    bool last;          /* the slice ends where the enclosing tensor ends, so the padding behind it is its own */
    bool whole;
    bool is_bf16; /* float32 otherwise */

    std::int64_t pixels() const { return height * width; }

    std::int64_t offset(std::int64_t image, std::int64_t channel) const {
        const std::int64_t at = first + channel;
        return (image * total + at / block * block) * pixels() + at % block;
    }

    /* The number of channels from `channel` on that lie side by side, with the padding that belongs to the slice. */
    std::int64_t adjacent(std::int64_t channel) const {
        const std::int64_t at = first + channel;
        return std::min(block - at % block, (last ? total : first + channels) - at);
    }

    bool same_extent(const channel_view& other) const { return same_channels(other) && height == other.height && width == other.width; }

    bool same_channels(const channel_view& other) const { return images == other.images && channels == other.channels; }

    /* The address of an element. */
    const void* at(const void* data, std::int64_t element) const { return static_cast<const char*>(data) + element * (is_bf16 ? 2 : 4); }
    void* at(void* data, std::int64_t element) const { return static_cast<char*>(data) + element * (is_bf16 ? 2 : 4); }

    /* Whether the elements of both tensors lie in the same order and without gaps. */
    bool same_memory(const channel_view& other) const {
        return whole && other.whole && same_extent(other) && block == other.block && total == other.total;
    }

    std::int64_t count() const { return images * total * pixels(); }
};

/* Returns false where the tensor is not a float32 or bf16 tensor of a layout that the kernels take. Ranks below four are read as PLAIN rows
 * of pixels. */
inline bool describe(const sunet_tensor* tensor, channel_view* out, bool any_rank = false) {
    if (tensor == nullptr || (tensor->type != SUNET_F32 && tensor->type != SUNET_BF16) || tensor->rank < 1 || tensor->rank > 4)
        return false;
    if (tensor->layout < SUNET_PLAIN || tensor->layout > SUNET_NHWC) return false;
    std::int64_t dims[4] = {1, 1, 1, 1};
    for (int axis = 0; axis < tensor->rank; ++axis) {
        if (tensor->dims[axis] < 1) return false;
        dims[axis + 4 - tensor->rank] = tensor->dims[axis];
    }
    if (tensor->rank < 4 && (!any_rank || tensor->layout != SUNET_PLAIN || tensor->channel_total != 0)) return false;
    const std::int64_t total = tensor->channel_total == 0 ? dims[1] : tensor->channel_total;
    const std::int64_t first = tensor->rank < 4 ? 0 : tensor->channel_offset;
    if (first < 0 || first + dims[1] > total) return false;
    out->is_bf16 = tensor->type == SUNET_BF16;
    out->images = dims[0];
    out->channels = dims[1];
    out->height = dims[2];
    out->width = dims[3];
    out->first = first;
    out->whole = dims[1] == total;
    out->last = first + dims[1] == total;
    /* With a single pixel PLAIN and NHWC are the same bytes, and NHWC keeps the channels side by side. */
    const bool adjacent = tensor->layout == SUNET_NHWC || (tensor->layout == SUNET_PLAIN && dims[2] * dims[3] == 1);
    out->block = adjacent ? total : tensor->layout == SUNET_BLOCKED_16 ? 16 : tensor->layout == SUNET_BLOCKED_8 ? 8 : 1;
    out->total = (total + out->block - 1) / out->block * out->block;
    return true;
}

/* Up to sixteen channels of one image that lie side by side in each of N tensors, over a run of pixels. With one_channel the
 * lanes are neighbouring pixels of a single channel instead. */
template <int N>
struct channel_piece {
    std::int64_t channel;
    int lanes; /* 16, 8 or 1 */
    bool one_channel;
    std::int64_t pixels;    /* runs of `lanes` elements */
    std::int64_t offset[N]; /* of the first element, in each tensor */
    std::int64_t stride[N]; /* from one run to the next */
};

/* How the channels and pixels of N tensors are divided: threads own groups of channels and, where those are few, parts of the pixels. */
struct channel_partition {
    static constexpr int max_width = 64;
    static constexpr int room = max_width + 16; /* a group's last piece may take padding with it */
    std::int64_t width;                         /* channels in a group */
    std::int64_t groups;
    std::int64_t splits; /* parts of the pixels */
    std::int64_t tile;   /* pixels walked at once */
    bool plain;          /* all tensors are PLAIN */

    std::int64_t items() const { return groups * splits; }
};

constexpr std::int64_t max_reduction_items = 64;

template <int N>
channel_partition partition(const channel_view (&tensors)[N], int threads, std::int64_t parts, std::int64_t max_items) {
    const channel_view& front = tensors[0];
    bool plain = true, blocked = true;
    for (const channel_view& tensor : tensors) {
        plain = plain && tensor.block == 1;
        blocked = blocked && tensor.block == front.block && (tensor.block == 8 || tensor.block == 16) && tensor.first % tensor.block == 0;
    }
    channel_partition result;
    result.plain = plain;
    result.width = plain ? 1 : blocked ? front.block : channel_partition::max_width;
    result.groups = (front.channels + result.width - 1) / result.width;
    result.tile = plain ? 4096 : blocked ? 256 : 64;
    const std::int64_t wanted = (4 * threads + result.groups - 1) / result.groups;
    result.splits = std::max<std::int64_t>(1, std::min({wanted, parts, max_items / result.groups}));
    return result;
}

/* The number of lanes of the piece that starts at `channel`. It may pass `end` only where the channels themselves end. */
template <int N>
int piece_lanes(const channel_view (&tensors)[N], std::int64_t channel, std::int64_t end) {
    std::int64_t lanes = end < tensors[0].channels ? end - channel : 16;
    for (const channel_view& tensor : tensors) lanes = std::min(lanes, tensor.adjacent(channel));
    return lanes >= 16 ? 16 : lanes >= 8 ? 8 : 1;
}

template <int N>
channel_piece<N> plane_piece(const channel_view (&tensors)[N], std::int64_t image, std::int64_t channel, int lanes) {
    channel_piece<N> piece;
    piece.channel = channel;
    piece.lanes = lanes;
    piece.one_channel = false;
    piece.pixels = tensors[0].pixels();
    for (int i = 0; i < N; ++i) {
        piece.offset[i] = tensors[i].offset(image, channel);
        piece.stride[i] = tensors[i].block;
    }
    return piece;
}

/* Calls body(piece) for the pixels [begin, begin + count) of the channels [from, end); the piece's offsets are of its first pixel.
 * Returns the first channel, real or padding, that was not reached. */
template <int N, class Body>
std::int64_t walk(const channel_view (&tensors)[N], bool plain, std::int64_t image, std::int64_t from, std::int64_t end, std::int64_t begin,
                  std::int64_t count, const Body& body) {
    std::int64_t channel = from;
    while (channel < end) {
        const int lanes = piece_lanes(tensors, channel, end);
        channel_piece<N> piece = plane_piece(tensors, image, channel, lanes);
        for (int i = 0; i < N; ++i) piece.offset[i] += begin * piece.stride[i];
        piece.pixels = count;
        channel += lanes;
        if (plain && count >= 16) {
            piece.lanes = 16;
            piece.one_channel = true;
            piece.pixels = count / 16;
            std::fill_n(piece.stride, N, 16);
            body(piece);
            for (int i = 0; i < N; ++i) piece.offset[i] += piece.pixels * 16;
            std::fill_n(piece.stride, N, 1);
            piece.lanes = 1;
            piece.pixels = count % 16;
            if (piece.pixels == 0) continue;
        }
        body(piece);
    }
    return channel;
}

/* Zero has the same bits in every type of its size. */
template <class Element>
void clear_channel(void* first, std::int64_t stride, std::int64_t count) {
    Element* to = static_cast<Element*>(first);
    for (std::int64_t pixel = 0; pixel < count; ++pixel) to[pixel * stride] = 0;
}

/* Zeroes the padding channels from `channel` on, over the pixels [begin, begin + count). */
inline void clear_padding(const channel_view& tensor, void* data, std::int64_t image, std::int64_t channel, std::int64_t begin,
                          std::int64_t count) {
    if (!tensor.last) return;
    for (; tensor.first + channel < tensor.total; ++channel) {
        void* to = tensor.at(data, tensor.offset(image, channel) + begin * tensor.block);
        tensor.is_bf16 ? clear_channel<std::uint16_t>(to, tensor.block, count) : clear_channel<std::uint32_t>(to, tensor.block, count);
    }
}

/* Iterates over one item of a partition: calls body(piece) for its channels, tile by tile, and done(image, channel, begin, count) after
 * each tile. */
template <int N, class Body, class Done>
void walk_item(const channel_view (&tensors)[N], const channel_partition& parts, std::int64_t group, std::int64_t split, const Body& body,
               const Done& done) {
    const std::int64_t pixels = tensors[0].pixels(), from = group * parts.width;
    const std::int64_t end = std::min(from + parts.width, tensors[0].channels);
    const std::int64_t tiles = (pixels + parts.tile - 1) / parts.tile, all = tiles * tensors[0].images;
    for (std::int64_t index = all * split / parts.splits; index < all * (split + 1) / parts.splits; ++index) {
        const std::int64_t image = index / tiles, begin = index % tiles * parts.tile, count = std::min(parts.tile, pixels - begin);
        const std::int64_t reached = walk(tensors, parts.plain, image, from, end, begin, count, body);
        if (end == tensors[0].channels) done(image, reached, begin, count);
    }
}

template <int N>
std::int64_t tile_parts(const channel_view (&tensors)[N]) {
    return std::max<std::int64_t>(1, tensors[0].images * tensors[0].pixels() / 64);
}

/* Computes element by element over N tensors of one extent, of which the first is written: prepare(from, count, parameters) fills P rows of
 * parameters for a group of channels, and body(piece, parameters) computes a piece with its own. */
template <int P, int N, class Prepare, class Body>
void map(const sunet_context* context, const channel_view (&tensors)[N], void* destination, const Prepare& prepare, const Body& body) {
    const int threads = sunet_context_threads(context);
    const channel_partition parts = partition(tensors, threads, tile_parts(tensors), INT64_MAX);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t item = 0; item < parts.items(); ++item) {
        const std::int64_t group = item / parts.splits, from = group * parts.width;
        alignas(64) float parameters[P][channel_partition::room] = {};
        prepare(from, std::min(parts.width, tensors[0].channels - from), parameters);
        walk_item(
            tensors, parts, group, item % parts.splits,
            [&](const channel_piece<N>& piece) { body(piece, &parameters[0][piece.channel - from]); },
            [&](std::int64_t image, std::int64_t channel, std::int64_t begin, std::int64_t count) {
                clear_padding(tensors[0], destination, image, channel, begin, count);
            });
    }
}

/* Computes K sums per channel over N, H, W: body(piece, parameters, sums) adds to sums[k * channel_partition::room + lane], and
 * finish(from, count, sums) receives the totals of each group. */
template <int P, int K, int N, class Prepare, class Body, class Finish>
void reduce(const sunet_context* context, const channel_view (&tensors)[N], const Prepare& prepare, const Body& body,
            const Finish& finish) {
    constexpr int width = channel_partition::room;
    const int threads = sunet_context_threads(context);
    const channel_partition parts = partition(tensors, threads, tile_parts(tensors), max_reduction_items);
    double partial[max_reduction_items][K * width];
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t item = 0; item < parts.items(); ++item) {
        const std::int64_t group = item / parts.splits, from = group * parts.width;
        const std::int64_t count = std::min(parts.width, tensors[0].channels - from);
        alignas(64) float parameters[P][width] = {};
        prepare(from, count, parameters);
        double sums[K * width] = {};
        walk_item(
            tensors, parts, group, item % parts.splits,
            [&](const channel_piece<N>& piece) { body(piece, &parameters[0][piece.channel - from], sums + (piece.channel - from)); },
            [](std::int64_t, std::int64_t, std::int64_t, std::int64_t) {});
        if (parts.splits == 1)
            finish(from, count, sums);
        else
            std::copy_n(sums, K * width, partial[item]);
    }
    for (std::int64_t group = 0; parts.splits > 1 && group < parts.groups; ++group) {
        double* sums = partial[group * parts.splits];
        for (std::int64_t split = 1; split < parts.splits; ++split)
            for (int i = 0; i < K * width; ++i) sums[i] += partial[group * parts.splits + split][i];
        finish(group * parts.width, std::min(parts.width, tensors[0].channels - group * parts.width), sums);
    }
}

/* Computes row by row over tensors of one [N, C] whose heights and widths differ, of which the first is written: body(piece, begin, end)
 * computes its rows [begin, end) for a piece whose offsets are those of the first pixels of the planes. It gets one row at a time where
 * channels share pixels. */
template <int N, class Body>
void map_rows(const sunet_context* context, const channel_view (&tensors)[N], void* destination, const Body& body) {
    const int threads = sunet_context_threads(context);
    const channel_view& front = tensors[0];
    const int threads_for_image = static_cast<int>((threads + front.images - 1) / front.images);
    const channel_partition parts = partition(tensors, threads_for_image, front.height, INT64_MAX);
    const std::int64_t items = parts.items() * front.images;
    bool planar = false;
    for (const channel_view& tensor : tensors) planar = planar || tensor.block == 1;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t item = 0; item < items; ++item) {
        const std::int64_t image = item / parts.items(), part = item % parts.items();
        const std::int64_t group = part / parts.splits, split = part % parts.splits, from = group * parts.width;
        const std::int64_t end = std::min(from + parts.width, front.channels);
        const std::int64_t last = front.height * (split + 1) / parts.splits;
        const std::int64_t step = planar ? std::max<std::int64_t>(1, last) : 1;
        for (std::int64_t row = front.height * split / parts.splits; row < last; row += step) {
            const std::int64_t stop = std::min(row + step, last);
            std::int64_t channel = from;
            while (channel < end) {
                const int lanes = piece_lanes(tensors, channel, end);
                body(plane_piece(tensors, image, channel, lanes), row, stop);
                channel += lanes;
            }
            if (end == front.channels) clear_padding(front, destination, image, channel, row * front.width, (stop - row) * front.width);
        }
    }
}

/* Calls body(begin, end) for [0, count) in one contiguous range per thread, divided at multiples of 16. */
template <class Body>
void map_range(const sunet_context* context, std::int64_t count, const Body& body) {
    const int threads = sunet_context_threads(context);
    const std::int64_t runs = (count + 15) / 16;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t part = 0; part < threads; ++part) {
        const std::int64_t begin = runs * part / threads * 16, end = std::min(runs * (part + 1) / threads * 16, count);
        if (begin < end) body(begin, end);
    }
}

} // namespace sunet
