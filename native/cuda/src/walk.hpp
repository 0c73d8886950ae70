// How the threads of a grid share pixels and channels.
#pragma once

#include "sunet_cuda.h"

namespace sunet {

constexpr int block_threads = 256;

// Groups of neighbouring channels of all pixels, one after the other, with nothing kept per channel. Only the start costs a division.
struct Walk {
    int64_t pixel, pixels;
    uint32_t group, groups, pixel_step, group_step;

    SUNET_DEVICE Walk(int64_t pixel_count, int group_count) : pixels(pixel_count), groups(static_cast<uint32_t>(group_count))
    {
        const uint32_t at = static_cast<uint32_t>(block_x()) * block_threads + static_cast<uint32_t>(thread_x());
        const uint32_t step = static_cast<uint32_t>(grid_dim_x()) * block_threads;
        pixel = at / groups;
        group = at % groups;
        pixel_step = step / groups;
        group_step = step % groups;
    }

    SUNET_DEVICE bool inside() const { return pixel < pixels; }

    SUNET_DEVICE void next()
    {
        pixel += pixel_step;
        group += group_step;
        if (group >= groups) {
            group -= groups;
            pixel++;
        }
    }
};

} // namespace sunet
