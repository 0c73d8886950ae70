#include "kernels/channels.hpp"
#include "kernels/kernel.hpp"

namespace sunet {
namespace {

/* One row of a plane's output, for up to sixteen channels. Strides count elements from pixel to pixel, pitches from row to row. */
struct pooling_run {
    int lanes;
    std::int64_t window, outputs, pixels;
    const void* x;
    void* y;
    std::int64_t x_stride, x_pitch, y_stride;
    float factor;
    bool from_bf16, to_bf16, one_channel;
};

/* Most networks use a window of two; a loop of a length known at compile time is unrolled. */
template <class V, class From, class To>
struct pool_kernel {
    static SUNET_INLINE void lanes(const pooling_run& run, std::int64_t window) {
        const V factor = broadcast<V>(run.factor);
        To* y = static_cast<To*>(run.y);
        for (std::int64_t output = 0; output < run.outputs; ++output) {
            const From* corner = static_cast<const From*>(run.x) + output * window * run.x_stride;
            V sum = broadcast<V>(0.0f);
            for (std::int64_t row = 0; row < window; ++row)
                for (std::int64_t column = 0; column < window; ++column)
                    sum = sum + load<V>(corner + row * run.x_pitch + column * run.x_stride);
            store<V>(y + output * run.y_stride, sum * factor);
        }
    }

    static SUNET_INLINE void run(const pooling_run& run) { run.window == 2 ? lanes(run, 2) : lanes(run, run.window); }
};

template <class V, class From, class To>
struct spread_kernel {
    static SUNET_INLINE void lanes(const pooling_run& run, std::int64_t window) {
        const V factor = broadcast<V>(run.factor);
        To* to = static_cast<To*>(run.y);
        for (std::int64_t output = 0; output < run.outputs; ++output) {
            const V value = load<V>(static_cast<const From*>(run.x) + output * run.x_stride) * factor;
            for (std::int64_t column = 0; column < window; ++column, to += run.y_stride) store<V>(to, value);
        }
        for (std::int64_t pixel = run.outputs * window; pixel < run.pixels; ++pixel, to += run.y_stride) store<V>(to, broadcast<V>(0.0f));
    }

