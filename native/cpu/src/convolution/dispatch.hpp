/* A transposed convolution is the gradient of a convolution, so both are built from the same three primitives: forward goes from the
 * large side (a convolution's source) to the small one, backward data from small to large. */
#pragma once

#include <memory>

#include "convolution/shared/request.hpp"

namespace sunet {

/* Each checks what is asked for and lets float16, Winograd's algorithm in bf16 or oneDNN make it, the first of them that takes it. */
std::unique_ptr<sunet_primitive> build_forward(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_backward_data(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_backward_weights(const convolution_request& request);

} // namespace sunet
