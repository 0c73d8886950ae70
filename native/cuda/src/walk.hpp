/* How the threads of a grid share pixels and channels. */
#pragma once

#include "sunet_cuda.h"

namespace sunet {

constexpr int block_threads = 256;

/* An activation's first element and pixel stride. */
template <class T>
struct pixel_view {
    T* first;
    int ld;

    SUNET_DEVICE T* at(int64_t pixel, int channel) const { return first + pixel * ld + channel; }
    SUNET_DEVICE bool vectors() const { return aligned(first, ld); }
};

/* Iterates over groups of neighbouring channels of all pixels, for kernels that keep nothing for each channel. Only the start costs a
 * division. */
struct pixel_walk {
    int64_t pixel, pixels;
    uint32_t group, groups, pixel_step, group_step;

    SUNET_DEVICE pixel_walk(int64_t pixel_count, int group_count) : pixels(pixel_count), groups(static_cast<uint32_t>(group_count)) {
        const uint32_t at = static_cast<uint32_t>(block_x()) * block_threads + static_cast<uint32_t>(thread_x());
        const uint32_t step = static_cast<uint32_t>(grid_dim_x()) * block_threads;
        pixel = at / groups;
        group = at % groups;
        pixel_step = step / groups;
        group_step = step % groups;
    }

    SUNET_DEVICE bool inside() const { return pixel < pixels; }

    template <int N>
    SUNET_DEVICE int channel() const {
        return static_cast<int>(group) * N;
    }

    SUNET_DEVICE void next() {
        pixel += pixel_step;
        group += group_step;
        if (group >= groups) {
            group -= groups;
            pixel++;
        }
    }
};

/* The threads of a block as columns of channel groups by rows of pixels: a thread keeps to one group, whose parameters and sums then
 * stay in registers. More groups than threads are taken in several tiles of equal width, one after the other. */
struct channel_tile {
    int groups, tiles, columns, rows, column, row;

    SUNET_DEVICE explicit channel_tile(int group_count) : groups(group_count) {
        tiles = (groups + block_threads - 1) / block_threads;
        columns = (groups + tiles - 1) / tiles;
        rows = block_threads / columns;
        row = thread_x() / columns;
        column = thread_x() - row * columns;
    }

    /* Threads that are left over where columns do not divide a block only take part in barriers. */
    SUNET_DEVICE bool works(int tile) const { return row < rows && tile * columns + column < groups; }
    SUNET_DEVICE int group(int tile) const { return tile * columns + column; }
};

/* The pixels of one of a reduction's chunks: equal but for the last ones, which may be short or empty. */
struct pixel_chunk {
    int64_t begin, end;

    SUNET_DEVICE pixel_chunk(int64_t pixels, int chunks, int index) {
        const int64_t length = (pixels + chunks - 1) / chunks;
        begin = minimum(pixels, index * length);
        end = minimum(pixels, begin + length);
    }

    SUNET_DEVICE int64_t pixels() const { return end - begin; }
};

/* Sums values over the rows of a tile, in an order that depends on the number of rows alone; every row gets the sums. */
template <int Count>
SUNET_DEVICE void sum_rows(const channel_tile& tile, float (&values)[Count], float* shared) {
    for (int i = 0; i < Count; ++i) shared[i * block_threads + thread_x()] = values[i];
    for (int rows = tile.rows; rows > 1;) {
        const int kept = (rows + 1) / 2;
        sync_threads();
        if (tile.row < rows - kept) {
            for (int i = 0; i < Count; ++i)
                shared[i * block_threads + thread_x()] += shared[i * block_threads + thread_x() + kept * tile.columns];
        }
        rows = kept;
    }
    sync_threads();
    for (int i = 0; i < Count; ++i) values[i] = shared[i * block_threads + tile.column];
    /* After the barrier, threads may write the operands of the next sums. */
    sync_threads();
}

/* The second stage of a reduction: blocks of eight neighbouring channels, whose partial results 32 rows of threads share. */
constexpr int finish_columns = 8;
constexpr int finish_rows = block_threads / finish_columns;

SUNET_DEVICE int finish_channel() { return block_x() * finish_columns + thread_x() % finish_columns; }
SUNET_DEVICE int finish_row() { return thread_x() / finish_columns; }

/* Sums over the rows; every row gets the sum. */
SUNET_DEVICE double finish_sum(double value, double* shared) {
    shared[thread_x()] = value;
    for (int rows = finish_rows / 2; rows > 0; rows /= 2) {
        sync_threads();
        if (finish_row() < rows) shared[thread_x()] += shared[thread_x() + rows * finish_columns];
    }
    sync_threads();
    const double sum = shared[thread_x() % finish_columns];
    sync_threads();
    return sum;
}

/* The sum over chunks of partial sums [chunks][channels]. */
SUNET_DEVICE double finish_chunks(const float* partial, int chunks, int channels, double* shared) {
    double sum = 0;
    if (finish_channel() < channels) {
        for (int chunk = finish_row(); chunk < chunks; chunk += finish_rows)
            sum += static_cast<double>(partial[static_cast<int64_t>(chunk) * channels + finish_channel()]);
    }
    return finish_sum(sum, shared);
}

} // namespace sunet
