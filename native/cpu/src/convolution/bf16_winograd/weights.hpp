/* The weights of a 3x3 convolution in the order that Winograd's algorithm in bf16 reads them: by group of up to 32 outputs, product, and
 * pair of summed channels, with the outputs side by side. */
#pragma once

#include <algorithm>

#include "convolution/bf16_winograd/kernels.hpp"
#include "primitives/packing.hpp"

namespace sunet::bf16_winograd {

constexpr std::int64_t group_outputs = most_vectors * channel_block;

/* The layout of transformed weights, or of the sums for their gradient. */
struct weight_layout {
    std::int64_t a, b; /* channels of the small side and of the large one: weights are [a, b, 3, 3] */
    bool over_b;       /* whether sums are over b; else they are over a, with the kernel rotated by half a turn */

    std::int64_t output_blocks() const { return blocks_of(over_b ? a : b); }
    std::int64_t summed_blocks() const { return blocks_of(over_b ? b : a); }
    /* The number of pairs of blocks of output and summed channels. */
    std::int64_t blocks() const { return output_blocks() * summed_blocks(); }

    std::int64_t groups() const { return (output_blocks() + most_vectors - 1) / most_vectors; }
    /* The number of vectors of 16 outputs. */
    int vectors(std::int64_t group) const {
        return static_cast<int>(std::min<std::int64_t>(most_vectors, output_blocks() - group * most_vectors));
    }
    /* The index of the first element of a group. */
    std::int64_t offset(std::int64_t group) const { return group * group_outputs * products * summed_blocks() * channel_block; }
    std::size_t elements() const { return static_cast<std::size_t>(products * blocks() * channel_block * channel_block); }
};

/* Transforms one pair of blocks of weights in the layout SUNET_WEIGHTS_16. */
void transform_block(const weight_layout& layout, const float* blocked, std::int64_t block, hardware_bf16* to);

/* Transforms row-major weights once, for predictions. */
class weight_packing : public packing {
public:
    explicit weight_packing(const weight_layout& layout) : layout_(layout) {}

    std::size_t bytes() const override { return layout_.elements() * sizeof(bf16); }
    std::string name() const override;
    const char* implementation() const override { return bf16_winograd::implementation; }
    void run(const float* from, void* to) const override;

private:
    void gather(const float* from, std::int64_t a_block, std::int64_t b_block, float* block) const;

    weight_layout layout_;
};

} // namespace sunet::bf16_winograd
