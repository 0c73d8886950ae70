/* Converts blocks of 16 x 16 float32 weights, 16 rows of 16 elements, to the pairs of bf16 that an instruction multiplies at once. For
 * functions that are marked SUNET_ROUNDS_BF16. */
#pragma once

#include "kernels/vectors.hpp"

#ifdef SUNET_HAS_BF16_CODE

namespace sunet {

constexpr int weight_block = 16, weight_block_elements = weight_block * weight_block;
constexpr int weight_block_vectors = weight_block / 2; /* vectors of bf16, each with a pair for each of 16 outputs */

/* Pairs the elements of two neighbouring rows. Vectors are written `stride` vectors apart. */
struct pairs_of_rows {
    static SUNET_INLINE void copy(const float* from, two_halves* to, std::int64_t stride = 1) {
        for (int pair = 0; pair < weight_block_vectors; ++pair, from += 2 * weight_block, to += stride) {
            const two_halves rows = rounded_by_turns(load<wide>(from), load<wide>(from + weight_block));
            std::memcpy(to, &rows, sizeof rows);
        }
    }
};

/* Pairs neighbouring elements of a row and transposes: each vector has one pair of every row. A pair is a word, of which a vector has 16;
 * every step collects the pairs of twice as many rows. */
struct pairs_in_rows {
    static SUNET_INLINE void copy(const float* from, two_halves* to, std::int64_t stride = 1) {
        const wide_words first[] = {{0, 8, 16, 24, 1, 9, 17, 25, 2, 10, 18, 26, 3, 11, 19, 27},
                                    {4, 12, 20, 28, 5, 13, 21, 29, 6, 14, 22, 30, 7, 15, 23, 31}};
        const wide_words second[] = {{0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23},
                                     {8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31}};
        const wide_words third[] = {{0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23},
                                    {8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31}};
        wide_words rows[weight_block_vectors], by_four[weight_block_vectors], by_eight[weight_block_vectors];
        for (int i = 0; i < weight_block_vectors; ++i) {
            const two_halves two = rounded_halves(load<wide>(from + 2 * weight_block * i), load<wide>(from + (2 * i + 1) * weight_block));
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
        for (int pair = 0; pair < weight_block_vectors; ++pair, to += stride) {
            const int at = pair / 2 * 2;
            const wide_words words = __builtin_shuffle(by_eight[at], by_eight[at + 1], third[pair % 2]);
            std::memcpy(to, &words, sizeof words);
        }
    }
};

} // namespace sunet

#endif
