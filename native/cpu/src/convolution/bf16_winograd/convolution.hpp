/* 3x3 convolutions of stride 1 in bf16 by Winograd's algorithm: less than half the products, for twice the rounding error. For CPUs that
 * multiply bf16 in vectors. */
#pragma once

#include "convolution/shared/request.hpp"

namespace sunet::bf16_winograd {

/* Whether a checked convolution's forward pass, or its gradient of data, can and should be computed so. */
bool takes(const convolution_request& request);
std::unique_ptr<sunet_primitive> build(const convolution_request& request, bool from_large);

/* The same for the gradient of its weights, with the bias's where a convolution wants it. */
bool takes_gradient(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_gradient(const convolution_request& request);

/* Whether the algorithm is possible, for these layouts, too, and fast on this CPU. */
bool is_fast(const convolution_request& request);
/* Of all images. */
std::int64_t tiles_of(const sunet_tensor& tensor);
/* How weights that are trained, and their gradients, lie: SUNET_WEIGHTS_16. */
desc blocked_weights(const sunet_tensor& weights);

} // namespace sunet::bf16_winograd
