/* The arithmetic of batch normalisation that all kernels share. */
#pragma once

#include <cmath>
#include <cstdint>

namespace sunet {

inline double inverse_deviation(float variance, float epsilon) {
    return 1.0 / std::sqrt(static_cast<double>(variance) + static_cast<double>(epsilon));
}

/* The factor that a channel's difference from its mean is multiplied by. */
inline float norm_scale(float variance, float gamma, float epsilon) {
    return static_cast<float>(static_cast<double>(gamma) * inverse_deviation(variance, epsilon));
}

/* Computes norm_scale for every channel. */
inline void fill_norm_scales(const float* variance, const float* gamma, float epsilon, std::int64_t channels, float* scales) {
    for (std::int64_t c = 0; c < channels; ++c) scales[c] = norm_scale(variance[c], gamma[c], epsilon);
}

} // namespace sunet
