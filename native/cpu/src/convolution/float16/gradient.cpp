/* The gradient of a convolution's weights: for every tap and pair of channels the sum of products over all pixels. */
#include <algorithm>
#include <cstring>

#include "convolution/float16/convolution.hpp"
#include "convolution/float16/gradient_sharing.hpp"
#include "convolution/float16/winograd.hpp"
#include "convolution/float16/winograd_gradient.hpp"
#include "core/instruction_sets.hpp"

namespace sunet::float16 {
namespace {

/* The most products that may be summed in float16. */
constexpr std::int64_t strip_pixels = most_depth;

class weight_gradient {
public:
    weight_gradient(const convolution_request& request, std::optional<source_norm> norm)
        : a_(request.attributes), flat_(reads_single_pixels(a_)), width_(flat_ ? strip(request) : request.small().dims[3]),
          sums_format_{request.small().dims[1],   request.large().dims[1], a_.weights.dims[2], a_.weights.dims[3], false,
                       is_planes(request.large())},
          sums_order_(sums_format_), images_(request.large().dims[0]),
          small_(request.small(), width_, 0, rounded_up(width_, depth_step), lanes),
          large_(request.large(), flat_ ? width_ : request.large().dims[3], a_.padding_begin[1], columns_of_large(request)),
          sharing_(request, norm, sums_format_, small_.pixel_stride()) {
        unit_rows_ = flat_ ? 1 : std::clamp<std::int64_t>(chain_depth / width_, 1, small_.rows());
        kept_rows_ = (unit_rows_ - 1) * a_.stride[0] + (a_.weights.dims[2] - 1) * a_.dilation[0] + 1;
        vectors_ = static_cast<int>(small_.pixel_stride() / lanes);
        pointer_bytes_ = whole_lines(static_cast<std::size_t>(unit_rows_) * sizeof(half*));
        tag_bytes_ = whole_lines(static_cast<std::size_t>(kept_rows_) * sizeof(kept_row));
        large_bytes_ = whole_lines(static_cast<std::size_t>(large_.elements()) * sizeof(half));
        small_bytes_ = whole_lines(static_cast<std::size_t>(small_.elements()) * sizeof(half));
        if (sharing_.has_norm()) {
            const std::int64_t normalized_rows = has_common_scale() ? large_.rows() : 1;
            normalized_bytes_ = whole_lines(static_cast<std::size_t>(normalized_rows * large_.normalized_elements()) * sizeof(bf16));
        }
        sharing_.set_thread_bytes(pointer_bytes_ + tag_bytes_ + normalized_bytes_ + large_bytes_ * static_cast<std::size_t>(kept_rows_) +
                                  small_bytes_ * static_cast<std::size_t>(unit_rows_));
    }

    std::size_t scratch_bytes() const { return sharing_.scratch_bytes(); }

    void run(bindings data) const {
        sharing_.run(
            data, [&](const gradient_share& share) { sum_share(share); }, [&](std::int64_t channel) { write_block(data, channel); });
    }

private:
    /* A converted row of the large side. */
    struct kept_row {
        std::int64_t row;
        float scale;
    };

    struct worker : gradient_share {
        const half** rows;
        kept_row* kept;
        bf16* normalized; /* a row of the large side, or all of an image's */
        half *large_rows, *small_rows;
        bool first;
        std::uint16_t largest; /* bits of the largest magnitude of all rows of the large side, where they have a common scale */
    };

    static std::int64_t rounded_up(std::int64_t value, std::int64_t step) { return (value + step - 1) / step * step; }

    static std::int64_t strip(const convolution_request& request) {
        return std::min<std::int64_t>(strip_pixels, std::int64_t{request.small().dims[2]} * request.small().dims[3]);
    }

    /* The columns of the large side that a row reaches, with pixels that only round it up. */
    std::int64_t columns_of_large(const convolution_request& request) const {
        const std::int64_t width = flat_ ? width_ : request.large().dims[3];
        const std::int64_t reach = (a_.weights.dims[3] - 1) * a_.dilation[1];
        return std::max(a_.padding_begin[1] + width, (rounded_up(width_, depth_step) - 1) * a_.stride[1] + reach + 1);
    }

    /* Whether rows of an image are summed together, which then need one scale. */
    bool has_common_scale() const { return unit_rows_ > 1; }

