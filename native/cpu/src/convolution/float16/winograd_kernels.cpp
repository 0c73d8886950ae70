#include "convolution/float16/winograd_kernels.hpp"

#include "convolution/float16/vectors.hpp"

namespace sunet::float16::winograd {

#ifdef SUNET_HAS_FLOAT16_CODE

namespace {

constexpr int taps = kernel_size * kernel_size;

/* One dimension of each transform. */
inline void apply_source(const __m512h (&d)[tile_inputs], __m512h (&to)[tile_inputs]) {
    to[0] = _mm512_sub_ph(d[0], d[2]);
    to[1] = _mm512_add_ph(d[1], d[2]);
    to[2] = _mm512_sub_ph(d[2], d[1]);
    to[3] = _mm512_sub_ph(d[1], d[3]);
}

inline void apply_gradient(__m512h y0, __m512h y1, __m512h (&to)[tile_inputs]) {
    to[0] = y0;
    to[1] = _mm512_add_ph(y0, y1);
    to[2] = _mm512_sub_ph(y0, y1);
    to[3] = _mm512_sub_ph(_mm512_setzero_ph(), y1);
}

inline void apply_output(__m512h m0, __m512h m1, __m512h m2, __m512h m3, __m512h (&to)[tile_outputs]) {
    to[0] = _mm512_add_ph(_mm512_add_ph(m0, m1), m2);
    to[1] = _mm512_sub_ph(_mm512_sub_ph(m1, m2), m3);
}

inline void apply_weights(__m512 g0, __m512 g1, __m512 g2, __m512 (&to)[tile_inputs]) {
    const __m512 half_of = _mm512_set1_ps(0.5f), ends = _mm512_mul_ps(_mm512_add_ps(g0, g2), half_of);
    to[0] = g0;
    to[1] = _mm512_fmadd_ps(g1, half_of, ends);
    to[2] = _mm512_fnmadd_ps(g1, half_of, ends);
    to[3] = g2;
}

inline void apply_sums(__m512 u0, __m512 u1, __m512 u2, __m512 u3, __m512 (&to)[kernel_size]) {
    const __m512 half_of = _mm512_set1_ps(0.5f), even = _mm512_mul_ps(_mm512_add_ps(u1, u2), half_of);
    to[0] = _mm512_add_ps(u0, even);
    to[1] = _mm512_mul_ps(_mm512_sub_ps(u1, u2), half_of);
    to[2] = _mm512_add_ps(even, u3);
}

/* Loads the channels of a pixel of both blocks. */
template <bool Pair>
inline __m512h load(const tiles& from, std::int64_t offset, __m512i shift) {
    const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from.first + offset));
    if (!Pair) return _mm512_castsi512_ph(converted(_mm512_zextsi256_si512(first), shift));
    const __m256i second = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from.second + offset));
    return _mm512_castsi512_ph(converted(_mm512_inserti64x4(_mm512_castsi256_si512(first), second, 1), shift));
}

/* The vertical half of the transform. */
template <bool Pair>
inline void load_source_column(const tiles& from, std::int64_t offset, __m512i shift, __m512h (&to)[tile_inputs]) {
    __m512h d[tile_inputs];
    SUNET_UNROLL
    for (int r = 0; r < tile_inputs; ++r) d[r] = load<Pair>(from, offset + r * from.row_stride, shift);
    apply_source(d, to);
}

template <bool Pair>
void transform_source_of(const tiles& from, scaling by, const operands& out) {
    const __m512i shift = shift_of(by);
    half* to = out.to;
    for (std::int64_t row = 0; row < from.rows; ++row) {
        const std::int64_t begin = row * tile_outputs * from.row_stride;
        __m512h columns[tile_inputs][tile_inputs];
        load_source_column<Pair>(from, begin, shift, columns[0]);
        load_source_column<Pair>(from, begin + channel_block, shift, columns[1]);
        for (std::int64_t column = 0; column < from.columns; ++column, to += out.tile_stride) {
            const std::int64_t next = begin + (tile_outputs * column + 2) * channel_block;
            load_source_column<Pair>(from, next, shift, columns[2]);
            load_source_column<Pair>(from, next + channel_block, shift, columns[3]);
            SUNET_UNROLL
            for (int r = 0; r < tile_inputs; ++r) {
                const __m512h across[] = {columns[0][r], columns[1][r], columns[2][r], columns[3][r]};
                __m512h made[tile_inputs];
                apply_source(across, made);
                SUNET_UNROLL
                for (int c = 0; c < tile_inputs; ++c) _mm512_storeu_ph(to + (r * tile_inputs + c) * out.product_stride, made[c]);
                columns[0][r] = columns[2][r];
                columns[1][r] = columns[3][r];
            }
        }
    }
}

