/* Which instruction sets code is compiled for, and which of them the CPU has. */
#pragma once

/* A row function is compiled once for each instruction set; the loader picks the one the CPU has. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SUNET_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
/* A function over hardware_bf16, to be called where rounds_to_bf16(). */
#define SUNET_ROUNDS_BF16 __attribute__((target("arch=x86-64-v4,avx512bf16")))
#define SUNET_HAS_BF16_CODE 1
#else
#define SUNET_CLONES
#define SUNET_ROUNDS_BF16
#endif

/* Code over AVX-512 FP16, which GCC knows from 12 on. */
#if defined(SUNET_HAS_BF16_CODE) && __GNUC__ >= 12
#define SUNET_HAS_FLOAT16_CODE 1
#endif

namespace sunet {

/* Whether the CPU rounds float32 to bf16 by itself and code that makes use of it was compiled. */
inline bool rounds_to_bf16() {
#ifdef SUNET_HAS_BF16_CODE
    static const bool has = __builtin_cpu_supports("avx512bf16") != 0 && __builtin_cpu_supports("avx512vl") != 0;
    return has;
#else
    return false;
#endif
}

/* Whether oneDNN multiplies bf16 in tiles, many times as fast as float32. */
bool multiplies_tiles() noexcept;

/* Whether products of bf16 tensors are made faster in float16 than by oneDNN, which is so where the CPU has AVX-512 FP16 and, as far as
 * oneDNN may use it, no AMX. */
bool prefers_float16() noexcept;

} // namespace sunet
