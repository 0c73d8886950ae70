/* Reads the pixels of bf16 activations that an area of tiles needs, for Winograd's algorithm in float16. */
#pragma once

#include "convolution/float16/rows.hpp"
#include "convolution/float16/winograd_kernels.hpp"

namespace sunet::float16::winograd {

/* Reads patches of a tensor and transforms them to the operands of products: [blocks of up to 64 channels][products][tiles][channels]. */
class patch_reader {
public:
    explicit patch_reader(const sunet_tensor& tensor);

    std::int64_t blocks() const { return (depth_ + chain_depth - 1) / chain_depth; }
    std::int64_t tile_stride() const { return tile_stride_; }
    std::int64_t product_stride(std::int64_t tiles) const { return tiles * tile_stride_; }
    std::int64_t block_stride(std::int64_t tiles) const { return products * product_stride(tiles); }
    std::int64_t elements(std::int64_t tiles) const { return blocks() * block_stride(tiles); }
    std::int64_t patch_elements(std::int64_t pixels) const { return depth_ * pixels; }

    /* Copies pixels of the tensor to a patch, normalised where `norm` is not NULL, with zeros for pixels beside the image. Returns the bits
     * of the largest magnitude. */
    std::uint16_t read(const bf16* data, std::int64_t image, const area& pixels, const normalization* norm, bf16* patch) const;

    /* Adds the pixels of a patch to a sum for each channel. */
    void add_channels_of(const bf16* patch, const area& pixels, double* sums) const;

    using transform = void (*)(const tiles& from, scaling by, const operands& out) noexcept;
    /* Transforms a patch. There may be room for more tiles than the area has, which is left as it is. */
    void apply(transform to_apply, const bf16* patch, const area& pixels, const area& tiles, scaling by, half* to, std::int64_t room) const;

private:
    channel_layout layout_;
    std::int64_t depth_, tile_stride_; /* channels, rounded up to blocks, and to vectors */
};

} // namespace sunet::float16::winograd
