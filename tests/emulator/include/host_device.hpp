/* The part of CUDA that kernels use, for kernels that are compiled for the host: a thread's position in the block that the emulator runs,
 * and the barrier and shuffles, at which the emulator switches to another thread of the block. Included by sunet_device.hpp. */
#pragma once

#include <cstdint>
#include <cstring>

namespace sunet {

struct host_position {
    int thread, block[3], threads, grid[3];
};

/* The position of the thread that runs. Blocks run one after the other, so one variable is enough. */
extern host_position position;

inline int thread_x() { return position.thread; }
inline int block_x() { return position.block[0]; }
inline int block_y() { return position.block[1]; }
inline int block_z() { return position.block[2]; }
inline int block_dim_x() { return position.threads; }
inline int grid_dim_x() { return position.grid[0]; }
inline int grid_dim_y() { return position.grid[1]; }
inline int grid_dim_z() { return position.grid[2]; }

void sync_threads();

/* Exchanges `value` with lane ^ lane_mask of the warp; all 32 lanes must take part. */
uint64_t exchange_lanes(uint64_t value, int lane_mask);

/* Ends the kernel with a violation, because a device traps an access that is not aligned to its size. */
[[noreturn]] void misaligned_access(const void* address, int bytes);

inline void check_alignment(const void* address, int bytes) {
    if (reinterpret_cast<uintptr_t>(address) % static_cast<uintptr_t>(bytes) != 0) misaligned_access(address, bytes);
}

template <typename T>
T shuffle_xor(T value, int lane_mask) {
    static_assert(sizeof(T) <= sizeof(uint64_t), "a shuffle moves up to eight bytes");
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = exchange_lanes(bits, lane_mask);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

/* One thread runs at a time and none is interrupted, so these need no atomic instruction. */
template <typename T>
T atomic_add(T* to, T value) {
    const T before = *to;
    *to = before + value;
    return before;
}

template <typename T>
T atomic_or(T* to, T value) {
    const T before = *to;
    *to = before | value;
    return before;
}

template <typename T>
T atomic_max(T* to, T value) {
    const T before = *to;
    if (value > before) *to = value;
    return before;
}

} // namespace sunet
