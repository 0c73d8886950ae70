/* Winograd's algorithm F(2x2, 3x3), which makes four outputs of a 3x3 convolution with 16 products instead of 36. See Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks" (arXiv 1509.09308), section 4.1; B, G and A are the transforms of that paper everywhere. A
 * tile has 2 by 2 outputs and reads 4 by 4 pixels. */
#pragma once

#include <cstdint>

#include "sunet_cpu.h"

namespace sunet::winograd_2x3 {

constexpr int kernel_size = 3, tile_outputs = 2, tile_inputs = tile_outputs + kernel_size - 1;
constexpr int tile_overlap = tile_inputs - tile_outputs; /* pixels that a tile shares with the next one */
constexpr int products = tile_inputs * tile_inputs, outputs = tile_outputs * tile_outputs;

/* Whether the algorithm is allowed and can compute the convolution. */
bool is_possible(const sunet_convolution& a);

/* A rectangle of the tiles, or of the pixels, of an image. */
struct area {
    std::int64_t row, column, rows, columns;
    std::int64_t count() const { return rows * columns; }
};

/* Divides the tiles of an image into areas of at most `most` tiles: into as few as possible, which are about equally large. */
class tile_areas {
public:
    tile_areas(std::int64_t height, std::int64_t width, std::int64_t most);

    std::int64_t count() const { return down_ * across_; }
    /* The number of tiles of an image. */
    std::int64_t tiles() const { return rows_ * columns_; }
    area at(std::int64_t index) const;
    /* The most tiles that an area may have. */
    std::int64_t most() const { return most_; }
    /* The number of pixels of the largest patch that an area reads, where tiles read `beyond` pixels more than they have in each
     * direction. */
    std::int64_t patch_pixels(std::int64_t beyond) const;

private:
    std::int64_t most_, rows_, columns_; /* tiles */
    std::int64_t down_ = 0, across_ = 0; /* areas */
};

} // namespace sunet::winograd_2x3
