/* 3x3 convolutions of stride 1 in float16 by Winograd's algorithm, which needs less than half the products and has twice the rounding
 * error. */
#pragma once

#include "convolution/float16/direction.hpp"
#include "convolution/float16/tiles.hpp"

namespace sunet::float16::winograd {

constexpr const char* implementation = "float16_wino_2x3:avx512_fp16";

/* Whether the direction can be computed by Winograd's algorithm and is faster so. */
bool takes(const direction& d);

class convolution {
public:
    explicit convolution(const direction& d);

    const packed_weights& weights() const { return weights_; }
    std::size_t scratch_bytes() const { return d_.norm_bytes() + thread_bytes_ * static_cast<std::size_t>(d_.threads); }

    void run(bindings data) const;

private:
    /* The memory of one thread. */
    struct worker {
        bindings data;
        normalization norm;
        bf16* patch;
        half *operands, *products;
        float* sums;
    };

    worker make_worker(bindings data, std::int64_t thread) const;
    /* Reads and transforms the source of an area of tiles. Returns the scale of its sums. */
    float prepare(const worker& own, std::int64_t image, const area& tiles) const;
    void make_group(const worker& own, std::int64_t image, const area& tiles, std::int64_t group, float scale) const;
    void write_area(const worker& own, std::int64_t image, const area& tiles, std::int64_t group) const;

    const direction d_;
    const packed_weights weights_;
    const tile_areas areas_;
    const patch_reader reader_;
    std::size_t patch_bytes_, operand_bytes_, product_bytes_, thread_bytes_;
};

} // namespace sunet::float16::winograd
