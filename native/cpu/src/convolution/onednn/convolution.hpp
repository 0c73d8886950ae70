/* Convolutions that oneDNN computes, on copies of the operands where oneDNN has a fast implementation only for those. */
#pragma once

#include <memory>

#include "convolution/shared/request.hpp"

namespace sunet::onednn {

/* Each function builds a primitive for a request that was checked. */
std::unique_ptr<sunet_primitive> build_forward(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_backward_data(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_backward_weights(const convolution_request& request);

} // namespace sunet::onednn