    worker make_worker(const gradient_share& share) const {
        worker w{};
        static_cast<gradient_share&>(w) = share;
        w.rows = reinterpret_cast<const half**>(share.memory);
        w.kept = reinterpret_cast<kept_row*>(share.memory + pointer_bytes_);
        w.normalized = reinterpret_cast<bf16*>(share.memory + pointer_bytes_ + tag_bytes_);
        w.large_rows = reinterpret_cast<half*>(w.normalized + normalized_bytes_ / sizeof(bf16));
        w.small_rows = w.large_rows + static_cast<std::int64_t>(large_bytes_ / sizeof(half)) * kept_rows_;
        return w;
    }

    /* Sums the groups of one thread over its part of all rows of all images. */
    void sum_share(const gradient_share& share) const {
        worker own = make_worker(share);
        const std::int64_t all = images_ * small_.rows(), group_sums = sharing_.group_sums();
        std::int64_t row = all * share.part / share.parts;
        const std::int64_t end = all * (share.part + 1) / share.parts;
        /* The first pixels of a 1x1 convolution write all sums, so that these need not be cleared. */
        own.first = flat_ && row < end;
        if (!own.first)
            std::memset(own.sums + own.first_group * group_sums, 0,
                        static_cast<std::size_t>((own.end_group - own.first_group) * group_sums) * sizeof(float));
        while (row < end) {
            const std::int64_t image = row / small_.rows(), begin = row % small_.rows();
            const std::int64_t rows = std::min(small_.rows() - begin, end - row);
            sum_rows(own, image, begin, begin + rows);
            row += rows;
        }
    }

    void sum_rows(worker& own, std::int64_t image, std::int64_t begin, std::int64_t end) const {
        own.largest = 0;
        if (has_common_scale()) {
            const std::int64_t first = std::max(from_row(begin, 0), std::int64_t{0});
            const std::int64_t last = std::min(from_row(end - 1, a_.weights.dims[2] - 1), large_.rows() - 1);
            for (std::int64_t row = first; row <= last; ++row) own.largest = largest_of(own, image, row, own.largest);
        }
        std::fill_n(own.kept, kept_rows_, kept_row{-1, 0.0f});
        for (std::int64_t row = begin; row < end; row += unit_rows_) sum_unit(own, image, row, std::min(unit_rows_, end - row));
    }

    /* The row of the large side that a row of taps reads. */
    std::int64_t from_row(std::int64_t row, std::int64_t tap) const {
        return flat_ ? row : row * a_.stride[0] + tap * a_.dilation[0] - a_.padding_begin[0];
    }

    bool is_inside(std::int64_t row) const { return row >= 0 && row < large_.rows(); }

    void sum_unit(worker& own, std::int64_t image, std::int64_t begin, std::int64_t rows) const {
        const auto small_elements = static_cast<std::int64_t>(small_bytes_ / sizeof(half));
        std::uint16_t largest = 0;
        for (std::int64_t row = 0; row < rows; ++row) largest = small_.largest_of(own.small, image, begin + row, largest);
        const scaling by = scaling_for(largest, weight_exponent);
        for (std::int64_t row = 0; row < rows; ++row) {
            if (own.bias != nullptr) small_.add_channels_of(own.small, image, begin + row, own.bias);
            small_.convert(own.small, image, begin + row, by, own.small_rows + row * small_elements);
        }
        for (std::int64_t tap = 0; tap < a_.weights.dims[2]; ++tap) {
            std::int64_t first = -1, count = 0;
            float scale = 0.0f;
            for (std::int64_t row = 0; row < rows; ++row) {
                const std::int64_t from = from_row(begin + row, tap);
                if (!is_inside(from)) continue;
                if (first < 0) first = row;
                own.rows[count++] = large_row(own, image, from, scale);
            }
            if (count > 0) sum_tap_row(own, tap, own.small_rows + first * small_elements, count, by.scale * scale);
        }
        own.first = false;
    }

    bf16* normalized_row(const worker& own, std::int64_t row) const {
        return own.normalized + (has_common_scale() ? row * large_.normalized_elements() : 0);
    }

    /* The bits of the largest magnitude, of those so far and of a row of the large side, which is normalised first. */
    std::uint16_t largest_of(const worker& own, std::int64_t image, std::int64_t row, std::uint16_t so_far) const {
        if (!sharing_.has_norm()) return large_.largest_of(own.large, image, row, so_far);
        return std::max(so_far, large_.normalize(own.large, image, row, own.norm, normalized_row(own, row)));
    }

    /* Returns a converted row and the scale of its elements. */
    const half* large_row(worker& own, std::int64_t image, std::int64_t row, float& scale) const {
        const std::int64_t place = row % kept_rows_;
        half* to = own.large_rows + place * static_cast<std::int64_t>(large_bytes_ / sizeof(half));
        if (own.kept[place].row != row) {
            const scaling by = scaling_for(has_common_scale() ? own.largest : largest_of(own, image, row, 0), source_exponent);
            if (sharing_.has_norm())
                large_.convert_normalized(normalized_row(own, row), row, by, to);
            else
                large_.convert(own.large, image, row, by, to);
            own.kept[place] = {row, by.scale};
        }
        scale = own.kept[place].scale;
        return to;
    }

