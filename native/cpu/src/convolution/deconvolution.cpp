/* Transposed convolutions. Forward is the backward data of a convolution, backward data is its forward, and the weights [I, O, kH, kW] are
 * those of that convolution unchanged. oneDNN's own deconvolution is not faster. Bias and ReLU, which a gradient does not have, are added
 * here. */
#include "convolution/bf16_winograd/convolution.hpp"
#include "kernels/bias_relu.hpp"
#include "convolution/dispatch.hpp"
#include "convolution/float16/convolution.hpp"

namespace sunet {
namespace {

void require_known(const sunet_tensor& tensor, const char* what) {
    if ((tensor.type != SUNET_F32 && tensor.type != SUNET_BF16) || tensor.layout == SUNET_ANY)
        throw failure(SUNET_UNSUPPORTED,
                      std::string("A transposed convolution with ") + what + " is float32 or bf16 and has a fixed layout.");
}

std::unique_ptr<sunet_primitive> deconvolution_forward(sunet_context& context, const sunet_convolution& a) {
    if (a.accumulate != 0) throw failure(SUNET_UNSUPPORTED, "A transposed convolution cannot add to its destination.");
    if (a.has_bias != 0 || a.fused_relu != 0) require_known(a.destination, "bias or ReLU");
    const convolution_request request{context, a, true};
    auto primitive = build_backward_data(request);
    /* These implementations add the bias and apply ReLU themselves. */
    if (float16::takes(request, false) || bf16_winograd::takes(request)) return primitive;
    if (a.has_bias != 0) primitive->add_pass_argument(SUNET_ARG_BIAS, {vector_desc(a.destination.dims[1])});
    if (a.has_bias != 0 || a.fused_relu != 0) {
        const sunet_tensor destination = a.destination;
        const bool relu = a.fused_relu != 0;
        primitive->add_after([=, &context](bindings data) {
            const auto* bias = static_cast<const float*>(data[SUNET_ARG_BIAS]);
            add_bias_relu(context, destination, data[SUNET_ARG_DESTINATION], bias, relu);
        });
    }
    return primitive;
}

/* The gradient of the bias is computed apart, because the bias belongs to the large side here. */
std::unique_ptr<sunet_primitive> deconvolution_backward_weights(sunet_context& context, const sunet_convolution& a) {
    if (a.has_bias != 0) require_known(a.destination, "bias");
    auto primitive = build_backward_weights({context, a, true});
    if (a.has_bias != 0) add_bias_gradient(*primitive, context, a.destination);
    return primitive;
}

} // namespace
} // namespace sunet

extern "C" {

sunet_status sunet_deconvolution_forward_create(sunet_context* context, const sunet_convolution* attributes, sunet_primitive** out,
                                                sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(attributes != nullptr, "The transposed convolution is NULL.");
        return sunet::deconvolution_forward(*context, *attributes);
    });
}

sunet_status sunet_deconvolution_backward_data_create(sunet_context* context, const sunet_convolution* attributes, sunet_primitive** out,
                                                      sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(attributes != nullptr, "The transposed convolution is NULL.");
        return sunet::build_forward({*context, *attributes, true});
    });
}

sunet_status sunet_deconvolution_backward_weights_create(sunet_context* context, const sunet_convolution* attributes, sunet_primitive** out,
                                                         sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(attributes != nullptr, "The transposed convolution is NULL.");
        return sunet::deconvolution_backward_weights(*context, *attributes);
    });
}

} // extern "C"
