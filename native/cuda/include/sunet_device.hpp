/* The part of CUDA that kernels use, so that the same sources compile with clang (without CUDA headers), with nvcc, and, where
 * SUNET_HOST_KERNELS is defined, with any C++17 compiler for the host. Kernels use nothing else of CUDA. */
#pragma once

#include <stdint.h>

#include "sunet_bf16.hpp"

#if defined(SUNET_HOST_KERNELS)
#include <cmath>
#include <cstring>

/* Lists the kernel, which a header has declared, by its name and with its launch bound; list_kernel() is the emulator's. */
#define SUNET_KERNEL(name, block)                                                           \
    [[maybe_unused]] static const bool name##_is_listed = list_kernel(#name, block, &name); \
    extern "C" void name
#define SUNET_RESIDENT_KERNEL(name, block, blocks) SUNET_KERNEL(name, block)
#define SUNET_DEVICE inline
#define SUNET_UNROLL
#define SUNET_UNROLL_PAIRS
#define SUNET_SHARED static thread_local

/* Declares thread_x() and similar functions, sync_threads(), shuffle_xor(), the atomics and check_alignment() for the threads of a
 * simulated block. */
#include "host_device.hpp"
#else
#if !defined(__CUDACC__) || defined(__clang__)
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __launch_bounds__(...) __attribute__((launch_bounds(__VA_ARGS__)))
#endif
#define SUNET_KERNEL(name, block) extern "C" __global__ void __launch_bounds__(block) name
/* Limits registers so that a multiprocessor holds `blocks` blocks at once, for kernels that mostly wait for memory. */
#define SUNET_RESIDENT_KERNEL(name, block, blocks) extern "C" __global__ void __launch_bounds__(block, blocks) name
/* Always inlined, because a call would pass arrays in registers through memory. */
#define SUNET_DEVICE __device__ inline __attribute__((always_inline))
#define SUNET_SHARED static __shared__
/* For loops that only read, so that several loads are in flight at once. */
#define SUNET_UNROLL _Pragma("unroll 4")
#define SUNET_UNROLL_PAIRS _Pragma("unroll 2")
#endif

namespace sunet {

#if !defined(SUNET_HOST_KERNELS)
#if defined(__clang__)
SUNET_DEVICE int thread_x() { return __nvvm_read_ptx_sreg_tid_x(); }
SUNET_DEVICE int block_x() { return __nvvm_read_ptx_sreg_ctaid_x(); }
SUNET_DEVICE int block_y() { return __nvvm_read_ptx_sreg_ctaid_y(); }
SUNET_DEVICE int block_z() { return __nvvm_read_ptx_sreg_ctaid_z(); }
SUNET_DEVICE int block_dim_x() { return __nvvm_read_ptx_sreg_ntid_x(); }
SUNET_DEVICE int grid_dim_x() { return __nvvm_read_ptx_sreg_nctaid_x(); }
SUNET_DEVICE int grid_dim_y() { return __nvvm_read_ptx_sreg_nctaid_y(); }
SUNET_DEVICE int grid_dim_z() { return __nvvm_read_ptx_sreg_nctaid_z(); }
SUNET_DEVICE void sync_threads() { __syncthreads(); }
SUNET_DEVICE int shuffle_xor(int value, int lane_mask) { return __nvvm_shfl_sync_bfly_i32(0xffffffffu, value, lane_mask, 0x1f); }
SUNET_DEVICE float shuffle_xor(float value, int lane_mask) { return __nvvm_shfl_sync_bfly_f32(0xffffffffu, value, lane_mask, 0x1f); }
SUNET_DEVICE int atomic_add(int* to, int value) { return __nvvm_atom_add_gen_i(to, value); }
SUNET_DEVICE int64_t atomic_add(int64_t* to, int64_t value) { return __nvvm_atom_add_gen_ll(reinterpret_cast<long long*>(to), value); }
SUNET_DEVICE int atomic_or(int* to, int value) { return __nvvm_atom_or_gen_i(to, value); }
#else
SUNET_DEVICE int thread_x() { return static_cast<int>(threadIdx.x); }
SUNET_DEVICE int block_x() { return static_cast<int>(blockIdx.x); }
SUNET_DEVICE int block_y() { return static_cast<int>(blockIdx.y); }
SUNET_DEVICE int block_z() { return static_cast<int>(blockIdx.z); }
SUNET_DEVICE int block_dim_x() { return static_cast<int>(blockDim.x); }
SUNET_DEVICE int grid_dim_x() { return static_cast<int>(gridDim.x); }
SUNET_DEVICE int grid_dim_y() { return static_cast<int>(gridDim.y); }
SUNET_DEVICE int grid_dim_z() { return static_cast<int>(gridDim.z); }
SUNET_DEVICE void sync_threads() { __syncthreads(); }
SUNET_DEVICE int shuffle_xor(int value, int lane_mask) { return __shfl_xor_sync(0xffffffffu, value, lane_mask); }
SUNET_DEVICE float shuffle_xor(float value, int lane_mask) { return __shfl_xor_sync(0xffffffffu, value, lane_mask); }
SUNET_DEVICE int atomic_add(int* to, int value) { return atomicAdd(to, value); }
SUNET_DEVICE int64_t atomic_add(int64_t* to, int64_t value) {
    /* There is no signed form; in two's complement the sum is the same. */
    return static_cast<int64_t>(atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(value)));
}
SUNET_DEVICE int atomic_or(int* to, int value) { return atomicOr(to, value); }
#endif

