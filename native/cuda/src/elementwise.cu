#include "walk.hpp"

namespace sunet {

struct copy_value {
    SUNET_DEVICE float operator()(float x) const { return x; }
};

struct rectify {
    SUNET_DEVICE float operator()(float x) const { return x < 0.0f ? 0.0f : x; }
};

struct pass {
    SUNET_DEVICE float operator()(float y, float dy) const { return y > 0.0f ? dy : 0.0f; }
};

struct plus {
    SUNET_DEVICE float operator()(float a, float b) const { return a + b; }
};

template <int N, class F, class T>
SUNET_DEVICE void map_lanes(F function, pixel_view<const T> x, pixel_view<T> y, int64_t pixels, int channels) {
    for (pixel_walk at(pixels, channels / N); at.inside(); at.next()) {
        lane_values<N> lanes = load<N>(x.at(at.pixel, at.channel<N>()));
        for (int i = 0; i < N; ++i) lanes.at[i] = function(lanes.at[i]);
        store<N>(y.at(at.pixel, at.channel<N>()), lanes);
    }
}

/* y = function(x). */
template <class F, class T>
SUNET_DEVICE void map(F function, pixel_view<const T> x, pixel_view<T> y, int64_t pixels, int channels) {
    if (x.vectors() && y.vectors() && channels % vector_lanes<T> == 0)
        map_lanes<vector_lanes<T>>(function, x, y, pixels, channels);
    else
        map_lanes<1>(function, x, y, pixels, channels);
}

template <int N, class F, class T>
SUNET_DEVICE void combine_lanes(F function, pixel_view<const T> a, pixel_view<const T> b, pixel_view<T> y, int64_t pixels, int channels) {
    for (pixel_walk at(pixels, channels / N); at.inside(); at.next()) {
        lane_values<N> lanes = load<N>(a.at(at.pixel, at.channel<N>()));
        const lane_values<N> others = load<N>(b.at(at.pixel, at.channel<N>()));
        for (int i = 0; i < N; ++i) lanes.at[i] = function(lanes.at[i], others.at[i]);
        store<N>(y.at(at.pixel, at.channel<N>()), lanes);
    }
}

/* y = function(a, b). */
template <class F, class T>
SUNET_DEVICE void combine(F function, pixel_view<const T> a, pixel_view<const T> b, pixel_view<T> y, int64_t pixels, int channels) {
    if (a.vectors() && b.vectors() && y.vectors() && channels % vector_lanes<T> == 0)
        combine_lanes<vector_lanes<T>>(function, a, b, y, pixels, channels);
    else
        combine_lanes<1>(function, a, b, y, pixels, channels);
}

template <int N, class T>
SUNET_DEVICE void bias_relu_lanes(pixel_view<T> y, const float* bias, int relu, int64_t pixels, int channels) {
    const channel_tile tile(channels / N);
    for (int t = block_y(); t < tile.tiles; t += grid_dim_y()) {
        if (!tile.works(t)) continue;
        const int channel = tile.group(t) * N;
        const lane_values<N> added = load<N>(bias + channel);
        for (int64_t pixel = static_cast<int64_t>(block_x()) * tile.rows + tile.row; pixel < pixels; pixel += grid_dim_x() * tile.rows) {
            lane_values<N> lanes = load<N>(y.at(pixel, channel));
            for (int i = 0; i < N; ++i) {
                lanes.at[i] += added.at[i];
                lanes.at[i] = relu != 0 && lanes.at[i] < 0.0f ? 0.0f : lanes.at[i];
            }
            store<N>(y.at(pixel, channel), lanes);
        }
    }
}

template <class T>
SUNET_DEVICE void bias_relu(pixel_view<T> y, const float* bias, int relu, int64_t pixels, int channels) {
    if (y.vectors() && aligned(bias) && channels % vector_lanes<T> == 0)
        bias_relu_lanes<vector_lanes<T>>(y, bias, relu, pixels, channels);
    else
        bias_relu_lanes<1>(y, bias, relu, pixels, channels);
}

template <int N, class T>
SUNET_DEVICE void channel_sum_lanes(pixel_view<const T> x, float* partial, int64_t pixels, int channels, float* shared) {
    const channel_tile tile(channels / N);
    const pixel_chunk chunk(pixels, grid_dim_x(), block_x());
    for (int t = block_y(); t < tile.tiles; t += grid_dim_y()) {
        const bool works = tile.works(t);
        const int channel = tile.group(t) * N;
        lane_values<N> sums = {};
        const int64_t end = works ? chunk.end : 0;
        SUNET_UNROLL
        for (int64_t pixel = chunk.begin + tile.row; pixel < end; pixel += tile.rows) {
            const lane_values<N> lanes = load<N>(x.at(pixel, channel));
            for (int i = 0; i < N; ++i) sums.at[i] += lanes.at[i];
        }
        sum_rows(tile, sums.at, shared);
        if (works && tile.row == 0) store<N>(partial + static_cast<int64_t>(block_x()) * channels + channel, sums);
    }
}

template <class T>
SUNET_DEVICE void channel_sum(pixel_view<const T> x, float* partial, int64_t pixels, int channels) {
    SUNET_SHARED float shared[vector_lanes<T> * block_threads];
    if (x.vectors() && aligned(partial) && channels % vector_lanes<T> == 0)
        channel_sum_lanes<vector_lanes<T>>(x, partial, pixels, channels, shared);
    else
        channel_sum_lanes<1>(x, partial, pixels, channels, shared);
}

#define SUNET_ELEMENTWISE(type, suffix)                                                                                                 \
    SUNET_KERNEL(relu_##suffix, block_threads)(const type* x, int ld_x, type* y, int ld_y, int64_t pixels, int channels) {              \
        map(rectify(), pixel_view<const type>{x, ld_x}, pixel_view<type>{y, ld_y}, pixels, channels);                                   \
    }                                                                                                                                   \
    SUNET_KERNEL(copy_channels_##suffix, block_threads)(const type* x, int ld_x, type* y, int ld_y, int64_t pixels, int channels) {     \
        map(copy_value(), pixel_view<const type>{x, ld_x}, pixel_view<type>{y, ld_y}, pixels, channels);                                \
    }                                                                                                                                   \
    SUNET_KERNEL(relu_backward_##suffix, block_threads)                                                                                 \
    (const type* y, int ld_y, const type* dy, int ld_dy, type* dx, int ld_dx, int64_t pixels, int channels) {                           \
        combine(pass(), pixel_view<const type>{y, ld_y}, pixel_view<const type>{dy, ld_dy}, pixel_view<type>{dx, ld_dx}, pixels,        \
                channels);                                                                                                              \
    }                                                                                                                                   \
    SUNET_KERNEL(add_##suffix, block_threads)                                                                                           \
    (const type* a, int ld_a, const type* b, int ld_b, type* y, int ld_y, int64_t pixels, int channels) {                               \
        combine(plus(), pixel_view<const type>{a, ld_a}, pixel_view<const type>{b, ld_b}, pixel_view<type>{y, ld_y}, pixels, channels); \
    }                                                                                                                                   \
    SUNET_KERNEL(bias_relu_##suffix, block_threads)(type* y, int ld_y, const float* bias, int relu, int64_t pixels, int channels) {     \
        bias_relu(pixel_view<type>{y, ld_y}, bias, relu, pixels, channels);                                                             \
    }                                                                                                                                   \
    SUNET_KERNEL(channel_sum_##suffix, block_threads)(const type* x, int ld_x, float* partial, int64_t pixels, int channels) {          \
        channel_sum(pixel_view<const type>{x, ld_x}, partial, pixels, channels);                                                        \
    }

SUNET_ELEMENTWISE(float, f32)
SUNET_ELEMENTWISE(bf16, bf16)

SUNET_KERNEL(channel_sum_finish, block_threads)(const float* partial, int chunks, int channels, float* out) {
    SUNET_SHARED double shared[block_threads];
    const double sum = finish_chunks(partial, chunks, channels, shared);
    if (finish_row() == 0 && finish_channel() < channels) out[finish_channel()] = static_cast<float>(sum);
}

} // namespace sunet
