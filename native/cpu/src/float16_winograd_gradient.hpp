/* The gradient of a 3x3 convolution's weights by the transpose of Winograd's algorithm: tiles take the place of pixels. */
#pragma once

#include "float16_convolution.hpp"
#include "float16_tiles.hpp"

namespace sunet::float16::winograd {

bool takes_gradient(const convolution_request& request);

class weight_gradient {
public:
    weight_gradient(const convolution_request& request, std::optional<source_norm> norm);

    std::size_t scratch_bytes() const {
        return read_.norm_bytes() + bias_.bytes() + sums_bytes_ * static_cast<std::size_t>(shares_.pixels) +
               thread_bytes_ * static_cast<std::size_t>(threads_);
    }

    void run(bindings data) const;

private:
    /* What a thread works with. */
    struct worker {
        const bf16 *large, *small;
        float* sums;
        double* bias; /* NULL but for one of the threads that share the groups */
        normalization norm;
        bf16* patch;
        half *sources, *gradients;
        std::int64_t first_group, end_group;
    };

    worker make_worker(bindings data, std::int64_t thread) const;
    char* bias_memory(bindings data) const;
    float* sums_of(bindings data, std::int64_t part) const;
    /* Sums of one group: [products][channels][outputs]. */
    std::int64_t product_sums() const { return format_.depth() * small_.tile_stride(); }
    std::int64_t group_sums() const { return products * product_sums(); }

    void sum_share(bindings data, std::int64_t thread) const;
    /* Returns what the sums of an area's products are to be multiplied by. */
    float prepare(const worker& own, std::int64_t image, const area& tiles) const;
    void sum_area(const worker& own, std::int64_t tiles, float scale, bool first) const;
    void write_block(bindings data, std::int64_t channel) const;

    const direction read_; /* which reads the large side */
    const sunet_argument small_argument_;
    const int threads_;
    const std::int64_t images_;
    const packed_weights format_; /* of the sums */
    const shares shares_;
    const bias_sums bias_;
    const tile_areas areas_;
    const patch_reader large_, small_;
    std::size_t sums_bytes_, patch_bytes_, source_bytes_, thread_bytes_;
};

} // namespace sunet::float16::winograd
