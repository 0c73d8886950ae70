/* Memory for the caller: aligned, zeroed, and counted until it is freed. */
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>

#include "core/counters.hpp"
#include "core/status.hpp"

namespace {

struct block {
    size_t bytes;
    void* allocated; /* the address that calloc returned */
};

/* The blocks that callers hold. Allocations are rare and large, so one lock is enough. The registry is never destroyed, because finalizers
 * may free blocks while the process ends. */
struct registry {
    std::mutex mutex;
    std::unordered_map<void*, block> handed_out;
};

registry& blocks() {
    static registry* const instance = new registry;
    return *instance;
}

constexpr size_t cache_line = 64;
constexpr size_t huge_page = size_t{2} << 20;
constexpr size_t huge_threshold = size_t{4} << 20;

struct free_memory {
    void operator()(void* memory) const { std::free(memory); }
};

/* Returns the first aligned byte of memory from calloc, which does not touch pages that the system hands out zeroed, so that pages that are
 * never used take no memory. */
char* allocate_zeroed(size_t bytes, std::unique_ptr<void, free_memory>& allocated) {
    const size_t alignment = bytes >= huge_threshold ? huge_page : cache_line;
    if (bytes > SIZE_MAX - alignment) throw std::bad_alloc();
    allocated.reset(std::calloc(1, bytes + alignment));
    if (allocated == nullptr) throw std::bad_alloc();
    void* memory = allocated.get();
    size_t room = bytes + alignment;
    std::align(alignment, bytes, memory, room);
    /* The call is only advice, so its result does not matter: without huge pages the memory is merely slower. */
    if (alignment == huge_page) madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);
    return static_cast<char*>(memory);
}

} // namespace

extern "C" {

sunet_status sunet_allocate(size_t bytes, void** out, sunet_message* message) {
    return sunet::guarded(message, [&] {
        sunet::require(out != nullptr, "The memory needs a place to be returned to.");
        *out = nullptr;
        std::unique_ptr<void, free_memory> allocated;
        char* memory = allocate_zeroed(bytes, allocated);
        {
            const std::lock_guard<std::mutex> lock(blocks().mutex);
            blocks().handed_out.emplace(memory, block{bytes, allocated.get()});
        }
        allocated.release();
        sunet::count_allocated(bytes);
        *out = memory;
    });
}

void sunet_free(void* memory) {
    if (memory == nullptr) return;
    void* allocated = nullptr;
    {
        const std::lock_guard<std::mutex> lock(blocks().mutex);
        const auto found = blocks().handed_out.find(memory);
        if (found == blocks().handed_out.end()) return;
        sunet::count_freed(found->second.bytes);
        allocated = found->second.allocated;
        blocks().handed_out.erase(found);
    }
    std::free(allocated);
}

} // extern "C"
