/* The weights of a convolution in the order that the float16 kernels read them: by group of up to 64 outputs, tap and channel of the
 * source, with the outputs of a group side by side. The powers of two by which they are divided stand before them. Winograd's algorithm has
 * products in place of taps. */
#pragma once

#include <algorithm>
#include <vector>

#include "convolution/float16/winograd_kernels.hpp"
#include "primitives/packing.hpp"

namespace sunet::float16 {

constexpr const char* implementation = "float16:avx512_fp16";

constexpr std::int64_t group_outputs = most_vectors * lanes;
/* The most channels that an image may have; the products of a row of the kernel are then summed together. */
constexpr std::int64_t few_channels = 4;

struct packed_weights {
    std::int64_t outputs, inputs, kernel_rows, kernel_columns;
    bool swapped;          /* row-major weights are [inputs, outputs, ...] */
    bool merges_columns;   /* a tap is a row of the kernel, over pixels of `few_channels` */
    bool winograd = false; /* transformed: there are winograd::products in place of taps */

    std::int64_t taps() const { return winograd ? winograd::products : merges_columns ? kernel_rows : kernel_rows * kernel_columns; }
    /* Products per tap, in blocks of at most `chain_depth`. */
    std::int64_t depth() const {
        return merges_columns ? kernel_columns * few_channels : (inputs + channel_block - 1) / channel_block * channel_block;
    }
    /* A merged row of an image's kernel is one block. */
    std::int64_t blocks() const { return merges_columns ? 1 : (depth() + chain_depth - 1) / chain_depth; }
    std::int64_t depth(std::int64_t block) const {
        return merges_columns ? depth() : std::min<std::int64_t>(chain_depth, depth() - block * chain_depth);
    }
    std::int64_t groups() const { return (outputs + group_outputs - 1) / group_outputs; }
    int vectors(std::int64_t group) const { return outputs - group * group_outputs > lanes ? 2 : 1; }
    /* The index of the first weight of a group. */
    std::int64_t offset(std::int64_t group) const { return group * group_outputs * taps() * depth(); }
    std::int64_t scales() const { return groups() * group_outputs; }
    std::size_t bytes() const {
        return static_cast<std::size_t>(scales()) * sizeof(float) +
               static_cast<std::size_t>(groups() * group_outputs * taps() * depth()) * sizeof(half);
    }
    /* A name that identifies the format. */
    std::string name() const;
};

inline const float* scales_of(const void* packed) { return static_cast<const float*>(packed); }
inline const half* weights_of(const packed_weights& format, const void* packed) {
    return reinterpret_cast<const half*>(scales_of(packed) + format.scales());
}

class weight_packing : public packing {
public:
    explicit weight_packing(const packed_weights& format);

    std::size_t bytes() const override { return format_.bytes(); }
    std::string name() const override { return format_.name(); }
    const char* implementation() const override { return float16::implementation; }
    void run(const float* from, void* to) const override;

    /* The row of packed weights for each element of an output, in the order of row-major weights that are not swapped. */
    const std::int32_t* rows() const { return rows_.data(); }

private:
    /* The weights of up to a vector of outputs, from `first` on. */
    weight_rows rows_of(const float* from, std::int64_t first) const;
    /* The weights divided into runs of one input each. */
    weight_rows inputs_of(weight_rows rows) const;

    packed_weights format_;
    std::vector<std::int32_t> rows_;
};

} // namespace sunet::float16
