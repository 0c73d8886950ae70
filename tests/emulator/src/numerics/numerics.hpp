/* Arithmetic that the emulated cuDNN and cuBLASLt share: number formats, a matrix product and a loop over two threads. */
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>

namespace emulator {

inline float bits_to_float(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline std::uint32_t float_to_bits(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Ten bits of mantissa, ties away from zero: how tensor cores take float inputs. */
inline float round_tf32(float value) {
    if (!std::isfinite(value)) return value;
    return bits_to_float((float_to_bits(value) + 0x1000) & ~std::uint32_t{0x1FFF});
}

/* A matrix of any strides. */
struct matrix_view {
    const float* data;
    std::int64_t row, column; /* floats between neighbouring rows and between neighbouring columns */
};

/* c[m, n] += a[m, k] * b[k, n]; the columns of c lie side by side. Every sum runs over k in ascending order, whatever m and n are. */
void multiply_add(std::int64_t m, std::int64_t n, std::int64_t k, matrix_view a, matrix_view b, float* c, std::int64_t c_row);

/* body(i) for i in [0, count), on two threads where the work, in multiplications, is worth one. */
void parallel_for(std::int64_t count, double work, const std::function<void(std::int64_t)>& body);

/* As large as the rounding of a float, and different in every run: what an order of additions left to chance does to a sum. */
void perturb(float* values, std::int64_t count, std::uint64_t run);

} // namespace emulator
