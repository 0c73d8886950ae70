/* The inner loops of convolutions in float16, for CPUs with AVX-512 FP16, which multiply twice as many float16 as float32 numbers at once.
 * Callers are compiled for any CPU. */
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

/* The number of products that are added in float16 one after the other. The rounding errors of 2^-12 of 64 sums grow like a random walk to
 * some 1e-3 of the result, which is also the error of rounding a result to bf16. Two such chains are added in float16 before their sum is
 * added in float32. */
constexpr int chain_depth = 64, most_depth = 2 * chain_depth;

/* The exponents of the largest elements after scaling by powers of two, which is done for each row of sources and for the weights of each
 * output. The sum of 128 products then stays below 2^15, which is in range for any data. Sources are exact down to 2^-18 of the largest in
 * their row. In a gradient of weights, the gradient of the destination is scaled like weights. */
constexpr int source_exponent = 4, weight_exponent = 2;

/* sums[p][o] (+)= scale * sum over k of a[p * pixel_stride + k] * weights[k][o], for `vectors` vectors of outputs. */
struct tile {
    const half* a;
    std::int64_t pixel_stride, chain_stride; /* the latter from one chain of products to the next */
    const half* weights;
    std::int64_t depth;
    float scale;
    float* sums;
    bool first; /* overwrites `sums` instead of adding to them */
};

void multiply(const tile& t, int vectors, int pixels) noexcept;

/* sums[c][o] (+)= scale * sum over rows r and pixels k of a[r][k * pixel_stride + c] * gradients[r][k][o], for a gradient of weights and up
 * to 12 channels c. Several rows make one chain of products. Rows of gradients are `gradient_stride` elements apart. */
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

/* The destination of a tile: y = max(floor, sums * scale + bias + y); y is added only where `accumulate` is set. */
struct destination {
    bf16* y;
    std::int64_t pixel_stride, block_stride; /* in elements */
    std::int64_t channels;                   /* at most 64; rounded up to the block with zeros */
    const float* scale;                      /* of each output */
    const float* bias;                       /* NULL for none */
    bool accumulate, relu;
};

void write(const float* sums, int vectors, int pixels, const destination& to) noexcept;

/* The bits of the largest magnitude, of `count` elements and those so far. */
std::uint16_t largest(const bf16* x, std::int64_t count, std::uint16_t so_far) noexcept;

/* Applies batch normalisation and ReLU to a block of 16 channels and rounds to bf16. Mean, scale and beta are those of the block. Returns
 * the bits of the largest magnitude, of the results and those so far. */
std::uint16_t normalize_block(const bf16* x, std::int64_t pixels, const float* mean, const float* scale, const float* beta, bool relu,
                              bf16* y, std::uint16_t so_far) noexcept;

/* Adds the sums of a block of 16 channels over some pixels to `sums`. */
void add_channels(const bf16* x, std::int64_t pixels, double* sums) noexcept;

/* The conversion of bf16 to float16 for elements up to a largest magnitude: `shift` is subtracted from exponents, and `scale` undoes that.
 * The scale is NaN where there is an infinity or a NaN. */
struct scaling {
    std::uint16_t shift;
    float scale;
};
scaling scaling_for(std::uint16_t largest, int exponent) noexcept;

/* Converts two blocks of 16 channels, or one where the second is NULL, of neighbouring pixels. The elements of a pixel are written to `to`
 * + pixel * pixel_stride. */
void convert_blocks(const bf16* x, const bf16* second, std::int64_t pixels, scaling by, half* to, std::int64_t pixel_stride) noexcept;
/* Converts up to four planes of one channel each to four elements for each pixel. */
void convert_planes(const bf16* const* planes, int channels, std::int64_t pixels, scaling by, half* to) noexcept;

/* The weights of up to 32 outputs, as runs of elements that lie side by side. Where runs repeat, find_scales expects the outputs to lie
 * side by side, too. */
struct weight_rows {
    const float* w;
    std::int64_t output_stride;
    int outputs;
    std::int64_t elements;
    std::int64_t repeats, repeat_stride; /* of runs */
};

/* Finds for each of 32 outputs the power of two by which its weights are divided, so that the largest one has the exponent; NaN where a
 * weight is not finite. */
void find_scales(const weight_rows& from, int exponent, float* scales) noexcept;
/* Converts weights, divided by the scales, and writes element k to the row rows[k] of `to`. Outputs that do not exist become zero. */
void pack(const weight_rows& from, const float* scales, const std::int32_t* rows, std::int64_t row_elements, half* to) noexcept;

/* The conversion of sums, which are laid out like packed weights, of up to 16 outputs to a gradient of weights: element k of output o, at
 * w[o * output_stride + k], is the sum of `parts` sums that are `part_stride` apart. */
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
