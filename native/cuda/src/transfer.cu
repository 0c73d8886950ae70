#include "walk.hpp"

namespace sunet {

constexpr int tile_edge = 32;
constexpr int tile_rows = block_threads / tile_edge;

/* Up to this many channels a thread takes whole pixels: a tile of 32 channels would be mostly empty. */
constexpr int few_channels = 8;

/* Up to this many pixels, such as the taps of most weights, a thread takes whole planes: a tile of 32 pixels would be mostly empty. */
constexpr int few_pixels = 16;

struct image_extent {
    int images, channels;
    int64_t pixels;

    SUNET_DEVICE int64_t plane(int image, int channel) const { return (static_cast<int64_t>(image) * channels + channel) * pixels; }
    SUNET_DEVICE int64_t pixel(int image, int64_t pixel) const { return image * pixels + pixel; }
};

/* Calls body(image, first pixel, first channel) for every tile, by whole blocks. */
template <class Body>
SUNET_DEVICE void for_each_tile(const image_extent& extent, Body body) {
    const int64_t tiles_x = (extent.pixels + tile_edge - 1) / tile_edge;
    const int tiles_y = (extent.channels + tile_edge - 1) / tile_edge;
    for (int image = block_z(); image < extent.images; image += grid_dim_z()) {
        for (int y = block_y(); y < tiles_y; y += grid_dim_y()) {
            for (int64_t x = block_x(); x < tiles_x; x += grid_dim_x()) body(image, x * tile_edge, y * tile_edge);
        }
    }
}

/* Calls body(image, pixel) for every pixel, by single threads. */
template <class Body>
SUNET_DEVICE void for_each_pixel(const image_extent& extent, Body body) {
    for (int image = block_z() * grid_dim_y() + block_y(); image < extent.images; image += grid_dim_z() * grid_dim_y()) {
        for (int64_t pixel = static_cast<int64_t>(block_x()) * block_threads + thread_x(); pixel < extent.pixels;
             pixel += grid_dim_x() * block_threads)
            body(image, pixel);
    }
}

/* Calls body(image, channel) for every plane, by single threads. */
template <class Body>
SUNET_DEVICE void for_each_plane(const image_extent& extent, Body body) {
    const int64_t planes = static_cast<int64_t>(extent.images) * extent.channels;
    const int64_t blocks = static_cast<int64_t>(grid_dim_x()) * grid_dim_y() * grid_dim_z();
    const int64_t block = (static_cast<int64_t>(block_z()) * grid_dim_y() + block_y()) * grid_dim_x() + block_x();
    for (int64_t plane = block * block_threads + thread_x(); plane < planes; plane += blocks * block_threads)
        body(static_cast<int>(plane / extent.channels), static_cast<int>(plane % extent.channels));
}

template <class T>
SUNET_DEVICE void to_pixels(const float* x, pixel_view<T> y, const image_extent& extent) {
    SUNET_SHARED float tile[tile_edge * (tile_edge + 1)];
    if (extent.channels <= few_channels) {
        for_each_pixel(extent, [&](int image, int64_t pixel) {
            for (int channel = 0; channel < extent.channels; ++channel)
                *y.at(extent.pixel(image, pixel), channel) = from_float<T>(x[extent.plane(image, channel) + pixel]);
        });
        return;
    }
    if (extent.pixels <= few_pixels) {
        for_each_plane(extent, [&](int image, int channel) {
            for (int64_t pixel = 0; pixel < extent.pixels; ++pixel)
                *y.at(extent.pixel(image, pixel), channel) = from_float<T>(x[extent.plane(image, channel) + pixel]);
        });
        return;
    }
    const int column = thread_x() % tile_edge, first = thread_x() / tile_edge;
    for_each_tile(extent, [&](int image, int64_t pixel, int channel) {
        for (int row = first; row < tile_edge; row += tile_rows) {
            if (channel + row < extent.channels && pixel + column < extent.pixels)
                tile[row * (tile_edge + 1) + column] = x[extent.plane(image, channel + row) + pixel + column];
        }
        sync_threads();
        for (int row = first; row < tile_edge; row += tile_rows) {
            if (pixel + row < extent.pixels && channel + column < extent.channels)
                *y.at(extent.pixel(image, pixel + row), channel + column) = from_float<T>(tile[column * (tile_edge + 1) + row]);
        }
        sync_threads();
    });
}

template <class T>
SUNET_DEVICE void to_planes(pixel_view<const T> x, float* y, const image_extent& extent) {
    SUNET_SHARED float tile[tile_edge * (tile_edge + 1)];
    if (extent.channels <= few_channels) {
        for_each_pixel(extent, [&](int image, int64_t pixel) {
            for (int channel = 0; channel < extent.channels; ++channel)
                y[extent.plane(image, channel) + pixel] = to_float(*x.at(extent.pixel(image, pixel), channel));
        });
        return;
    }
    if (extent.pixels <= few_pixels) {
        for_each_plane(extent, [&](int image, int channel) {
            for (int64_t pixel = 0; pixel < extent.pixels; ++pixel)
                y[extent.plane(image, channel) + pixel] = to_float(*x.at(extent.pixel(image, pixel), channel));
        });
        return;
    }
    const int column = thread_x() % tile_edge, first = thread_x() / tile_edge;
    for_each_tile(extent, [&](int image, int64_t pixel, int channel) {
        for (int row = first; row < tile_edge; row += tile_rows) {
            if (pixel + row < extent.pixels && channel + column < extent.channels)
                tile[row * (tile_edge + 1) + column] = to_float(*x.at(extent.pixel(image, pixel + row), channel + column));
        }
        sync_threads();
        for (int row = first; row < tile_edge; row += tile_rows) {
            if (channel + row < extent.channels && pixel + column < extent.pixels)
                y[extent.plane(image, channel + row) + pixel + column] = tile[column * (tile_edge + 1) + row];
        }
        sync_threads();
    });
}

/* The mean and deviation of red, green and blue. */
struct image_scale {
    float mean[3], deviation[3];
};

template <class T>
SUNET_DEVICE void normalize_images(const uint8_t* x, const image_scale& scale, int flip, pixel_view<T> y, int images, int height,
                                   int width) {
    const int64_t rows = static_cast<int64_t>(images) * height;
    for (int64_t row = block_y(); row < rows; row += grid_dim_y()) {
        for (int column = block_x() * block_threads + thread_x(); column < width; column += grid_dim_x() * block_threads) {
            const uint8_t* from = x + (row * width + (flip != 0 ? width - 1 - column : column)) * 3;
            for (int channel = 0; channel < 3; ++channel) {
                const float value = static_cast<float>(from[channel]) / 255.0f;
                *y.at(row * width + column, channel) = from_float<T>((value - scale.mean[channel]) / scale.deviation[channel]);
            }
        }
    }
}

#define SUNET_TRANSFER(type, suffix)                                                                                                  \
    SUNET_KERNEL(nchw_to_nhwc_##suffix, block_threads)(const float* x, type* y, int ld_y, int images, int channels, int64_t pixels) { \
        to_pixels(x, pixel_view<type>{y, ld_y}, image_extent{images, channels, pixels});                                              \
    }                                                                                                                                 \
    SUNET_KERNEL(nhwc_to_nchw_##suffix, block_threads)(const type* x, int ld_x, float* y, int images, int channels, int64_t pixels) { \
        to_planes(pixel_view<const type>{x, ld_x}, y, image_extent{images, channels, pixels});                                        \
    }                                                                                                                                 \
    SUNET_KERNEL(normalize_images_##suffix, block_threads)                                                                            \
    (const uint8_t* x, float mean_r, float mean_g, float mean_b, float deviation_r, float deviation_g, float deviation_b, int flip,   \
     type* y, int ld_y, int images, int height, int width) {                                                                          \
        const image_scale scale = {{mean_r, mean_g, mean_b}, {deviation_r, deviation_g, deviation_b}};                                \
        normalize_images(x, scale, flip, pixel_view<type>{y, ld_y}, images, height, width);                                           \
    }

SUNET_TRANSFER(float, f32)
SUNET_TRANSFER(bf16, bf16)

SUNET_KERNEL(widen_labels, block_threads)(const uint8_t* x, int* y, int64_t count) {
    const int64_t step = static_cast<int64_t>(grid_dim_x()) * block_threads;
    for (int64_t i = static_cast<int64_t>(block_x()) * block_threads + thread_x(); i < count; i += step) y[i] = x[i];
}

} // namespace sunet
