#include "float16_kernels.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 12
#define SUNET_FLOAT16 1
#include <immintrin.h>
/* GCC 12 takes its own intrinsics' undefined operands for uninitialised variables. */
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16,avx512fp16")
#endif

namespace sunet::float16 {

#ifdef SUNET_FLOAT16

namespace {

constexpr std::uint16_t magnitude = 0x7fff;
constexpr int bf16_mantissa = 7, half_mantissa = 10, bf16_bias = 127, half_bias = 15;
constexpr std::uint16_t bf16_infinity = 0xff << bf16_mantissa;

#define SUNET_UNROLL _Pragma("GCC unroll 32")

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

/* Pixels are reached from every third, which keeps the addresses in as many registers as there are. An element is broadcast by the
 * multiplication itself, for which there is no intrinsic that the compiler would not take apart. */
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

/* The sums leave float16 here. */
template <int Vectors, int Pixels>
inline __attribute__((always_inline)) void add_sums(const tile_sums_of<Vectors, Pixels>& sums, float by, bool first, float* all) {
    const __m512 scale = _mm512_set1_ps(by);
    SUNET_UNROLL
    for (int p = 0; p < Pixels; ++p) {
        SUNET_UNROLL
        for (int v = 0; v < Vectors; ++v) {
            const __m512i bits = _mm512_castph_si512(sums[p][v]);
            const __m512 low = _mm512_cvtxph_ps(_mm256_castsi256_ph(_mm512_castsi512_si256(bits)));
            const __m512 high = _mm512_cvtxph_ps(_mm256_castsi256_ph(_mm512_extracti64x4_epi64(bits, 1)));
            float* to = all + (p * Vectors + v) * lanes;
            if (first) {
                _mm512_storeu_ps(to, _mm512_mul_ps(low, scale));
                _mm512_storeu_ps(to + 16, _mm512_mul_ps(high, scale));
            } else {
                _mm512_storeu_ps(to, _mm512_fmadd_ps(low, scale, _mm512_loadu_ps(to)));
                _mm512_storeu_ps(to + 16, _mm512_fmadd_ps(high, scale, _mm512_loadu_ps(to + 16)));
            }
        }
    }
}

template <int Vectors, int Pixels>
struct of_outputs {
    using argument = tile;
    static void run(const tile& t) noexcept {
        tile_sums_of<Vectors, Pixels> sums;
        clear<Vectors, Pixels>(sums);
        add_products<Vectors, Pixels>(sums, t.a, t.pixel_stride, 1, t.weights, t.depth);
        add_sums<Vectors, Pixels>(sums, t.scale, t.first, t.sums);
    }
};

template <int Vectors, int Channels>
struct of_gradients {
    using argument = gradient_tile;
    static void run(const gradient_tile& t) noexcept {
        tile_sums_of<Vectors, Channels> sums;
        clear<Vectors, Channels>(sums);
        for (std::int64_t r = 0; r < t.rows; ++r)
            add_products<Vectors, Channels>(sums, t.a[r] + t.offset, 1, t.pixel_stride, t.gradients + r * t.gradient_stride, t.pixels);
        add_sums<Vectors, Channels>(sums, t.scale, t.first, t.sums);
    }
};

/* The code for as many pixels, or channels, as there are. */
template <template <int, int> class Tile, int Vectors>
inline void run_tile(const typename Tile<1, 1>::argument& t, int pixels) {
    using run = void (*)(const typename Tile<1, 1>::argument&) noexcept;
    static constexpr run by_pixels[] = {
        Tile<Vectors, 1>::run, Tile<Vectors, 2>::run,  Tile<Vectors, 3>::run,  Tile<Vectors, 4>::run,
        Tile<Vectors, 5>::run, Tile<Vectors, 6>::run,  Tile<Vectors, 7>::run,  Tile<Vectors, 8>::run,
        Tile<Vectors, 9>::run, Tile<Vectors, 10>::run, Tile<Vectors, 11>::run, Tile<Vectors, 12>::run,
    };
    by_pixels[pixels - 1](t);
}

inline __m512 widened(__m256i bits) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16)); }

/* The sign stays, the exponent loses the shift; what would fall below zero becomes zero. */
inline __m512i converted(__m512i bits, __m512i shift) {
    const __m512i moved = _mm512_subs_epu16(_mm512_and_si512(bits, _mm512_set1_epi16(magnitude)), shift);
    const __m512i placed = _mm512_slli_epi16(moved, half_mantissa - bf16_mantissa);
    return _mm512_or_si512(placed, _mm512_andnot_si512(_mm512_set1_epi16(magnitude), bits));
}

