#pragma once

#include "float16_direction.hpp"

namespace sunet::float16 {

/* Whether the convolution's forward pass (from the large side) or data gradient (from the small side) can and should multiply in
 * float16: bf16 activations in blocks of 16 channels, or images of up to four planes, on a CPU that does it faster than it multiplies
 * bf16. */
bool takes(const convolution_request& request, bool from_large);

/* Either direction of a checked convolution with all it may have: bias, ReLU, accumulation; the forward pass also a normalisation. */
std::unique_ptr<sunet_primitive> build(const convolution_request& request, bool from_large, std::optional<source_norm> norm = {});

/* The same for the weights' gradient, in row-major float32, with the bias's where a convolution wants it. What a transposed convolution
 * reads is not normalised. */
bool takes_gradient(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_gradient(const convolution_request& request, std::optional<source_norm> norm = {});

/* How threads share a weight's gradient: some have groups of outputs of their own, others parts of the pixels, whose sums are added at the
 * end. */
struct shares {
    std::int64_t groups, pixels;
};

/* Sharing the groups makes every thread convert all pixels, sharing the pixels makes sums for every thread that are to be cleared and
 * added: which is more decides. */
shares share(const convolution_request& request, const packed_weights& sums);

/* The gradient of the bias that is found beside it: of every part of the pixels a sum for each channel of the destination's gradient. */
class bias_sums {
public:
    bias_sums(const convolution_request& request, std::int64_t parts)
        : channels_(request.attributes.has_bias != 0 && !request.transposed ? request.small().dims[1] : 0), parts_(parts) {}

    /* Of scratch memory for all parts; none where no bias is wanted. */
    std::size_t bytes() const { return whole_lines(static_cast<std::size_t>(part_elements() * parts_) * sizeof(double)); }
    /* The sums of a part, all of them zero; NULL where no bias is wanted. */
    double* begin(char* memory, std::int64_t part) const;
    /* Up to 16 channels of the bias's gradient. */
    void write(const char* memory, std::int64_t channel, bindings data) const;

private:
    std::int64_t part_elements() const { return (channels_ + channel_block - 1) / channel_block * channel_block; }

    std::int64_t channels_, parts_;
};

/* multiply_gradients for up to 64 channels and any number of pixels. */
void multiply_block(const gradient_tile& all, int vectors, std::int64_t channels);

constexpr const char* implementation = "float16:avx512_fp16";

/* Whether every output reads one pixel of the source, at its own place. */
bool reads_single_pixels(const sunet_convolution& a);

/* The format of weights as the caller has them. */
desc row_major_weights(sunet_tensor weights);

} // namespace sunet::float16