template <bool Pair>
void transform_gradient_of(const tiles& from, scaling by, const operands& out) {
    const __m512i shift = shift_of(by);
    half* to = out.to;
    for (std::int64_t row = 0; row < from.rows; ++row) {
        for (std::int64_t column = 0; column < from.columns; ++column, to += out.tile_stride) {
            const std::int64_t at = row * tile_outputs * from.row_stride + column * tile_outputs * channel_block;
            __m512h columns[tile_outputs][tile_inputs];
            SUNET_UNROLL
            for (int c = 0; c < tile_outputs; ++c) {
                const std::int64_t top = at + c * channel_block;
                apply_gradient(load<Pair>(from, top, shift), load<Pair>(from, top + from.row_stride, shift), columns[c]);
            }
            SUNET_UNROLL
            for (int r = 0; r < tile_inputs; ++r) {
                __m512h made[tile_inputs];
                apply_gradient(columns[0][r], columns[1][r], made);
                SUNET_UNROLL
                for (int c = 0; c < tile_inputs; ++c) _mm512_storeu_ph(to + (r * tile_inputs + c) * out.product_stride, made[c]);
            }
        }
    }
}

template <int Vectors, int Tiles>
struct of_tiles {
    using argument = tile;

    static void run(const tile& t) noexcept {
        constexpr int elements = Tiles * Vectors * lanes;
        for (int p = 0; p < products; ++p) {
            tile_sums_of<Vectors, Tiles> sums;
            sum_products<Vectors, Tiles>(sums, t.a + p * t.product_stride, t.pixel_stride, 1, t.chain_stride,
                                         t.weights + p * t.weight_stride, t.depth);
            store_sums<Vectors, Tiles>(sums, t.products + p * elements);
        }
        const __m512 scale = _mm512_set1_ps(t.scale);
        for (int i = 0; i < elements; i += lanes) add_outputs<elements>(t, scale, i);
    }

    /* Transforms one vector. */
    template <int Elements>
    static inline __attribute__((always_inline)) void add_outputs(const tile& t, __m512 scale, int at) {
        __m512h down[tile_inputs][tile_outputs];
        SUNET_UNROLL
        for (int c = 0; c < tile_inputs; ++c) {
            const half* m = t.products + c * Elements + at;
            constexpr int row = tile_inputs * Elements;
            apply_output(_mm512_loadu_ph(m), _mm512_loadu_ph(m + row), _mm512_loadu_ph(m + 2 * row), _mm512_loadu_ph(m + 3 * row), down[c]);
        }
        SUNET_UNROLL
        for (int r = 0; r < tile_outputs; ++r) {
            __m512h made[tile_outputs];
            apply_output(down[0][r], down[1][r], down[2][r], down[3][r], made);
            SUNET_UNROLL
            for (int c = 0; c < tile_outputs; ++c) {
                alignas(64) half stored[lanes];
                _mm512_store_ph(stored, made[c]);
                float* to = t.sums + (r * tile_outputs + c) * Elements + at;
                add_stored(stored, scale, t.first, to);
                add_stored(stored + 16, scale, t.first, to + 16);
            }
        }
    }
};

} // namespace

std::uint16_t copy_block(const bf16* x, std::int64_t row_stride, std::int64_t rows, std::int64_t pixels, bf16* to, std::int64_t to_stride,
                         std::uint16_t so_far) noexcept {
    const std::int64_t elements = pixels * channel_block;
    const __m512i mask = _mm512_set1_epi16(magnitude);
    __m512i most = _mm512_set1_epi16(static_cast<short>(so_far));
    for (std::int64_t r = 0; r < rows; ++r, x += row_stride, to += to_stride) {
        for (std::int64_t i = 0; i < elements; i += lanes) {
            const __mmask32 there = elements - i >= lanes ? 0xffffffffu : 0xffffu;
            const __m512i values = _mm512_maskz_loadu_epi16(there, x + i);
            most = _mm512_max_epu16(most, _mm512_and_si512(values, mask));
            _mm512_mask_storeu_epi16(to + i, there, values);
        }
    }
    return largest_of(_mm256_max_epu16(_mm512_castsi512_si256(most), _mm512_extracti64x4_epi64(most, 1)));
}

