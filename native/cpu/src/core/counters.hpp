/* What the library has handed out and what has not come back: the numbers that sunet_counters_query answers. */
#pragma once

#include <cstddef>

namespace sunet {

/* Counts a handle for as long as it lives, as a member of what the handle points at. */
class counted_handle {
public:
    counted_handle() noexcept;
    ~counted_handle();
    counted_handle(const counted_handle&) = delete;
    counted_handle& operator=(const counted_handle&) = delete;
};

/* Counts memory of the caller that was allocated and that was freed. */
void count_allocated(std::size_t bytes) noexcept;
void count_freed(std::size_t bytes) noexcept;

} // namespace sunet
