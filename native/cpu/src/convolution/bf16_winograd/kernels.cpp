#include "convolution/bf16_winograd/kernels.hpp"

#include <algorithm>

#include "convolution/shared/tile_code.hpp"
#include "kernels/weight_pairs.hpp"

namespace sunet::bf16_winograd {

#ifdef SUNET_HAS_BF16_CODE

namespace {

/* One dimension of each transform. */
SUNET_INLINE void apply_source(const wide& d0, const wide& d1, const wide& d2, const wide& d3, wide (&to)[tile_inputs]) {
    to[0] = d0 - d2;
    to[1] = d1 + d2;
    to[2] = d2 - d1;
    to[3] = d1 - d3;
}

SUNET_INLINE void apply_gradient(const wide& y0, const wide& y1, wide (&to)[tile_inputs]) {
    to[0] = y0;
    to[1] = y0 + y1;
    to[2] = y0 - y1;
    to[3] = -y1;
}

SUNET_INLINE void apply_weights(const wide& g0, const wide& g1, const wide& g2, wide (&to)[tile_inputs]) {
    const wide ends = (g0 + g2) * 0.5f, middle = g1 * 0.5f;
    to[0] = g0;
    to[1] = ends + middle;
    to[2] = ends - middle;
    to[3] = g2;
}

SUNET_INLINE void apply_output(const wide& m0, const wide& m1, const wide& m2, const wide& m3, wide (&to)[tile_outputs]) {
    to[0] = m0 + m1 + m2;
    to[1] = m1 - m2 - m3;
}

SUNET_INLINE void apply_sums(const wide& u0, const wide& u1, const wide& u2, const wide& u3, wide (&to)[kernel_size]) {
    const wide even = (u1 + u2) * 0.5f;
    to[0] = u0 + even;
    to[1] = (u1 - u2) * 0.5f;
    to[2] = even + u3;
}

/* Writes one tile after the other. */
struct single_tiles {
    hardware_bf16* to;
    std::int64_t product_stride;

    SUNET_INLINE void take(const wide (&made)[products]) {
        SUNET_UNROLL
        for (int p = 0; p < products; ++p) store<wide>(to + p * product_stride, made[p]);
        to += channel_block;
    }
    SUNET_INLINE void finish() {}
};

struct pairs_of_tiles {
    explicit pairs_of_tiles(const tile_pairs& where) : out(where) {}

    tile_pairs out;
    bool is_second = false;
    wide before[products];

