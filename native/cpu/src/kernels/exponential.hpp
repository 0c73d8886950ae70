/* e^x and ln x in float32, as accurate as a loss needs. */
#pragma once

#include "kernels/vectors.hpp"

namespace sunet {

/* e^x with a relative error below 2 units in the last place, in a form the compiler vectorises: x = n ln 2 + r, |r| <= ln 2 / 2. */
SUNET_INLINE float exponential(float x) {
    const float lowest = -87.3f, highest = 88.7f, rounding = 12582912.0f; /* 1.5 * 2^23: adding it rounds to an integer */
    const float clamped = x < lowest ? lowest : (x > highest ? highest : x);
    const float shifted = clamped * 1.44269504088896341f + rounding;
    const float n = shifted - rounding;
    const float r = (clamped - n * 0.693359375f) - n * -2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    std::uint32_t bits;
    std::memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    const float result = p * power;
    const float small = x < lowest ? 0.0f : result;
    return x > highest ? __builtin_inff() : small;
}

/* ln x for positive normal x, in a form the compiler vectorises: x = m 2^e with m in [sqrt(1/2), sqrt(2)). NaN and infinity stay. */
SUNET_INLINE float logarithm(float x) {
    std::int32_t bits;
    std::memcpy(&bits, &x, sizeof bits);
    const std::int32_t offset = bits - 0x3f3504f3;
    const std::int32_t exponent = offset >> 23;
    const std::int32_t mantissa = (offset & 0x007fffff) + 0x3f3504f3;
    float m;
    std::memcpy(&m, &mantissa, sizeof m);
    m -= 1.0f;
    const float e = static_cast<float>(exponent), z = m * m;
    float p = 7.0376836292e-2f;
    p = p * m - 1.1514610310e-1f;
    p = p * m + 1.1676998740e-1f;
    p = p * m - 1.2420140846e-1f;
    p = p * m + 1.4249322787e-1f;
    p = p * m - 1.6668057665e-1f;
    p = p * m + 2.0000714765e-1f;
    p = p * m - 2.4999993993e-1f;
    p = p * m + 3.3333331174e-1f;
    const float tail = p * m * z + e * -2.12194440e-4f - 0.5f * z;
    const float result = m + tail + e * 0.693359375f;
    return x < __builtin_inff() ? result : x;
}

} // namespace sunet
