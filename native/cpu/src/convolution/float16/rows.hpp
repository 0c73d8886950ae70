/* Converts rows of bf16 activations for the float16 kernels. */
#pragma once

#include "convolution/float16/weights.hpp"
#include "primitives/format.hpp"

namespace sunet::float16 {

/* Whether rows of the tensor can be converted: bf16 in whole blocks of 16 channels or, where `planes` is allowed, few planes. */
bool has_rows(const sunet_tensor& tensor, bool planes);
bool is_planes(const sunet_tensor& tensor);

/* Batch normalisation, with a value for every channel in each vector, and ReLU. */
struct normalization {
    const float *mean, *scale, *beta;
    bool relu;
};

/* Converts one row at a time to [blocks of up to 64 channels][pixels][channels], with zeros on both sides. A convolution that reads single
 * pixels may divide an image into rows of any length. */
class row_converter {
public:
    /* A converted row has `left` pixels of zeros, `width` pixels, and zeros up to `columns` pixels. The elements of a pixel are rounded up
     * to a multiple of `granule`. */
    row_converter(const sunet_tensor& tensor, std::int64_t width, std::int64_t left, std::int64_t columns,
                  std::int64_t granule = channel_block);

    std::int64_t rows() const { return (pixels_ + width_ - 1) / width_; }
    std::int64_t width(std::int64_t row) const { return std::min(width_, pixels_ - row * width_); }
    std::int64_t blocks() const { return (depth_ + chain_depth - 1) / chain_depth; }
    /* Elements from a pixel to the next, and from a block to the next. */
    std::int64_t pixel_stride() const { return pixel_stride_; }
    std::int64_t block_stride() const { return columns_ * pixel_stride(); }
    /* The elements of a row, with some that kernels may read beyond the last pixel. */
    std::int64_t elements() const { return blocks() * block_stride() + lanes; }
    std::int64_t left() const { return left_; }

    /* The bits of the largest magnitude, of those so far and of a row. */
    std::uint16_t largest_of(const bf16* data, std::int64_t image, std::int64_t row, std::uint16_t so_far) const;
    void convert(const bf16* data, std::int64_t image, std::int64_t row, scaling by, half* to) const;

    /* Adds the pixels of a row to a sum for each channel, in whole blocks. */
    void add_channels_of(const bf16* data, std::int64_t image, std::int64_t row, double* sums) const;

    /* Normalises a row of whole blocks, which takes `normalized_elements` elements. Returns the bits of the largest magnitude. */
    std::uint16_t normalize(const bf16* data, std::int64_t image, std::int64_t row, const normalization& by, bf16* to) const;
    std::int64_t normalized_elements() const { return depth_ * width_; }
    void convert_normalized(const bf16* normalized, std::int64_t row, scaling by, half* to) const;

private:
    void convert_blocks_of(const bf16* first, std::int64_t channel_stride, std::int64_t width, scaling by, half* to) const;
    void clear_sides(std::int64_t width, half* to) const;
    const bf16* first_of(const bf16* data, std::int64_t image, std::int64_t row) const;

    std::int64_t pixels_, width_, left_, columns_, pixel_stride_;
    std::int64_t depth_;                         /* channels, rounded up */
    std::int64_t image_stride_, channel_stride_; /* of the tensor, in elements; the latter of a plane or block */
    std::int64_t first_;                         /* element */
    int planes_;                                 /* 0 where channels lie in blocks */
};

} // namespace sunet::float16
