/* Counts the handles and the memory that callers hold: the numbers that sunet_counters_query returns. */
#pragma once

#include <cstddef>

namespace sunet {

/* A member of every object behind a handle, which counts the handle for as long as the object lives. */
class counted_handle {
public:
    counted_handle() noexcept;
    ~counted_handle();
    counted_handle(const counted_handle&) = delete;
    counted_handle& operator=(const counted_handle&) = delete;
};

/* Count memory that was allocated for a caller, and memory that a caller freed. */
void count_allocated(std::size_t bytes) noexcept;
void count_freed(std::size_t bytes) noexcept;

} // namespace sunet
