#include "walk.hpp"

namespace sunet {

SUNET_KERNEL(unfold_rows_bf16, block_threads)
(const bf16* x, bf16* y, int64_t rows, int length, int windows, int step, int start, int size, int channels) {
    constexpr int lanes = vector_lanes<bf16>;
    const int groups = channels / lanes, vectors = windows * groups;
    for (int64_t row = block_y(); row < rows; row += grid_dim_y()) {
        const bf16* from = x + row * length;
        bf16* to = y + row * windows * channels;
        for (int at = block_x() * block_threads + thread_x(); at < vectors; at += grid_dim_x() * block_threads) {
            const int window = at / groups, channel = (at - window * groups) * lanes, first = window * step + start + channel;
            lane_values<lanes> values;
            for (int i = 0; i < lanes; ++i) {
                const bool inside = channel + i < size && first + i >= 0 && first + i < length;
                values.at[i] = inside ? to_float(from[first + i]) : 0.0f;
            }
            store<lanes>(to + static_cast<int64_t>(at) * lanes, values);
        }
    }
}

} // namespace sunet
