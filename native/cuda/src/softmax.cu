#include "pixel_tile.hpp"

namespace sunet {
namespace {

template <class T>
SUNET_DEVICE void softmax(const T* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels) {
    SUNET_SHARED float floats[staged_floats];
    const staged_tile staged(floats, channels);
    for (int64_t begin = static_cast<int64_t>(block_x()) * pixel_threads; begin < pixels;
         begin += static_cast<int64_t>(grid_dim_x()) * pixel_threads) {
        const int count = static_cast<int>(minimum(pixels - begin, static_cast<int64_t>(pixel_threads)));
        log_sum sum = empty_log_sum();
        for (int channel = 0; channel < channels; channel += staged_channels) {
            const int part = stage(x + begin * ld_x, ld_x, count, channel, channels, staged);
            if (thread_x() < count) sum.add(staged.row(), part);
        }
        const float pivot = sum.pivot(), factor = 1.0f / sum.sum;
        for (int channel = 0; channel < channels; channel += staged_channels) {
            /* Channels that fit into shared memory at once are still there. */
            const int part = channels <= staged_channels ? channels : stage(x + begin * ld_x, ld_x, count, channel, channels, staged);
            for (int i = 0; thread_x() < count && i < part; ++i) staged.row()[i] = fast_exp(staged.row()[i] - pivot) * factor;
            sync_threads();
            for (tile_walk at(count, part, pixel_threads); at.inside(); at.next())
                y[(begin + at.pixel) * ld_y + channel + at.channel] = floats[at.pixel * staged.stride + at.channel];
        }
    }
}

/* Each warp takes a pixel. The last warps of a block may have none, but still take part in shuffles. */
template <class T>
SUNET_DEVICE void softmax_backward(const float* y, int ld_y, const T* dy, int ld_dy, float* dx, int ld_dx, int64_t pixels, int channels) {
    constexpr int warps = block_threads / 32;
    const int lane = thread_x() % 32;
    for (int64_t begin = static_cast<int64_t>(block_x()) * warps; begin < pixels; begin += static_cast<int64_t>(grid_dim_x()) * warps) {
        const int64_t pixel = begin + thread_x() / 32;
        const int count = pixel < pixels ? channels : 0;
        const float* values = y + pixel * ld_y;
        const T* gradients = dy + pixel * ld_dy;
        float dot = 0;
        for (int channel = lane; channel < count; channel += 32) dot = multiply_add(values[channel], to_float(gradients[channel]), dot);
        dot = warp_sum(dot);
        for (int channel = lane; channel < count; channel += 32)
            dx[pixel * ld_dx + channel] = values[channel] * (to_float(gradients[channel]) - dot);
    }
}

/* Index of the largest channel, the first of equals. */
template <class T>
SUNET_DEVICE void arg_max(const T* x, int ld_x, uint8_t* classes, int64_t pixels, int channels) {
    SUNET_SHARED float floats[staged_floats];
    const staged_tile staged(floats, channels);
    for (int64_t begin = static_cast<int64_t>(block_x()) * pixel_threads; begin < pixels;
         begin += static_cast<int64_t>(grid_dim_x()) * pixel_threads) {
        const int count = static_cast<int>(minimum(pixels - begin, static_cast<int64_t>(pixel_threads)));
        float best = 0;
        int index = 0;
        for (int channel = 0; channel < channels; channel += staged_channels) {
            const int part = stage(x + begin * ld_x, ld_x, count, channel, channels, staged);
            for (int i = 0; thread_x() < count && i < part; ++i)
                if (channel + i == 0 || staged.row()[i] > best) {
                    best = staged.row()[i];
                    index = channel + i;
                }
        }
        if (thread_x() < count) classes[begin + thread_x()] = static_cast<uint8_t>(index);
    }
}

} // namespace

#define SUNET_SOFTMAX(T, suffix)                                                                                            \
    SUNET_KERNEL(softmax_##suffix, pixel_threads)(const T* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels) { \
        softmax(x, ld_x, y, ld_y, pixels, channels);                                                                        \
    }                                                                                                                       \
    SUNET_KERNEL(softmax_backward_##suffix, block_threads)                                                                  \
    (const float* y, int ld_y, const T* dy, int ld_dy, float* dx, int ld_dx, int64_t pixels, int channels) {                \
        softmax_backward(y, ld_y, dy, ld_dy, dx, ld_dx, pixels, channels);                                                  \
    }                                                                                                                       \
    SUNET_KERNEL(arg_max_##suffix, pixel_threads)(const T* x, int ld_x, uint8_t* classes, int64_t pixels, int channels) {   \
        arg_max(x, ld_x, classes, pixels, channels);                                                                        \
    }

SUNET_SOFTMAX(float, f32)
SUNET_SOFTMAX(bf16, bf16)

} // namespace sunet
