#include "numerics/numerics.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <system_error>
#include <thread>
#include <vector>

/* Vectors never cross a call here, so the calling convention GCC warns of does not matter. */
#pragma GCC diagnostic ignored "-Wpsabi"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define EMULATOR_CLONES __attribute__((target_clones("arch=x86-64-v3", "default")))
#else
#define EMULATOR_CLONES
#endif

namespace emulator {
namespace {

typedef float eight __attribute__((vector_size(32)));

constexpr std::int64_t panel_width = 16;
constexpr std::int64_t panel_depth = 512; /* a packed panel stays in the first-level cache */
constexpr std::int64_t tile_height = 6;

inline __attribute__((always_inline)) eight load(const float* from) {
    eight value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

/* Rows of `a` times a packed panel; the result has room for 16 columns in each row. */
template <int Rows>
inline __attribute__((always_inline)) void multiply_tile(std::int64_t k, matrix_view a, const float* panel, float* result) {
    eight low[Rows] = {}, high[Rows] = {};
    for (std::int64_t i = 0; i < k; ++i) {
        const eight left = load(panel + i * panel_width), right = load(panel + i * panel_width + 8);
        for (int row = 0; row < Rows; ++row) {
            const float factor = a.data[row * a.row + i * a.column];
            low[row] += factor * left;
            high[row] += factor * right;
        }
    }
    for (int row = 0; row < Rows; ++row) {
        std::memcpy(result + row * panel_width, &low[row], sizeof(eight));
        std::memcpy(result + row * panel_width + 8, &high[row], sizeof(eight));
    }
}

void pack_panel(std::int64_t k, std::int64_t columns, matrix_view b, float* panel) {
    for (std::int64_t i = 0; i < k; ++i) {
        float* to = panel + i * panel_width;
        for (std::int64_t j = 0; j < columns; ++j) to[j] = b.data[i * b.row + j * b.column];
        std::fill(to + columns, to + panel_width, 0.0f);
    }
}

EMULATOR_CLONES void multiply_panel(std::int64_t m, std::int64_t columns, std::int64_t k, matrix_view a, const float* panel, float* c,
                                    std::int64_t c_row) {
    float result[tile_height * panel_width];
    for (std::int64_t row = 0; row < m;) {
        const std::int64_t rows = m - row >= tile_height ? tile_height : 1;
        const matrix_view part{a.data + row * a.row, a.row, a.column};
        if (rows == tile_height)
            multiply_tile<tile_height>(k, part, panel, result);
        else
            multiply_tile<1>(k, part, panel, result);
        for (std::int64_t i = 0; i < rows; ++i)
            for (std::int64_t j = 0; j < columns; ++j) c[(row + i) * c_row + j] += result[i * panel_width + j];
        row += rows;
    }
}

} // namespace

void multiply_add(std::int64_t m, std::int64_t n, std::int64_t k, matrix_view a, matrix_view b, float* c, std::int64_t c_row) {
    alignas(32) float panel[panel_depth * panel_width];
    for (std::int64_t from = 0; from < n; from += panel_width) {
        const std::int64_t columns = std::min(panel_width, n - from);
        for (std::int64_t first = 0; first < k; first += panel_depth) {
            const std::int64_t depth = std::min(panel_depth, k - first);
            pack_panel(depth, columns, {b.data + first * b.row + from * b.column, b.row, b.column}, panel);
            multiply_panel(m, columns, depth, {a.data + first * a.column, a.row, a.column}, panel, c + from, c_row);
        }
    }
}

void parallel_for(std::int64_t count, double work, const std::function<void(std::int64_t)>& body) {
    std::atomic<std::int64_t> next{0};
    const auto run = [&] {
        for (std::int64_t i = next++; i < count; i = next++) body(i);
    };
    constexpr double worth_a_thread = 4e6;
    if (count < 2 || work < worth_a_thread) return run();
    std::exception_ptr failure;
    std::thread helper;
    try {
        helper = std::thread([&] {
            try {
                run();
            } catch (...) {
                failure = std::current_exception();
            }
        });
    } catch (const std::system_error&) {
        return run(); /* no thread to be had */
    }
    try {
        run();
    } catch (...) {
        helper.join();
        throw;
    }
    helper.join();
    if (failure) std::rethrow_exception(failure);
}

void perturb(float* values, std::int64_t count, std::uint64_t run) {
    for (std::int64_t i = 0; i < count; ++i) {
        std::uint64_t hash = (static_cast<std::uint64_t>(i) + 1) * 0x9E3779B97F4A7C15u ^ (run + 1) * 0xD1B54A32D192ED03u;
        hash = (hash ^ (hash >> 29)) * 0xBF58476D1CE4E5B9u;
        const int step = static_cast<int>((hash >> 40) % 5) - 2;
        if (values[i] != 0.0f && std::isfinite(values[i])) values[i] += values[i] * (static_cast<float>(step) * 0x1p-23f);
    }
}

} // namespace emulator
