/* The inner loops of convolutions that multiply in float16, for CPUs with AVX-512 FP16, which multiply twice as many of them as of float32.
 * Compiled apart from their callers, which run on any CPU. */
#pragma once

#include <cstdint>

#include "sunet_bf16.hpp"

namespace sunet::float16 {

using half = std::uint16_t; /* bits of an IEEE binary16 */

constexpr int lanes = 32;       /* of a vector */
constexpr int most_vectors = 2; /* of outputs, in a tile */
constexpr int most_pixels = 12; /* in a tile: with two vectors of outputs, 24 sums of the 32 registers */
constexpr int depth_step = 4;   /* what a tile's depth is a multiple of */
constexpr int tile_sums = most_pixels * most_vectors * lanes;
constexpr int channel_block = 16; /* of activations: BLOCKED_16 */

/* Products that are added in float16 one after the other: rounding errors of 2^-12 of 64 sums that grow like a random walk are some 1e-3 of
 * the result, as is rounding one result to bf16. Two such chains are added up, in one more rounding, before their sum moves on to float32. */
constexpr int chain_depth = 64, most_depth = 2 * chain_depth;

/* Elements are scaled by a power of two, a row of sources or an output's weights at a time, so that the largest have these exponents:
 * 128 products of one by the other stay below 2^15, which is in range whatever the data. Sources are exact down to 2^-18 of a row's largest.
 * In a weight's gradient the destination's gradient stands for the weights. */
constexpr int source_exponent = 4, weight_exponent = 2;

/* sums[p][o] (+)= scale * sum over k of a[p * pixel_stride + k] * weights[k][o], for `vectors` vectors of outputs. */
struct tile {
    const half* a;
    std::int64_t pixel_stride, chain_stride; /* the latter from one chain of products to the next */
    const half* weights;
    std::int64_t depth;
    float scale;
    float* sums;
    bool first; /* of a sum: what was in `sums` does not count */
};

void multiply(const tile& t, int vectors, int pixels) noexcept;

/* sums[c][o] (+)= scale * sum over rows r and pixels k of a[r][k * pixel_stride + c] * gradients[r][k][o]: what a weight's gradient is made
 * of, for up to 12 channels c. Several rows are one chain of products. Rows of gradients are `gradient_stride` elements apart. */
struct gradient_tile {
    const half* const* a;
    std::int64_t rows, offset; /* the latter is added to every a[r] */
    std::int64_t pixel_stride;
    const half* gradients;
    std::int64_t gradient_stride;
    std::int64_t pixels;
    float scale;
    float* sums;
    bool first;
};

void multiply_gradients(const gradient_tile& t, int vectors, int channels) noexcept;

/* Where a tile's sums go to: y = max(floor, sums * scale + bias + y), the last where it accumulates. */
struct destination {
    bf16* y;
    std::int64_t pixel_stride, block_stride; /* in elements */
    std::int64_t channels;                   /* at most 64; rounded up to the block with zeros */
    const float* scale;                      /* of each output */
    const float* bias;                       /* NULL for none */
    bool accumulate, relu;
};

void write(const float* sums, int vectors, int pixels, const destination& to) noexcept;

/* The largest magnitude's bits, of `count` elements and those so far. */
std::uint16_t largest(const bf16* x, std::int64_t count, std::uint16_t so_far) noexcept;

/* Batch-norm of a block of 16 channels, and ReLU, rounded to bf16; returns the largest magnitude's bits, of what it made and those so far.
 * Mean, scale and beta are of the block's channels. */
std::uint16_t normalize_block(const bf16* x, std::int64_t pixels, const float* mean, const float* scale, const float* beta, bool relu,
                              bf16* y, std::uint16_t so_far) noexcept;

/* Adds a block of 16 channels up over so many pixels. */
void add_channels(const bf16* x, std::int64_t pixels, double* sums) noexcept;

/* How bf16 becomes float16 when `largest` is the largest magnitude's bits: the exponent loses `shift`; `scale` undoes it, and is NaN
 * where there is an infinity or NaN among them. */
struct scaling {
    std::uint16_t shift;
    float scale;
};
scaling scaling_for(std::uint16_t largest, int exponent) noexcept;

/* Two blocks of 16 channels, or one where the second is NULL, of `pixels` neighbouring pixels, each to as many elements at
 * `to` + pixel * pixel_stride. */
void convert_blocks(const bf16* x, const bf16* second, std::int64_t pixels, scaling by, half* to, std::int64_t pixel_stride) noexcept;
/* Up to four planes of single channels, side by side in four elements a pixel. */
void convert_planes(const bf16* const* planes, int channels, std::int64_t pixels, scaling by, half* to) noexcept;

/* Weights of up to 32 outputs: runs of elements that lie side by side. Where runs repeat, outputs lie side by side, too, in find_scales. */
struct weight_rows {
    const float* w;
    std::int64_t output_stride;
    int outputs;
    std::int64_t elements;
    std::int64_t repeats, repeat_stride; /* of runs */
};

/* For each of 32 outputs the power of two that leaves the largest of its weights with the exponent when all are divided by it; NaN where
 * one of them is not finite. */
void find_scales(const weight_rows& from, int exponent, float* scales) noexcept;
/* Element k to the row rows[k] of `to`, which has a number of elements in each; outputs that are not there become zero. */
void pack(const weight_rows& from, const float* scales, const std::int32_t* rows, std::int64_t row_elements, half* to) noexcept;

/* The way back for sums, which lie like packed weights, of 16 outputs or fewer: element k of output o, at w[o * output_stride + k], is the
 * sum of `parts` sums that are `part_stride` apart. */
struct gradient_block {
    const float* sums;
    std::int64_t row_elements, parts, part_stride;
    float* w;
    std::int64_t output_stride;
    int outputs;
    std::int64_t elements;
};
void unpack(const gradient_block& block, const std::int32_t* rows) noexcept;

} // namespace sunet::float16
