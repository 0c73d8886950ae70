#include "convolution/float16/direction.hpp"

#include "kernels/norm.hpp"

namespace sunet::float16 {

direction::direction(const convolution_request& request, bool large_is_source, std::optional<source_norm> source_norm)
    : attributes(request.attributes), norm(source_norm), from_large(large_is_source), is_gradient(from_large == request.transposed),
      source_argument(from_large ? request.large_argument() : request.small_argument()),
      destination_argument(from_large ? request.small_argument() : request.large_argument()),
      source(from_large ? request.large() : request.small()), destination(from_large ? request.small() : request.large()),
      layout(layout_of(destination)), threads(request.context.threads) {}

std::size_t direction::norm_bytes() const { return norm ? whole_lines(static_cast<std::size_t>(source.dims[1]) * sizeof(float)) : 0; }

void direction::prepare_norm(bindings data) const {
    if (!norm) return;
    fill_norm_scales(static_cast<const float*>(data[SUNET_ARG_VARIANCE]), static_cast<const float*>(data[SUNET_ARG_GAMMA]), norm->epsilon,
                     source.dims[1], static_cast<float*>(data[SUNET_ARG_SCRATCH]));
}

normalization direction::norm_of(bindings data) const {
    if (!norm) return {};
    return {static_cast<const float*>(data[SUNET_ARG_MEAN]), static_cast<const float*>(data[SUNET_ARG_SCRATCH]),
            static_cast<const float*>(data[SUNET_ARG_BETA]), norm->relu};
}

float16::destination direction::output(bindings data, const packed_weights& weights, std::int64_t image, std::int64_t group) const {
    const std::int64_t channel = group * group_outputs, pixels = layout.height * layout.width;
    float16::destination to{};
    to.y = static_cast<bf16*>(data[destination_argument]) + (image * layout.channels_total + layout.channel_offset + channel) * pixels;
    to.pixel_stride = channel_block;
    to.block_stride = pixels * channel_block;
    to.channels = std::min(group_outputs, weights.outputs - channel);
    to.scale = scales_of(data[SUNET_ARG_WEIGHTS]) + channel;
    to.bias = has_bias() ? static_cast<const float*>(data[SUNET_ARG_BIAS]) + channel : nullptr;
    to.accumulate = !is_gradient && attributes.accumulate != 0;
    to.relu = !is_gradient && attributes.fused_relu != 0;
    return to;
}

} // namespace sunet::float16
