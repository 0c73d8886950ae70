/* Kernels over the channels of single pixels. */
#pragma once

#include "tile.hpp"

namespace sunet {

/* A block takes 128 pixels, one a thread, and 32 of their channels at a time, which pass through shared memory so that global memory is
 * accessed in order. An odd stride between pixels keeps their threads in different banks. */
constexpr int pixel_threads = 128;
constexpr int staged_channels = 32;
constexpr int staged_floats = pixel_threads * (staged_channels + 1);

struct staged_tile {
    float* floats;
    int channels, stride;

    SUNET_DEVICE staged_tile(float* memory, int channel_count)
        : floats(memory), channels(lower(channel_count, staged_channels)), stride(channels | 1) {}

    SUNET_DEVICE float* row() const { return floats + thread_x() * stride; }
};

/* Copies all channels of a tile whose pixels lie without gaps, with 16-byte accesses. */
template <class T>
SUNET_DEVICE void stage_dense(const T* from, int pixels, const staged_tile& to) {
    constexpr int lanes = vector_lanes<T>;
    const int elements = pixels * to.channels, whole = elements / lanes * lanes;
    for (int begin = thread_x() * lanes; begin < whole; begin += pixel_threads * lanes) {
        const lane_values<lanes> part = load<lanes>(from + begin);
        int pixel = begin / to.channels, channel = begin % to.channels;
        for (int i = 0; i < lanes; ++i) {
            to.floats[pixel * to.stride + channel] = part.at[i];
            if (++channel == to.channels) {
                channel = 0;
                pixel++;
            }
        }
    }
    const int rest = whole + thread_x();
    if (rest < elements) to.floats[rest / to.channels * to.stride + rest % to.channels] = to_float(from[rest]);
}

/* Copies the channels from `channel` on of a tile's pixels to shared memory and returns their number. Threads synchronise before and
 * after. */
template <class T>
SUNET_DEVICE int stage(const T* from, int ld, int pixels, int channel, int channels, const staged_tile& to) {
    const int count = lower(to.channels, channels - channel);
    sync_threads();
    if (ld == to.channels && aligned(from))
        stage_dense(from, pixels, to);
    else
        for (tile_walk at(pixels, count, pixel_threads); at.inside(); at.next())
            to.floats[at.pixel * to.stride + at.channel] = to_float(from[static_cast<int64_t>(at.pixel) * ld + channel + at.channel]);
    sync_threads();
    return count;
}

/* The logarithm of a sum of exponentials, updated with some channels at a time and kept relative to the largest so far. */
struct log_sum {
    float peak, sum;

    /* The value that exponents are relative to. It is 0 where all were -infinity, because the difference of infinities would be NaN. */
    SUNET_DEVICE float pivot() const { return peak > -__builtin_inff() ? peak : 0.0f; }

    SUNET_DEVICE void add(const float* row, int count) {
        const float before = peak;
        for (int i = 0; i < count; ++i) peak = maximum(row[i], peak);
        const float relative_to = pivot();
        sum *= fast_exp(before - relative_to);
        for (int i = 0; i < count; ++i) sum += fast_exp(row[i] - relative_to);
    }
};

SUNET_DEVICE log_sum empty_log_sum() { return {-__builtin_inff(), 0.0f}; }

/* Sums over a block in a fixed order; the first thread gets the result. */
template <int Warps, class Sums>
SUNET_DEVICE Sums block_sum(Sums own) {
    SUNET_SHARED Sums warps[Warps];
    own.sum_warp();
    if (thread_x() % 32 == 0) warps[thread_x() / 32] = own;
    sync_threads();
    for (int i = 1; thread_x() == 0 && i < Warps; ++i) own.add(warps[i]);
    return own;
}

constexpr int loss_tile = 128; /* pixels whose gradient of a loss a block computes at once, at most */

/* Fewer pixels where there are many classes, so that there are enough blocks. */
SUNET_DEVICE int loss_tile_pixels(int channels) { return channels >= 4096 ? 1 : lower(loss_tile, 4096 / channels); }

} // namespace sunet
