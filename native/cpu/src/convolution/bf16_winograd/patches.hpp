/* Reads the pixels of bf16 activations that an area of tiles needs. */
#pragma once

#include "convolution/bf16_winograd/kernels.hpp"
#include "primitives/format.hpp"

namespace sunet::bf16_winograd {

/* Whether the tensor is bf16 in blocks of 16 channels. The last block may end in zeros, unless the tensor is a slice. */
bool has_patches(const sunet_tensor& tensor);

class patch_reader {
public:
    explicit patch_reader(const sunet_tensor& tensor) : layout_(layout_of(tensor)) {}

    std::int64_t images() const { return layout_.batch; }
    std::int64_t blocks() const { return blocks_of(layout_.channels); }
    /* The number of channels with those that round up the last block. */
    std::int64_t channels() const { return blocks() * channel_block; }

    /* The index of the first element of a block of an image. */
    std::int64_t plane(std::int64_t image, std::int64_t block) const;
    /* Returns the pixels of one block that some tiles read: in place or, where some lie beside the image, copied to `room` with zeros for
     * those. */
    patch read(const void* data, std::int64_t image, std::int64_t block, const area& pixels, const area& tiles, bf16* room) const;

private:
    channel_layout layout_;
};

} // namespace sunet::bf16_winograd
