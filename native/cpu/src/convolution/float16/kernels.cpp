#include "convolution/float16/vectors.hpp"

namespace sunet::float16 {

#ifdef SUNET_HAS_FLOAT16_CODE

namespace {

template <int Vectors, int Pixels>
struct of_outputs {
    using argument = tile;
    static void run(const tile& t) noexcept {
        tile_sums_of<Vectors, Pixels> sums;
        sum_products<Vectors, Pixels>(sums, t.a, t.pixel_stride, 1, t.chain_stride, t.weights, t.depth);
        add_sums<Vectors, Pixels>(sums, t.scale, t.first, t.sums);
    }
};

template <int Vectors, int channel_view>
struct of_gradients {
    using argument = gradient_tile;
    static void run(const gradient_tile& t) noexcept {
        tile_sums_of<Vectors, channel_view> sums;
        sum_products<Vectors, channel_view>(sums, t.a[0] + t.offset, 1, t.pixel_stride, chain_depth * t.pixel_stride, t.gradients,
                                            t.pixels);
        for (std::int64_t r = 1; r < t.rows; ++r)
            add_products<Vectors, channel_view>(sums, t.a[r] + t.offset, 1, t.pixel_stride, t.gradients + r * t.gradient_stride, t.pixels);
        add_sums<Vectors, channel_view>(sums, t.scale, t.first, t.sums);
    }
};

} // namespace

void multiply(const tile& t, int vectors, int pixels) noexcept {
    vectors == 2 ? run_tile<of_outputs, 2>(t, pixels) : run_tile<of_outputs, 1>(t, pixels);
}

void multiply_gradients(const gradient_tile& t, int vectors, int channels) noexcept {
    vectors == 2 ? run_tile<of_gradients, 2>(t, channels) : run_tile<of_gradients, 1>(t, channels);
}

template <bool Accumulate, bool Relu>
static void write_outputs(const float* sums, int vectors, int pixels, const destination& to) noexcept {
    for (std::int64_t channel = 0; channel < to.channels; channel += channel_block) {
        const __m512 scale = _mm512_loadu_ps(to.scale + channel);
        const __mmask16 there = first_lanes(to.channels - channel);
        const __m512 bias = to.bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(there, to.bias + channel);
        const float* from = sums + channel;
        bf16* y = to.y + channel / channel_block * to.block_stride;
        for (int p = 0; p < pixels; ++p, from += vectors * lanes, y += to.pixel_stride) {
            auto* at = reinterpret_cast<__m256i*>(y);
            __m512 value = _mm512_fmadd_ps(_mm512_loadu_ps(from), scale, bias);
            if constexpr (Accumulate) value = _mm512_add_ps(value, widened(_mm256_loadu_si256(at)));
            /* Where one operand is NaN, the instruction returns the second, so that NaN stays NaN. */
            if constexpr (Relu) value = _mm512_max_ps(_mm512_setzero_ps(), value);
            _mm256_storeu_si256(at, (__m256i)_mm512_maskz_cvtneps_pbh(there, value));
        }
    }
}

void write(const float* sums, int vectors, int pixels, const destination& to) noexcept {
    if (to.accumulate)
        to.relu ? write_outputs<true, true>(sums, vectors, pixels, to) : write_outputs<true, false>(sums, vectors, pixels, to);
    else
        to.relu ? write_outputs<false, true>(sums, vectors, pixels, to) : write_outputs<false, false>(sums, vectors, pixels, to);
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

void add_channels(const bf16* x, std::int64_t pixels, double* sums) noexcept {
    /* Few enough pixels that float32 sums of them are accurate. */
    constexpr std::int64_t run = 256;
    for (std::int64_t begin = 0; begin < pixels; begin += run) {
        const std::int64_t end = pixels - begin < run ? pixels : begin + run;
        __m512 even = _mm512_setzero_ps(), odd = _mm512_setzero_ps();
        std::int64_t p = begin;
        for (; p + 2 <= end; p += 2) {
            even = _mm512_add_ps(even, widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + p * channel_block))));
            odd = _mm512_add_ps(odd, widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + (p + 1) * channel_block))));
        }
        if (p < end) even = _mm512_add_ps(even, widened(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + p * channel_block))));
        const __m512 both = _mm512_add_ps(even, odd);
        const __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(both)), high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(both, 1));
        _mm512_storeu_pd(sums, _mm512_add_pd(_mm512_loadu_pd(sums), low));
        _mm512_storeu_pd(sums + 8, _mm512_add_pd(_mm512_loadu_pd(sums + 8), high));
    }
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

/* Prefetches weights, which are seldom in a cache. */
static void prefetch(const float* w, std::int64_t elements) {
    for (std::int64_t i = 0; i < elements; i += 16) _mm_prefetch(reinterpret_cast<const char*>(w + i), _MM_HINT_T0);
}