    SUNET_INLINE void take(const wide (&made)[products]) {
        if (!is_second) {
            std::memcpy(before, made, sizeof before);
        } else {
            SUNET_UNROLL
            for (int p = 0; p < products; ++p) {
                const two_halves pair = rounded_by_turns(before[p], made[p]);
                std::memcpy(static_cast<void*>(out.to + p * out.product_stride), &pair, sizeof pair);
            }
            out.to += out.pair_stride;
        }
        is_second = !is_second;
    }
    SUNET_INLINE void finish() {
        const wide none[products] = {};
        if (is_second) take(none);
    }
};

/* The vertical half of the transform. */
SUNET_INLINE void load_column(const bf16* x, std::int64_t row_stride, wide (&to)[tile_inputs]) {
    apply_source(load<wide>(x), load<wide>(x + row_stride), load<wide>(x + 2 * row_stride), load<wide>(x + 3 * row_stride), to);
}

template <class Sink>
SUNET_INLINE void transform_source_to(const patch& from, Sink&& sink) {
    for (std::int64_t row = 0; row < from.rows; ++row) {
        const bf16* x = from.x + row * tile_outputs * from.row_stride;
        wide columns[tile_inputs][tile_inputs];
        load_column(x, from.row_stride, columns[0]);
        load_column(x + channel_block, from.row_stride, columns[1]);
        for (std::int64_t column = 0; column < from.columns; ++column) {
            x += tile_outputs * channel_block;
            load_column(x, from.row_stride, columns[2]);
            load_column(x + channel_block, from.row_stride, columns[3]);
            wide made[products];
            SUNET_UNROLL
            for (int r = 0; r < tile_inputs; ++r) {
                wide across[tile_inputs];
                apply_source(columns[0][r], columns[1][r], columns[2][r], columns[3][r], across);
                SUNET_UNROLL
                for (int c = 0; c < tile_inputs; ++c) made[r * tile_inputs + c] = across[c];
                columns[0][r] = columns[2][r];
                columns[1][r] = columns[3][r];
            }
            sink.take(made);
        }
    }
    sink.finish();
}

template <class Sink>
SUNET_INLINE void transform_gradient_to(const patch& from, Sink&& sink) {
    for (std::int64_t row = 0; row < from.rows; ++row) {
        const bf16* y = from.x + row * tile_outputs * from.row_stride;
        for (std::int64_t column = 0; column < from.columns; ++column, y += tile_outputs * channel_block) {
            wide left[tile_inputs], right[tile_inputs], made[products];
            apply_gradient(load<wide>(y), load<wide>(y + from.row_stride), left);
            apply_gradient(load<wide>(y + channel_block), load<wide>(y + channel_block + from.row_stride), right);
            SUNET_UNROLL
            for (int r = 0; r < tile_inputs; ++r) {
                wide across[tile_inputs];
                apply_gradient(left[r], right[r], across);
                SUNET_UNROLL
                for (int c = 0; c < tile_inputs; ++c) made[r * tile_inputs + c] = across[c];
            }
            sink.take(made);
        }
    }
    sink.finish();
}

/* Sums in registers: a row of vectors for each tile or channel. */
template <int Vectors, int Rows>
using sums_of = wide[Rows][Vectors];

/* Adds the products of one pair of elements of each row, `Stride` words apart, and a pair of every output. The instruction broadcasts the
 * pair itself; the compiler would split an intrinsic for it into two instructions. */
template <int Vectors, int Rows, int Stride>
SUNET_INLINE void add_pair(sums_of<Vectors, Rows>& sums, const std::uint32_t* rows, const hardware_bf16* outputs_pairs) {
    SUNET_UNROLL
    for (int v = 0; v < Vectors; ++v) {
        two_halves pairs;
        std::memcpy(&pairs, static_cast<const void*>(outputs_pairs + v * pair_elements), sizeof pairs);
        SUNET_UNROLL
        for (int r = 0; r < Rows; ++r) asm("vdpbf16ps %2%{1to16%}, %1, %0" : "+v"(sums[r][v]) : "v"(pairs), "m"(rows[r * Stride]));
    }
}

template <int Vectors, int Rows>
SUNET_INLINE void store_sums(const sums_of<Vectors, Rows>& sums, float* to) {
    SUNET_UNROLL
    for (int r = 0; r < Rows; ++r) {
        SUNET_UNROLL
        for (int v = 0; v < Vectors; ++v) store<wide>(to + (r * Vectors + v) * channel_block, sums[r][v]);
    }
}

template <int Vectors, int Tiles>
struct multiply_tiles {
    using argument = tile_products;

    static SUNET_ROUNDS_BF16 void run(const tile_products& of) noexcept {
        const auto* a = reinterpret_cast<const std::uint32_t*>(of.sources);
        const hardware_bf16* w = of.weights;
        float* to = of.sums;
        for (int p = 0; p < products; ++p, to += Tiles * Vectors * channel_block) {
            sums_of<Vectors, Tiles> sums = {};
            for (std::int64_t block = 0; block < of.blocks; ++block) {
                SUNET_UNROLL
                for (int pair = 0; pair < block_pairs; ++pair)
                    add_pair<Vectors, Tiles, block_pairs>(sums, a + pair, w + pair * Vectors * pair_elements);
                a += Tiles * block_pairs;
                w += block_pairs * Vectors * pair_elements;
            }
            store_sums<Vectors, Tiles>(sums, to);
        }
    }
};

template <int Vectors, int channel_view>
struct multiply_channels {
    using argument = gradient_products;

