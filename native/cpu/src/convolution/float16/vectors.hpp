/* The building blocks of the float16 kernels. Must be included last, because all code after it is compiled for AVX-512 FP16. */
#pragma once

#include "convolution/float16/kernels.hpp"
#include "convolution/shared/tile_code.hpp"
#include "core/instruction_sets.hpp"

#ifdef SUNET_HAS_FLOAT16_CODE
#include <immintrin.h>
/* GCC 12 warns about undefined operands in its own intrinsics. */
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx512fp16")

namespace sunet::float16 {

constexpr std::uint16_t magnitude = 0x7fff;
constexpr int bf16_mantissa = 7, half_mantissa = 10, bf16_bias = 127, half_bias = 15;
constexpr std::uint16_t bf16_infinity = 0xff << bf16_mantissa;

template <int Vectors, int Pixels>
using tile_sums_of = __m512h[Pixels][Vectors];

template <int Vectors, int Pixels>
inline __attribute__((always_inline)) void clear(tile_sums_of<Vectors, Pixels>& sums) {
    SUNET_UNROLL
    for (int p = 0; p < Pixels; ++p) {
        SUNET_UNROLL
        for (int v = 0; v < Vectors; ++v) sums[p][v] = _mm512_setzero_ph();
    }
}

/* Three pixels share one address register, because there are not enough registers for an address of each pixel. The instruction broadcasts
 * an element itself; the compiler would split an intrinsic for it into two instructions. */
template <int Vectors, int Pixels>
inline __attribute__((always_inline)) void add_products(tile_sums_of<Vectors, Pixels>& sums, const half* first, std::int64_t pixel,
                                                        std::int64_t depth_stride, const half* weights, std::int64_t depth) {
    constexpr int groups = (Pixels + 2) / 3;
    const half* a[groups];
    SUNET_UNROLL
    for (int g = 0; g < groups; ++g) a[g] = first + 3 * g * pixel;
    for (std::int64_t done = 0; done < depth; done += depth_step) {
        SUNET_UNROLL
        for (int k = 0; k < depth_step; ++k) {
            __m512h w[Vectors];
            SUNET_UNROLL
            for (int v = 0; v < Vectors; ++v) w[v] = _mm512_loadu_ph(weights + (k * Vectors + v) * lanes);
            SUNET_UNROLL
            for (int p = 0; p < Pixels; ++p) {
                SUNET_UNROLL
                for (int v = 0; v < Vectors; ++v)
                    asm("vfmadd231ph %2%{1to32%}, %1, %0" : "+v"(sums[p][v]) : "v"(w[v]), "m"(a[p / 3][p % 3 * pixel + k * depth_stride]));
            }
        }
        SUNET_UNROLL
        for (int g = 0; g < groups; ++g) a[g] += depth_step * depth_stride;
        weights += depth_step * Vectors * lanes;
    }
}

template <int Vectors, int Pixels>
inline __attribute__((always_inline)) void store_sums(const tile_sums_of<Vectors, Pixels>& sums, half* to) {
    SUNET_UNROLL
    for (int p = 0; p < Pixels; ++p) {
        SUNET_UNROLL
        for (int v = 0; v < Vectors; ++v) _mm512_storeu_ph(to + (p * Vectors + v) * lanes, sums[p][v]);
    }
}

/* Sums up to two chains of products, of which the second is `chain_stride` elements further, and adds both. */
template <int Vectors, int Pixels>
inline __attribute__((always_inline)) void sum_products(tile_sums_of<Vectors, Pixels>& sums, const half* first, std::int64_t pixel,
                                                        std::int64_t depth_stride, std::int64_t chain_stride, const half* weights,
                                                        std::int64_t depth) {
    alignas(64) half before[Pixels * Vectors * lanes];
    for (std::int64_t begin = 0; begin < depth; begin += chain_depth, first += chain_stride, weights += chain_depth * Vectors * lanes) {
        if (begin > 0) store_sums<Vectors, Pixels>(sums, before);
        clear<Vectors, Pixels>(sums);
        add_products<Vectors, Pixels>(sums, first, pixel, depth_stride, weights, depth - begin < chain_depth ? depth - begin : chain_depth);
        if (begin == 0) continue;
        SUNET_UNROLL
        for (int p = 0; p < Pixels; ++p) {
            SUNET_UNROLL
            for (int v = 0; v < Vectors; ++v) sums[p][v] = _mm512_add_ph(sums[p][v], _mm512_loadu_ph(before + (p * Vectors + v) * lanes));
        }
    }
}

/* Converts sixteen sums to float32 from memory, because a conversion from a register occupies both of the units that multiply, and one from
 * memory only one. */
inline __attribute__((always_inline)) void add_stored(const half* sums, __m512 scale, bool first, float* to) {
    __m512 wide;
    asm("vcvtph2ps %1, %0" : "=v"(wide) : "m"(*reinterpret_cast<const __m256i*>(sums)));
    _mm512_storeu_ps(to, first ? _mm512_mul_ps(wide, scale) : _mm512_fmadd_ps(wide, scale, _mm512_loadu_ps(to)));
}

template <int Vectors, int Pixels>
inline __attribute__((always_inline)) void add_sums(const tile_sums_of<Vectors, Pixels>& sums, float by, bool first, float* all) {
    alignas(64) half stored[Pixels * Vectors * lanes];
    store_sums<Vectors, Pixels>(sums, stored);
    const __m512 scale = _mm512_set1_ps(by);
    SUNET_UNROLL
    for (int p = 0; p < Pixels; ++p) {
        SUNET_UNROLL
        for (int i = p * Vectors * lanes; i < (p + 1) * Vectors * lanes; i += 16) add_stored(stored + i, scale, first, all + i);
    }
}

inline __m512 widened(__m256i bits) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16)); }

