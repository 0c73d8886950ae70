/* Winograd's algorithm F(2x2, 3x3): 16 products make four outputs of a 3x3 convolution, where 36 would without. Lavin and Gray, "Fast
 * Algorithms for Convolutional Neural Networks" (arXiv 1509.09308), section 4.1, whose transforms are meant by B, G and A wherever it is
 * computed. A tile is 2 by 2 outputs and reads 4 by 4 pixels. */
#pragma once

#include <cstdint>

#include "sunet_cpu.h"

namespace sunet::winograd_2x3 {

constexpr int kernel_size = 3, tile_outputs = 2, tile_inputs = tile_outputs + kernel_size - 1;
constexpr int tile_overlap = tile_inputs - tile_outputs; /* pixels that a tile reads with the next one */
constexpr int products = tile_inputs * tile_inputs, outputs = tile_outputs * tile_outputs;

/* Whether the algorithm is wanted and knows the kernel. */
bool is_possible(const sunet_convolution& a);

/* Of an image's tiles, or pixels. */
struct area {
    std::int64_t row, column, rows, columns;
    std::int64_t count() const { return rows * columns; }
};

/* An image's tiles in areas of up to so many: as few of them as can be, and about as large as each other. */
class tile_areas {
public:
    tile_areas(std::int64_t height, std::int64_t width, std::int64_t most);

    std::int64_t count() const { return down_ * across_; }
    /* Of an image. */
    std::int64_t tiles() const { return rows_ * columns_; }
    area at(std::int64_t index) const;
    /* Tiles of an area. */
    std::int64_t most() const { return most_; }
    /* Pixels of the largest patch that an area reads, where its tiles read so many more pixels each way than they have. */
    std::int64_t patch_pixels(std::int64_t beyond) const;

private:
    std::int64_t most_, rows_, columns_; /* tiles */
    std::int64_t down_ = 0, across_ = 0; /* areas */
};

} // namespace sunet::winograd_2x3
