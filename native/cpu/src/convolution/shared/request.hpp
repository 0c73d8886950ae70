/* What is asked for when a convolution is made, and what all who make one share. */
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

/* Refuses shapes that do not fit each other, in words. */
void check_convolution(const convolution_request& request);

/* A primitive that is not oneDNN's: runs `work` over the convolution's activations and its weights, or their gradient. */
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

/* Lets a gradient of weights that does not give the bias's sum that up by itself, of the destination's gradient. */
void add_bias_gradient(sunet_primitive& primitive, sunet_context& context, const sunet_tensor& destination);

} // namespace sunet