    static SUNET_ROUNDS_BF16 void run(const gradient_products& of) noexcept {
        const auto* a = reinterpret_cast<const std::uint32_t*>(of.sources);
        const hardware_bf16* y = of.gradients;
        sums_of<Vectors, channel_view> sums;
        SUNET_UNROLL
        for (int r = 0; r < channel_view; ++r) {
            SUNET_UNROLL
            for (int v = 0; v < Vectors; ++v) sums[r][v] = of.first ? wide{} : load<wide>(of.sums + (r * Vectors + v) * channel_block);
        }
        for (std::int64_t pair = 0; pair < of.pairs; ++pair, a += of.channels, y += Vectors * pair_elements)
            add_pair<Vectors, channel_view, 1>(sums, a, y);
        store_sums<Vectors, channel_view>(sums, of.sums);
    }
};

SUNET_INLINE void write_pixel(const wide& made, hardware_bf16* y, const float* bias, const destination& to) {
    wide value = made;
    if (bias != nullptr) value = value + load<wide>(bias);
    if (to.accumulate) value = value + load<wide>(static_cast<const bf16*>(y));
    if (to.relu) value = rectified(value);
    store<wide>(y, value);
}

/* A^T m A of one tile and vector; rows of a product's sums are `product_stride` apart. */
SUNET_INLINE void make_outputs(const float* m, std::int64_t product_stride, wide (&made)[tile_outputs][tile_outputs]) {
    wide down[tile_inputs][tile_outputs];
    SUNET_UNROLL
    for (int c = 0; c < tile_inputs; ++c) {
        const float* at = m + c * product_stride;
        const std::int64_t row = tile_inputs * product_stride;
        apply_output(load<wide>(at), load<wide>(at + row), load<wide>(at + 2 * row), load<wide>(at + 3 * row), down[c]);
    }
    SUNET_UNROLL
    for (int r = 0; r < tile_outputs; ++r) apply_output(down[0][r], down[1][r], down[2][r], down[3][r], made[r]);
}

template <class Order>
SUNET_INLINE void round_products(const float (&made)[products][weight_block_elements], hardware_bf16* to, std::int64_t product_stride,
                                 std::int64_t pair_stride) {
    for (int p = 0; p < products; ++p)
        Order::copy(made[p], reinterpret_cast<two_halves*>(to + p * product_stride), pair_stride / pair_elements);
}

} // namespace

SUNET_ROUNDS_BF16 void transform_source(const patch& from, hardware_bf16* to, std::int64_t product_stride) noexcept {
    transform_source_to(from, single_tiles{to, product_stride});
}

SUNET_ROUNDS_BF16 void transform_source(const patch& from, const tile_pairs& out) noexcept {
    transform_source_to(from, pairs_of_tiles{out});
}

SUNET_ROUNDS_BF16 void transform_gradient(const patch& from, const tile_pairs& out) noexcept {
    transform_gradient_to(from, pairs_of_tiles{out});
}

SUNET_ROUNDS_BF16 void transform_weights(const float* w, bool over_b, hardware_bf16* to, std::int64_t product_stride,
                                         std::int64_t pair_stride) noexcept {
    alignas(64) float made[products][weight_block_elements];
    for (int b = 0; b < weight_block; ++b) {
        /* A kernel rotated by half a turn is read from its end. */
        const std::int64_t step = over_b ? weight_block_elements : -weight_block_elements;
        const float* g = w + b * weight_block + (over_b ? 0 : (taps - 1) * weight_block_elements);
        wide columns[kernel_size][tile_inputs];
        SUNET_UNROLL
        for (int c = 0; c < kernel_size; ++c)
            apply_weights(load<wide>(g + c * step), load<wide>(g + (kernel_size + c) * step), load<wide>(g + (2 * kernel_size + c) * step),
                          columns[c]);
        SUNET_UNROLL
        for (int r = 0; r < tile_inputs; ++r) {
            wide row[tile_inputs];
            apply_weights(columns[0][r], columns[1][r], columns[2][r], row);
            SUNET_UNROLL
            for (int c = 0; c < tile_inputs; ++c) store<wide>(&made[r * tile_inputs + c][b * weight_block], row[c]);
        }
    }
    over_b ? round_products<pairs_of_rows>(made, to, product_stride, pair_stride)
           : round_products<pairs_in_rows>(made, to, product_stride, pair_stride);
}

void multiply(const tile_products& of, int vectors, int tiles) noexcept {
    vectors == 2 ? run_tile<multiply_tiles, 2>(of, tiles) : run_tile<multiply_tiles, 1>(of, tiles);
}

void multiply(const gradient_products& of, int vectors, int channels) noexcept {
    vectors == 2 ? run_tile<multiply_channels, 2>(of, channels) : run_tile<multiply_channels, 1>(of, channels);
}

SUNET_ROUNDS_BF16 void write(const float* sums, int vectors, const area& tiles, const destination& to) noexcept {
    const std::int64_t row_elements = vectors * channel_block, product_stride = tiles.count() * row_elements;
    for (std::int64_t tile = 0; tile < tiles.count(); ++tile) {
        const std::int64_t row = tile / tiles.columns * tile_outputs, column = tile % tiles.columns * tile_outputs;
        const std::int64_t rows = std::min<std::int64_t>(tile_outputs, to.height - row);
        const std::int64_t columns = std::min<std::int64_t>(tile_outputs, to.width - column);
        for (int v = 0; v < vectors; ++v) {
            wide made[tile_outputs][tile_outputs];
            make_outputs(sums + tile * row_elements + v * channel_block, product_stride, made);
            hardware_bf16* y = to.y + v * to.block_stride + row * to.row_stride + column * channel_block;
            const float* bias = to.bias == nullptr ? nullptr : to.bias + v * channel_block;
            for (std::int64_t r = 0; r < rows; ++r)
                for (std::int64_t c = 0; c < columns; ++c) write_pixel(made[r][c], y + r * to.row_stride + c * channel_block, bias, to);
        }
    }
}

SUNET_ROUNDS_BF16 void transform_sums(const gradient_block& block) noexcept {
    for (int channel = 0; channel < channel_block; ++channel) {
        const float* sums = block.sums + channel * block.row_stride;
        wide columns[tile_inputs][kernel_size];
        SUNET_UNROLL
        for (int c = 0; c < tile_inputs; ++c) {
            wide u[tile_inputs];
            SUNET_UNROLL
            for (int r = 0; r < tile_inputs; ++r) {
                const float* at = sums + (r * tile_inputs + c) * block.product_stride;
                u[r] = load<wide>(at);
                for (std::int64_t part = 1; part < block.parts; ++part) u[r] = u[r] + load<wide>(at + part * block.part_stride);
            }
            apply_sums(u[0], u[1], u[2], u[3], columns[c]);
        }
        SUNET_UNROLL
        for (int r = 0; r < kernel_size; ++r) {
            wide made[kernel_size];
            apply_sums(columns[0][r], columns[1][r], columns[2][r], columns[3][r], made);
            SUNET_UNROLL
            for (int c = 0; c < kernel_size; ++c)
                store<wide>(block.w + (r * kernel_size + c) * weight_block_elements + channel * weight_block, made[c]);
        }
    }
}

#else

void transform_source(const patch&, hardware_bf16*, std::int64_t) noexcept {}
void transform_source(const patch&, const tile_pairs&) noexcept {}
void transform_gradient(const patch&, const tile_pairs&) noexcept {}
void transform_weights(const float*, bool, hardware_bf16*, std::int64_t, std::int64_t) noexcept {}
void multiply(const tile_products&, int, int) noexcept {}
void write(const float*, int, const area&, const destination&) noexcept {}
void multiply(const gradient_products&, int, int) noexcept {}
void transform_sums(const gradient_block&) noexcept {}

#endif

} // namespace sunet::bf16_winograd
