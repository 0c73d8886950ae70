#include "walk.hpp"

namespace sunet {
namespace {

/* A pixel's place in its image. */
struct image_place {
    uint32_t image, row, column;
};

SUNET_DEVICE image_place place(int64_t pixel, int height, int width) {
    const uint32_t at = static_cast<uint32_t>(pixel), row = at / static_cast<uint32_t>(width);
    return {row / static_cast<uint32_t>(height), row % static_cast<uint32_t>(height), at % static_cast<uint32_t>(width)};
}

/* Most networks use windows of two, and a shift is far cheaper than a division. */
SUNET_DEVICE uint32_t window_of(uint32_t position, uint32_t window) { return window == 2 ? position >> 1 : position / window; }

/* Lanes of one access of both types: a vector of the narrower one. */
template <class T, class U>
constexpr int shared_lanes = vector_lanes<T> > vector_lanes<U> ? vector_lanes<T> : vector_lanes<U>;

template <int N, class T, class U>
SUNET_DEVICE void pool_lanes(pixel_view<const T> x, pixel_view<U> y, int images, int height, int width, int channels, int window) {
    const int rows = height / window, columns = width / window;
    const float factor = 1.0f / (static_cast<float>(window) * static_cast<float>(window));
    for (pixel_walk at(static_cast<int64_t>(images) * rows * columns, channels / N); at.inside(); at.next()) {
        const image_place to = place(at.pixel, rows, columns);
        const int64_t corner = (static_cast<int64_t>(to.image) * height + to.row * window) * width + to.column * window;
        lane_values<N> sum = {};
        for (int row = 0; row < window; ++row)
            for (int column = 0; column < window; ++column) {
                const lane_values<N> lanes = load<N>(x.at(corner + static_cast<int64_t>(row) * width + column, at.channel<N>()));
                for (int i = 0; i < N; ++i) sum.at[i] += lanes.at[i];
            }
        for (int i = 0; i < N; ++i) sum.at[i] *= factor;
        store<N>(y.at(at.pixel, at.channel<N>()), sum);
    }
}

template <class T, class U>
SUNET_DEVICE void pool(pixel_view<const T> x, pixel_view<U> y, int images, int height, int width, int channels, int window) {
    constexpr int lanes = shared_lanes<T, U>;
    if (x.vectors() && y.vectors() && channels % lanes == 0)
        pool_lanes<lanes>(x, y, images, height, width, channels, window);
    else
        pool_lanes<1>(x, y, images, height, width, channels, window);
}

/* Gives every pixel of a window the gradient of the window's mean, and 0 to pixels that no window covers. */
template <int N, class T, class U>
SUNET_DEVICE void spread_lanes(pixel_view<const T> dy, pixel_view<U> dx, int images, int height, int width, int channels, int window_height,
                               int window_width) {
    const uint32_t rows = static_cast<uint32_t>(height / window_height), columns = static_cast<uint32_t>(width / window_width);
    const float factor = 1.0f / (static_cast<float>(window_height) * static_cast<float>(window_width));
    for (pixel_walk at(static_cast<int64_t>(images) * height * width, channels / N); at.inside(); at.next()) {
        const image_place to = place(at.pixel, height, width);
        const uint32_t row = window_of(to.row, static_cast<uint32_t>(window_height));
        const uint32_t column = window_of(to.column, static_cast<uint32_t>(window_width));
        lane_values<N> lanes = {};
        if (row < rows && column < columns) {
            lanes = load<N>(dy.at((static_cast<int64_t>(to.image) * rows + row) * columns + column, at.channel<N>()));
            for (int i = 0; i < N; ++i) lanes.at[i] *= factor;
        }
        store<N>(dx.at(at.pixel, at.channel<N>()), lanes);
    }
}

template <class T, class U>
SUNET_DEVICE void spread(pixel_view<const T> dy, pixel_view<U> dx, int images, int height, int width, int channels, int window_height,
                         int window_width) {
    constexpr int lanes = shared_lanes<T, U>;
    if (dy.vectors() && dx.vectors() && channels % lanes == 0)
        spread_lanes<lanes>(dy, dx, images, height, width, channels, window_height, window_width);
    else
        spread_lanes<1>(dy, dx, images, height, width, channels, window_height, window_width);
}

/* A block takes 32 channels of an image, each of its eight warps every eighth pixel. */
template <class T, class U>
SUNET_DEVICE void plane_mean(pixel_view<const T> x, pixel_view<U> y, int images, int pixels, int channels) {
    constexpr int warps = block_threads / 32, stretch = 32 * warps;
    SUNET_SHARED double sums[block_threads];
    const int lane = thread_x() % 32, warp = thread_x() / 32, groups = (channels + 31) / 32;
    for (int unit = block_x(); unit < images * groups; unit += grid_dim_x()) {
        const int image = unit / groups, channel = unit % groups * 32 + lane;
        const int64_t first = static_cast<int64_t>(image) * pixels;
        double sum = 0;
        /* Floats over a short stretch, doubles over those: nothing is lost in large planes, and double arithmetic is slow on most
         * devices. */
        for (int begin = warp; begin < pixels && channel < channels; begin += stretch) {
            float part = 0;
            for (int pixel = begin; pixel < begin + stretch && pixel < pixels; pixel += warps)
                part += to_float(*x.at(first + pixel, channel));
            sum += static_cast<double>(part);
        }
        sums[thread_x()] = sum;
        sync_threads();
        if (warp == 0 && channel < channels) {
            for (int i = 1; i < warps; ++i) sum += sums[i * 32 + lane];
            *y.at(image, channel) = from_float<U>(static_cast<float>(sum / pixels));
        }
        sync_threads();
    }
}

} // namespace

#define SUNET_POOLING(T, U, suffix)                                                                                                     \
    SUNET_KERNEL(average_pool_##suffix, block_threads)                                                                                  \
    (const T* x, int ld_x, U* y, int ld_y, int images, int height, int width, int channels, int window) {                               \
        pool(pixel_view<const T>{x, ld_x}, pixel_view<U>{y, ld_y}, images, height, width, channels, window);                            \
    }                                                                                                                                   \
    SUNET_KERNEL(average_pool_backward_##suffix, block_threads)                                                                         \
    (const T* dy, int ld_dy, U* dx, int ld_dx, int images, int height, int width, int channels, int window_height, int window_width) {  \
        spread(pixel_view<const T>{dy, ld_dy}, pixel_view<U>{dx, ld_dx}, images, height, width, channels, window_height, window_width); \
    }                                                                                                                                   \
    SUNET_KERNEL(global_average_pool_##suffix, block_threads)                                                                           \
    (const T* x, int ld_x, U* y, int ld_y, int images, int pixels, int channels) {                                                      \
        plane_mean(pixel_view<const T>{x, ld_x}, pixel_view<U>{y, ld_y}, images, pixels, channels);                                     \
    }

SUNET_POOLING(float, float, f32_f32)
SUNET_POOLING(float, bf16, f32_bf16)
SUNET_POOLING(bf16, float, bf16_f32)
SUNET_POOLING(bf16, bf16, bf16_bf16)

} // namespace sunet