void transform_source(const tiles& from, scaling by, const operands& out) noexcept {
    from.second == nullptr ? transform_source_of<false>(from, by, out) : transform_source_of<true>(from, by, out);
}

void transform_gradient(const tiles& from, scaling by, const operands& out) noexcept {
    from.second == nullptr ? transform_gradient_of<false>(from, by, out) : transform_gradient_of<true>(from, by, out);
}

void multiply(const tile& t, int vectors, int tiles) noexcept {
    vectors == 2 ? run_tile<of_tiles, 2>(t, tiles) : run_tile<of_tiles, 1>(t, tiles);
}

/* Computes G g G^T of the weights of up to 16 outputs, times `factor`. */
static void transform_weights_of(const float* w, std::int64_t output_stride, int outputs, bool turned, __m512 factor,
                                 __m256i (&made)[products]) {
    __m512 g[16], columns[kernel_size][tile_inputs];
    load_outputs(w, output_stride, outputs, taps, g);
    SUNET_UNROLL
    for (int c = 0; c < kernel_size; ++c) {
        const __m512 &top = g[c], &middle = g[kernel_size + c], &bottom = g[2 * kernel_size + c];
        /* A rotation by half a turn exchanges top and bottom, and the columns. */
        apply_weights(turned ? bottom : top, middle, turned ? top : bottom, columns[turned ? kernel_size - 1 - c : c]);
    }
    SUNET_UNROLL
    for (int r = 0; r < tile_inputs; ++r) {
        __m512 row[tile_inputs];
        apply_weights(columns[0][r], columns[1][r], columns[2][r], row);
        SUNET_UNROLL
        for (int c = 0; c < tile_inputs; ++c) made[r * tile_inputs + c] = halves(_mm512_mul_ps(row[c], factor));
    }
}

void transform_weights(const weight_rows& from, bool turned, const float* scales, half* to, std::int64_t input_stride,
                       std::int64_t product_stride) noexcept {
    const __m512 low = reciprocal(_mm512_loadu_ps(scales)), high = reciprocal(_mm512_loadu_ps(scales + 16));
    for (std::int64_t input = 0; input < from.repeats; ++input, to += input_stride) {
        const float* w = from.w + input * from.repeat_stride;
        __m256i first[products], second[products];
        transform_weights_of(w, from.output_stride, from.outputs, turned, low, first);
        transform_weights_of(w + 16 * from.output_stride, from.output_stride, from.outputs - 16, turned, high, second);
        /* The strides between products would evict cache lines that are half written. */
        SUNET_UNROLL
        for (int p = 0; p < products; ++p) store_halves(to + p * product_stride, first[p], second[p]);
    }
}

void transform_sums(const gradient_block& block) noexcept {
    __m512 columns[tile_inputs][kernel_size], g[16] = {};
    for (int c = 0; c < tile_inputs; ++c) {
        __m512 u[tile_inputs];
        for (int r = 0; r < tile_inputs; ++r) {
            u[r] = _mm512_setzero_ps();
            for (std::int64_t part = 0; part < block.parts; ++part)
                u[r] = _mm512_add_ps(u[r],
                                     _mm512_loadu_ps(block.sums + part * block.part_stride + (r * tile_inputs + c) * block.product_stride));
        }
        apply_sums(u[0], u[1], u[2], u[3], columns[c]);
    }
    for (int r = 0; r < kernel_size; ++r) {
        __m512 made[kernel_size];
        apply_sums(columns[0][r], columns[1][r], columns[2][r], columns[3][r], made);
        for (int c = 0; c < kernel_size; ++c) g[r * kernel_size + c] = made[c];
    }
    transpose(g);
    for (int o = 0; o < block.outputs; ++o) _mm512_mask_storeu_ps(block.w + o * block.output_stride, first_lanes(taps), g[o]);
}

#else

std::uint16_t copy_block(const bf16*, std::int64_t, std::int64_t, std::int64_t, bf16*, std::int64_t, std::uint16_t) noexcept { return 0; }
void transform_source(const tiles&, scaling, const operands&) noexcept {}
void transform_gradient(const tiles&, scaling, const operands&) noexcept {}
void multiply(const tile&, int, int) noexcept {}
void transform_weights(const weight_rows&, bool, const float*, half*, std::int64_t, std::int64_t) noexcept {}
void transform_sums(const gradient_block&) noexcept {}

#endif

} // namespace sunet::float16::winograd
