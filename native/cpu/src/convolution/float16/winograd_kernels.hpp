/* The inner loops of Winograd's algorithm F(2x2, 3x3) in float16. */
#pragma once

#include "convolution/float16/kernels.hpp"
#include "convolution/shared/winograd_2x3.hpp"

namespace sunet::float16::winograd {

using namespace winograd_2x3;

/* A transformed source is up to four times as large as the source. Sums of 128 products by transformed weights, which are up to 9/4 times as
 * large as the weights, stay below 4700, so that the nine that make an output are in range, too. */
constexpr int source_exponent = float16::source_exponent - 2, weight_exponent = -2;
/* In a weight's gradient only products are summed in float16; the destination's gradient grows up to fourfold. */
constexpr int gradient_exponent = float16::weight_exponent - 2;

/* Copies a block of 16 channels, `rows` times `pixels`, row strides in elements; returns the largest magnitude's bits, of those so far, too. */
std::uint16_t copy_block(const bf16* x, std::int64_t row_stride, std::int64_t rows, std::int64_t pixels, bf16* to, std::int64_t to_stride,
                         std::uint16_t so_far) noexcept;

/* Tiles side by side and one above the other, of two blocks of 16 channels, or one where the second is NULL, in rows of 16-channel pixels. */
struct tiles {
    const bf16 *first, *second;
    std::int64_t row_stride; /* in elements */
    std::int64_t rows, columns;
};

/* Where products' operands go: tile t of product p to `to` + p * product_stride + t * tile_stride, 32 elements, with zeros in place of a
 * second block that is not there. */
struct operands {
    half* to;
    std::int64_t product_stride, tile_stride;
};

/* B^T d B of tiles that read 4x4 pixels each and overlap by two. */
void transform_source(const tiles& from, scaling by, const operands& out) noexcept;
/* A y A^T of tiles of 2x2 pixels of the destination's gradient. */
void transform_gradient(const tiles& from, scaling by, const operands& out) noexcept;

/* G g G^T of 3x3 weights of up to 32 outputs, a run for every input, or of the same turned by half a turn, over powers of two; product p of
 * input i goes to `to` + p * product_stride + i * input_stride. */
void transform_weights(const weight_rows& from, bool turned, const float* scales, half* to, std::int64_t input_stride,
                       std::int64_t product_stride) noexcept;

/* For each output in turn, sums[output][tile][o] (+)= scale * A^T m A, m the products' sums over k of a[tile * pixel_stride + k] *
 * weights[k][o]. */
struct tile {
    const half* a;
    std::int64_t pixel_stride, product_stride, chain_stride;
    const half* weights;
    std::int64_t weight_stride; /* from product to product */
    std::int64_t depth;
    half* products; /* room for them: products * most_pixels * 64 elements */
    float scale;
    float* sums; /* room for outputs * tile_sums */
    bool first;
};

void multiply(const tile& t, int vectors, int tiles) noexcept;

/* The way back for a weight's gradient, of up to 16 outputs and one input: G^T u G of sums over `parts`, to 9 elements of each output. */
struct gradient_block {
    const float* sums;
    std::int64_t product_stride, parts, part_stride;
    float* w;
    std::int64_t output_stride;
    int outputs;
};

void transform_sums(const gradient_block& block) noexcept;

} // namespace sunet::float16::winograd