SUNET_DEVICE unsigned shuffle_xor(unsigned value, int lane_mask) {
    return static_cast<unsigned>(shuffle_xor(static_cast<int>(value), lane_mask));
}

SUNET_DEVICE double shuffle_xor(double value, int lane_mask) {
    int halves[2];
    __builtin_memcpy(halves, &value, sizeof value);
    halves[0] = shuffle_xor(halves[0], lane_mask);
    halves[1] = shuffle_xor(halves[1], lane_mask);
    __builtin_memcpy(&value, halves, sizeof value);
    return value;
}
#endif

SUNET_DEVICE uint32_t bits_of(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}

SUNET_DEVICE float float_of(uint32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

/* Two floats as bf16, the first in the lower half; rounded to nearest, ties to even; NaN stays NaN. */
SUNET_DEVICE uint32_t bf16_pair(float first, float second) {
#if defined(SUNET_HOST_KERNELS)
    uint32_t halves[2] = {bits_of(first), bits_of(second)};
    for (uint32_t& half : halves) half = (half & 0x7fffffffu) > 0x7f800000u ? 0x7fffu : (half + 0x7fffu + ((half >> 16) & 1u)) >> 16;
    return halves[0] | halves[1] << 16;
#else
    uint32_t pair;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(second), "f"(first));
    return pair;
#endif
}

SUNET_DEVICE float to_float(float value) { return value; }
SUNET_DEVICE float to_float(bf16 value) { return float_of(static_cast<uint32_t>(value.bits) << 16); }

template <class T>
SUNET_DEVICE T from_float(float value);

template <>
SUNET_DEVICE float from_float<float>(float value) {
    return value;
}

template <>
SUNET_DEVICE bf16 from_float<bf16>(float value) {
    return {static_cast<uint16_t>(bf16_pair(value, 0.0f))};
}

/* Elements of one 16-byte access. */
template <class T>
constexpr int vector_lanes = 16 / static_cast<int>(sizeof(T));

/* Some neighbouring elements, as floats in registers. */
template <int N>
struct lane_values {
    float at[N];
};

/* 16 bytes that are loaded and stored by one instruction. */
struct alignas(16) word_vector {
    uint32_t at[4];
};

SUNET_DEVICE word_vector load_words(const void* from) {
#if defined(SUNET_HOST_KERNELS)
    check_alignment(from, sizeof(word_vector));
    word_vector words;
    std::memcpy(&words, from, sizeof words);
    return words;
#else
    return *static_cast<const word_vector*>(from);
#endif
}

SUNET_DEVICE void store_words(void* to, const word_vector& words) {
#if defined(SUNET_HOST_KERNELS)
    check_alignment(to, sizeof words);
    std::memcpy(to, &words, sizeof words);
#else
    *static_cast<word_vector*>(to) = words;
#endif
}

/* vector_lanes<T> elements from a 16-byte aligned address. */
SUNET_DEVICE lane_values<4> load_vector(const float* from) {
    const word_vector words = load_words(from);
    return {{float_of(words.at[0]), float_of(words.at[1]), float_of(words.at[2]), float_of(words.at[3])}};
}

