/* The inner loops of Winograd's algorithm F(2x2, 3x3) over bf16 activations, for CPUs with AVX-512 BF16. Transforms and sums are float32,
 * factors of products are rounded to bf16. Callers are compiled for any CPU. */
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

/* Rows and columns of neighbouring tiles, in a block of 16 channels. */
struct patch {
    const bf16* x;
    std::int64_t row_stride;    /* in elements */
    std::int64_t rows, columns; /* tiles */
};

/* Computes B^T d B of tiles that read 4x4 pixels each and overlap by two. Product p of tile t is written to `to` + p * product_stride + 16
 * t. */
void transform_source(const patch& from, hardware_bf16* to, std::int64_t product_stride) noexcept;

/* The destination of pairs of neighbouring tiles: product p of the tiles 2 t and 2 t + 1, interleaved channel by channel, is written to
 * `to` + p * product_stride + t * pair_stride. A last tile without a neighbour is paired with zeros. */
struct tile_pairs {
    hardware_bf16* to;
    std::int64_t product_stride, pair_stride;
};

void transform_source(const patch& from, const tile_pairs& out) noexcept;
/* Computes A y A^T of tiles of 2x2 pixels of the destination's gradient. */
void transform_gradient(const patch& from, const tile_pairs& out) noexcept;

/* Computes G g G^T of a block of weights [tap][16 b][16 a] for sums over b or, of the kernel rotated by half a turn, for sums over a.
 * Product p of pair i of the summed channels is written to `to` + p * product_stride + i * pair_stride, with the pairs of the outputs side
 * by side. */
void transform_weights(const float* w, bool over_b, hardware_bf16* to, std::int64_t product_stride, std::int64_t pair_stride) noexcept;

/* sums[p][t][o] = the sum over all channels of source times weight, for product p, tile t and output o. */
struct tile_products {
    const bf16* sources;          /* [products][blocks][tiles][16] */
    const hardware_bf16* weights; /* [products][pairs of channels][outputs][2] */
    std::int64_t blocks;
    float* sums;
};

void multiply(const tile_products& of, int vectors, int tiles) noexcept;

/* y = max(floor, A^T m A + bias + y) of the sums m of products; y is added only where `accumulate` is set. */
struct destination {
    hardware_bf16* y;                      /* of the first tile's first pixel */
    std::int64_t row_stride, block_stride; /* in elements */
    std::int64_t height, width;            /* pixels from the first one to the image's end */
    const float* bias;                     /* one for each output of the vectors; NULL for none */
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
    bool first; /* overwrites `sums` instead of adding to them */
};

void multiply(const gradient_products& of, int vectors, int channels) noexcept;

/* The inverse transform of the weights' gradient: G^T u G of the sums of all `parts`, for a block of 16 outputs and 16 channels, to
 * [tap][channel][output]. */
struct gradient_block {
    const float* sums;
    std::int64_t product_stride, row_stride, parts, part_stride;
    float* w;
};

void transform_sums(const gradient_block& block) noexcept;

} // namespace sunet::bf16_winograd
