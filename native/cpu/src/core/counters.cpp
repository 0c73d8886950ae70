#include "core/counters.hpp"

#include <atomic>
#include <cstdint>

#include "sunet_cpu.h"

namespace {

std::atomic<int64_t> outstanding_bytes{0};
std::atomic<int64_t> outstanding_handles{0};
std::atomic<int64_t> allocations{0};

} // namespace

namespace sunet {

counted_handle::counted_handle() noexcept {
    outstanding_handles.fetch_add(1, std::memory_order_relaxed);
    allocations.fetch_add(1, std::memory_order_relaxed);
}

counted_handle::~counted_handle() { outstanding_handles.fetch_sub(1, std::memory_order_relaxed); }

void count_allocated(std::size_t bytes) noexcept {
    outstanding_bytes.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed);
    allocations.fetch_add(1, std::memory_order_relaxed);
}

void count_freed(std::size_t bytes) noexcept { outstanding_bytes.fetch_sub(static_cast<int64_t>(bytes), std::memory_order_relaxed); }

} // namespace sunet

extern "C" void sunet_counters_query(sunet_counters* out) {
    if (out == nullptr) return;
    out->outstanding_bytes = outstanding_bytes.load(std::memory_order_relaxed);
    out->outstanding_handles = outstanding_handles.load(std::memory_order_relaxed);
    out->allocations = allocations.load(std::memory_order_relaxed);
}
