/* Chooses the code that keeps a tile of sums in registers. */
#pragma once

#define SUNET_UNROLL _Pragma("GCC unroll 32")

namespace sunet {

/* Runs the code for the number of rows of sums, which are pixels or channels. */
template <template <int, int> class Tile, int Vectors>
inline void run_tile(const typename Tile<1, 1>::argument& t, int rows) {
    using run = void (*)(const typename Tile<1, 1>::argument&) noexcept;
    static constexpr run by_rows[] = {
        Tile<Vectors, 1>::run, Tile<Vectors, 2>::run,  Tile<Vectors, 3>::run,  Tile<Vectors, 4>::run,
        Tile<Vectors, 5>::run, Tile<Vectors, 6>::run,  Tile<Vectors, 7>::run,  Tile<Vectors, 8>::run,
        Tile<Vectors, 9>::run, Tile<Vectors, 10>::run, Tile<Vectors, 11>::run, Tile<Vectors, 12>::run,
    };
    by_rows[rows - 1](t);
}

} // namespace sunet
