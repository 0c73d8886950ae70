/* 3x3 convolutions of stride 1 in bf16 by Winograd's algorithm, which needs less than half the products and has twice the rounding error.
 * For CPUs that multiply bf16 in vectors. */
#pragma once

#include "convolution/shared/request.hpp"

namespace sunet::bf16_winograd {

/* Whether a convolution's forward pass, or its gradient of data, can be computed here and is faster so. The request has been checked. */
bool takes(const convolution_request& request);
std::unique_ptr<sunet_primitive> build(const convolution_request& request, bool from_large);

/* Whether the gradient of weights, with the gradient of the bias where the convolution has one, can be computed here and is faster so. */
bool takes_gradient(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_gradient(const convolution_request& request);

/* Whether the algorithm is possible for the convolution and its layouts, and fast on this CPU. */
bool is_fast(const convolution_request& request);
/* The number of tiles of all images. */
std::int64_t tiles_of(const sunet_tensor& tensor);
/* The format of weights that are trained and of their gradients: SUNET_WEIGHTS_16. */
desc blocked_weights(const sunet_tensor& weights);

} // namespace sunet::bf16_winograd
