/* The inner loops of Winograd's algorithm F(2x2, 3x3) in float16. */
#pragma once

#include "convolution/float16/kernels.hpp"
#include "convolution/shared/winograd_2x3.hpp"

namespace sunet::float16::winograd {

using namespace winograd_2x3;

/* The exponents of the largest elements before the transforms. A transformed source is up to four times as large as the source, and
 * transformed weights are up to 9/4 times as large as the weights. Sums of 128 products then stay below 4700, so that the sum of the nine
 * that make an output is in range, too. */
constexpr int source_exponent = float16::source_exponent - 2, weight_exponent = -2;
/* In a gradient of weights only products are summed in float16; the transform makes the gradient of the destination up to four times as
 * large. */
constexpr int gradient_exponent = float16::weight_exponent - 2;

/* Copies `rows` times `pixels` pixels of a block of 16 channels, with row strides in elements. Returns the bits of the largest magnitude,
 * of the copy and those so far. */
std::uint16_t copy_block(const bf16* x, std::int64_t row_stride, std::int64_t rows, std::int64_t pixels, bf16* to, std::int64_t to_stride,
                         std::uint16_t so_far) noexcept;

/* Rows and columns of neighbouring tiles, in two blocks of 16 channels, or in one where the second is NULL. */
struct tiles {
    const bf16 *first, *second;
    std::int64_t row_stride; /* in elements */
    std::int64_t rows, columns;
};

/* The destination of operands: the 32 elements of tile t of product p are written to `to` + p * product_stride + t * tile_stride, with
 * zeros where there is no second block. */
struct operands {
    half* to;
    std::int64_t product_stride, tile_stride;
};

/* Computes B^T d B of tiles that read 4x4 pixels each and overlap by two. */
void transform_source(const tiles& from, scaling by, const operands& out) noexcept;
/* Computes A y A^T of tiles of 2x2 pixels of the destination's gradient. */
void transform_gradient(const tiles& from, scaling by, const operands& out) noexcept;

/* Computes G g G^T of 3x3 weights of up to 32 outputs, with a run for every input, or of the kernel rotated by half a turn, divided by
 * powers of two. Product p of input i is written to `to` + p * product_stride + i * input_stride. */
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

/* The inverse transform of the weights' gradient for up to 16 outputs and one input: G^T u G of the sums of all `parts`, to 9 elements of
 * each output. */
struct gradient_block {
    const float* sums;
    std::int64_t product_stride, parts, part_stride;
    float* w;
    std::int64_t output_stride;
    int outputs;
};

void transform_sums(const gradient_block& block) noexcept;

} // namespace sunet::float16::winograd