inline __m512i shift_of(scaling by) { return _mm512_set1_epi16(static_cast<short>(by.shift << bf16_mantissa)); }

inline std::uint16_t largest_of(__m256i lanes_of_two) {
    const __m128i most = _mm_max_epu16(_mm256_castsi256_si128(lanes_of_two), _mm256_extracti128_si256(lanes_of_two, 1));
    /* There is a horizontal minimum only. */
    return static_cast<std::uint16_t>(~_mm_cvtsi128_si32(_mm_minpos_epu16(_mm_xor_si128(most, _mm_set1_epi16(-1)))));
}

inline __mmask16 first_lanes(std::int64_t count) {
    return count >= 16 ? __mmask16{0xffff} : count <= 0 ? __mmask16{0} : static_cast<__mmask16>((1u << count) - 1);
}

/* Row r of column c becomes row c of column r. */
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

inline void store_halves(half* to, __m512 values) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_castph_si256(_mm512_cvtxps_ph(values)));
}

} // namespace

bool is_supported() noexcept { return __builtin_cpu_supports("avx512fp16") != 0 && __builtin_cpu_supports("avx512bf16") != 0; }

void multiply(const tile& t, int vectors, int pixels) noexcept {
    vectors == 2 ? run_tile<of_outputs, 2>(t, pixels) : run_tile<of_outputs, 1>(t, pixels);
}

void multiply_gradients(const gradient_tile& t, int vectors, int channels) noexcept {
    vectors == 2 ? run_tile<of_gradients, 2>(t, channels) : run_tile<of_gradients, 1>(t, channels);
}

void write(const float* sums, int vectors, int pixels, const destination& to) noexcept {
    const __m512 floor = _mm512_set1_ps(to.relu ? 0.0f : -__builtin_inff());
    for (std::int64_t block = 0; block * channel_block < to.channels; ++block) {
        const std::int64_t channel = block * channel_block;
        const __m512 scale = _mm512_loadu_ps(to.scale + channel);
        const __mmask16 there = first_lanes(to.channels - channel);
        const __m512 bias = to.bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(there, to.bias + channel);
        bf16* y = to.y + block * to.block_stride;
        for (int p = 0; p < pixels; ++p) {
            auto* at = reinterpret_cast<__m256i*>(y + p * to.pixel_stride);
            __m512 value = _mm512_fmadd_ps(_mm512_loadu_ps(sums + p * vectors * lanes + channel), scale, bias);
            if (to.accumulate) value = _mm512_add_ps(value, widened(_mm256_loadu_si256(at)));
            /* Of two operands the maximum is the second where one is NaN. */
            value = _mm512_maskz_max_ps(there, floor, value);
            _mm256_storeu_si256(at, (__m256i)_mm512_cvtneps_pbh(value));
        }
    }
}

std::uint16_t normalize_block(const bf16* x, std::int64_t pixels, const float* mean, const float* scale, const float* beta, bool relu,
                              bf16* y, std::uint16_t so_far) noexcept {
    const __m512 means = _mm512_loadu_ps(mean), scales = _mm512_loadu_ps(scale), betas = _mm512_loadu_ps(beta);
    const __m512 floor = _mm512_set1_ps(relu ? 0.0f : -__builtin_inff());
    __m256i most = _mm256_set1_epi16(static_cast<short>(so_far));
    for (std::int64_t p = 0; p < pixels; ++p) {
        const __m512 value = widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + p * channel_block)));
        const __m512 normal = _mm512_max_ps(floor, _mm512_fmadd_ps(_mm512_sub_ps(value, means), scales, betas));
        const __m256i bits = (__m256i)_mm512_cvtneps_pbh(normal);
        most = _mm256_max_epu16(most, _mm256_and_si256(bits, _mm256_set1_epi16(magnitude)));
        _mm256_storeu_si256(reinterpret_cast<__m256i*>(y + p * channel_block), bits);
    }
    return largest_of(most);
}

