/* The inner loops of Winograd's algorithm F(2x2, 3x3) over bf16 activations: transforms and sums in float32, what is multiplied rounded to
 * bf16, for CPUs with AVX-512 BF16. Compiled apart from their callers, which run on any CPU. */
#pragma once

#include "kernels/vectors.hpp"
#include "convolution/shared/winograd_2x3.hpp"

namespace sunet::bf16_winograd {

using namespace winograd_2x3;

constexpr const char* implementation = "bf16_wino_2x3:avx512_bf16";

constexpr int channel_block = 16; /* of activations: BLOCKED_16 */
constexpr int block_pairs = channel_block / 2;
constexpr int most_vectors = 2;                  /* of 16 outputs, in a tile of sums */
constexpr int most_rows = 12;                    /* in a tile of sums: with two vectors of outputs, 24 sums of the 32 registers */
constexpr int pair_elements = 2 * channel_block; /* of a vector of pairs */
constexpr int taps = kernel_size * kernel_size;
constexpr std::int64_t block_weights = taps * channel_block * channel_block; /* of a pair of blocks */

constexpr std::int64_t blocks_of(std::int64_t channels) { return (channels + channel_block - 1) / channel_block; }

/* Tiles side by side and one above the other, of a block of 16 channels in rows of pixels. */
struct patch {
    const bf16* x;
    std::int64_t row_stride;    /* in elements */
    std::int64_t rows, columns; /* tiles */
};

/* B^T d B of tiles that read 4x4 pixels each and overlap by two: product p of tile t goes to `to` + p * product_stride + 16 t. */
void transform_source(const patch& from, hardware_bf16* to, std::int64_t product_stride) noexcept;

/* Where pairs of neighbouring tiles go, in a row's order: product p of the tiles 2 t and 2 t + 1, channel by channel both, to
 * `to` + p * product_stride + t * pair_stride. A tile without a neighbour has zeros for it. */
struct tile_pairs {
    hardware_bf16* to;
    std::int64_t product_stride, pair_stride;
};

void transform_source(const patch& from, const tile_pairs& out) noexcept;
/* A y A^T of tiles of 2x2 pixels of the destination's gradient. */
void transform_gradient(const patch& from, const tile_pairs& out) noexcept;

/* G g G^T of a block of weights [tap][16 b][16 a] for sums over b or, of those turned by half a turn, over a: product p of the pair i of what
 * is summed over goes to `to` + p * product_stride + i * pair_stride, the outputs' pairs side by side. */
void transform_weights(const float* w, bool over_b, hardware_bf16* to, std::int64_t product_stride, std::int64_t pair_stride) noexcept;

/* sums[p][t][o] = the sum of products over all channels of tile t. */
struct tile_products {
    const bf16* sources;          /* [products][blocks][tiles][16] */
    const hardware_bf16* weights; /* [products][pairs of channels][outputs][2] */
    std::int64_t blocks;
    float* sums;
};

void multiply(const tile_products& of, int vectors, int tiles) noexcept;

/* y = max(floor, A^T m A + bias + y), the last where it accumulates, of the products' sums m. */
struct destination {
    hardware_bf16* y;                      /* of the first tile's first pixel */
    std::int64_t row_stride, block_stride; /* in elements */
    std::int64_t height, width;            /* pixels that there are, of the area's */
    const float* bias;                     /* of all outputs of the vectors; NULL for none */
    bool accumulate, relu;
};

void write(const float* sums, int vectors, const area& tiles, const destination& to) noexcept;

/* sums[c][o] (+)= the sum over all tiles of source c by gradient o. */
struct gradient_products {
    const hardware_bf16* sources;   /* [pairs of tiles][all channels][2], from the first channel on */
    std::int64_t channels;          /* all */
    const hardware_bf16* gradients; /* [pairs of tiles][outputs][2] */
    std::int64_t pairs;
    float* sums;
    bool first; /* what was in `sums` does not count */
};

void multiply(const gradient_products& of, int vectors, int channels) noexcept;

/* The way back for a weight's gradient: G^T u G, of sums over `parts`, of a block of 16 outputs and 16 channels to [tap][channel][output]. */
struct gradient_block {
    const float* sums;
    std::int64_t product_stride, row_stride, parts, part_stride;
    float* w;
};

void transform_sums(const gradient_block& block) noexcept;

} // namespace sunet::bf16_winograd
