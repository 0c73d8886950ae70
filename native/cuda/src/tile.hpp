/* How the threads of one block share a tile: some pixels, some or all of their channels. */
#pragma once

#include "walk.hpp"

namespace sunet {

/* The elements [pixel][channel] of a tile that one thread takes. Only the start costs a division. */
struct tile_walk {
    int pixel, channel;
    int pixels, channels, pixel_step, channel_step;

    SUNET_DEVICE tile_walk(int pixel_count, int channel_count, int threads)
        : pixel(thread_x() / channel_count), channel(thread_x() % channel_count), pixels(pixel_count), channels(channel_count),
          pixel_step(threads / channel_count), channel_step(threads % channel_count) {}

    SUNET_DEVICE bool inside() const { return pixel < pixels; }

    SUNET_DEVICE void next() {
        pixel += pixel_step;
        channel += channel_step;
        if (channel >= channels) {
            channel -= channels;
            pixel++;
        }
    }
};

SUNET_DEVICE int lower(int a, int b) { return a < b ? a : b; }

SUNET_DEVICE int pieces(int count, int size) { return (count + size - 1) / size; }

} // namespace sunet
