/* One direction of a checked convolution: what it reads, what it makes, and what becomes of its sums on the way there. */
#pragma once

#include <algorithm>
#include <optional>

#include "convolution.hpp"
#include "float16_rows.hpp"

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

/* How threads share what is made of parts of the source, such as its rows: each converts some of them. Where there are fewer of those than
 * threads, these share the groups of outputs, too, and convert a part several times for it. */
class work_sharing {
public:
    work_sharing(std::int64_t parts, std::int64_t groups, std::int64_t threads)
        : parts_(parts), groups_(groups), shares_(std::clamp(threads / parts, std::int64_t{1}, groups)) {}

    /* Calls `use(part, first_group, end_group)` for all that is one thread's of a team. */
    template <typename Use>
    void for_each(std::int64_t thread, std::int64_t team, const Use& use) const {
        const std::int64_t items = parts_ * shares_;
        for (std::int64_t item = items * thread / team; item < items * (thread + 1) / team; ++item) {
            const std::int64_t share = item / parts_;
            use(item % parts_, groups_ * share / shares_, groups_ * (share + 1) / shares_);
        }
    }

private:
    std::int64_t parts_, groups_, shares_;
};

} // namespace sunet::float16
