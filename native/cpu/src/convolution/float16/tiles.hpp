/* How Winograd's algorithm in float16 sees bf16 activations: the patches of an image that areas of tiles read. */
#pragma once

#include "convolution/float16/rows.hpp"
#include "convolution/float16/winograd_kernels.hpp"

namespace sunet::float16::winograd {

/* A tensor's patches, and the products' operands that are made of one: [blocks of up to 64 channels][products][tiles][channels]. */
class patch_reader {
public:
    explicit patch_reader(const sunet_tensor& tensor);

    std::int64_t blocks() const { return (depth_ + chain_depth - 1) / chain_depth; }
    std::int64_t tile_stride() const { return tile_stride_; }
    std::int64_t product_stride(std::int64_t tiles) const { return tiles * tile_stride_; }
    std::int64_t block_stride(std::int64_t tiles) const { return products * product_stride(tiles); }
    std::int64_t elements(std::int64_t tiles) const { return blocks() * block_stride(tiles); }
    std::int64_t patch_elements(std::int64_t pixels) const { return depth_ * pixels; }

    /* Fills a patch, with zeros for pixels beside the image, with the tensor's elements, or those normalised; returns the largest
     * magnitude's bits. */
    std::uint16_t read(const bf16* data, std::int64_t image, const area& pixels, const normalization* norm, bf16* patch) const;

    /* Adds a patch's channels to as many sums; zeros beside the image do not matter to them. */
    void add_channels_of(const bf16* patch, const area& pixels, double* sums) const;

    using transform = void (*)(const tiles& from, scaling by, const operands& out) noexcept;
    /* There may be room for more tiles than the area has; those stay as they are. */
    void apply(transform to_apply, const bf16* patch, const area& pixels, const area& tiles, scaling by, half* to, std::int64_t room) const;

private:
    channel_layout layout_;
    std::int64_t depth_, tile_stride_; /* channels, rounded up to blocks, and to vectors */
};

} // namespace sunet::float16::winograd
