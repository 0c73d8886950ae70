/* Kernels over the channels of single pixels: tiles of neighbouring pixels, computed one channel after another. */
#pragma once

#include "kernels/channels.hpp"
#include "kernels/exponential.hpp"
#include "kernels/kernel.hpp"

namespace sunet {

constexpr std::int64_t tile_pixels = 256; /* pixels that are computed at once, one channel after another */

/* Some neighbouring pixels of one image, with all their channels. */
struct pixel_tile {
    const channel_view* view;
    std::int64_t image, begin, count;

    SUNET_INLINE std::int64_t offset(std::int64_t channel) const { return view->offset(image, channel) + begin * view->block; }
};

/* Returns the pixels of a channel as contiguous floats: in place where they lie so, else copied into `buffer`. */
SUNET_INLINE const float* row_of(const pixel_tile& at, const void* data, std::int64_t channel, float* buffer) {
    const void* first = at.view->at(data, at.offset(channel));
    if (at.view->is_bf16) {
        for (std::int64_t i = 0; i < at.count; ++i) buffer[i] = load<float>(static_cast<const bf16*>(first) + i * at.view->block);
        return buffer;
    }
    const float* from = static_cast<const float*>(first);
    if (at.view->block == 1) return from;
    for (std::int64_t i = 0; i < at.count; ++i) buffer[i] = from[i * at.view->block];
    return buffer;
}

SUNET_INLINE void write_row(const pixel_tile& at, float* data, std::int64_t channel, const float* row) {
    float* to = data + at.offset(channel);
    for (std::int64_t i = 0; i < at.count; ++i) to[i * at.view->block] = row[i];
}

SUNET_INLINE void exponential_sums(const pixel_tile& at, const void* x, float* maximum, float* sum) {
    float buffer[tile_pixels];
    for (std::int64_t i = 0; i < at.count; ++i) {
        maximum[i] = -__builtin_inff();
        sum[i] = 0.0f;
    }
    for (std::int64_t channel = 0; channel < at.view->channels; ++channel) {
        const float* row = row_of(at, x, channel, buffer);
#pragma omp simd
        for (std::int64_t i = 0; i < at.count; ++i) maximum[i] = row[i] > maximum[i] ? row[i] : maximum[i];
    }
    for (std::int64_t channel = 0; channel < at.view->channels; ++channel) {
        const float* row = row_of(at, x, channel, buffer);
#pragma omp simd
        for (std::int64_t i = 0; i < at.count; ++i) sum[i] += exponential(row[i] - maximum[i]);
    }
}

inline std::int64_t tiles_of(const channel_view& view) { return view.images * ((view.pixels() + tile_pixels - 1) / tile_pixels); }

inline pixel_tile tile_at(const channel_view& view, std::int64_t index) {
    const std::int64_t in_image = (view.pixels() + tile_pixels - 1) / tile_pixels, begin = index % in_image * tile_pixels;
    return {&view, index / in_image, begin, std::min(tile_pixels, view.pixels() - begin)};
}

template <class Body>
void for_tiles(const sunet_context* context, const channel_view& view, const Body& body) {
    const std::int64_t count = tiles_of(view);
#pragma omp parallel for schedule(static) num_threads(sunet_context_threads(context))
    for (std::int64_t index = 0; index < count; ++index) body(tile_at(view, index));
}

/* The pixels of a tile in another tensor. */
inline pixel_tile in(const channel_view& view, const pixel_tile& at) { return {&view, at.image, at.begin, at.count}; }

inline void clear_tile(const pixel_tile& at, float* data) {
    clear_padding(*at.view, data, at.image, at.view->channels, at.begin, at.count);
}

} // namespace sunet