/* Finds the largest magnitude of each output where its elements lie in one run. */
static void find_largest_of_runs(const weight_rows& from, std::uint32_t* largest) {
    for (int o = 0; o < from.outputs; ++o) {
        const float* w = from.w + o * from.output_stride;
        __m512i even = _mm512_setzero_si512(), odd = _mm512_setzero_si512();
        for (std::int64_t k = 0; k < from.elements; k += 32) {
            even = larger(even, _mm512_maskz_loadu_ps(first_lanes(from.elements - k), w + k));
            odd = larger(odd, _mm512_maskz_loadu_ps(first_lanes(from.elements - k - 16), w + k + 16));
        }
        largest[o] = _mm512_reduce_max_epu32(_mm512_max_epu32(even, odd));
    }
}

/* Finds the largest magnitude of each output where the runs of all outputs lie side by side, `repeats` times. */
static void find_largest_of_repeats(const weight_rows& from, std::uint32_t* largest) {
    constexpr std::int64_t most_vectors = 32;
    const std::int64_t elements = from.outputs * from.elements;
    for (std::int64_t begin = 0; begin < elements; begin += most_vectors * 16) {
        const std::int64_t end = elements - begin < most_vectors * 16 ? elements : begin + most_vectors * 16;
        alignas(64) std::uint32_t found[most_vectors * 16] = {};
        for (std::int64_t r = 0; r < from.repeats; ++r) {
            const float* w = from.w + r * from.repeat_stride;
            if (r + 1 < from.repeats) prefetch(w + from.repeat_stride + begin, end - begin);
            for (std::int64_t i = begin; i < end; i += 16) {
                const __m512i most = larger(_mm512_load_si512(found + i - begin), _mm512_maskz_loadu_ps(first_lanes(end - i), w + i));
                _mm512_store_si512(found + i - begin, most);
            }
        }
        for (std::int64_t i = begin; i < end; ++i) {
            std::uint32_t& most = largest[i / from.elements];
            most = most < found[i - begin] ? found[i - begin] : most;
        }
    }
}

void find_scales(const weight_rows& from, int exponent, float* scales) noexcept {
    alignas(64) std::uint32_t largest[lanes] = {};
    from.repeats > 1 ? find_largest_of_repeats(from, largest) : find_largest_of_runs(from, largest);
    for (int o = 0; o < lanes; o += 16) _mm512_storeu_ps(scales + o, divisors(_mm512_load_si512(largest + o), exponent));
}

void pack(const weight_rows& from, const float* scales, const std::int32_t* rows, std::int64_t row_elements, half* to) noexcept {
    const __m512 low = reciprocal(_mm512_loadu_ps(scales)), high = reciprocal(_mm512_loadu_ps(scales + 16));
    for (std::int64_t r = 0; r < from.repeats; ++r, rows += from.elements) {
        const float* w = from.w + r * from.repeat_stride;
        if (from.output_stride == 1) {
            const __m512 first = _mm512_maskz_loadu_ps(first_lanes(from.outputs), w);
            const __m512 second = _mm512_maskz_loadu_ps(first_lanes(from.outputs - 16), w + 16);
            store_halves(to + *rows * row_elements, _mm512_mul_ps(first, low), _mm512_mul_ps(second, high));
            continue;
        }
        for (std::int64_t k = 0; k < from.elements; k += 16) {
            const std::int64_t columns = from.elements - k < 16 ? from.elements - k : 16;
            __m512 first[16], second[16];
            load_outputs(w + k, from.output_stride, from.outputs, columns, first);
            load_outputs(w + k + 16 * from.output_stride, from.output_stride, from.outputs - 16, columns, second);
            for (std::int64_t i = 0; i < columns; ++i)
                store_halves(to + rows[k + i] * row_elements, _mm512_mul_ps(first[i], low), _mm512_mul_ps(second[i], high));
        }
    }
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
        for (int o = 0; o < block.outputs; ++o) _mm512_mask_storeu_ps(block.w + o * block.output_stride + k, first_lanes(columns), sums[o]);
    }
}

#else

void multiply(const tile&, int, int) noexcept {}
void multiply_gradients(const gradient_tile&, int, int) noexcept {}
void write(const float*, int, int, const destination&) noexcept {}
std::uint16_t normalize_block(const bf16*, std::int64_t, const float*, const float*, const float*, bool, bf16*, std::uint16_t) noexcept {
    return 0;
}
std::uint16_t largest(const bf16*, std::int64_t, std::uint16_t) noexcept { return 0; }
void add_channels(const bf16*, std::int64_t, double*) noexcept {}
scaling scaling_for(std::uint16_t, int) noexcept { return {}; }
void convert_blocks(const bf16*, const bf16*, std::int64_t, scaling, half*, std::int64_t) noexcept {}
void convert_planes(const bf16* const*, int, std::int64_t, scaling, half*) noexcept {}
void find_scales(const weight_rows&, int, float*) noexcept {}
void pack(const weight_rows&, const float*, const std::int32_t*, std::int64_t, half*) noexcept {}
void unpack(const gradient_block&, const std::int32_t*) noexcept {}

#endif

} // namespace sunet::float16
