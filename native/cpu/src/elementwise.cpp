#include "channels.hpp"
#include "kernel.hpp"

namespace sunet {
namespace {

enum class Operation { copy, relu, relu_backward, add };

struct Run {
    int lanes;
    std::int64_t pixels;
    const float *a, *b;
    float* y;
    std::int64_t a_stride, b_stride, y_stride;
};

template <Operation O, class V>
SUNET_INLINE void combine_lanes(const Run& run)
{
    for (std::int64_t pixel = 0; pixel < run.pixels; pixel++) {
        V value = load<V>(run.a + pixel * run.a_stride);
        if (O == Operation::relu)
            value = rectified(value);
        if (O == Operation::relu_backward)
            value = passed(value, load<V>(run.b + pixel * run.b_stride));
        if (O == Operation::add)
            value = value + load<V>(run.b + pixel * run.b_stride);
        store<V>(run.y + pixel * run.y_stride, value);
    }
}

template <Operation O>
SUNET_INLINE void combine(const Run& run)
{
    run.lanes == 16 ? combine_lanes<O, Sixteen>(run) : run.lanes == 8 ? combine_lanes<O, Eight>(run) : combine_lanes<O, float>(run);
}

SUNET_CLONES void combine_run(Operation operation, const Run& run)
{
    switch (operation) {
    case Operation::copy: combine<Operation::copy>(run); break;
    case Operation::relu: combine<Operation::relu>(run); break;
    case Operation::relu_backward: combine<Operation::relu_backward>(run); break;
    case Operation::add: combine<Operation::add>(run); break;
    }
}

// y = operation(a, b); b is a where the operation takes one operand.
void apply(const sunet_context* context, Operation operation, const Channels& a_view, const float* a, const Channels& b_view,
           const float* b, const Channels& y_view, float* y)
{
    if (y_view.same_memory(a_view) && y_view.same_memory(b_view)) {
        map_range(context, y_view.count(), [&](std::int64_t begin, std::int64_t end) {
            const std::int64_t runs = (end - begin) / 16, tail = begin + runs * 16;
            combine_run(operation, {16, runs, a + begin, b + begin, y + begin, 16, 16, 16});
            combine_run(operation, {1, end - tail, a + tail, b + tail, y + tail, 1, 1, 1});
        });
        return;
    }
    const Channels tensors[] = {y_view, a_view, b_view};
    map<1>(
        context, tensors, y, [](std::int64_t, std::int64_t, float(*)[Partition::room]) {},
        [&](const Piece<3>& piece, const float*) {
            combine_run(operation, {piece.lanes, piece.pixels, a + piece.offset[1], b + piece.offset[2], y + piece.offset[0],
                                    piece.stride[1], piece.stride[2], piece.stride[0]});
        });
}

template <class V>
SUNET_INLINE void sum_lanes(const Run& run, bool one_channel, double* sums)
{
    V sum = broadcast<V>(0.0f);
    for (std::int64_t pixel = 0; pixel < run.pixels; pixel++)
        sum = sum + load<V>(run.a + pixel * run.a_stride);
    flush(sum, one_channel, sums);
}

SUNET_CLONES void sum_run(const Run& run, bool one_channel, double* sums)
{
    run.lanes == 16 ? sum_lanes<Sixteen>(run, one_channel, sums)
                    : run.lanes == 8 ? sum_lanes<Eight>(run, one_channel, sums) : sum_lanes<float>(run, one_channel, sums);
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_relu(sunet_context* context, const sunet_tensor* tensor, const float* x, float* y)
{
    Channels view;
    if (context == nullptr || x == nullptr || y == nullptr || !describe(tensor, &view, true))
        return SUNET_INVALID_ARGUMENT;
    apply(context, Operation::relu, view, x, view, x, view, y);
    return SUNET_OK;
}

sunet_status sunet_relu_backward(sunet_context* context, const sunet_tensor* tensor, const float* y, const float* dy, float* dx)
{
    Channels view;
    if (context == nullptr || y == nullptr || dy == nullptr || dx == nullptr || !describe(tensor, &view, true))
        return SUNET_INVALID_ARGUMENT;
    apply(context, Operation::relu_backward, view, y, view, dy, view, dx);
    return SUNET_OK;
}

sunet_status sunet_add(sunet_context* context, const sunet_tensor* a_tensor, const float* a, const sunet_tensor* b_tensor, const float* b,
                       const sunet_tensor* y_tensor, float* y)
{
    Channels a_view, b_view, y_view;
    if (context == nullptr || a == nullptr || b == nullptr || y == nullptr || !describe(a_tensor, &a_view, true) ||
        !describe(b_tensor, &b_view, true) || !describe(y_tensor, &y_view, true) || !a_view.same_extent(y_view) ||
        !b_view.same_extent(y_view))
        return SUNET_INVALID_ARGUMENT;
    apply(context, Operation::add, a_view, a, b_view, b, y_view, y);
    return SUNET_OK;
}

sunet_status sunet_copy(sunet_context* context, const sunet_tensor* x_tensor, const float* x, const sunet_tensor* y_tensor, float* y)
{
    Channels x_view, y_view;
    if (context == nullptr || x == nullptr || y == nullptr || !describe(x_tensor, &x_view, true) || !describe(y_tensor, &y_view, true) ||
        !x_view.same_extent(y_view))
        return SUNET_INVALID_ARGUMENT;
    apply(context, Operation::copy, x_view, x, x_view, x, y_view, y);
    return SUNET_OK;
}

sunet_status sunet_channel_sum(sunet_context* context, const sunet_tensor* x_tensor, const float* x, float* out)
{
    Channels tensors[1];
    if (context == nullptr || x == nullptr || out == nullptr || !describe(x_tensor, &tensors[0]))
        return SUNET_INVALID_ARGUMENT;
    reduce<1, 1>(
        context, tensors, [](std::int64_t, std::int64_t, float(*)[Partition::room]) {},
        [&](const Piece<1>& piece, const float*, double* sums) {
            Run run = {};
            run.lanes = piece.lanes;
            run.pixels = piece.pixels;
            run.a = x + piece.offset[0];
            run.a_stride = piece.stride[0];
            sum_run(run, piece.one_channel, sums);
        },
        [&](std::int64_t from, std::int64_t count, const double* sums) {
            for (std::int64_t lane = 0; lane < count; lane++)
                out[from + lane] = static_cast<float>(sums[lane]);
        });
    return SUNET_OK;
}
