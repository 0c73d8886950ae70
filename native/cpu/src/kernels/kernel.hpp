/* Vector types and small numeric helpers for the kernels' inner loops. */
#ifndef SUNET_KERNEL_HPP
#define SUNET_KERNEL_HPP

#include <cstdint>
#include <cstring>

#include "core/instruction_sets.hpp"

/* The helpers below are always inlined, so no vector crosses a call and the calling convention GCC warns of never matters. */
#pragma GCC diagnostic ignored "-Wpsabi"

#define SUNET_INLINE inline __attribute__((always_inline))

namespace sunet {

typedef float Eight __attribute__((vector_size(32)));
typedef std::uint32_t EightWords __attribute__((vector_size(32)));
typedef std::uint16_t EightHalves __attribute__((vector_size(16)));
typedef float Wide __attribute__((vector_size(64)));
typedef std::uint32_t WideWords __attribute__((vector_size(64)));
typedef std::uint16_t WideHalves __attribute__((vector_size(32)));

/* bfloat16 as it lies in memory: the upper half of a float. */
struct Bf16 {
    std::uint16_t bits;
};

/* Sixteen lanes as two vectors of eight: GCC takes a vector wider than the instruction set's registers apart into scalars. Wide, which is
 * one vector, is for code that is compiled for AVX-512 alone. */
struct Sixteen {
    Eight low, high;
};

SUNET_INLINE Sixteen operator+(const Sixteen& a, const Sixteen& b) { return {a.low + b.low, a.high + b.high}; }
SUNET_INLINE Sixteen operator-(const Sixteen& a, const Sixteen& b) { return {a.low - b.low, a.high - b.high}; }
SUNET_INLINE Sixteen operator*(const Sixteen& a, const Sixteen& b) { return {a.low * b.low, a.high * b.high}; }

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
SUNET_INLINE Sixteen load<Sixteen>(const float* from) {
    return {load<Eight>(from), load<Eight>(from + 8)};
}

template <>
SUNET_INLINE void store<Sixteen>(float* to, const Sixteen& value) {
    store<Eight>(to, value.low);
    store<Eight>(to + 8, value.high);
}

/* A vector's elements as the bits of floats, and the upper halves of them. */
template <class V>
struct Bits;

template <>
struct Bits<Eight> {
    typedef EightWords Words;
    typedef EightHalves Halves;
};

template <>
struct Bits<Wide> {
    typedef WideWords Words;
    typedef WideHalves Halves;
};

template <class V>
SUNET_INLINE V load(const Bf16* from) {
    typename Bits<V>::Halves halves;
    std::memcpy(&halves, from, sizeof halves);
    const typename Bits<V>::Words words = __builtin_convertvector(halves, typename Bits<V>::Words) << 16;
    V value;
    std::memcpy(&value, &words, sizeof value);
    return value;
}

template <>
SUNET_INLINE float load<float>(const Bf16* from) {
    const std::uint32_t word = static_cast<std::uint32_t>(from->bits) << 16;
    float value;
    std::memcpy(&value, &word, sizeof value);
    return value;
}

template <>
SUNET_INLINE Sixteen load<Sixteen>(const Bf16* from) {
    return {load<Eight>(from), load<Eight>(from + 8)};
}

/* Rounds to the nearest, to even between two; NaN stays NaN and becomes a quiet one. Of words of a float's bits, to those of a Bf16. */
template <class Words>
SUNET_INLINE Words rounded(const Words& words) {
    const Words nearest = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16;
    return (words & 0x7fffffffu) > 0x7f800000u ? ((words >> 16) | 0x40u) : nearest;
}

template <class V>
SUNET_INLINE void store(Bf16* to, const V& value) {
    typename Bits<V>::Words words;
    std::memcpy(&words, &value, sizeof words);
    const typename Bits<V>::Halves halves = __builtin_convertvector(rounded(words), typename Bits<V>::Halves);
    std::memcpy(to, &halves, sizeof halves);
}

template <>
SUNET_INLINE void store<float>(Bf16* to, const float& value) {
    std::uint32_t word;
    std::memcpy(&word, &value, sizeof word);
    to->bits = static_cast<std::uint16_t>(rounded(word));
}

template <>
SUNET_INLINE void store<Sixteen>(Bf16* to, const Sixteen& value) {
    store<Eight>(to, value.low);
    store<Eight>(to + 8, value.high);
}

/* The same where the CPU has an instruction for it, which takes subnormal numbers for zero. */
struct HardwareBf16 : Bf16 {};

template <class V>
SUNET_INLINE void store(HardwareBf16* to, const V& value) {
    store<V>(static_cast<Bf16*>(to), value);
}

#ifdef SUNET_HAS_BF16_CODE
template <>
SUNET_INLINE void store<Wide>(HardwareBf16* to, const Wide& value) {
    WideHalves halves;
    /* In assembly, since an intrinsic could not be part of code that is compiled for other instruction sets, too. */
    asm("vcvtneps2bf16 %1, %0" : "=v"(halves) : "v"(value));
    std::memcpy(to, &halves, sizeof halves);
}
#endif

/* Two runs of sixteen bf16 that lie side by side, taken apart without moving any: those of even number of both, then those of odd
 * number. */
struct Pairs {
    Wide even, odd;
};

SUNET_INLINE Pairs operator+(const Pairs& a, const Pairs& b) { return {a.even + b.even, a.odd + b.odd}; }
SUNET_INLINE Pairs operator-(const Pairs& a, const Pairs& b) { return {a.even - b.even, a.odd - b.odd}; }
SUNET_INLINE Pairs operator*(const Pairs& a, const Pairs& b) { return {a.even * b.even, a.odd * b.odd}; }

template <>
SUNET_INLINE Pairs load<Pairs>(const Bf16* from) {
    WideWords words;
    std::memcpy(&words, from, sizeof words);
    const WideWords even = words << 16, odd = words & 0xffff0000u;
    Pairs value;
    std::memcpy(&value.even, &even, sizeof even);
    std::memcpy(&value.odd, &odd, sizeof odd);
    return value;
}

/* One float for each lane: a parameter of each channel. */
template <class V>
SUNET_INLINE V load_lanes(const float* from) {
    return load<V>(from);
}

#ifdef SUNET_HAS_BF16_CODE
typedef std::uint16_t TwoHalves __attribute__((vector_size(64)));

/* Rounded, those of `first` before those of `second`. */
SUNET_INLINE TwoHalves rounded_halves(const Wide& first, const Wide& second) {
    TwoHalves halves;
    asm("vcvtne2ps2bf16 %1, %2, %0" : "=v"(halves) : "v"(first), "v"(second));
    return halves;
}

/* Rounded, those of `first` and of `second` by turns. */
SUNET_INLINE TwoHalves rounded_by_turns(const Wide& first, const Wide& second) {
    const TwoHalves turns = {0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
                             8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
    return __builtin_shuffle(rounded_halves(first, second), turns);
}

template <>
SUNET_INLINE void store<Pairs>(HardwareBf16* to, const Pairs& value) {
    const TwoHalves halves = rounded_by_turns(value.even, value.odd);
    std::memcpy(to, &halves, sizeof halves);
}

template <>
SUNET_INLINE Pairs load_lanes<Pairs>(const float* from) {
    const WideWords even = {0, 2, 4, 6, 8, 10, 12, 14, 0, 2, 4, 6, 8, 10, 12, 14}, odd = even + 1;
    const Wide lanes = load<Wide>(from);
    return {__builtin_shuffle(lanes, even), __builtin_shuffle(lanes, odd)};
}
#endif

/* One element of a tensor of either type. */
SUNET_INLINE float element(const void* from, bool bf16) {
    return bf16 ? load<float>(static_cast<const Bf16*>(from)) : load<float>(static_cast<const float*>(from));
}

/* Runs a kernel's code for the lanes of a run and the types its tensors are stored in. The code has a copy of the run, which nothing it
 * writes can change, so that strides stay in registers. */
template <template <class...> class Kernel, class... Storage, class Run>
SUNET_INLINE void by_lanes(const Run& given) {
    const Run run = given;
    run.lanes == 16  ? Kernel<Sixteen, Storage...>::run(run)
    : run.lanes == 8 ? Kernel<Eight, Storage...>::run(run)
                     : Kernel<float, Storage...>::run(run);
}

/* All tensors of the run are of one type. */
template <template <class...> class Kernel, class Run>
SUNET_INLINE void by_type(const Run& run) {
    run.bf16 ? by_lanes<Kernel, Bf16>(run) : by_lanes<Kernel, float>(run);
}

/* The same within functions marked SUNET_ROUNDS_BF16. */
template <template <class...> class Kernel, class... Storage, class Run>
SUNET_INLINE void by_wide_lanes(const Run& given) {
    const Run run = given;
    run.lanes == 16  ? Kernel<Wide, Storage...>::run(run)
    : run.lanes == 8 ? Kernel<Eight, Storage...>::run(run)
                     : Kernel<float, Storage...>::run(run);
}

/* The same, two runs of lanes at a time where they lie side by side. */
template <template <class...> class Kernel, class... Storage, class Run>
SUNET_INLINE void by_pairs(const Run& run) {
#ifdef SUNET_HAS_BF16_CODE
    if (run.has_pairs()) return Kernel<Pairs, Storage...>::run(run.pairs());
#endif
    by_wide_lanes<Kernel, Storage...>(run);
}

/* Whether so many runs of lanes, in tensors where they are `strides` apart (0 where there is none), lie side by side in pairs. */
template <int N>
bool lie_in_pairs(int lanes, std::int64_t count, const std::int64_t (&strides)[N]) {
    bool adjacent = lanes == 16 && count % 2 == 0;
    for (const std::int64_t stride : strides) adjacent = adjacent && (stride == 16 || stride == 0);
    return adjacent;
}

/* Defines name(run), for a run whose tensors are of one type. */
#define SUNET_KERNEL(name, Kernel, Run)                                                         \
    SUNET_CLONES void name##_anywhere(const Run& run) { by_type<Kernel>(run); }                 \
    SUNET_ROUNDS_BF16 void name##_bf16(const Run& run) { by_pairs<Kernel, HardwareBf16>(run); } \
    void name(const Run& run) { (run.bf16 && rounds_to_bf16()) ? name##_bf16(run) : name##_anywhere(run); }

/* What is read is of one type and what is written of another. */
template <template <class...> class Kernel, class Run>
SUNET_INLINE void by_types(const Run& run) {
    if (run.from_bf16)
        run.to_bf16 ? by_lanes<Kernel, Bf16, Bf16>(run) : by_lanes<Kernel, Bf16, float>(run);
    else
        run.to_bf16 ? by_lanes<Kernel, float, Bf16>(run) : by_lanes<Kernel, float, float>(run);
}

template <class V>
V broadcast(float value);

template <>
SUNET_INLINE float broadcast<float>(float value) {
    return value;
}

template <>
SUNET_INLINE Eight broadcast<Eight>(float value) {
    return Eight{value, value, value, value, value, value, value, value};
}

template <>
SUNET_INLINE Wide broadcast<Wide>(float value) {
    return Wide{value, value, value, value, value, value, value, value, value, value, value, value, value, value, value, value};
}

template <>
SUNET_INLINE Sixteen broadcast<Sixteen>(float value) {
    return {broadcast<Eight>(value), broadcast<Eight>(value)};
}

template <>
SUNET_INLINE Pairs broadcast<Pairs>(float value) {
    return {broadcast<Wide>(value), broadcast<Wide>(value)};
}

/* max(0, value); NaN stays NaN. */
SUNET_INLINE float rectified(float value) { return value <= 0.0f ? 0.0f : value; }
SUNET_INLINE Eight rectified(const Eight& value) { return value <= Eight{} ? Eight{} : value; }
SUNET_INLINE Wide rectified(const Wide& value) { return value <= Wide{} ? Wide{} : value; }
SUNET_INLINE Sixteen rectified(const Sixteen& value) { return {rectified(value.low), rectified(value.high)}; }
SUNET_INLINE Pairs rectified(const Pairs& value) { return {rectified(value.even), rectified(value.odd)}; }

/* Batch normalisation. Both directions must agree on this to the bit: the gradient's mask is its sign. */
template <class V>
SUNET_INLINE V normalized(const V& x, const V& mean, const V& scale, const V& beta) {
    return (x - mean) * scale + beta;
}

/* The gradient of rectified: `gradient` where `value` is positive (or NaN), else 0. */
SUNET_INLINE float passed(float value, float gradient) { return value <= 0.0f ? 0.0f : gradient; }
SUNET_INLINE Eight passed(const Eight& value, const Eight& gradient) { return value <= Eight{} ? Eight{} : gradient; }
SUNET_INLINE Wide passed(const Wide& value, const Wide& gradient) { return value <= Wide{} ? Wide{} : gradient; }
SUNET_INLINE Sixteen passed(const Sixteen& value, const Sixteen& gradient) {
    return {passed(value.low, gradient.low), passed(value.high, gradient.high)};
}
SUNET_INLINE Pairs passed(const Pairs& value, const Pairs& gradient) {
    return {passed(value.even, gradient.even), passed(value.odd, gradient.odd)};
}

/* Adds each lane to its own double, or all lanes to the first where they belong to one channel. */
template <class V>
SUNET_INLINE void flush(const V& sums, bool one_channel, double* into) {
    float lanes[lanes_of<V>];
    store<V>(lanes, sums);
    for (int lane = 0; lane < lanes_of<V>; lane++) into[one_channel ? 0 : lane] += static_cast<double>(lanes[lane]);
}

template <>
SUNET_INLINE void flush<Pairs>(const Pairs& sums, bool one_channel, double* into) {
    float even[16], odd[16];
    store<Wide>(even, sums.even);
    store<Wide>(odd, sums.odd);
    for (int lane = 0; lane < 8; lane++) {
        into[one_channel ? 0 : 2 * lane] += static_cast<double>(even[lane] + even[lane + 8]);
        into[one_channel ? 0 : 2 * lane + 1] += static_cast<double>(odd[lane] + odd[lane + 8]);
    }
}

} // namespace sunet

#endif
