#include "kernels/channels.hpp"
#include "kernels/kernel.hpp"

namespace sunet {
namespace {

enum class pointwise { copy, relu, relu_backward, add };

struct pixel_run {
    int lanes;
    std::int64_t pixels;
    const void *a, *b;
    void* y;
    std::int64_t a_stride, b_stride, y_stride;
    bool from_bf16, to_bf16;

    bool has_pairs() const { return lie_in_pairs(lanes, pixels, {a_stride, b_stride, y_stride}); }
    pixel_run pairs() const { return {lanes, pixels / 2, a, b, y, 2 * a_stride, 2 * b_stride, 2 * y_stride, from_bf16, to_bf16}; }
};

template <pointwise O>
struct pointwise_kernel {
    template <class V, class From, class To>
    struct lanes {
        static SUNET_INLINE void run(const pixel_run& run) {
            const From *a = static_cast<const From*>(run.a), *b = static_cast<const From*>(run.b);
            To* y = static_cast<To*>(run.y);
            for (std::int64_t pixel = 0; pixel < run.pixels; ++pixel) {
                V value = load<V>(a + pixel * run.a_stride);
                if (O == pointwise::relu) value = rectified(value);
                if (O == pointwise::relu_backward) value = passed(value, load<V>(b + pixel * run.b_stride));
                if (O == pointwise::add) value = value + load<V>(b + pixel * run.b_stride);
                store<V>(y + pixel * run.y_stride, value);
            }
        }
    };
};

template <pointwise O>
SUNET_INLINE void combine(const pixel_run& run) {
    run.to_bf16 ? by_lanes<pointwise_kernel<O>::template lanes, bf16, bf16>(run)
                : by_lanes<pointwise_kernel<O>::template lanes, float, float>(run);
}

/* A copy is the only operation that may change the element type. */
SUNET_CLONES void combine_anywhere(pointwise operation, const pixel_run& run) {
    switch (operation) {
        case pointwise::copy: by_types<pointwise_kernel<pointwise::copy>::lanes>(run); break;
        case pointwise::relu: combine<pointwise::relu>(run); break;
        case pointwise::relu_backward: combine<pointwise::relu_backward>(run); break;
        case pointwise::add: combine<pointwise::add>(run); break;
    }
}

/* All operands are bf16. */
SUNET_ROUNDS_BF16 void combine_bf16(pointwise operation, const pixel_run& run) {
    switch (operation) {
        /* A copy rounds in software, so that subnormal numbers stay as they are. */
        case pointwise::copy: by_wide_lanes<pointwise_kernel<pointwise::copy>::lanes, bf16, bf16>(run); break;
        case pointwise::relu: by_pairs<pointwise_kernel<pointwise::relu>::lanes, hardware_bf16, hardware_bf16>(run); break;
        case pointwise::relu_backward:
            by_pairs<pointwise_kernel<pointwise::relu_backward>::lanes, hardware_bf16, hardware_bf16>(run);
            break;
        case pointwise::add: by_pairs<pointwise_kernel<pointwise::add>::lanes, hardware_bf16, hardware_bf16>(run); break;
    }
}

void combine_run(pointwise operation, const pixel_run& run) {
    (run.from_bf16 && run.to_bf16 && rounds_to_bf16()) ? combine_bf16(operation, run) : combine_anywhere(operation, run);
}

/* Computes y = operation(a, b). Where the operation takes one operand, a is passed for b too. */
void apply(const sunet_context* context, pointwise operation, const channel_view& a_view, const void* a, const channel_view& b_view,
           const void* b, const channel_view& y_view, void* y) {
    const auto run_at = [&](int lanes, std::int64_t pixels, std::int64_t a_offset, std::int64_t b_offset, std::int64_t y_offset) {
        return pixel_run{lanes, pixels, a_view.at(a, a_offset), b_view.at(b, b_offset), y_view.at(y, y_offset), lanes,
                         lanes, lanes,  a_view.is_bf16,         y_view.is_bf16};
    };
    if (y_view.same_memory(a_view) && y_view.same_memory(b_view)) {
        map_range(context, y_view.count(), [&](std::int64_t begin, std::int64_t end) {
            const std::int64_t runs = (end - begin) / 16, tail = begin + runs * 16;
            combine_run(operation, run_at(16, runs, begin, begin, begin));
            combine_run(operation, run_at(1, end - tail, tail, tail, tail));
        });
        return;
    }
    const channel_view tensors[] = {y_view, a_view, b_view};
    map<1>(
        context, tensors, y, [](std::int64_t, std::int64_t, float(*)[channel_partition::room]) {},
        [&](const channel_piece<3>& piece, const float*) {
            pixel_run run = run_at(piece.lanes, piece.pixels, piece.offset[1], piece.offset[2], piece.offset[0]);
            run.a_stride = piece.stride[1];
            run.b_stride = piece.stride[2];
            run.y_stride = piece.stride[0];
            combine_run(operation, run);
        });
}

/* Checks the operands of an operation that keeps the element type, and applies it. */
sunet_status apply_pointwise(sunet_context* context, pointwise operation, const sunet_tensor* a_tensor, const void* a,
                             const sunet_tensor* b_tensor, const void* b, const sunet_tensor* y_tensor, void* y) {
    channel_view a_view, b_view, y_view;
    if (context == nullptr || a == nullptr || b == nullptr || y == nullptr || !describe(a_tensor, &a_view, true) ||
        !describe(b_tensor, &b_view, true) || !describe(y_tensor, &y_view, true) || !a_view.same_extent(y_view) ||
        !b_view.same_extent(y_view) || a_view.is_bf16 != y_view.is_bf16 || b_view.is_bf16 != y_view.is_bf16)
        return SUNET_INVALID_ARGUMENT;
    apply(context, operation, a_view, a, b_view, b, y_view, y);
    return SUNET_OK;
}

struct channel_run {
    int lanes;
    std::int64_t pixels, stride;
    const void* x;
    bool one_channel, is_bf16;
    double* sums;