SUNET_DEVICE lane_values<8> load_vector(const bf16* from) {
    const word_vector words = load_words(from);
    lane_values<8> lanes;
    for (int i = 0; i < 4; ++i) {
        lanes.at[2 * i] = float_of(words.at[i] << 16);
        lanes.at[2 * i + 1] = float_of(words.at[i] & 0xffff0000u);
    }
    return lanes;
}

SUNET_DEVICE void store_vector(float* to, const lane_values<4>& lanes) {
    store_words(to, {{bits_of(lanes.at[0]), bits_of(lanes.at[1]), bits_of(lanes.at[2]), bits_of(lanes.at[3])}});
}

SUNET_DEVICE void store_vector(bf16* to, const lane_values<8>& lanes) {
    word_vector words;
    for (int i = 0; i < 4; ++i) words.at[i] = bf16_pair(lanes.at[2 * i], lanes.at[2 * i + 1]);
    store_words(to, words);
}

/* N elements: one by one access, or all by one 16-byte access, or, for parameters in float32, by several. */
template <int N, class T>
SUNET_DEVICE lane_values<N> load(const T* from) {
    lane_values<N> lanes;
    if constexpr (N == vector_lanes<T>) {
        lanes = load_vector(from);
    } else if constexpr (N % vector_lanes<T> == 0) {
        for (int i = 0; i < N; i += vector_lanes<T>) {
            const lane_values<vector_lanes<T>> part = load_vector(from + i);
            for (int k = 0; k < vector_lanes<T>; ++k) lanes.at[i + k] = part.at[k];
        }
    } else {
        for (int i = 0; i < N; ++i) lanes.at[i] = to_float(from[i]);
    }
    return lanes;
}

template <int N, class T>
SUNET_DEVICE void store(T* to, const lane_values<N>& lanes) {
    if constexpr (N == vector_lanes<T>) {
        store_vector(to, lanes);
    } else if constexpr (N % vector_lanes<T> == 0) {
        for (int i = 0; i < N; i += vector_lanes<T>) {
            lane_values<vector_lanes<T>> part;
            for (int k = 0; k < vector_lanes<T>; ++k) part.at[k] = lanes.at[i + k];
            store_vector(to + i, part);
        }
    } else {
        for (int i = 0; i < N; ++i) to[i] = from_float<T>(lanes.at[i]);
    }
}

/* Whether 16-byte accesses are possible at an address and all others a multiple of `step` elements from it; a null pointer is never
 * accessed. */
template <class T>
SUNET_DEVICE bool aligned(const T* pointer, int64_t step = 0) {
    return reinterpret_cast<uintptr_t>(pointer) % 16 == 0 && step % vector_lanes<T> == 0;
}

SUNET_DEVICE float minimum(float a, float b) { return a < b ? a : b; }
SUNET_DEVICE float maximum(float a, float b) { return a > b ? a : b; }
SUNET_DEVICE int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }

/* a * b + c, rounded once on the device. */
SUNET_DEVICE float multiply_add(float a, float b, float c) {
#if defined(SUNET_HOST_KERNELS)
    return a * b + c;
#else
    return __builtin_fmaf(a, b, c);
#endif
}

/* exp and log from the device's base-2 instructions: there is no device library to link. */
SUNET_DEVICE float fast_exp(float x) {
#if defined(SUNET_HOST_KERNELS)
    return std::exp(x);
#else
    float y;
    asm("ex2.approx.f32 %0, %1;" : "=f"(y) : "f"(x * 1.4426950408889634f));
    return y;
#endif
}

SUNET_DEVICE float fast_log(float x) {
#if defined(SUNET_HOST_KERNELS)
    return std::log(x);
#else
    float y;
    asm("lg2.approx.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y * 0.6931471805599453f;
#endif
}

SUNET_DEVICE float square_root(float x) {
#if defined(SUNET_HOST_KERNELS)
    return std::sqrt(x);
#else
    return __builtin_sqrtf(x);
#endif
}

SUNET_DEVICE double square_root(double x) {
#if defined(SUNET_HOST_KERNELS)
    return std::sqrt(x);
#else
    return __builtin_sqrt(x);
#endif
}

SUNET_DEVICE float inverse_square_root(float x) { return 1.0f / square_root(x); }

/* Sums over the 32 threads of a warp, which must all take part; every thread gets the sum. */
template <class T>
SUNET_DEVICE T warp_sum(T value) {
    for (int mask = 16; mask > 0; mask /= 2) value += shuffle_xor(value, mask);
    return value;
}

} // namespace sunet
