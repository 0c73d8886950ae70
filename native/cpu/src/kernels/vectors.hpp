/* Vector types and small numeric helpers for the kernels' inner loops. */
#pragma once

#include <cstdint>
#include <cstring>

#include "core/instruction_sets.hpp"
#include "sunet_bf16.hpp"

/* The helpers below are always inlined, so no vector is passed to a function and the calling convention that GCC warns about does not
 * matter. */
#pragma GCC diagnostic ignored "-Wpsabi"

#define SUNET_INLINE inline __attribute__((always_inline))

namespace sunet {

typedef float eight __attribute__((vector_size(32)));
typedef std::uint32_t eight_words __attribute__((vector_size(32)));
typedef std::uint16_t eight_halves __attribute__((vector_size(16)));
typedef float wide __attribute__((vector_size(64)));
typedef std::uint32_t wide_words __attribute__((vector_size(64)));
typedef std::uint16_t wide_halves __attribute__((vector_size(32)));

/* Sixteen lanes as two vectors of eight, because GCC splits a vector that is wider than the registers into scalars. A `wide`, which is one
 * vector, is for code that is compiled for AVX-512 only. */
struct sixteen {
    eight low, high;
};

SUNET_INLINE sixteen operator+(const sixteen& a, const sixteen& b) { return {a.low + b.low, a.high + b.high}; }
SUNET_INLINE sixteen operator-(const sixteen& a, const sixteen& b) { return {a.low - b.low, a.high - b.high}; }
SUNET_INLINE sixteen operator*(const sixteen& a, const sixteen& b) { return {a.low * b.low, a.high * b.high}; }

template <class V>
constexpr int lanes_of = static_cast<int>(sizeof(V) / sizeof(float));

template <class V>
SUNET_INLINE V load(const float* from) {
    V value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

template <class V>
SUNET_INLINE void store(float* to, const V& value) {
    std::memcpy(to, &value, sizeof value);
}

/* By halves, because GCC would copy the whole structure through the stack. */
template <>
SUNET_INLINE sixteen load<sixteen>(const float* from) {
    return {load<eight>(from), load<eight>(from + 8)};
}

template <>
SUNET_INLINE void store<sixteen>(float* to, const sixteen& value) {
    store<eight>(to, value.low);
    store<eight>(to + 8, value.high);
}

/* The vector types of the bits of floats and of the upper halves of those bits. */
template <class V>
struct vector_bits;

template <>
struct vector_bits<eight> {
    typedef eight_words words;
    typedef eight_halves halves;
};

template <>
struct vector_bits<wide> {
    typedef wide_words words;
    typedef wide_halves halves;
};

template <class V>
SUNET_INLINE V load(const bf16* from) {
    typename vector_bits<V>::halves halves;
    std::memcpy(&halves, from, sizeof halves);
    const typename vector_bits<V>::words words = __builtin_convertvector(halves, typename vector_bits<V>::words) << 16;
    V value;
    std::memcpy(&value, &words, sizeof value);
    return value;
}

template <>
SUNET_INLINE float load<float>(const bf16* from) {
    const std::uint32_t word = static_cast<std::uint32_t>(from->bits) << 16;
    float value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

template <>
SUNET_INLINE sixteen load<sixteen>(const bf16* from) {
    return {load<eight>(from), load<eight>(from + 8)};
}

/* Rounds the bits of a float32 to those of a bf16: to nearest, ties to even. A NaN becomes a quiet NaN. */
template <class Words>
SUNET_INLINE Words rounded(const Words& words) {
    const Words nearest = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16;
    return (words & 0x7fffffffu) > 0x7f800000u ? ((words >> 16) | 0x40u) : nearest;
}

template <class V>
SUNET_INLINE void store(bf16* to, const V& value) {
    typename vector_bits<V>::words words;
    std::memcpy(&words, &value, sizeof words);
    const typename vector_bits<V>::halves halves = __builtin_convertvector(rounded(words), typename vector_bits<V>::halves);
    std::memcpy(to, &halves, sizeof halves);
}

template <>
SUNET_INLINE void store<float>(bf16* to, const float& value) {
    std::uint32_t word;
    std::memcpy(&word, &value, sizeof word);
    to->bits = static_cast<std::uint16_t>(rounded(word));
}

template <>
SUNET_INLINE void store<sixteen>(bf16* to, const sixteen& value) {
    store<eight>(to, value.low);
    store<eight>(to + 8, value.high);
}

/* A bf16 that is stored with the CPU's own instruction, which takes subnormal numbers for zero. */
struct hardware_bf16 : bf16 {};

template <class V>
SUNET_INLINE void store(hardware_bf16* to, const V& value) {
    store<V>(static_cast<bf16*>(to), value);
}

#ifdef SUNET_HAS_BF16_CODE
template <>
SUNET_INLINE void store<wide>(hardware_bf16* to, const wide& value) {
    wide_halves halves;
    /* Written in assembly, because an intrinsic cannot be part of a template that is also compiled for other instruction sets. */
    asm("vcvtneps2bf16 %1, %0" : "=v"(halves) : "v"(value));
    std::memcpy(to, &halves, sizeof halves);
}
#endif

/* Two runs of sixteen bf16 that lie side by side, as the elements with even indices and those with odd indices, which takes no shuffle. */
struct wide_pair {
    wide even, odd;
};

SUNET_INLINE wide_pair operator+(const wide_pair& a, const wide_pair& b) { return {a.even + b.even, a.odd + b.odd}; }
SUNET_INLINE wide_pair operator-(const wide_pair& a, const wide_pair& b) { return {a.even - b.even, a.odd - b.odd}; }
SUNET_INLINE wide_pair operator*(const wide_pair& a, const wide_pair& b) { return {a.even * b.even, a.odd * b.odd}; }

template <>
SUNET_INLINE wide_pair load<wide_pair>(const bf16* from) {
    wide_words words;
    std::memcpy(&words, from, sizeof words);
    const wide_words even = words << 16, odd = words & 0xffff0000u;
    wide_pair value;
    std::memcpy(&value.even, &even, sizeof even);
    std::memcpy(&value.odd, &odd, sizeof odd);
    return value;
}

/* Loads one float for each lane: a parameter of each channel. */
template <class V>
SUNET_INLINE V load_lanes(const float* from) {
    return load<V>(from);
}

#ifdef SUNET_HAS_BF16_CODE
typedef std::uint16_t two_halves __attribute__((vector_size(64)));

/* Rounds two vectors; the elements of `first` come before those of `second`. */
SUNET_INLINE two_halves rounded_halves(const wide& first, const wide& second) {
    two_halves halves;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(halves) : "v"(first), "v"(second));
    return halves;
}

/* Rounds two vectors and interleaves their elements. */
SUNET_INLINE two_halves rounded_by_turns(const wide& first, const wide& second) {
    const two_halves turns = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                              8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return __builtin_shuffle(rounded_halves(first, second), turns);
}

template <>
SUNET_INLINE void store<wide_pair>(hardware_bf16* to, const wide_pair& value) {
    const two_halves halves = rounded_by_turns(value.even, value.odd);
    std::memcpy(to, &halves, sizeof halves);
}

template <>
SUNET_INLINE wide_pair load_lanes<wide_pair>(const float* from) {
    const wide_words even = {0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14}, odd = even + 1;
    const wide lanes = load<wide>(from);
    return {__builtin_shuffle(lanes, even), __builtin_shuffle(lanes, odd)};
}
#endif

template <class V>
V broadcast(float value);

template <>
SUNET_INLINE float broadcast<float>(float value) {
    return value;
}

template <>
SUNET_INLINE eight broadcast<eight>(float value) {
    return eight{value, value, value, value, value, value, value, value};
}

template <>
SUNET_INLINE wide broadcast<wide>(float value) {
    return wide{value, value, value, value, value, value, value, value, value, value, value, value, value, value, value, value};
}

template <>
SUNET_INLINE sixteen broadcast<sixteen>(float value) {
    return {broadcast<eight>(value), broadcast<eight>(value)};
}

template <>
SUNET_INLINE wide_pair broadcast<wide_pair>(float value) {
    return {broadcast<wide>(value), broadcast<wide>(value)};
}

/* max(0, value); NaN stays NaN. */
SUNET_INLINE float rectified(float value) { return value <= 0.0f ? 0.0f : value; }
SUNET_INLINE eight rectified(const eight& value) { return value <= eight{} ? eight{} : value; }
SUNET_INLINE wide rectified(const wide& value) { return value <= wide{} ? wide{} : value; }
SUNET_INLINE sixteen rectified(const sixteen& value) { return {rectified(value.low), rectified(value.high)}; }
SUNET_INLINE wide_pair rectified(const wide_pair& value) { return {rectified(value.even), rectified(value.odd)}; }

/* Batch normalisation. Both directions must agree on this to the bit: the gradient's mask is its sign. */
template <class V>
SUNET_INLINE V normalized(const V& x, const V& mean, const V& scale, const V& beta) {
    return (x - mean) * scale + beta;
}

/* The gradient of rectified: `gradient` where `value` is positive (or NaN), else 0. */
SUNET_INLINE float passed(float value, float gradient) { return value <= 0.0f ? 0.0f : gradient; }
SUNET_INLINE eight passed(const eight& value, const eight& gradient) { return value <= eight{} ? eight{} : gradient; }
SUNET_INLINE wide passed(const wide& value, const wide& gradient) { return value <= wide{} ? wide{} : gradient; }
SUNET_INLINE sixteen passed(const sixteen& value, const sixteen& gradient) {
    return {passed(value.low, gradient.low), passed(value.high, gradient.high)};
}
SUNET_INLINE wide_pair passed(const wide_pair& value, const wide_pair& gradient) {
    return {passed(value.even, gradient.even), passed(value.odd, gradient.odd)};
}

/* Adds each lane to its own double, or all lanes to the first where they belong to one channel. */
template <class V>
SUNET_INLINE void flush(const V& sums, bool one_channel, double* into) {
    float lanes[lanes_of<V>];
    store<V>(lanes, sums);
    for (int lane = 0; lane < lanes_of<V>; ++lane) into[one_channel ? 0 : lane] += static_cast<double>(lanes[lane]);
}

template <>
SUNET_INLINE void flush<wide_pair>(const wide_pair& sums, bool one_channel, double* into) {
    float even[16], odd[16];
    store<wide>(even, sums.even);
    store<wide>(odd, sums.odd);
    for (int lane = 0; lane < 8; ++lane) {
        into[one_channel ? 0 : 2 * lane] += static_cast<double>(even[lane] + even[lane + 8]);
        into[one_channel ? 0 : 2 * lane + 1] += static_cast<double>(odd[lane] + odd[lane + 8]);
    }
}

} // namespace sunet