std::uint16_t largest(const bf16* x, std::int64_t count, std::uint16_t so_far) noexcept {
    const __m512i mask = _mm512_set1_epi16(magnitude);
    __m512i most = _mm512_set1_epi16(static_cast<short>(so_far));
    std::int64_t i = 0;
    for (; i + 32 <= count; i += 32) most = _mm512_max_epu16(most, _mm512_and_si512(_mm512_loadu_si512(x + i), mask));
    if (i < count) {
        const __m512i rest = _mm512_maskz_loadu_epi16(static_cast<__mmask32>((1u << (count - i)) - 1), x + i);
        most = _mm512_max_epu16(most, _mm512_and_si512(rest, mask));
    }
    return largest_of(_mm256_max_epu16(_mm512_castsi512_si256(most), _mm512_extracti64x4_epi64(most, 1)));
}

scaling scaling_for(std::uint16_t largest, int exponent) noexcept {
    const int found = largest >> bf16_mantissa, wanted = half_bias + exponent;
    const int shift = found > wanted ? found - wanted : 0;
    if (largest >= bf16_infinity) return {static_cast<std::uint16_t>(shift), __builtin_nanf("")};
    return {static_cast<std::uint16_t>(shift), __builtin_ldexpf(1.0f, shift + half_bias - bf16_bias)};
}

void convert_blocks(const bf16* x, const bf16* second, std::int64_t pixels, scaling by, half* to, std::int64_t pixel_stride) noexcept {
    const __m512i shift = shift_of(by);
    std::int64_t p = 0;
    if (second == nullptr) {
        for (; p < pixels; ++p) {
            const __m256i one = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + p * channel_block));
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + p * pixel_stride),
                                _mm512_castsi512_si256(converted(_mm512_zextsi256_si512(one), shift)));
        }
        return;
    }
    for (; p + 2 <= pixels; p += 2) {
        const __m512i a = converted(_mm512_loadu_si512(x + p * channel_block), shift);
        const __m512i b = converted(_mm512_loadu_si512(second + p * channel_block), shift);
        _mm512_storeu_si512(to + p * pixel_stride, _mm512_shuffle_i64x2(a, b, 0x44));
        _mm512_storeu_si512(to + (p + 1) * pixel_stride, _mm512_shuffle_i64x2(a, b, 0xee));
    }
    if (p == pixels) return;
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + p * channel_block));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(second + p * channel_block));
    _mm512_storeu_si512(to + p * pixel_stride, converted(_mm512_inserti64x4(_mm512_castsi256_si512(a), b, 1), shift));
}

void convert_planes(const bf16* const* planes, int channels, std::int64_t pixels, scaling by, half* to) noexcept {
    const __m512i shift = shift_of(by);
    for (std::int64_t p = 0; p < pixels; p += 8) {
        const auto mask = static_cast<__mmask8>(pixels - p >= 8 ? 0xff : (1u << (pixels - p)) - 1);
        __m512i four = _mm512_setzero_si512();
        for (int c = 0; c < channels; ++c) {
            const __m512i plane = _mm512_cvtepu16_epi64(_mm_maskz_loadu_epi16(mask, planes[c] + p));
            four = _mm512_or_si512(four, _mm512_slli_epi64(plane, static_cast<unsigned>(16 * c)));
        }
        _mm512_mask_storeu_epi64(to + p * 4, mask, converted(four, shift));
    }
}

namespace {

/* Sixteen outputs at a time, one element each. */
template <typename Use>
inline __attribute__((always_inline)) void for_each_output(const float* w, std::int64_t stride, std::int64_t outputs, const Use& use) {
    const __m512i index = _mm512_mullo_epi32(_mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
                                             _mm512_set1_epi32(static_cast<int>(stride)));
    for (std::int64_t o = 0; o < outputs; o += 16) {
        const __mmask16 mask = first_lanes(outputs - o);
        use(o, stride == 1 ? _mm512_maskz_loadu_ps(mask, w + o)
                           : _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, index, w + o * stride, 4));
    }
}

inline __m512i larger(__m512i most, __m512 values) { return _mm512_max_epu32(most, _mm512_castps_si512(_mm512_abs_ps(values))); }

/* Weights below 2^-120 count as none. */
inline __m512 divisors(__m512i most) {
    constexpr int infinity = 0xff, mantissa = 23, smallest = 4;
    const __m512i exponent = _mm512_srli_epi32(most, mantissa);
    const __m512i scale = _mm512_max_epi32(_mm512_sub_epi32(exponent, _mm512_set1_epi32(weight_exponent)), _mm512_set1_epi32(smallest));
    const __mmask16 finite = _mm512_cmpneq_epi32_mask(exponent, _mm512_set1_epi32(infinity));
    return _mm512_mask_mov_ps(_mm512_set1_ps(__builtin_nanf("")), finite, _mm512_castsi512_ps(_mm512_slli_epi32(scale, mantissa)));
}

} // namespace

