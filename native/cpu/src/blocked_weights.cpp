#include "blocked_weights.hpp"

#include "kernel.hpp"

namespace sunet {
namespace {

using tag = memory::format_tag;

constexpr int64_t block = 16, block_elements = block * block;
constexpr int block_vectors = block / 2; /* of bf16, with two rows of a block in each */

/* Weights are [A, B, kH, kW]; a block of float32 is 16 rows, one for each b, of 16 a. */
struct blocks {
    int64_t a, b, taps;
    bool b_first; /* the copy has blocks of B outside those of A */

    int64_t all() const { return a * b * taps; }
    int64_t copied(int64_t source) const {
        if (!b_first) return source;
        const int64_t tap = source % taps, in_b = source / taps % b, in_a = source / taps / b;
        return (in_b * a + in_a) * taps + tap;
    }
};

#ifdef SUNET_HAS_BF16_CODE

/* The elements of two rows by turns: what a convolution adds up in pairs. */
struct pairs_of_rows {
    static SUNET_INLINE void copy(const float* from, TwoHalves* to) {
        for (int pair = 0; pair < block_vectors; ++pair, from += 2 * block) {
            const TwoHalves rows = rounded_by_turns(load<Wide>(from), load<Wide>(from + block));
            std::memcpy(to + pair, &rows, sizeof rows);
        }
    }
};

/* Transposed: for each pair of elements of a row those of all rows side by side. Pairs are words, of which a vector has 16; in each of the
 * steps it gets those of twice as many rows. */
struct pairs_in_rows {
    static SUNET_INLINE void copy(const float* from, TwoHalves* to) {
        const WideWords first[] = {{0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27},
                                   {4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31}};
        const WideWords second[] = {{0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23},
                                    {8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31}};
        const WideWords third[] = {{0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23},
                                   {8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31}};
        WideWords rows[block_vectors], by_four[block_vectors], by_eight[block_vectors];
        for (int i = 0; i < block_vectors; ++i) {
            const TwoHalves two = rounded_halves(load<Wide>(from + 2 * block * i), load<Wide>(from + (2 * i + 1) * block));
            std::memcpy(rows + i, &two, sizeof two);
        }
        /* by_four[4 h + i] has the pairs 4 h to 4 h + 3 of the rows 4 i to 4 i + 3, by_eight[2 p + i] two pairs of eight rows. */
        for (int i = 0; i < 4; ++i) {
            for (int half = 0; half < 2; ++half) by_four[4 * half + i] = __builtin_shuffle(rows[2 * i], rows[2 * i + 1], first[half]);
        }
        for (int i = 0; i < 4; ++i) {
            const int from_half = 4 * (i / 2) + 2 * (i % 2);
            for (int half = 0; half < 2; ++half)
                by_eight[4 * (i / 2) + 2 * half + i % 2] = __builtin_shuffle(by_four[from_half], by_four[from_half + 1], second[half]);
        }
        for (int pair = 0; pair < block_vectors; ++pair) {
            const int at = pair / 2 * 2;
            const WideWords words = __builtin_shuffle(by_eight[at], by_eight[at + 1], third[pair % 2]);
            std::memcpy(to + pair, &words, sizeof words);
        }
    }
};

template <class Order>
SUNET_ROUNDS_BF16 void copy_range(const blocks& all, const float* from, char* to, int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index)
        Order::copy(from + index * block_elements, reinterpret_cast<TwoHalves*>(to + all.copied(index) * block_elements * 2));
}

template <class Order>
weight_copy copy_of(const blocks& all) {
    return [all](const float* from, void* to) {
        constexpr int64_t stretch = 16;
#pragma omp parallel for schedule(static)
        for (int64_t begin = 0; begin < all.all(); begin += stretch)
            copy_range<Order>(all, from, static_cast<char*>(to), begin, std::min(begin + stretch, all.all()));
    };
}

#endif

} // namespace

std::optional<weight_copy> bf16_copy(const desc& from, const desc& to) {
#ifdef SUNET_HAS_BF16_CODE
    const memory::dims dims = dims_of(from);
    if (!rounds_to_bf16() || dims.size() != 4 || from != desc(dims, memory::data_type::f32, tag::ABcd16b16a)) return {};
    const auto is = [&](tag order) { return to == desc(dims, memory::data_type::bf16, order); };
    const auto whole = [](int64_t channels) { return (channels + block - 1) / block; };
    blocks all{whole(dims[0]), whole(dims[1]), dims[2] * dims[3], false};
    if (is(tag::ABcd8b16a2b)) return copy_of<pairs_of_rows>(all);
    if (is(tag::ABcd8a16b2a)) return copy_of<pairs_in_rows>(all);
    all.b_first = true;
    if (is(tag::BAcd8a16b2a)) return copy_of<pairs_in_rows>(all);
#endif
    return {};
}

} // namespace sunet
