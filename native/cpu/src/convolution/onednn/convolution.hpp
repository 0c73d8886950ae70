/* Convolutions that oneDNN makes, of copies of its operands where only those have a fast implementation. */
#pragma once

#include <memory>

#include "convolution/shared/request.hpp"

namespace sunet::onednn {

/* Of a request that was checked. */
std::unique_ptr<sunet_primitive> build_forward(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_backward_data(const convolution_request& request);
std::unique_ptr<sunet_primitive> build_backward_weights(const convolution_request& request);

} // namespace sunet::onednn
