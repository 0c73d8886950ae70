/* One direction of a checked convolution: its source, its destination, and what is done to the sums. */
#pragma once

#include <optional>

#include "convolution/shared/request.hpp"
#include "convolution/float16/rows.hpp"
#include "convolution/shared/work_sharing.hpp"

namespace sunet::float16 {

/* Batch normalisation and ReLU that are applied to the source. */
struct source_norm {
    float epsilon;
    bool relu;
};

struct direction {
    direction(const convolution_request& request, bool from_large, std::optional<source_norm> norm);

    bool has_bias() const { return !is_gradient && attributes.has_bias != 0; }

    /* The bytes of the normalisation's scales, which are at the beginning of the scratch memory. */
    std::size_t norm_bytes() const;
    void prepare_norm(bindings data) const;
    normalization norm_of(bindings data) const;

    const bf16* input(bindings data) const { return static_cast<const bf16*>(data[source_argument]); }
    /* The destination of a group of 64 outputs, from the first pixel of an image on. */
    float16::destination output(bindings data, const packed_weights& weights, std::int64_t image, std::int64_t group) const;

    sunet_convolution attributes;
    std::optional<source_norm> norm;
    bool from_large;
    bool is_gradient; /* has no bias and no ReLU, and does not accumulate */
    sunet_argument source_argument, destination_argument;
    sunet_tensor source, destination;
    channel_layout layout; /* of the destination */
    std::int64_t threads;
};

} // namespace sunet::float16