void find_scales(const weight_rows& from, float* scales) noexcept {
    std::uint32_t all[16] = {};
    for (int o = 0; o < from.outputs; ++o) {
        __m512i most = _mm512_setzero_si512();
        for (std::int64_t k = 0; k < from.elements; k += 16)
            most = larger(most, _mm512_maskz_loadu_ps(first_lanes(from.elements - k), from.w + o * from.output_stride + k));
        all[o] = _mm512_reduce_max_epu32(most);
    }
    _mm512_storeu_ps(scales, divisors(_mm512_loadu_si512(all)));
}

void pack(const weight_rows& from, const float* scales, const std::int32_t* rows, std::int64_t row_elements, half* to) noexcept {
    const __m512 scale = _mm512_loadu_ps(scales);
    for (std::int64_t k = 0; k < from.elements; k += 16) {
        const std::int64_t columns = from.elements - k < 16 ? from.elements - k : 16;
        __m512 block[16];
        for (int o = 0; o < 16; ++o)
            block[o] = o < from.outputs ? _mm512_maskz_loadu_ps(first_lanes(columns), from.w + o * from.output_stride + k)
                                        : _mm512_setzero_ps();
        transpose(block);
        for (std::int64_t i = 0; i < columns; ++i) store_halves(to + rows[k + i] * row_elements, _mm512_div_ps(block[i], scale));
    }
}

void raise_largest(const float* w, std::int64_t stride, std::int64_t outputs, float* scales) noexcept {
    for_each_output(w, stride, outputs, [&](std::int64_t o, __m512 values) {
        _mm512_storeu_si512(scales + o, larger(_mm512_loadu_si512(scales + o), values));
    });
}

void finish_scales(std::int64_t outputs, float* scales) noexcept {
    for (std::int64_t o = 0; o < outputs; o += 16) _mm512_storeu_ps(scales + o, divisors(_mm512_loadu_si512(scales + o)));
}

void pack_outputs(const float* w, std::int64_t stride, std::int64_t outputs, const float* scales, half* to) noexcept {
    for_each_output(w, stride, outputs, [&](std::int64_t o, __m512 values) {
        store_halves(to + o, _mm512_div_ps(values, _mm512_loadu_ps(scales + o)));
    });
}

void unpack(const gradient_block& block, const std::int32_t* rows) noexcept {
    for (std::int64_t k = 0; k < block.elements; k += 16) {
        const std::int64_t columns = block.elements - k < 16 ? block.elements - k : 16;
        __m512 sums[16];
        for (std::int64_t i = 0; i < 16; ++i) {
            sums[i] = _mm512_setzero_ps();
            for (std::int64_t part = 0; part < block.parts && i < columns; ++part)
                sums[i] = _mm512_add_ps(sums[i], _mm512_loadu_ps(block.sums + part * block.part_stride + rows[k + i] * block.row_elements));
        }
        transpose(sums);
        for (int o = 0; o < block.outputs; ++o)
            _mm512_mask_storeu_ps(block.w + o * block.output_stride + k, first_lanes(columns), sums[o]);
    }
}

#else

bool is_supported() noexcept { return false; }
void multiply(const tile&, int, int) noexcept {}
void multiply_gradients(const gradient_tile&, int, int) noexcept {}
void write(const float*, int, int, const destination&) noexcept {}
std::uint16_t normalize_block(const bf16*, std::int64_t, const float*, const float*, const float*, bool, bf16*, std::uint16_t) noexcept {
    return 0;
}
std::uint16_t largest(const bf16*, std::int64_t, std::uint16_t) noexcept { return 0; }
scaling scaling_for(std::uint16_t, int) noexcept { return {}; }
void convert_blocks(const bf16*, const bf16*, std::int64_t, scaling, half*, std::int64_t) noexcept {}
void convert_planes(const bf16* const*, int, std::int64_t, scaling, half*) noexcept {}
void find_scales(const weight_rows&, float*) noexcept {}
void pack(const weight_rows&, const float*, const std::int32_t*, std::int64_t, half*) noexcept {}
void raise_largest(const float*, std::int64_t, std::int64_t, float*) noexcept {}
void finish_scales(std::int64_t, float*) noexcept {}
void pack_outputs(const float*, std::int64_t, std::int64_t, const float*, half*) noexcept {}
void unpack(const gradient_block&, const std::int32_t*) noexcept {}

#endif

} // namespace sunet::float16
