#include "convolution/dispatch.hpp"

#include "convolution/bf16_winograd/convolution.hpp"
#include "convolution/float16/convolution.hpp"
#include "convolution/onednn/convolution.hpp"

namespace sunet {

std::unique_ptr<sunet_primitive> build_forward(const convolution_request& request) {
    check_convolution(request);
    if (float16::takes(request, true)) return float16::build(request, true);
    if (bf16_winograd::takes(request)) return bf16_winograd::build(request, true);
    return onednn::build_forward(request);
}

std::unique_ptr<sunet_primitive> build_backward_data(const convolution_request& request) {
    check_convolution(request);
    if (float16::takes(request, false)) return float16::build(request, false);
    if (bf16_winograd::takes(request)) return bf16_winograd::build(request, false);
    return onednn::build_backward_data(request);
}

std::unique_ptr<sunet_primitive> build_backward_weights(const convolution_request& request) {
    check_convolution(request);
    if (float16::takes_gradient(request)) return float16::build_gradient(request);
    if (bf16_winograd::takes_gradient(request)) return bf16_winograd::build_gradient(request);
    return onednn::build_backward_weights(request);
}

} // namespace sunet

extern "C" {

sunet_status sunet_convolution_forward_create(sunet_context* context, const sunet_convolution* attributes, sunet_primitive** out,
                                              sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(attributes != nullptr, "The convolution is NULL.");
        return sunet::build_forward({*context, *attributes, false});
    });
}

sunet_status sunet_convolution_backward_data_create(sunet_context* context, const sunet_convolution* attributes, sunet_primitive** out,
                                                    sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(attributes != nullptr, "The convolution is NULL.");
        return sunet::build_backward_data({*context, *attributes, false});
    });
}

sunet_status sunet_convolution_backward_weights_create(sunet_context* context, const sunet_convolution* attributes, sunet_primitive** out,
                                                       sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(attributes != nullptr, "The convolution is NULL.");
        return sunet::build_backward_weights({*context, *attributes, false});
    });
}

} // extern "C"