    /* Adds all products of a row of taps and the converted rows. */
    void sum_tap_row(const worker& own, std::int64_t tap_row, const half* gradients, std::int64_t rows, float scale) const {
        const std::int64_t columns = sums_format_.merges_columns ? 1 : a_.weights.dims[3], pixel = large_.pixel_stride();
        gradient_tile t{};
        t.a = own.rows;
        t.rows = rows;
        t.pixel_stride = pixel * a_.stride[1];
        t.gradient_stride = static_cast<std::int64_t>(small_bytes_ / sizeof(half));
        t.pixels = rounded_up(width_, depth_step);
        t.scale = scale;
        t.first = own.first;
        for (std::int64_t group = own.first_group; group < own.end_group; ++group) {
            for (std::int64_t column = 0; column < columns; ++column) {
                const std::int64_t tap = tap_row * columns + column;
                float* sums = own.sums + group * sharing_.group_sums() + tap * sums_format_.depth() * small_.pixel_stride();
                t.gradients = gradients + group * small_.block_stride();
                for (std::int64_t block = 0; block < sums_format_.blocks(); ++block) {
                    t.offset = column * a_.dilation[1] * pixel + block * large_.block_stride();
                    t.sums = sums + block * chain_depth * small_.pixel_stride();
                    multiply_block(t, vectors_, sums_format_.depth(block));
                }
            }
        }
    }

    void write_block(bindings data, std::int64_t channel) const {
        const std::int64_t elements = sums_format_.inputs * sums_format_.kernel_rows * sums_format_.kernel_columns;
        gradient_block block{};
        block.sums = sharing_.sums_from(data, channel);
        block.row_elements = small_.pixel_stride();
        block.parts = sharing_.parts();
        block.part_stride = sharing_.part_stride();
        block.w = static_cast<float*>(data[SUNET_ARG_WEIGHTS]) + channel * elements;
        block.output_stride = block.elements = elements;
        block.outputs = static_cast<int>(std::min<std::int64_t>(channel_block, sums_format_.outputs - channel));
        unpack(block, sums_order_.rows());
    }

    const sunet_convolution a_;
    const bool flat_;          /* every output reads one pixel, so that rows may have any length */
    const std::int64_t width_; /* of a row of the small side */
    const packed_weights sums_format_;
    const weight_packing sums_order_;
    const std::int64_t images_;
    const row_converter small_, large_;
    gradient_sharing sharing_;
    std::int64_t unit_rows_ = 1; /* of the small side, summed together so that narrow images have long sums, too */
    std::int64_t kept_rows_ = 1; /* of the large side */
    int vectors_ = 2;
    std::size_t pointer_bytes_ = 0, tag_bytes_ = 0, normalized_bytes_ = 0, large_bytes_ = 0, small_bytes_ = 0;
};

} // namespace

bool takes_gradient(const convolution_request& request) {
    const sunet_convolution& a = request.attributes;
    const sunet_tensor &large = request.large(), &small = request.small();
    const bool is_known = has_rows(large, true) && has_rows(small, false) && (!is_planes(large) || a.dilation[1] == 1);
    return a.float16 != 0 && prefers_float16() && is_known && a.weights.layout == SUNET_ANY && a.weights.type == SUNET_F32;
}

namespace {

template <typename Work>
std::unique_ptr<sunet_primitive> make_gradient(const convolution_request& request, std::optional<source_norm> norm, const char* name) {
    const auto work = std::make_shared<Work>(request, norm);
    const sunet_convolution& a = request.attributes;
    auto primitive = own_primitive(request, work, norm ? std::string("normalised ") + name : name, {row_major_weights(a.weights)});
    if (a.has_bias != 0 && !request.transposed) primitive->add_pass_argument(SUNET_ARG_BIAS, {vector_desc(a.destination.dims[1])});
    if (norm) primitive->add_norm_arguments(a.source.dims[1]);
    return primitive;
}

} // namespace

std::unique_ptr<sunet_primitive> build_gradient(const convolution_request& request, std::optional<source_norm> norm) {
    if (winograd::takes_gradient(request)) return make_gradient<winograd::weight_gradient>(request, norm, winograd::implementation);
    return make_gradient<weight_gradient>(request, norm, implementation);
}

} // namespace sunet::float16
