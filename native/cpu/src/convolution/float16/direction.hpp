/* One direction of a checked convolution: what it reads, what it makes, and what becomes of its sums on the way there. */
#pragma once

#include <optional>

#include "convolution/shared/request.hpp"
#include "convolution/float16/rows.hpp"
#include "convolution/shared/work_sharing.hpp"

namespace sunet::float16 {

/* Batch-norm and ReLU of the source, before it is multiplied. */
struct source_norm {
    float epsilon;
    bool relu;
};

struct direction {
    direction(const convolution_request& request, bool from_large, std::optional<source_norm> norm);

    bool has_bias() const { return !is_gradient && attributes.has_bias != 0; }

    /* A value for every channel of the normalisation, at the beginning of the scratch memory. */
    std::size_t norm_bytes() const;
    void prepare_norm(bindings data) const;
    normalization norm_of(bindings data) const;

    const bf16* input(bindings data) const { return static_cast<const bf16*>(data[source_argument]); }
    /* Where the result of a group of 64 outputs goes, from an image's first pixel on. */
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