/* Converts bf16 to float16: subtracts the shift from exponents and keeps signs; where an exponent would fall below zero, the result is
 * zero. */
inline __m512i converted(__m512i bits, __m512i shift) {
    const __m512i moved = _mm512_subs_epu16(_mm512_and_si512(bits, _mm512_set1_epi16(magnitude)), shift);
    const __m512i placed = _mm512_slli_epi16(moved, half_mantissa - bf16_mantissa);
    return _mm512_or_si512(placed, _mm512_andnot_si512(_mm512_set1_epi16(magnitude), bits));
}

inline __m512i shift_of(scaling by) { return _mm512_set1_epi16(static_cast<short>(by.shift << bf16_mantissa)); }

inline std::uint16_t largest_of(__m256i lanes_of_two) {
    const __m128i most = _mm_max_epu16(_mm256_castsi256_si128(lanes_of_two), _mm256_extracti128_si256(lanes_of_two, 1));
    /* AVX has a horizontal minimum, but no horizontal maximum. */
    return static_cast<std::uint16_t>(~_mm_cvtsi128_si32(_mm_minpos_epu16(_mm_xor_si128(most, _mm_set1_epi16(-1)))));
}

inline __mmask16 first_lanes(std::int64_t count) {
    return count >= 16 ? __mmask16{0xffff} : count <= 0 ? __mmask16{0} : static_cast<__mmask16>((1u << count) - 1);
}

/* Transposes a matrix of 16 x 16 elements. */
inline void transpose(__m512 (&m)[16]) {
    __m512 t[16];
    SUNET_UNROLL
    for (int i = 0; i < 16; i += 2) {
        t[i] = _mm512_unpacklo_ps(m[i], m[i + 1]);
        t[i + 1] = _mm512_unpackhi_ps(m[i], m[i + 1]);
    }
    SUNET_UNROLL
    for (int i = 0; i < 16; i += 4) {
        m[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44);
        m[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
        m[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44);
        m[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
    }
    SUNET_UNROLL
    for (int i = 0; i < 4; ++i) {
        t[i] = _mm512_shuffle_f32x4(m[i], m[i + 4], 0x88);
        t[i + 4] = _mm512_shuffle_f32x4(m[i], m[i + 4], 0xdd);
        t[i + 8] = _mm512_shuffle_f32x4(m[i + 8], m[i + 12], 0x88);
        t[i + 12] = _mm512_shuffle_f32x4(m[i + 8], m[i + 12], 0xdd);
    }
    SUNET_UNROLL
    for (int i = 0; i < 4; ++i) {
        m[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88);
        m[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
        m[i + 4] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0x88);
        m[i + 12] = _mm512_shuffle_f32x4(t[i + 4], t[i + 12], 0xdd);
    }
}

/* Loads up to 16 elements of each output and transposes them to one vector of outputs for each element. */
inline void load_outputs(const float* w, std::int64_t output_stride, int outputs, std::int64_t elements, __m512 (&block)[16]) {
    if (outputs <= 0) {
        for (__m512& none : block) none = _mm512_setzero_ps();
        return;
    }
    for (int o = 0; o < 16; ++o)
        block[o] = o < outputs ? _mm512_maskz_loadu_ps(first_lanes(elements), w + o * output_stride) : _mm512_setzero_ps();
    transpose(block);
}

/* Exact for every power of two that is a scale. */
inline __m512 reciprocal(__m512 scales) { return _mm512_div_ps(_mm512_set1_ps(1.0f), scales); }

inline __m256i halves(__m512 values) { return _mm256_castph_si256(_mm512_cvtxps_ph(values)); }

/* Stores a vector, which fills a cache line where it is aligned. */
inline void store_halves(half* to, __m256i low, __m256i high) {
    _mm512_storeu_si512(to, _mm512_inserti64x4(_mm512_castsi256_si512(low), high, 1));
}

inline void store_halves(half* to, __m512 low, __m512 high) { store_halves(to, halves(low), halves(high)); }

inline __m512i larger(__m512i most, __m512 values) { return _mm512_max_epu32(most, _mm512_castps_si512(_mm512_abs_ps(values))); }

/* The powers of two that scale the largest magnitudes to the wanted exponent. Magnitudes below 2^-120 count as zero. */
inline __m512 divisors(__m512i most, int wanted) {
    constexpr int infinity = 0xff, mantissa = 23, smallest = 4;
    const __m512i exponent = _mm512_srli_epi32(most, mantissa);
    const __m512i scale = _mm512_max_epi32(_mm512_sub_epi32(exponent, _mm512_set1_epi32(wanted)), _mm512_set1_epi32(smallest));
    const __mmask16 finite = _mm512_cmpneq_epi32_mask(exponent, _mm512_set1_epi32(infinity));
    return _mm512_mask_mov_ps(_mm512_set1_ps(__builtin_nanf("")), finite, _mm512_castsi512_ps(_mm512_slli_epi32(scale, mantissa)));
}

} // namespace sunet::float16

#endif