    static SUNET_INLINE void run(const pooling_run& run) { run.window == 2 ? lanes(run, 2) : lanes(run, run.window); }
};

/* Adds the mean of a whole plane to the floats `y`. Short stretches are summed in float and their sums in double. */
template <class V, class From, class To>
struct mean_kernel {
    static SUNET_INLINE void run(const pooling_run& run) {
        const From* x = static_cast<const From*>(run.x);
        double sums[16] = {};
        for (std::int64_t begin = 0; begin < run.pixels; begin += 256) {
            const std::int64_t end = begin + 256 < run.pixels ? begin + 256 : run.pixels;
            V sum = broadcast<V>(0.0f);
            for (std::int64_t pixel = begin; pixel < end; ++pixel) sum = sum + load<V>(x + pixel * run.x_stride);
            flush(sum, run.one_channel, sums);
        }
        for (int lane = 0; lane < (run.one_channel ? 1 : lanes_of<V>); ++lane)
            static_cast<To*>(run.y)[lane] += static_cast<float>(sums[lane] * static_cast<double>(run.factor));
    }
};

SUNET_CLONES void pool_run(const pooling_run& run) {
    run.to_bf16 ? by_lanes<pool_kernel, bf16, bf16>(run) : by_lanes<pool_kernel, float, float>(run);
}

SUNET_CLONES void spread_run(const pooling_run& run) { by_types<spread_kernel>(run); }

SUNET_CLONES void mean_run(const pooling_run& run) {
    run.from_bf16 ? by_lanes<mean_kernel, bf16, float>(run) : by_lanes<mean_kernel, float, float>(run);
}

bool pooled(std::int64_t window, const channel_view& large, const channel_view& small) {
    return window >= 1 && large.same_channels(small) && small.height == large.height / window && small.width == large.width / window;
}

void global_mean(const channel_piece<2>& piece, const channel_view& x_view, const void* x, float* y) {
    float sums[16] = {};
    std::int64_t offset = piece.offset[1];
    const auto add = [&](int lanes, std::int64_t pixels, std::int64_t stride, bool one_channel) {
        pooling_run run = {};
        run.lanes = lanes;
        run.pixels = pixels;
        run.x = x_view.at(x, offset);
        run.x_stride = stride;
        run.y = sums;
        run.factor = 1.0f / static_cast<float>(x_view.pixels());
        run.from_bf16 = x_view.is_bf16;
        run.one_channel = one_channel;
        mean_run(run);
        offset += pixels * stride;
    };
    /* The pixels of a PLAIN channel are contiguous: they are taken sixteen at a time, then the rest one by one. */
    if (x_view.block == 1) {
        add(16, x_view.pixels() / 16, 16, true);
        add(1, x_view.pixels() % 16, 1, false);
    } else {
        add(piece.lanes, x_view.pixels(), piece.stride[1], false);
    }
    for (int lane = 0; lane < piece.lanes; ++lane) y[piece.offset[0] + lane] = sums[lane];
}

/* Returns a run without its addresses and counts, which the caller fills in. */
pooling_run run_of(const channel_piece<2>& piece, const channel_view& y_view, const channel_view& x_view) {
    pooling_run run = {};
    run.lanes = piece.lanes;
    run.x_stride = piece.stride[1];
    run.y_stride = piece.stride[0];
    run.from_bf16 = x_view.is_bf16;
    run.to_bf16 = y_view.is_bf16;
    return run;
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_average_pool(sunet_context* context, int32_t window, const sunet_tensor* x_tensor, const void* x,
                                const sunet_tensor* y_tensor, void* y) {
    channel_view tensors[2];
    const channel_view &y_view = tensors[0], &x_view = tensors[1];
    if (context == nullptr || x == nullptr || y == nullptr || !describe(y_tensor, &tensors[0]) || !describe(x_tensor, &tensors[1]) ||
        !pooled(window, x_view, y_view) || x_view.is_bf16 != y_view.is_bf16)
        return SUNET_INVALID_ARGUMENT;
    map_rows(context, tensors, y, [&](const channel_piece<2>& piece, std::int64_t begin, std::int64_t end) {
        pooling_run run = run_of(piece, y_view, x_view);
        run.window = window;
        run.outputs = y_view.width;
        run.x_pitch = x_view.width * run.x_stride;
        run.factor = 1.0f / (static_cast<float>(window) * static_cast<float>(window));
        for (std::int64_t row = begin; row < end; ++row) {
            run.x = x_view.at(x, piece.offset[1] + row * window * run.x_pitch);
            run.y = y_view.at(y, piece.offset[0] + row * y_view.width * run.y_stride);
            pool_run(run);
        }
    });
    return SUNET_OK;
}

sunet_status sunet_average_pool_backward(sunet_context* context, int32_t window, const sunet_tensor* dy_tensor, const void* dy,
                                         const sunet_tensor* dx_tensor, void* dx) {
    channel_view tensors[2];
    const channel_view &dx_view = tensors[0], &dy_view = tensors[1];
    if (context == nullptr || dy == nullptr || dx == nullptr || !describe(dx_tensor, &tensors[0]) || !describe(dy_tensor, &tensors[1]) ||
        !pooled(window, dx_view, dy_view))
        return SUNET_INVALID_ARGUMENT;
    map_rows(context, tensors, dx, [&](const channel_piece<2>& piece, std::int64_t begin, std::int64_t end) {
        pooling_run run = run_of(piece, dx_view, dy_view);
        run.window = window;
        run.pixels = dx_view.width;
        run.factor = 1.0f / (static_cast<float>(window) * static_cast<float>(window));
        for (std::int64_t row = begin; row < end; ++row) {
            const bool covered = row / window < dy_view.height;
            run.outputs = covered ? dy_view.width : 0;
            run.x = dy_view.at(dy, piece.offset[1] + (covered ? row / window * dy_view.width * run.x_stride : 0));
            run.y = dx_view.at(dx, piece.offset[0] + row * dx_view.width * run.y_stride);
            spread_run(run);
        }
    });
    return SUNET_OK;
}

sunet_status sunet_global_average_pool(sunet_context* context, const sunet_tensor* x_tensor, const void* x, const sunet_tensor* y_tensor,
                                       void* y) {
    channel_view tensors[2];
    const channel_view &y_view = tensors[0], &x_view = tensors[1];
    if (context == nullptr || x == nullptr || y == nullptr || !describe(y_tensor, &tensors[0]) || !describe(x_tensor, &tensors[1]) ||
        !x_view.same_channels(y_view) || y_view.pixels() != 1 || y_view.is_bf16)
        return SUNET_INVALID_ARGUMENT;
    map_rows(context, tensors, y,
             [&](const channel_piece<2>& piece, std::int64_t, std::int64_t) { global_mean(piece, x_view, x, static_cast<float*>(y)); });
    return SUNET_OK;
}

sunet_status sunet_global_average_pool_backward(sunet_context* context, const sunet_tensor* dy_tensor, const void* dy,
                                                const sunet_tensor* dx_tensor, void* dx) {
    channel_view tensors[2];
    const channel_view &dx_view = tensors[0], &dy_view = tensors[1];
    if (context == nullptr || dy == nullptr || dx == nullptr || !describe(dx_tensor, &tensors[0]) || !describe(dy_tensor, &tensors[1]) ||
        !dx_view.same_channels(dy_view) || dy_view.pixels() != 1)
        return SUNET_INVALID_ARGUMENT;
    map_rows(context, tensors, dx, [&](const channel_piece<2>& piece, std::int64_t begin, std::int64_t end) {
        pooling_run run = run_of(piece, dx_view, dy_view);
        run.window = (end - begin) * dx_view.width;
        run.outputs = 1;
        run.pixels = run.window;
        run.x = dy_view.at(dy, piece.offset[1]);
        run.y = dx_view.at(dx, piece.offset[0] + begin * dx_view.width * run.y_stride);
        run.factor = 1.0f / static_cast<float>(dx_view.pixels());
        spread_run(run);
    });
    return SUNET_OK;
}
