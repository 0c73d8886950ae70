/* The sampling positions of bilinear resizing along an axis. */
#pragma once

#include "tile.hpp"

namespace sunet {

/* PyTorch's rule with align_corners = false: output i samples max(0, (i + 0.5) * input / output - 0.5). In units of 1 / (2 output) of an
 * input pixel that is an integer, so index and weight are exact, whatever the sizes: up to 32767 they keep it in 31 bits. */
struct resize_axis {
    int input, output;
};

/* A sample is (1 - fraction) of input `low` and `fraction` of the next one; on the last input the fraction is 0. */
struct alignas(8) axis_tap {
    int low;
    float fraction;

    SUNET_DEVICE int high() const { return fraction > 0.0f ? low + 1 : low; }
};

SUNET_DEVICE axis_tap tap(const resize_axis& axis, int index) {
    const int sampled = (2 * index + 1) * axis.input - axis.output, source = sampled < 0 ? 0 : sampled, unit = 2 * axis.output;
    const int low = source / unit;
    return {low, low < axis.input - 1 ? static_cast<float>(source - low * unit) / static_cast<float>(unit) : 0.0f};
}

SUNET_DEVICE float mix(float low, float high, float fraction) { return multiply_add(low, 1.0f - fraction, high * fraction); }

/* The first output whose lower input is at `index` or after it. */
SUNET_DEVICE int reached(const resize_axis& axis, int index) {
    const int numerator = axis.output * (2 * index + 1) - axis.input, unit = 2 * axis.input;
    return index <= 0 || numerator <= 0 ? 0 : lower(axis.output, (numerator - 1) / unit + 1);
}

/* The weights with which the outputs from reached(index - 1) to reached(index + 1) sample one input: a hat function around it, constant
 * towards a border. */
struct hat_function {
    int step, origin, unit;
    float inverse_unit;
    bool first, last;

    SUNET_DEVICE hat_function(const resize_axis& axis, int index)
        : step(2 * axis.input), origin(axis.input - axis.output - 2 * axis.output * index), unit(2 * axis.output),
          inverse_unit(1.0f / static_cast<float>(2 * axis.output)), first(index == 0), last(index == axis.input - 1) {}

    SUNET_DEVICE float weight(int output) const {
        const int distance = output * step + origin, covered = distance + unit;
        if (distance < 0)
            return first ? 1.0f : covered > 0 ? static_cast<float>(covered) * inverse_unit : 0.0f; /* positions below 0 sample input 0 */
        return last ? 1.0f : 1.0f - static_cast<float>(distance) * inverse_unit;
    }
};

} // namespace sunet
