#include "core/context.hpp"

#include <omp.h>
#include <oneapi/dnnl/dnnl_debug.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>
#include <unordered_map>

#include "convolution/float16/kernels.hpp"

namespace {

std::atomic<int64_t> outstanding_bytes{0};
std::atomic<int64_t> outstanding_handles{0};
std::atomic<int64_t> allocations{0};

struct block {
    size_t bytes;
    void* allocated; /* what the C library knows it by */
};

/* The blocks handed out; allocation is rare and large, so one lock is no cost. Never destroyed, because blocks may be freed by
 * finalizers while the process ends. */
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

/* oneDNN numbers instruction sets by bits, each set containing those it builds on. */
bool isa_includes(dnnl::cpu_isa isa, dnnl::cpu_isa part) {
    const auto bits = static_cast<unsigned>(part);
    return (static_cast<unsigned>(isa) & bits) == bits;
}

struct free_memory {
    void operator()(void* memory) const { std::free(memory); }
};

/* From calloc, which leaves pages alone that the system hands out zeroed, so that what is never used takes no memory. Returns the first
 * aligned byte. */
char* allocate_zeroed(size_t bytes, std::unique_ptr<void, free_memory>& allocated) {
    const size_t alignment = bytes >= huge_threshold ? huge_page : cache_line;
    if (bytes > SIZE_MAX - alignment) throw std::bad_alloc();
    allocated.reset(std::calloc(1, bytes + alignment));
    if (allocated == nullptr) throw std::bad_alloc();
    void* memory = allocated.get();
    size_t room = bytes + alignment;
    std::align(alignment, bytes, memory, room);
    /* Advice only: without huge pages the memory is as good, slower. */
    if (alignment == huge_page) madvise(memory, bytes / huge_page * huge_page, MADV_HUGEPAGE);
    return static_cast<char*>(memory);
}

} // namespace

namespace sunet {

void copy_text(const char* text, sunet_message* out) noexcept {
    if (out == nullptr || out->text == nullptr || out->capacity <= 0) return;
    size_t length = std::strlen(text);
    const auto room = static_cast<size_t>(out->capacity) - 1;
    if (length > room) {
        length = room;
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
    }
    std::memcpy(out->text, text, length);
    out->text[length] = '\0';
}

sunet_status report_current(sunet_message* message) noexcept {
    try {
        throw;
    } catch (const failure& error) {
        copy_text(error.what(), message);
        return error.status();
    } catch (const dnnl::error& error) {
        copy_text(error.what(), message);
        switch (error.status) {
        case dnnl_out_of_memory: return SUNET_OUT_OF_MEMORY;
        case dnnl_unimplemented: return SUNET_UNSUPPORTED;
        case dnnl_invalid_arguments: return SUNET_INVALID_ARGUMENT;
        default: return SUNET_LIBRARY;
        }
    } catch (const std::bad_alloc&) {
        copy_text("The host has not enough free memory for this request.", message);
        return SUNET_OUT_OF_MEMORY;
    } catch (const std::exception& error) {
        copy_text(error.what(), message);
        return SUNET_INTERNAL;
    } catch (...) {
        copy_text("An unknown failure in the CPU library.", message);
        return SUNET_INTERNAL;
    }
}

counted_handle::counted_handle() noexcept {
    outstanding_handles.fetch_add(1, std::memory_order_relaxed);
    allocations.fetch_add(1, std::memory_order_relaxed);
}

counted_handle::~counted_handle() { outstanding_handles.fetch_sub(1, std::memory_order_relaxed); }

bool multiplies_tiles() noexcept { return isa_includes(dnnl::get_effective_cpu_isa(), dnnl::cpu_isa::avx512_core_amx); }

bool prefers_float16() noexcept {
    return float16::is_supported() && isa_includes(dnnl::get_effective_cpu_isa(), dnnl::cpu_isa::avx512_core_bf16) && !multiplies_tiles();
}

thread_scope::thread_scope(const sunet_context& context) noexcept : previous_(omp_get_max_threads()) {
    omp_set_num_threads(context.threads);
}

thread_scope::~thread_scope() { omp_set_num_threads(previous_); }

} // namespace sunet

extern "C" {

void sunet_library_query(sunet_library_info* out) {
    if (out == nullptr) return;
    const dnnl_version_t* version = dnnl_version();
    const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
    *out = {};
    out->abi = SUNET_CPU_ABI;
    out->onednn_major = version->major;
    out->onednn_minor = version->minor;
    out->onednn_patch = version->patch;
    out->channel_block = isa_includes(isa, dnnl::cpu_isa::avx512_core) ? 16 : 8;
    out->bf16 = isa_includes(isa, dnnl::cpu_isa::avx512_core_bf16) ? 1 : 0;
    out->float16 = sunet::prefers_float16() ? 1 : 0;
    out->max_threads = omp_get_num_procs();
    sunet_message isa_text{out->isa, sizeof out->isa};
    sunet::copy_text(dnnl_cpu_isa2str(static_cast<dnnl_cpu_isa_t>(isa)), &isa_text);
    sunet_message hash_text{out->onednn_hash, sizeof out->onednn_hash};
    sunet::copy_text(version->hash, &hash_text);
}

void sunet_counters_query(sunet_counters* out) {
    if (out == nullptr) return;
    out->outstanding_bytes = outstanding_bytes.load(std::memory_order_relaxed);
    out->outstanding_handles = outstanding_handles.load(std::memory_order_relaxed);
    out->allocations = allocations.load(std::memory_order_relaxed);
}

sunet_status sunet_context_create(int32_t threads, sunet_context** out, sunet_message* message) {
    return sunet::guarded(message, [&] {
        sunet::require(out != nullptr, "The context needs a place to be returned to.");
        *out = nullptr;
        if (threads < 1 || threads > 4096)
            throw sunet::failure(SUNET_INVALID_ARGUMENT,
                                 "A context has 1 to 4096 threads, not " + std::to_string(threads) + ".");
        *out = new sunet_context(threads);
    });
}

void sunet_context_destroy(sunet_context* context) { delete context; }

int32_t sunet_context_threads(const sunet_context* context) { return context->threads; }

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
        outstanding_bytes.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed);
        allocations.fetch_add(1, std::memory_order_relaxed);
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
        outstanding_bytes.fetch_sub(static_cast<int64_t>(found->second.bytes), std::memory_order_relaxed);
        allocated = found->second.allocated;
        blocks().handed_out.erase(found);
    }
    std::free(allocated);
}

} // extern "C"
