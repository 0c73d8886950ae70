/* Kernels with and without mistakes, for the tests of the emulator itself. */
#include "host_device.hpp"
#include "kernels/kernels.hpp"

namespace emulator {
namespace {

using sunet::thread_x;

constexpr int block = 256;

/* y[i] = a * x[i] + y[i] */
void check_axpy(const float* x, float* y, float a, int count) {
    const int i = sunet::block_x() * sunet::block_dim_x() + thread_x();
    if (i < count) y[i] += a * x[i];
}

/* Every thread stores its coordinates, to show that all of them run once: out[thread of the grid] += code. */
void check_coordinates(int64_t* out) {
    const int64_t row =
        sunet::block_x() + int64_t{sunet::grid_dim_x()} * (sunet::block_y() + int64_t{sunet::grid_dim_y()} * sunet::block_z());
    const int64_t at = row * sunet::block_dim_x() + thread_x();
    out[at] += 1 + at;
}

/* Sums a block's elements by a tree in shared memory; without its barriers if `skip_barriers`. */
void check_block_sum(const int* x, int* out, int skip_barriers) {
    static thread_local int shared[block];
    const int threads = sunet::block_dim_x();
    shared[thread_x()] = x[sunet::block_x() * threads + thread_x()];
    if (skip_barriers == 0) sunet::sync_threads();
    for (int half = threads / 2; half > 0; half /= 2) {
        if (thread_x() < half) shared[thread_x()] += shared[thread_x() + half];
        if (skip_barriers == 0) sunet::sync_threads();
    }
    if (thread_x() == 0) out[sunet::block_x()] = shared[0];
}

/* Sums each warp by shuffles, then the warps through shared memory, twice over to use the shuffles' mailboxes again. */
void check_warp_sum(const double* x, double* out) {
    static thread_local double shared[block / 32];
    double value = x[thread_x()];
    for (int mask = 16; mask > 0; mask /= 2) value += sunet::shuffle_xor(value, mask);
    if (thread_x() % 32 == 0) shared[thread_x() / 32] = value;
    sunet::sync_threads();
    double sum = 0;
    for (int i = 0; i < sunet::block_dim_x() / 32; ++i) sum += shared[i];
    for (int mask = 1; mask < 32; mask *= 2) sum = (sum + sunet::shuffle_xor(sum, mask)) / 2;
    out[thread_x()] = sum;
}

/* A barrier that only the threads below `limit` reach. */
void check_divergent_barrier(int* out, int limit) {
    if (thread_x() < limit) sunet::sync_threads();
    out[thread_x()] = 1;
}

/* A shuffle that only the threads below `limit` reach. */
void check_divergent_shuffle(int* out, int limit) {
    int value = thread_x();
    if (thread_x() < limit) value = sunet::shuffle_xor(value, 1);
    out[thread_x()] = value;
}

/* Writes, or reads, one byte at a distance from the pointer. */
void check_access(unsigned char* at, int64_t distance, int write) {
    volatile unsigned char* byte = at + distance;
    if (write != 0)
        *byte = 1;
    else
        static_cast<void>(*byte);
}

void check_alignment(const float* at, float* out) {
    sunet::check_alignment(at, 16);
    out[0] = at[0];
}

/* Reads what the threads of a block share before any of them has written it. */
void check_shared_unwritten(float* out) {
    static thread_local float shared[block];
    out[sunet::block_x() * sunet::block_dim_x() + thread_x()] = shared[thread_x()];
    sunet::sync_threads();
    shared[thread_x()] = 1;
}

/* Counts with an atomic. */
void check_atomic(int* counter, int64_t* sum) {
    sunet::atomic_add(counter, 1);
    sunet::atomic_add(sum, static_cast<int64_t>(thread_x()));
}

const bool registered = [] {
    register_kernel(describe_kernel("check_axpy", block, check_axpy));
    register_kernel(describe_kernel("check_coordinates", block, check_coordinates));
    register_kernel(describe_kernel("check_block_sum", block, check_block_sum));
    register_kernel(describe_kernel("check_warp_sum", block, check_warp_sum));
    register_kernel(describe_kernel("check_divergent_barrier", block, check_divergent_barrier));
    register_kernel(describe_kernel("check_divergent_shuffle", block, check_divergent_shuffle));
    register_kernel(describe_kernel("check_access", block, check_access));
    register_kernel(describe_kernel("check_alignment", block, check_alignment));
    register_kernel(describe_kernel("check_shared_unwritten", block, check_shared_unwritten));
    register_kernel(describe_kernel("check_atomic", block, check_atomic));
    return true;
}();

} // namespace
} // namespace emulator
