/* The instruction sets that code is compiled for, and whether the CPU has them. */
#pragma once

/* Compiles a function once for each instruction set; the loader chooses the version that the CPU can run. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define SUNET_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
/* Compiles a function for AVX-512 BF16; it must be called only where rounds_to_bf16() is true. */
#define SUNET_ROUNDS_BF16 __attribute__((target("arch=x86-64-v4,avx512bf16")))
#define SUNET_HAS_BF16_CODE 1
#else
#define SUNET_CLONES
#define SUNET_ROUNDS_BF16
#endif

/* Code for AVX-512 FP16 needs GCC 12 or newer. */
#if defined(SUNET_HAS_BF16_CODE) && __GNUC__ >= 12
#define SUNET_HAS_FLOAT16_CODE 1
#endif

namespace sunet {

/* Whether the CPU has instructions that round float32 to bf16, and the library has code that uses them. */
inline bool rounds_to_bf16() {
#ifdef SUNET_HAS_BF16_CODE
    static const bool has = __builtin_cpu_supports("avx512bf16") != 0 && __builtin_cpu_supports("avx512vl") != 0;
    return has;
#else
    return false;
#endif
}

/* Whether oneDNN multiplies bf16 in AMX tiles, which is many times as fast as float32. */
bool multiplies_tiles() noexcept;

/* Whether products of bf16 tensors are faster in float16 than in oneDNN. They are where the CPU has AVX-512 FP16 and oneDNN has no AMX to
 * use. */
bool prefers_float16() noexcept;

} // namespace sunet
