/* The gradient of the weights of a 3x3 convolution by the transpose of Winograd's algorithm, which sums over tiles in place of pixels. */
#pragma once

#include "convolution/float16/gradient_sharing.hpp"
#include "convolution/float16/tiles.hpp"

namespace sunet::float16::winograd {

bool takes_gradient(const convolution_request& request);

class weight_gradient {
public:
    weight_gradient(const convolution_request& request, std::optional<source_norm> norm);

    std::size_t scratch_bytes() const { return sharing_.scratch_bytes(); }

    void run(bindings data) const;

private:
    /* The work and memory of one thread. */
    struct worker : gradient_share {
        bf16* patch;
        half *sources, *gradients;
    };

    worker make_worker(const gradient_share& share) const;
    /* The number of sums of one product: [channels][outputs]. */
    std::int64_t product_sums() const { return format_.depth() * small_.tile_stride(); }

    void sum_share(const gradient_share& share) const;
    /* Reads and transforms both operands of an area of tiles. Returns the scale of its sums. */
    float prepare(const worker& own, std::int64_t image, const area& tiles) const;
    void sum_area(const worker& own, std::int64_t tiles, float scale, bool first) const;
    void write_block(bindings data, std::int64_t channel) const;

    const std::int64_t images_, top_, left_; /* the latter padding */
    const packed_weights format_;            /* of the sums */
    const tile_areas areas_;
    const patch_reader large_, small_;
    gradient_sharing sharing_;
    std::size_t patch_bytes_, source_bytes_;
};

} // namespace sunet::float16::winograd
