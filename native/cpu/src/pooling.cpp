#include "channels.hpp"
#include "kernel.hpp"

namespace sunet {
namespace {

// One row of a plane's output, for up to sixteen channels. Strides count floats from pixel to pixel, pitches from row to row.
struct Run {
    int lanes;
    std::int64_t window, outputs, pixels;
    const float* x;
    float* y;
    std::int64_t x_stride, x_pitch, y_stride;
    float factor;
};

template <class V>
SUNET_INLINE void pool_lanes(const Run& run, std::int64_t window)
{
    const V factor = broadcast<V>(run.factor);
    for (std::int64_t output = 0; output < run.outputs; output++) {
        const float* corner = run.x + output * window * run.x_stride;
        V sum = broadcast<V>(0.0f);
        for (std::int64_t row = 0; row < window; row++)
            for (std::int64_t column = 0; column < window; column++)
                sum = sum + load<V>(corner + row * run.x_pitch + column * run.x_stride);
        store<V>(run.y + output * run.y_stride, sum * factor);
    }
}

// A window of two is what networks use; known at compile time it unrolls.
template <class V>
SUNET_INLINE void pool_case(const Run& run)
{
    run.window == 2 ? pool_lanes<V>(run, 2) : pool_lanes<V>(run, run.window);
}

template <class V>
SUNET_INLINE void spread_lanes(const Run& run, std::int64_t window)
{
    const V factor = broadcast<V>(run.factor);
    float* to = run.y;
    for (std::int64_t output = 0; output < run.outputs; output++) {
        const V value = load<V>(run.x + output * run.x_stride) * factor;
        for (std::int64_t column = 0; column < window; column++, to += run.y_stride)
            store<V>(to, value);
    }
    for (std::int64_t pixel = run.outputs * window; pixel < run.pixels; pixel++, to += run.y_stride)
        store<V>(to, broadcast<V>(0.0f));
}

template <class V>
SUNET_INLINE void spread_case(const Run& run)
{
    run.window == 2 ? spread_lanes<V>(run, 2) : spread_lanes<V>(run, run.window);
}

// The mean of a whole plane, in floats over short stretches and in double over those.
template <class V>
SUNET_INLINE void mean_lanes(const Run& run, bool one_channel)
{
    double sums[16] = {};
    for (std::int64_t begin = 0; begin < run.pixels; begin += 256) {
        const std::int64_t end = begin + 256 < run.pixels ? begin + 256 : run.pixels;
        V sum = broadcast<V>(0.0f);
        for (std::int64_t pixel = begin; pixel < end; pixel++)
            sum = sum + load<V>(run.x + pixel * run.x_stride);
        flush(sum, one_channel, sums);
    }
    for (int lane = 0; lane < (one_channel ? 1 : lanes_of<V>); lane++)
        run.y[lane] += static_cast<float>(sums[lane] * static_cast<double>(run.factor));
}

SUNET_CLONES void pool_run(const Run& run)
{
    run.lanes == 16 ? pool_case<Sixteen>(run) : run.lanes == 8 ? pool_case<Eight>(run) : pool_case<float>(run);
}

SUNET_CLONES void spread_run(const Run& run)
{
    run.lanes == 16 ? spread_case<Sixteen>(run) : run.lanes == 8 ? spread_case<Eight>(run) : spread_case<float>(run);
}

SUNET_CLONES void mean_run(const Run& run, bool one_channel)
{
    run.lanes == 16 ? mean_lanes<Sixteen>(run, one_channel)
                    : run.lanes == 8 ? mean_lanes<Eight>(run, one_channel) : mean_lanes<float>(run, one_channel);
}

bool pooled(std::int64_t window, const Channels& large, const Channels& small)
{
    return window >= 1 && large.same_channels(small) && small.height == large.height / window && small.width == large.width / window;
}

void global_mean(const Piece<2>& piece, const Channels& x_view, const float* x, float* y)
{
    Run run = {};
    run.lanes = piece.lanes;
    run.pixels = x_view.pixels();
    run.x = x + piece.offset[1];
    run.x_stride = piece.stride[1];
    float sums[16] = {};
    run.y = sums;
    run.factor = 1.0f / static_cast<float>(x_view.pixels());
    // A plane of one channel is contiguous: sixteen pixels at a time, then the rest.
    if (x_view.block == 1) {
        run.lanes = 16;
        run.x_stride = 16;
        run.pixels = x_view.pixels() / 16;
        mean_run(run, true);
        run.x += run.pixels * 16;
        run.lanes = 1;
        run.x_stride = 1;
        run.pixels = x_view.pixels() % 16;
    }
    mean_run(run, false);
    for (int lane = 0; lane < piece.lanes; lane++)
        y[piece.offset[0] + lane] = sums[lane];
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_average_pool(sunet_context* context, int32_t window, const sunet_tensor* x_tensor, const float* x,
                                const sunet_tensor* y_tensor, float* y)
{
    Channels tensors[2];
    const Channels &y_view = tensors[0], &x_view = tensors[1];
    if (context == nullptr || x == nullptr || y == nullptr || !describe(y_tensor, &tensors[0]) || !describe(x_tensor, &tensors[1]) ||
        !pooled(window, x_view, y_view))
        return SUNET_INVALID_ARGUMENT;
    map_rows(context, tensors, y, [&](const Piece<2>& piece, std::int64_t begin, std::int64_t end) {
        Run run = {};
        run.lanes = piece.lanes;
        run.window = window;
        run.outputs = y_view.width;
        run.x_stride = piece.stride[1];
        run.x_pitch = x_view.width * run.x_stride;
        run.y_stride = piece.stride[0];
        run.factor = 1.0f / (static_cast<float>(window) * static_cast<float>(window));
        for (std::int64_t row = begin; row < end; row++) {
            run.x = x + piece.offset[1] + row * window * run.x_pitch;
            run.y = y + piece.offset[0] + row * y_view.width * run.y_stride;
            pool_run(run);
        }
    });
    return SUNET_OK;
}

sunet_status sunet_average_pool_backward(sunet_context* context, int32_t window, const sunet_tensor* dy_tensor, const float* dy,
                                         const sunet_tensor* dx_tensor, float* dx)
{
    Channels tensors[2];
    const Channels &dx_view = tensors[0], &dy_view = tensors[1];
    if (context == nullptr || dy == nullptr || dx == nullptr || !describe(dx_tensor, &tensors[0]) || !describe(dy_tensor, &tensors[1]) ||
        !pooled(window, dx_view, dy_view))
        return SUNET_INVALID_ARGUMENT;
    map_rows(context, tensors, dx, [&](const Piece<2>& piece, std::int64_t begin, std::int64_t end) {
        Run run = {};
        run.lanes = piece.lanes;
        run.window = window;
        run.pixels = dx_view.width;
        run.x_stride = piece.stride[1];
        run.y_stride = piece.stride[0];
        run.factor = 1.0f / (static_cast<float>(window) * static_cast<float>(window));
        for (std::int64_t row = begin; row < end; row++) {
            const bool covered = row / window < dy_view.height;
            run.outputs = covered ? dy_view.width : 0;
            run.x = dy + piece.offset[1] + (covered ? row / window * dy_view.width * run.x_stride : 0);
            run.y = dx + piece.offset[0] + row * dx_view.width * run.y_stride;
            spread_run(run);
        }
    });
    return SUNET_OK;
}

sunet_status sunet_global_average_pool(sunet_context* context, const sunet_tensor* x_tensor, const float* x, const sunet_tensor* y_tensor,
                                       float* y)
{
    Channels tensors[2];
    const Channels &y_view = tensors[0], &x_view = tensors[1];
    if (context == nullptr || x == nullptr || y == nullptr || !describe(y_tensor, &tensors[0]) || !describe(x_tensor, &tensors[1]) ||
        !x_view.same_channels(y_view) || y_view.pixels() != 1)
        return SUNET_INVALID_ARGUMENT;
    map_rows(context, tensors, y,
             [&](const Piece<2>& piece, std::int64_t, std::int64_t) { global_mean(piece, x_view, x, y); });
    return SUNET_OK;
}

sunet_status sunet_global_average_pool_backward(sunet_context* context, const sunet_tensor* dy_tensor, const float* dy,
                                                const sunet_tensor* dx_tensor, float* dx)
{
    Channels tensors[2];
    const Channels &dx_view = tensors[0], &dy_view = tensors[1];
    if (context == nullptr || dy == nullptr || dx == nullptr || !describe(dx_tensor, &tensors[0]) || !describe(dy_tensor, &tensors[1]) ||
        !dx_view.same_channels(dy_view) || dy_view.pixels() != 1)
        return SUNET_INVALID_ARGUMENT;
    map_rows(context, tensors, dx, [&](const Piece<2>& piece, std::int64_t begin, std::int64_t end) {
        Run run = {};
        run.lanes = piece.lanes;
        run.window = (end - begin) * dx_view.width;
        run.outputs = 1;
        run.pixels = run.window;
        run.x = dy + piece.offset[1];
        run.y_stride = piece.stride[0];
        run.y = dx + piece.offset[0] + begin * dx_view.width * run.y_stride;
        run.factor = 1.0f / static_cast<float>(dx_view.pixels());
        spread_run(run);
    });
    return SUNET_OK;
}
