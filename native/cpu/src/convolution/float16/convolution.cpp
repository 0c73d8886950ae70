#include "convolution/float16/convolution.hpp"

#include <omp.h>

#include <algorithm>

#include "convolution/float16/winograd.hpp"
#include "core/instruction_sets.hpp"

namespace sunet::float16 {
namespace {

/* An element of the kernel, or a row of them where the source is an image: where it reads, in pixels from the beginning of an output's
 * window. */
struct tap {
    std::int64_t row, column, weights;
};

/* Outputs that read through the same taps. From the large side to the small one there is one phase; from small to large there is one for
 * each pixel of the stride, with its own part of the kernel. */
struct phase {
    std::int64_t row, column; /* of the first output */
    std::vector<tap> taps;
};

struct stride {
    std::int64_t rows, columns;
};

std::int64_t floor_divided(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

std::vector<tap> taps_of_forward(const sunet_convolution& a, bool merges_columns) {
    std::vector<tap> taps;
    const std::int64_t columns = merges_columns ? 1 : a.weights.dims[3];
    for (std::int64_t r = 0; r < a.weights.dims[2]; ++r)
        for (std::int64_t c = 0; c < columns; ++c)
            taps.push_back({r * a.dilation[0] - a.padding_begin[0], c * a.dilation[1] - a.padding_begin[1], r * columns + c});
    return taps;
}

std::vector<phase> phases_of_backward(const sunet_convolution& a) {
    std::vector<phase> phases;
    for (std::int64_t row = 0; row < a.stride[0]; ++row) {
        for (std::int64_t column = 0; column < a.stride[1]; ++column) {
            phase p{row, column, {}};
            for (std::int64_t r = 0; r < a.weights.dims[2]; ++r) {
                for (std::int64_t c = 0; c < a.weights.dims[3]; ++c) {
                    const std::int64_t y = row + a.padding_begin[0] - r * a.dilation[0];
                    const std::int64_t x = column + a.padding_begin[1] - c * a.dilation[1];
                    if (y % a.stride[0] == 0 && x % a.stride[1] == 0)
                        p.taps.push_back({floor_divided(y, a.stride[0]), floor_divided(x, a.stride[1]), r * a.weights.dims[3] + c});
                }
            }
            phases.push_back(std::move(p));
        }
    }
    return phases;
}

/* The number of pixels that are converted at once: whole tiles that fit into the first-level cache, few enough for many threads to share an
 * image. It does not depend on the number of threads, so that results do not either. */
std::int64_t pixels_of_strip(const sunet_tensor& source) {
    constexpr std::int64_t strip_bytes = 32 * 1024, fewest_tiles = 2, fewest_strips = 16;
    const std::int64_t pixels = std::int64_t{source.dims[2]} * source.dims[3];
    const std::int64_t room = strip_bytes / (std::int64_t{source.dims[1]} * std::int64_t{sizeof(half)});
    return std::max(fewest_tiles, std::min(room, pixels / fewest_strips) / most_pixels) * most_pixels;
}

class convolution {
public:
    explicit convolution(const direction& d)
        : d_(d), a_(d.attributes),
          weights_{d.destination.dims[1], d.source.dims[1], a_.weights.dims[2], a_.weights.dims[3], !d.from_large, is_planes(d.source)},
          in_(d.from_large ? stride{a_.stride[0], a_.stride[1]} : stride{1, 1}),
          out_(d.from_large ? stride{1, 1} : stride{a_.stride[0], a_.stride[1]}),
          phases_(d.from_large ? std::vector<phase>{{0, 0, taps_of_forward(a_, weights_.merges_columns)}} : phases_of_backward(a_)),
          converter_(make_converter()) {
        for (const phase& p : phases_) {
            for (const tap& t : p.taps) {
                first_row_ = std::min(first_row_, t.row);
                last_row_ = std::max(last_row_, t.row);
            }
        }
        tag_bytes_ = whole_lines(static_cast<std::size_t>(kept_rows()) * sizeof(kept_row));
        row_bytes_ = whole_lines(static_cast<std::size_t>(converter_.elements()) * sizeof(half));
        normalized_bytes_ = d_.norm ? whole_lines(static_cast<std::size_t>(converter_.normalized_elements()) * sizeof(bf16)) : 0;
        thread_bytes_ =
            tag_bytes_ + whole_lines(tile_sums * sizeof(float)) + normalized_bytes_ + row_bytes_ * static_cast<std::size_t>(kept_rows());
    }

    const packed_weights& weights() const { return weights_; }
    std::size_t scratch_bytes() const { return d_.norm_bytes() + thread_bytes_ * static_cast<std::size_t>(d_.threads); }

    void run(bindings data) const {
        const std::int64_t rows = flat_ ? converter_.rows() : (d_.layout.height + out_.rows - 1) / out_.rows;
        const work_sharing shared(d_.layout.batch * rows, weights_.groups(), d_.threads);
        d_.prepare_norm(data);
#pragma omp parallel num_threads(static_cast<int>(d_.threads))
        {
            const std::int64_t thread = omp_get_thread_num();
            worker own = make_worker(data, thread);
            shared.for_each(thread, omp_get_num_threads(), [&](std::int64_t row, std::int64_t first_group, std::int64_t end_group) {
                own.first_group = first_group;
                own.end_group = end_group;
                for (const phase& p : phases_) make_row(own, p, row / rows, row % rows);
            });
        }
    }

private:
    /* A converted row of the source. */
    struct kept_row {
        std::int64_t image, row;
        float scale;
    };

    struct worker {
        bindings data;
        kept_row* kept;
        float* sums;
        bf16* normalized;
        half* rows;
        normalization norm;
        std::int64_t first_group, end_group;
    };

    std::int64_t kept_rows() const { return last_row_ - first_row_ + 1; }

    row_converter make_converter() {
        flat_ = reads_single_pixels(a_);
        if (flat_) {
            const std::int64_t strip = pixels_of_strip(d_.source);
            return {d_.source, strip, 0, strip};
        }
        std::int64_t left = 0, reach = 0;
        for (const phase& p : phases_) {
            for (const tap& t : p.taps) {
                left = std::max(left, -t.column);
                reach = std::max(reach, t.column + (weights_.merges_columns ? weights_.kernel_columns - 1 : 0));
            }
        }
        const std::int64_t outputs = (d_.layout.width + out_.columns - 1) / out_.columns;
        const std::int64_t right = std::max(std::int64_t{d_.source.dims[3]}, (outputs - 1) * in_.columns + reach + 1);
        return {d_.source, d_.source.dims[3], left, left + right};
    }

    worker make_worker(bindings data, std::int64_t thread) const {
        char* scratch = static_cast<char*>(data[SUNET_ARG_SCRATCH]) + d_.norm_bytes() + thread_bytes_ * static_cast<std::size_t>(thread);
        worker own{};
        own.data = data;
        own.kept = reinterpret_cast<kept_row*>(scratch);
        std::fill_n(own.kept, kept_rows(), kept_row{-1, -1, 0.0f});
        own.sums = reinterpret_cast<float*>(scratch + tag_bytes_);
        own.normalized = reinterpret_cast<bf16*>(scratch + tag_bytes_ + whole_lines(tile_sums * sizeof(float)));
        own.rows = reinterpret_cast<half*>(own.normalized + normalized_bytes_ / sizeof(bf16));
        own.norm = d_.norm_of(data);
        return own;
    }

    half* slot(const worker& own, std::int64_t row) const {
        return own.rows + row % kept_rows() * static_cast<std::int64_t>(row_bytes_ / sizeof(half));
    }

    bool is_inside(std::int64_t row) const { return row >= 0 && row < converter_.rows(); }

    /* Converts a row and returns the scale of its elements. */
    float convert(const worker& own, std::int64_t image, std::int64_t row) const {
        const bf16* source = d_.input(own.data);
        if (d_.norm) {
            const scaling by = scaling_for(converter_.normalize(source, image, row, own.norm, own.normalized), source_exponent);
            converter_.convert_normalized(own.normalized, row, by, slot(own, row));
            return by.scale;
        }
        const scaling by = scaling_for(converter_.largest_of(source, image, row, 0), source_exponent);
        converter_.convert(source, image, row, by, slot(own, row));
        return by.scale;
    }

    void make_row(worker& own, const phase& p, std::int64_t image, std::int64_t item_row) const {
        const std::int64_t row = p.row + item_row * out_.rows;
        if (!flat_ && row >= d_.layout.height) return;
        for (const tap& t : p.taps) {
            const std::int64_t from = item_row * in_.rows + t.row;
            if (!is_inside(from)) continue;
            kept_row& kept = own.kept[from % kept_rows()];
            if (kept.image == image && kept.row == from) continue;
            kept = {image, from, convert(own, image, from)};
        }
        const std::int64_t first = flat_ ? item_row * converter_.width(0) : row * d_.layout.width + p.column;
        const std::int64_t pixels = flat_ ? converter_.width(item_row) : (d_.layout.width - p.column + out_.columns - 1) / out_.columns;
        if (pixels <= 0) return;
        const std::int64_t tiles = (pixels + most_pixels - 1) / most_pixels;
        for (std::int64_t group = own.first_group; group < own.end_group; ++group) {
            destination to = d_.output(own.data, weights_, image, group);
            bf16* y = to.y + first * channel_block;
            to.pixel_stride = out_.columns * channel_block;
            for (std::int64_t tile = 0; tile < tiles; ++tile) {
                const std::int64_t begin = pixels * tile / tiles, end = pixels * (tile + 1) / tiles;
                sum_tile(own, p, item_row * in_.rows, group, begin, static_cast<int>(end - begin));
                to.y = y + begin * to.pixel_stride;
                write(own.sums, weights_.vectors(group), static_cast<int>(end - begin), to);
            }
        }
    }

    /* Computes all products of `pixels` outputs of a group from `begin` on. */
    void sum_tile(const worker& own, const phase& p, std::int64_t from_row, std::int64_t group, std::int64_t begin, int pixels) const {
        const int vectors = weights_.vectors(group);
        const std::int64_t pixel = converter_.pixel_stride(), row_elements = vectors * lanes;
        const half* weights = weights_of(weights_, own.data[SUNET_ARG_WEIGHTS]) + weights_.offset(group);
        tile t{};
        t.pixel_stride = pixel * in_.columns;
        t.chain_stride = weights_.merges_columns ? chain_depth : converter_.block_stride();
        t.sums = own.sums;
        t.first = true;
        for (const tap& at : p.taps) {
            const std::int64_t row = from_row + at.row;
            if (!is_inside(row)) continue;
            const half* from = slot(own, row) + (begin * in_.columns + at.column + converter_.left()) * pixel;
            const half* of_tap = weights + at.weights * weights_.depth() * row_elements;
            t.scale = own.kept[row % kept_rows()].scale;
            for (std::int64_t channel = 0; channel < weights_.depth(); channel += most_depth) {
                t.a = from + channel / chain_depth * t.chain_stride;
                t.weights = of_tap + channel * row_elements;
                t.depth = std::min<std::int64_t>(most_depth, weights_.depth() - channel);
                multiply(t, vectors, pixels);
                t.first = false;
            }
        }
        if (t.first) std::fill_n(own.sums, pixels * row_elements, 0.0f);
    }

    const direction d_;
    const sunet_convolution& a_ = d_.attributes;
    const packed_weights weights_;
    const stride in_, out_; /* pixels from one output's window, or output, to the next */
    const std::vector<phase> phases_;
    bool flat_ = false; /* every output reads one pixel, so that rows may have any length */
    const row_converter converter_;
    std::int64_t first_row_ = 0, last_row_ = 0; /* of all taps */
    std::size_t normalized_bytes_ = 0, tag_bytes_ = 0, row_bytes_ = 0, thread_bytes_ = 0;
};

} // namespace

bool reads_single_pixels(const sunet_convolution& a) {
    return a.weights.dims[2] == 1 && a.weights.dims[3] == 1 && a.stride[0] == 1 && a.stride[1] == 1 && a.padding_begin[0] == 0 &&
           a.padding_begin[1] == 0 && a.padding_end[0] == 0 && a.padding_end[1] == 0;
}

bool takes(const convolution_request& request, bool from_large) {
    const sunet_convolution& a = request.attributes;
    const sunet_tensor& source = from_large ? request.large() : request.small();
    const sunet_tensor& destination = from_large ? request.small() : request.large();
    const bool is_known = has_rows(source, from_large) && has_rows(destination, false) && (!is_planes(source) || a.dilation[1] == 1);
    return a.float16 != 0 && prefers_float16() && is_known && a.weights.layout == SUNET_ANY;
}

namespace {

template <typename Work>
std::unique_ptr<sunet_primitive> make_primitive(const convolution_request& request, const direction& d, const char* name) {
    const auto work = std::make_shared<Work>(d);
    const sunet_convolution& a = request.attributes;
    auto primitive = own_primitive(request, work, d.norm ? std::string("normalised ") + name : name,
                                   {row_major_weights(a.weights), std::make_shared<weight_packing>(work->weights())});
    if (d.has_bias()) primitive->add_pass_argument(SUNET_ARG_BIAS, {vector_desc(d.destination.dims[1])});
    if (d.norm) primitive->add_norm_arguments(a.source.dims[1]);
    return primitive;
}

} // namespace

std::unique_ptr<sunet_primitive> build(const convolution_request& request, bool from_large, std::optional<source_norm> norm) {
    const direction d(request, from_large, norm);
    if (winograd::takes(d)) return make_primitive<winograd::convolution>(request, d, winograd::implementation);
    return make_primitive<convolution>(request, d, implementation);
}

} // namespace sunet::float16
