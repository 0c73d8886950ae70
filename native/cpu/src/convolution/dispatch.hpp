/* Chooses the implementation of a convolution. A transposed convolution is the gradient of a convolution, so both are built from the same
 * three primitives: forward goes from the large side (the source of a convolution) to the small side, backward data from small to large. */
#pragma once

#include <memory>

#include "convolution/shared/request.hpp"

namespace sunet {

/* Each function checks the request and builds it with the first implementation that takes it: float16, then Winograd's algorithm in bf16,
 * then oneDNN. */
std::unique_ptr<sunet_primitive> build_forward(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_backward_data(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_backward_weights(const convolution_request& request);

} // namespace sunet
