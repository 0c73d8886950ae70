#pragma once

#include "convolution/float16/direction.hpp"

namespace sunet::float16 {

/* Whether a convolution's forward pass (from the large side) or gradient of data (from the small side) can be computed in float16 and is
 * faster so: for bf16 activations in blocks of 16 channels, or images of up to four planes, on a CPU that multiplies float16 faster than
 * bf16. */
bool takes(const convolution_request& request, bool from_large);

/* Builds either direction of a checked convolution, with its bias, ReLU and accumulation; a forward pass may also normalise its source. */
std::unique_ptr<sunet_primitive> build(const convolution_request& request, bool from_large, std::optional<source_norm> norm = {});

/* Whether the gradient of weights, in row-major float32 and with the gradient of the bias where the convolution has one, can be computed in
 * float16 and is faster so. The source of a transposed convolution cannot be normalised. */
bool takes_gradient(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_gradient(const convolution_request& request, std::optional<source_norm> norm = {});

/* Whether every output reads only the pixel at its own place. */
bool reads_single_pixels(const sunet_convolution& a);

} // namespace sunet::float16
