/* Bilinear interpolation along one axis. */
#pragma once

#include <cstdint>

#include "kernels/vectors.hpp"

namespace sunet {

/* The two inputs that an output samples and their weights, as PyTorch computes them with align_corners = false. */
struct axis_tap {
    std::int64_t low, high;
    float low_weight, high_weight;
};

struct resize_axis {
    std::int64_t input, output;

    SUNET_INLINE axis_tap tap(std::int64_t index) const {
        const double step = static_cast<double>(input) / static_cast<double>(output);
        const double sampled = (static_cast<double>(index) + 0.5) * step - 0.5, source = sampled < 0 ? 0 : sampled;
        const std::int64_t truncated = static_cast<std::int64_t>(source), low = truncated < input - 1 ? truncated : input - 1;
        const float fraction = static_cast<float>(source - static_cast<double>(low));
        return {low, low < input - 1 ? low + 1 : low, 1.0f - fraction, fraction};
    }

    /* The first output whose lower tap is at `index` or after it. */
    std::int64_t reached(std::int64_t index) const {
        std::int64_t low = 0, high = output;
        while (low < high) {
            const std::int64_t middle = (low + high) / 2;
            if (tap(middle).low >= index)
                high = middle;
            else
                low = middle + 1;
        }
        return low;
    }

    /* The weight with which an output samples an input. */
    SUNET_INLINE float weight(std::int64_t output_index, std::int64_t input_index) const {
        const axis_tap taps = tap(output_index);
        return (taps.low == input_index ? taps.low_weight : 0.0f) + (taps.high == input_index ? taps.high_weight : 0.0f);
    }
};

/* The taps of up to `Stretch` neighbouring columns, the same for every row and channel. */
template <std::int64_t Stretch>
struct stretch_taps {
    std::int64_t begin, count;
    std::int32_t low[Stretch], high[Stretch];
    float low_weight[Stretch], high_weight[Stretch];
};

template <std::int64_t Stretch>
SUNET_INLINE void fill(const resize_axis& columns, std::int64_t begin, stretch_taps<Stretch>& taps) {
    taps.begin = begin;
    taps.count = columns.output - begin < Stretch ? columns.output - begin : Stretch;
    for (std::int64_t i = 0; i < taps.count; ++i) {
        const axis_tap tap = columns.tap(begin + i);
        taps.low[i] = static_cast<std::int32_t>(tap.low);
        taps.high[i] = static_cast<std::int32_t>(tap.high);
        taps.low_weight[i] = tap.low_weight;
        taps.high_weight[i] = tap.high_weight;
    }
}

/* Interpolates a source row at the columns of a stretch. */
template <std::int64_t Stretch, class From>
SUNET_INLINE void widen(const stretch_taps<Stretch>& taps, const From* from, std::int64_t stride, float* to) {
    for (std::int64_t i = 0; i < taps.count; ++i)
        to[i] =
            load<float>(from + taps.low[i] * stride) * taps.low_weight[i] + load<float>(from + taps.high[i] * stride) * taps.high_weight[i];
}

} // namespace sunet
