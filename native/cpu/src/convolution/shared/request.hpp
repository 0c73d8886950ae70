/* The request for a convolution, and what all implementations share. */
#pragma once

#include <memory>

#include "primitives/primitive.hpp"

namespace sunet {

struct convolution_request {
    sunet_context& context;
    const sunet_convolution& attributes;
    bool transposed;

    const sunet_tensor& large() const { return transposed ? attributes.destination : attributes.source; }
    const sunet_tensor& small() const { return transposed ? attributes.source : attributes.destination; }
    sunet_argument large_argument() const { return transposed ? SUNET_ARG_DESTINATION : SUNET_ARG_SOURCE; }
    sunet_argument small_argument() const { return transposed ? SUNET_ARG_SOURCE : SUNET_ARG_DESTINATION; }
};

/* Throws where the shapes do not fit each other. */
void check_convolution(const convolution_request& request);

/* Builds a primitive that runs `work` in place of oneDNN, over the activations and the weights, or the gradient of the weights. */
template <typename Work>
std::unique_ptr<sunet_primitive> own_primitive(const convolution_request& request, const std::shared_ptr<Work>& work,
                                               std::string implementation, const data_format& weights) {
    auto primitive = std::make_unique<sunet_primitive>(
        request.context, [work](bindings data) { work->run(data); }, std::move(implementation), work->scratch_bytes());
    primitive->add_pass_argument(SUNET_ARG_SOURCE, {activation_desc(request.attributes.source)});
    primitive->add_pass_argument(SUNET_ARG_DESTINATION, {activation_desc(request.attributes.destination)});
    primitive->add_pass_argument(SUNET_ARG_WEIGHTS, weights);
    return primitive;
}

/* Adds the gradient of the bias, which is the sum of the destination's gradient, to a primitive that does not compute it. */
void add_bias_gradient(sunet_primitive& primitive, sunet_context& context, const sunet_tensor& destination);

} // namespace sunet
