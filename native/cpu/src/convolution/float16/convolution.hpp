#pragma once

#include "convolution/float16/direction.hpp"

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

/* Whether every output reads one pixel of the source, at its own place. */
bool reads_single_pixels(const sunet_convolution& a);

} // namespace sunet::float16
