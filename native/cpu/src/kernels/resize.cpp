#include "kernels/channels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/resize.hpp"

namespace sunet {
namespace {

constexpr std::int64_t stretch = 512; /* columns of a PLAIN row that are interpolated at once */
using column_taps = stretch_taps<stretch>;

/* Rows of one plane, for up to sixteen channels; strides count elements from pixel to pixel. */
struct plane_run {
    int lanes;
    resize_axis rows, columns;
    const void* from;
    void* to;
    std::int64_t from_stride, to_stride;
    std::int64_t begin, end; /* rows written */
    bool from_bf16, to_bf16;
};

/* Runs a kernel of planes for the element types of what it reads and writes. */
template <template <class, class> class Kernel>
SUNET_INLINE void plane_by_types(const plane_run& run) {
    if (run.from_bf16)
        run.to_bf16 ? Kernel<bf16, bf16>::run(run) : Kernel<bf16, float>::run(run);
    else
        run.to_bf16 ? Kernel<float, bf16>::run(run) : Kernel<float, float>::run(run);
}

template <class V, class From, class To>
struct interpolate_kernel {
    static SUNET_INLINE void run(const plane_run& run) {
        for (std::int64_t row = run.begin; row < run.end; ++row) {
            const axis_tap vertical = run.rows.tap(row);
            const From* upper = static_cast<const From*>(run.from) + vertical.low * run.columns.input * run.from_stride;
            const From* lower = static_cast<const From*>(run.from) + vertical.high * run.columns.input * run.from_stride;
            const V upper_weight = broadcast<V>(vertical.low_weight), lower_weight = broadcast<V>(vertical.high_weight);
            To* to = static_cast<To*>(run.to) + row * run.columns.output * run.to_stride;
            for (std::int64_t column = 0; column < run.columns.output; ++column, to += run.to_stride) {
                const axis_tap taps = run.columns.tap(column);
                const std::int64_t left = taps.low * run.from_stride, right = taps.high * run.from_stride;
                const V left_weight = broadcast<V>(taps.low_weight), right_weight = broadcast<V>(taps.high_weight);
                const V above = load<V>(upper + left) * left_weight + load<V>(upper + right) * right_weight;
                const V below = load<V>(lower + left) * left_weight + load<V>(lower + right) * right_weight;
                store<V>(to, above * upper_weight + below * lower_weight);
            }
        }
    }
};

/* Interpolates into a PLAIN plane. Each source row is interpolated horizontally once and then used for all the output rows it takes part
 * in. */
template <class From, class To>
struct interpolate_plane_kernel {
    static SUNET_INLINE void run(const plane_run& run) {
        const From* from = static_cast<const From*>(run.from);
        column_taps taps;
        float upper[stretch], lower[stretch];
        for (std::int64_t begin = 0; begin < run.columns.output; begin += stretch) {
            fill(run.columns, begin, taps);
            std::int64_t widened_low = -1, widened_high = -1;
            for (std::int64_t row = run.begin; row < run.end; ++row) {
                const axis_tap vertical = run.rows.tap(row);
                if (vertical.low != widened_low) {
                    if (vertical.low == widened_high)
                        std::memcpy(upper, lower, sizeof upper);
                    else
                        widen(taps, from + vertical.low * run.columns.input * run.from_stride, run.from_stride, upper);
                }
                if (vertical.high != widened_high)
                    widen(taps, from + vertical.high * run.columns.input * run.from_stride, run.from_stride, lower);
                widened_low = vertical.low;
                widened_high = vertical.high;
                To* to = static_cast<To*>(run.to) + row * run.columns.output + begin;
#pragma omp simd
                for (std::int64_t i = 0; i < taps.count; ++i)
                    store<float>(to + i, upper[i] * vertical.low_weight + lower[i] * vertical.high_weight);
            }
        }
    }
};

SUNET_CLONES void interpolate_plane(const plane_run& run) { plane_by_types<interpolate_plane_kernel>(run); }

SUNET_CLONES void interpolate_run(const plane_run& run) { by_types<interpolate_kernel>(run); }

/* Computes the gradient of the input by gathering: each input sums over all outputs that sampled it. */
template <class V, class From, class To>
struct gather_kernel {
    static SUNET_INLINE void run(const plane_run& run) {
        for (std::int64_t row = run.begin; row < run.end; ++row) {
            const std::int64_t top = run.rows.reached(row - 1), bottom = run.rows.reached(row + 1);
            std::int64_t left = 0, right = 0;
            for (std::int64_t column = 0; column < run.columns.input; ++column) {
                while (left < run.columns.output && run.columns.tap(left).low < column - 1) left++;
                while (right < run.columns.output && run.columns.tap(right).low < column + 1) right++;
                V sum = broadcast<V>(0.0f);
                for (std::int64_t y = top; y < bottom; ++y) {
                    const float vertical = run.rows.weight(y, row);
                    const From* from = static_cast<const From*>(run.from) + y * run.columns.output * run.from_stride;
                    for (std::int64_t x = left; x < right; ++x)
                        sum = sum + load<V>(from + x * run.from_stride) * broadcast<V>(vertical * run.columns.weight(x, column));
                }
                store<V>(static_cast<To*>(run.to) + (row * run.columns.input + column) * run.to_stride, sum);
            }
        }
    }
};

SUNET_CLONES void gather_run(const plane_run& run) { by_types<gather_kernel>(run); }

template <class To>
SUNET_INLINE void add_to(To* to, float value) {
    store<float>(to, load<float>(to) + value);
}

/* Adds the sums of columns to the inputs they sampled. An input that is the higher tap of some columns is the lower tap of the next ones,
 * so its sum is kept until both are known. */
template <class To>
SUNET_INLINE void gather_columns(const column_taps& taps, const float* column_sums, To* to, std::int64_t stride) {
    float pending = 0;
    std::int64_t pending_at = taps.low[0];
    for (std::int64_t i = 0; i < taps.count;) {
        const std::int32_t low = taps.low[i], high = taps.high[i];
        double low_sum = 0, high_sum = 0;
        for (; i < taps.count && taps.low[i] == low; ++i) {
            low_sum += static_cast<double>(taps.low_weight[i]) * static_cast<double>(column_sums[i]);
            high_sum += static_cast<double>(taps.high_weight[i]) * static_cast<double>(column_sums[i]);
        }
        if (pending_at != low) {
            add_to(to + pending_at * stride, pending);
            pending = 0;
        }
        add_to(to + low * stride, pending + static_cast<float>(low_sum));
        pending = static_cast<float>(high_sum);
        pending_at = high;
    }
    add_to(to + pending_at * stride, pending);
}

/* Gathers from a PLAIN plane: first the output rows that sampled an input row are summed, column by column, then the columns. */
template <class From, class To>
struct gather_plane_kernel {
    static SUNET_INLINE void run(const plane_run& run) {
        To* plane = static_cast<To*>(run.to);
        column_taps taps;
        float column_sums[stretch];
        for (std::int64_t row = run.begin; row < run.end; ++row)
            for (std::int64_t column = 0; column < run.columns.input; ++column)
                store<float>(plane + (row * run.columns.input + column) * run.to_stride, 0.0f);
        for (std::int64_t begin = 0; begin < run.columns.output; begin += stretch) {
            fill(run.columns, begin, taps);
            for (std::int64_t row = run.begin; row < run.end; ++row) {
                const std::int64_t top = run.rows.reached(row - 1), bottom = run.rows.reached(row + 1);
                for (std::int64_t i = 0; i < taps.count; ++i) column_sums[i] = 0.0f;
                for (std::int64_t y = top; y < bottom; ++y) {
                    const float weight = run.rows.weight(y, row);
                    const From* from = static_cast<const From*>(run.from) + y * run.columns.output + begin;
#pragma omp simd
                    for (std::int64_t i = 0; i < taps.count; ++i) column_sums[i] += weight * load<float>(from + i);
                }
                gather_columns(taps, column_sums, plane + row * run.columns.input * run.to_stride, run.to_stride);
            }
        }
    }
};

SUNET_CLONES void gather_plane(const plane_run& run) { plane_by_types<gather_plane_kernel>(run); }

template <class Body>
sunet_status resize(sunet_context* context, const channel_view (&tensors)[2], const resize_axis& rows, const resize_axis& columns,
                    const void* from, void* to, const Body& body) {
    map_rows(context, tensors, to, [&](const channel_piece<2>& piece, std::int64_t begin, std::int64_t end) {
        body(plane_run{piece.lanes, rows, columns, tensors[1].at(from, piece.offset[1]), tensors[0].at(to, piece.offset[0]),
                       piece.stride[1], piece.stride[0], begin, end, tensors[1].is_bf16, tensors[0].is_bf16});
    });
    return SUNET_OK;
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_bilinear(sunet_context* context, const sunet_tensor* x_tensor, const void* x, const sunet_tensor* y_tensor, void* y) {
    channel_view tensors[2];
    const channel_view &y_view = tensors[0], &x_view = tensors[1];
    if (context == nullptr || x == nullptr || y == nullptr || !describe(y_tensor, &tensors[0]) || !describe(x_tensor, &tensors[1]) ||
        !x_view.same_channels(y_view))
        return SUNET_INVALID_ARGUMENT;
    const bool plane = y_view.block == 1;
    return resize(context, tensors, {x_view.height, y_view.height}, {x_view.width, y_view.width}, x, y,
                  [plane](const plane_run& run) { plane ? interpolate_plane(run) : interpolate_run(run); });
}

sunet_status sunet_bilinear_backward(sunet_context* context, const sunet_tensor* dy_tensor, const void* dy, const sunet_tensor* dx_tensor,
                                     void* dx) {
    channel_view tensors[2];
    const channel_view &dx_view = tensors[0], &dy_view = tensors[1];
    if (context == nullptr || dy == nullptr || dx == nullptr || !describe(dx_tensor, &tensors[0]) || !describe(dy_tensor, &tensors[1]) ||
        !dx_view.same_channels(dy_view))
        return SUNET_INVALID_ARGUMENT;
    const bool plane = dy_view.block == 1;
    return resize(context, tensors, {dx_view.height, dy_view.height}, {dx_view.width, dy_view.width}, dy, dx,
                  [plane](const plane_run& run) { plane ? gather_plane(run) : gather_run(run); });
}
