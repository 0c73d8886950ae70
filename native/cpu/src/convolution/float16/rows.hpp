/* Rows of bf16 activations as the float16 kernels read them. */
#pragma once

#include "convolution/float16/weights.hpp"
#include "primitives/format.hpp"

namespace sunet::float16 {

/* Whether rows of the tensor can be converted: bf16 in whole blocks of 16 channels or, where `planes` is allowed, few planes. */
bool has_rows(const sunet_tensor& tensor, bool planes);
bool is_planes(const sunet_tensor& tensor);

/* Batch-norm, whose vectors have a value for every channel, and ReLU. */
struct normalization {
    const float *mean, *scale, *beta;
    bool relu;
};

/* Converts one row at a time to [blocks of up to 64 channels][pixels][channels], with zeros beside it. Where rows mean nothing to a
 * convolution it may see the pixels of an image as rows of another length. */
class row_converter {
public:
    /* `left` pixels of zeros before a row of `width` pixels, `columns` with all; a pixel's elements are a multiple of `granule`. */
    row_converter(const sunet_tensor& tensor, std::int64_t width, std::int64_t left, std::int64_t columns,
                  std::int64_t granule = channel_block);

    std::int64_t rows() const { return (pixels_ + width_ - 1) / width_; }
    std::int64_t width(std::int64_t row) const { return std::min(width_, pixels_ - row * width_); }
    std::int64_t blocks() const { return (depth_ + chain_depth - 1) / chain_depth; }
    /* Elements from a pixel, or block, to the next. */
    std::int64_t pixel_stride() const { return pixel_stride_; }
    std::int64_t block_stride() const { return columns_ * pixel_stride(); }
    /* Kernels may read a few pixels of few channels beyond the last. */
    std::int64_t elements() const { return blocks() * block_stride() + lanes; }
    std::int64_t left() const { return left_; }

    /* The largest magnitude's bits, of those so far and a row. */
    std::uint16_t largest_of(const bf16* data, std::int64_t image, std::int64_t row, std::uint16_t so_far) const;
    void convert(const bf16* data, std::int64_t image, std::int64_t row, scaling by, half* to) const;

    /* Adds a row's channels, in whole blocks, to as many sums. */
    void add_channels_of(const bf16* data, std::int64_t image, std::int64_t row, double* sums) const;

    /* A row of whole blocks, normalised, to `normalized_elements` elements; returns the largest magnitude's bits. */
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
