#include "resize_axis.hpp"

namespace sunet {
namespace {

constexpr int resize_floats = 4096;  /* of shared memory: what a tile's columns are made from */
constexpr int resize_tile = 256;     /* columns of a tile at most */
constexpr int resize_channels = 256; /* channels of a tile at most */

/* What a block works on: some columns of one row of an image, some of their channels. */
struct resize_unit {
    int image, row, begin, columns, channel, channels;

    SUNET_DEVICE resize_unit(int unit, int rows, int width, int all_channels, int tile, int chunk) {
        const int chunks = pieces(all_channels, chunk), tiles = pieces(width, tile);
        channel = unit % chunks * chunk;
        channels = lower(chunk, all_channels - channel);
        begin = unit / chunks % tiles * tile;
        columns = lower(tile, width - begin);
        row = unit / chunks / tiles % rows;
        image = unit / chunks / tiles / rows;
    }
};

/* Interpolates vertically between two rows of the source, for the columns that a tile samples: [column - first][channel]. */
template <class T>
SUNET_DEVICE void blend_rows(const T* x, int ld_x, const resize_axis& rows, const resize_axis& columns, const resize_unit& at, int first,
                             int count, float* blended) {
    const axis_tap vertical = tap(rows, at.row);
    const int64_t image = static_cast<int64_t>(at.image) * rows.input * columns.input + first;
    const T* upper = x + (image + static_cast<int64_t>(vertical.low) * columns.input) * ld_x + at.channel;
    const T* under = x + (image + static_cast<int64_t>(vertical.high()) * columns.input) * ld_x + at.channel;
    for (tile_walk walk(count, at.channels, block_threads); walk.inside(); walk.next()) {
        const int offset = walk.pixel * ld_x + walk.channel;
        blended[walk.pixel * at.channels + walk.channel] = mix(to_float(upper[offset]), to_float(under[offset]), vertical.fraction);
    }
}

template <class T, class U>
SUNET_DEVICE void resize(const T* x, int ld_x, U* y, int ld_y, int images, int channels, const resize_axis& rows,
                         const resize_axis& columns, int tile, int chunk) {
    SUNET_SHARED float blended[resize_floats];
    SUNET_SHARED axis_tap taps[resize_tile];
    const int units = images * rows.output * pieces(columns.output, tile) * pieces(channels, chunk);
    for (int unit = block_x(); unit < units; unit += grid_dim_x()) {
        const resize_unit at(unit, rows.output, columns.output, channels, tile, chunk);
        const int first = tap(columns, at.begin).low, end = tap(columns, at.begin + at.columns - 1).high() + 1;
        blend_rows(x, ld_x, rows, columns, at, first, end - first, blended);
        for (int column = thread_x(); column < at.columns; column += block_threads) {
            const axis_tap horizontal = tap(columns, at.begin + column);
            taps[column] = {horizontal.low - first, horizontal.fraction};
        }
        sync_threads();
        const int64_t row = static_cast<int64_t>(at.image) * rows.output + at.row;
        U* to = y + (row * columns.output + at.begin) * ld_y + at.channel;
        for (tile_walk walk(at.columns, at.channels, block_threads); walk.inside(); walk.next()) {
            const axis_tap horizontal = taps[walk.pixel];
            const float* low = blended + horizontal.low * at.channels + walk.channel;
            const float high = horizontal.fraction > 0.0f ? low[at.channels] : *low;
            to[walk.pixel * ld_y + walk.channel] = from_float<U>(mix(*low, high, horizontal.fraction));
        }
        sync_threads();
    }
}

/* Finds the most likely class of every output pixel, without the resized logits in memory. */
template <class T>
SUNET_DEVICE void resize_arg_max(const T* x, int ld_x, uint8_t* classes, int images, int channels, const resize_axis& rows,
                                 const resize_axis& columns, int tile, int chunk) {
    SUNET_SHARED float blended[resize_floats];
    const int units = images * rows.output * pieces(columns.output, tile);
    for (int unit = block_x(); unit < units; unit += grid_dim_x()) {
        resize_unit at(unit, rows.output, columns.output, channels, tile, channels);
        const int first = tap(columns, at.begin).low, end = tap(columns, at.begin + at.columns - 1).high() + 1;
        const bool inside = thread_x() < at.columns;
        const axis_tap horizontal = tap(columns, at.begin + (inside ? thread_x() : 0));
        float best = 0;
        int index = 0;
        for (at.channel = 0; at.channel < channels; at.channel += chunk) {
            at.channels = lower(chunk, channels - at.channel);
            blend_rows(x, ld_x, rows, columns, at, first, end - first, blended);
            sync_threads();
            const float* low = blended + (horizontal.low - first) * at.channels;
            const float* high = blended + (horizontal.high() - first) * at.channels;
            for (int channel = 0; inside && channel < at.channels; ++channel) {
                const float value = mix(low[channel], high[channel], horizontal.fraction);
                if (at.channel + channel == 0 || value > best) {
                    best = value;
                    index = at.channel + channel;
                }
            }
            sync_threads();
        }
        const int64_t row = static_cast<int64_t>(at.image) * rows.output + at.row;
        if (inside) classes[row * columns.output + at.begin + thread_x()] = static_cast<uint8_t>(index);
    }
}

/* Sums the rows of dy that sampled one row of x, weighted, for a stretch of columns: [column - first][channel]. */
template <class T>
SUNET_DEVICE void gather_rows(const T* dy, int ld_dy, const resize_axis& rows, const resize_axis& columns, const resize_unit& at, int first,
                              int count, float* gathered) {
    constexpr int held = 4; /* sums that a thread keeps in registers while it walks down the rows */
    const int top = reached(rows, at.row - 1), bottom = reached(rows, at.row + 1), elements = count * at.channels;
    const hat_function hat(rows, at.row);
    const int64_t image = static_cast<int64_t>(at.image) * rows.output;
    for (int begin = thread_x(); begin < elements; begin += held * block_threads) {
        int offsets[held];
        float sums[held];
        for (int i = 0; i < held; ++i) {
            const int element = lower(begin + i * block_threads, elements - 1);
            offsets[i] = element / at.channels * ld_dy + element % at.channels;
            sums[i] = 0.0f;
        }
        for (int row = top; row < bottom; ++row) {
            const T* from = dy + ((image + row) * columns.output + first) * ld_dy + at.channel;
            const float weight = hat.weight(row);
            for (int i = 0; i < held; ++i) sums[i] = multiply_add(weight, to_float(from[offsets[i]]), sums[i]);
        }
        for (int i = 0; i < held; ++i)
            if (begin + i * block_threads < elements) gathered[begin + i * block_threads] = sums[i];
    }
}

/* Every input gathers from the outputs that sampled it, in one order: rows first, then columns. Each thread owns one input of the tile. */
template <class T, class U>
SUNET_DEVICE void resize_backward(const T* dy, int ld_dy, U* dx, int ld_dx, int images, int channels, const resize_axis& rows,
                                  const resize_axis& columns, int tile, int chunk) {
    SUNET_SHARED float gathered[resize_floats];
    const int units = images * rows.input * pieces(columns.input, tile) * pieces(channels, chunk);
    for (int unit = block_x(); unit < units; unit += grid_dim_x()) {
        const resize_unit at(unit, rows.input, columns.input, channels, tile, chunk);
        const int own = thread_x() / at.channels, channel = thread_x() % at.channels, column = at.begin + own;
        const bool inside = own < at.columns;
        const hat_function hat(columns, column);
        const int left = inside ? reached(columns, column - 1) : 0, right = inside ? reached(columns, column + 1) : 0;
        const int end = reached(columns, at.begin + at.columns), stretch = resize_floats / at.channels;
        float sum = 0;
        for (int first = reached(columns, at.begin - 1); first < end; first += stretch) {
            const int behind = lower(first + stretch, end);
            gather_rows(dy, ld_dy, rows, columns, at, first, behind - first, gathered);
            sync_threads();
            for (int from = left > first ? left : first; from < right && from < behind; ++from)
                sum = multiply_add(hat.weight(from), gathered[(from - first) * at.channels + channel], sum);
            sync_threads();
        }
        const int64_t row = static_cast<int64_t>(at.image) * rows.input + at.row;
        if (inside) dx[(row * columns.input + column) * ld_dx + at.channel + channel] = from_float<U>(sum);
    }
}

} // namespace

#define SUNET_BILINEAR(T, U, suffix)                                                                                                       \
    SUNET_KERNEL(bilinear_##suffix, block_threads)                                                                                         \
    (const T* x, int ld_x, U* y, int ld_y, int images, int channels, int in_height, int in_width, int out_height, int out_width, int tile, \
     int chunk) {                                                                                                                          \
        resize(x, ld_x, y, ld_y, images, channels, {in_height, out_height}, {in_width, out_width}, tile, chunk);                           \
    }                                                                                                                                      \
    SUNET_KERNEL(bilinear_backward_##suffix, block_threads)                                                                                \
    (const T* dy, int ld_dy, U* dx, int ld_dx, int images, int channels, int in_height, int in_width, int out_height, int out_width,       \
     int tile, int chunk) {                                                                                                                \
        resize_backward(dy, ld_dy, dx, ld_dx, images, channels, {in_height, out_height}, {in_width, out_width}, tile, chunk);              \
    }

SUNET_BILINEAR(float, float, f32_f32)
SUNET_BILINEAR(float, bf16, f32_bf16)
SUNET_BILINEAR(bf16, float, bf16_f32)
SUNET_BILINEAR(bf16, bf16, bf16_bf16)

#undef SUNET_BILINEAR

SUNET_KERNEL(bilinear_arg_max_f32, block_threads)
(const float* x, int ld_x, uint8_t* classes, int images, int channels, int in_height, int in_width, int out_height, int out_width, int tile,
 int chunk) {
    resize_arg_max(x, ld_x, classes, images, channels, {in_height, out_height}, {in_width, out_width}, tile, chunk);
}

SUNET_KERNEL(bilinear_arg_max_bf16, block_threads)
(const bf16* x, int ld_x, uint8_t* classes, int images, int channels, int in_height, int in_width, int out_height, int out_width, int tile,
 int chunk) {
    resize_arg_max(x, ld_x, classes, images, channels, {in_height, out_height}, {in_width, out_width}, tile, chunk);
}

} // namespace sunet