    bool has_pairs() const { return lie_in_pairs(lanes, pixels, {stride}); }
    channel_run pairs() const { return {lanes, pixels / 2, 2 * stride, x, one_channel, is_bf16, sums}; }
};

template <class V, class S>
struct sum_kernel {
    static SUNET_INLINE void run(const channel_run& run) {
        const S* x = static_cast<const S*>(run.x);
        V sum = broadcast<V>(0.0f);
        for (std::int64_t pixel = 0; pixel < run.pixels; ++pixel) sum = sum + load<V>(x + pixel * run.stride);
        flush(sum, run.one_channel, run.sums);
    }
};

SUNET_KERNEL(sum_run, sum_kernel, channel_run)

} // namespace
} // namespace sunet

using namespace sunet;

SUNET_POINTWISE(sunet_relu) {
    (void)b_tensor, (void)b, (void)coefficient;
    return apply_pointwise(context, pointwise::relu, a_tensor, a, a_tensor, a, y_tensor, y);
}

SUNET_POINTWISE(sunet_relu_backward) {
    (void)coefficient;
    return apply_pointwise(context, pointwise::relu_backward, a_tensor, a, b_tensor, b, y_tensor, y);
}

SUNET_POINTWISE(sunet_add) {
    (void)coefficient;
    return apply_pointwise(context, pointwise::add, a_tensor, a, b_tensor, b, y_tensor, y);
}

sunet_status sunet_copy(sunet_context* context, const sunet_tensor* x_tensor, const void* x, const sunet_tensor* y_tensor, void* y) {
    channel_view x_view, y_view;
    if (context == nullptr || x == nullptr || y == nullptr || !describe(x_tensor, &x_view, true) || !describe(y_tensor, &y_view, true) ||
        !x_view.same_extent(y_view))
        return SUNET_INVALID_ARGUMENT;
    apply(context, pointwise::copy, x_view, x, x_view, x, y_view, y);
    return SUNET_OK;
}

sunet_status sunet_channel_sum(sunet_context* context, const sunet_tensor* x_tensor, const void* x, float* out) {
    channel_view tensors[1];
    if (context == nullptr || x == nullptr || out == nullptr || !describe(x_tensor, &tensors[0])) return SUNET_INVALID_ARGUMENT;
    reduce<1, 1>(
        context, tensors, [](std::int64_t, std::int64_t, float(*)[channel_partition::room]) {},
        [&](const channel_piece<1>& piece, const float*, double* sums) {
            sum_run({piece.lanes, piece.pixels, piece.stride[0], tensors[0].at(x, piece.offset[0]), piece.one_channel, tensors[0].is_bf16,
                     sums});
        },
        [&](std::int64_t from, std::int64_t count, const double* sums) {
            for (std::int64_t lane = 0; lane < count; ++lane) out[from + lane] = static_cast<float>(sums[lane]);
        });
    return SUNET_OK;
}
