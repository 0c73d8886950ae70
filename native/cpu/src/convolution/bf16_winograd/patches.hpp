/* The patches of bf16 activations that areas of tiles read. */
#pragma once

#include "convolution/bf16_winograd/kernels.hpp"
#include "primitives/format.hpp"

namespace sunet::bf16_winograd {

/* Whether it is of bf16 in blocks of 16 channels, with zeros in what rounds the last one up; a slice has whole ones. */
bool has_patches(const sunet_tensor& tensor);

class patch_reader {
public:
    explicit patch_reader(const sunet_tensor& tensor) : layout_(layout_of(tensor)) {}

    std::int64_t images() const { return layout_.batch; }
    std::int64_t blocks() const { return blocks_of(layout_.channels); }
    /* With those that round the last block up. */
    std::int64_t channels() const { return blocks() * channel_block; }

    /* The first element of an image's block. */
    std::int64_t plane(std::int64_t image, std::int64_t block) const;
    /* The pixels of one block that some tiles read: in place or, with zeros for those beside the image, in `room` for as many. */
    patch read(const void* data, std::int64_t image, std::int64_t block, const area& pixels, const area& tiles, bf16* room) const;

private:
    channel_layout layout_;
};

} // namespace sunet::bf16_winograd
