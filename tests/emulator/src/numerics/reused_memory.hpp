/* Memory of large arrays that is used again: the system clears every page that it gives out, which took a fifth of a training step. */
#pragma once

#include <cstddef>
#include <cstdlib>
#include <mutex>
#include <new>
#include <vector>

namespace emulator {

/* Blocks whose sizes are powers of two, kept when they are given back. */
class memory_pool {
public:
    static constexpr size_t smallest = size_t{64} << 10, most_kept = size_t{1} << 30;

    static memory_pool& instance() {
        static memory_pool& pool = *new memory_pool;
        return pool;
    }

    void* take(size_t bytes) {
        if (bytes < smallest) return checked(std::malloc(bytes));
        const int size_class = class_of(bytes);
        {
            const std::lock_guard<std::mutex> lock(mutex_);
            std::vector<void*>& free = free_[size_class];
            if (!free.empty()) {
                void* block = free.back();
                free.pop_back();
                kept_ -= size_t{1} << size_class;
                return block;
            }
        }
        return checked(std::malloc(size_t{1} << size_class));
    }

    void give_back(void* block, size_t bytes) {
        if (bytes < smallest) return std::free(block);
        const int size_class = class_of(bytes);
        const std::lock_guard<std::mutex> lock(mutex_);
        if (kept_ + (size_t{1} << size_class) > most_kept) return std::free(block);
        free_[size_class].push_back(block);
        kept_ += size_t{1} << size_class;
    }

private:
    static void* checked(void* block) {
        if (block == nullptr) throw std::bad_alloc();
        return block;
    }

    static int class_of(size_t bytes) {
        int size_class = 0;
        while ((size_t{1} << size_class) < bytes) size_class++;
        return size_class;
    }

    std::mutex mutex_;
    std::vector<void*> free_[64];
    size_t kept_ = 0;
};

template <class T>
struct reusing_allocator {
    using value_type = T;

    reusing_allocator() = default;
    template <class U>
    reusing_allocator(const reusing_allocator<U>&) {}

    T* allocate(size_t count) { return static_cast<T*>(memory_pool::instance().take(count * sizeof(T))); }
    void deallocate(T* block, size_t count) { memory_pool::instance().give_back(block, count * sizeof(T)); }

    bool operator==(const reusing_allocator&) const { return true; }
    bool operator!=(const reusing_allocator&) const { return false; }
};

} // namespace emulator
