#include "convolution/shared/request.hpp"

namespace sunet {
namespace {

void check_direction(const sunet_convolution& a, int i, const sunet_tensor& large, const sunet_tensor& small) {
    const char* name = i == 0 ? "height" : "width";
    if (a.stride[i] < 1 || a.dilation[i] < 1 || a.padding_begin[i] < 0 || a.padding_end[i] < 0)
        throw failure(SUNET_INVALID_ARGUMENT,
                      std::string("A convolution's stride and dilation are at least 1 and its padding at least 0; its ") + name +
                          " has other ones.");
    const int64_t reach = int64_t{a.dilation[i]} * (a.weights.dims[2 + i] - 1) + 1;
    const int64_t room = int64_t{large.dims[2 + i]} + a.padding_begin[i] + a.padding_end[i] - reach;
    const int64_t expected = room < 0 ? 0 : room / a.stride[i] + 1;
    if (expected == small.dims[2 + i]) return;
    throw failure(SUNET_INVALID_ARGUMENT, std::string("The ") + name + "s " + std::to_string(large.dims[2 + i]) + " and " +
                                              std::to_string(small.dims[2 + i]) + " do not fit a convolution that makes " +
                                              std::to_string(expected) + " of the former.");
}

} // namespace

void check_convolution(const convolution_request& request) {
    const sunet_convolution& a = request.attributes;
    check_tensor(a.source, "source");
    check_tensor(a.weights, "weights");
    check_tensor(a.destination, "destination");
    require(a.source.rank == 4 && a.weights.rank == 4 && a.destination.rank == 4, "A convolution's tensors have rank 4.");
    const sunet_tensor &large = request.large(), &small = request.small();
    if (large.dims[0] != small.dims[0] || a.weights.dims[0] != small.dims[1] || a.weights.dims[1] != large.dims[1])
        throw failure(SUNET_INVALID_ARGUMENT, "The weights " + shape_text(a.weights) + " do not lead from " + shape_text(a.source) +
                                                  " to " + shape_text(a.destination) + ".");
    for (int i = 0; i < 2; ++i) check_direction(a, i, large, small);
}

void add_bias_gradient(sunet_primitive& primitive, sunet_context& context, const sunet_tensor& destination) {
    primitive.add_pass_argument(SUNET_ARG_BIAS, {vector_desc(destination.dims[1])});
    primitive.add_after([destination, &context](bindings data) {
        const sunet_status status =
            sunet_channel_sum(&context, &destination, data[SUNET_ARG_DESTINATION], static_cast<float*>(data[SUNET_ARG_BIAS]));
        if (status != SUNET_OK) throw failure(status, "The gradient of a convolution's bias could not be summed.");
    });
}

} // namespace sunet
