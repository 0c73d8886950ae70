/* Device and pinned memory, and the stream-ordered pool. */
#include <cstring>

#include "driver/contexts.hpp"
#include "memory/memory.hpp"
#include "streams/streams.hpp"

namespace emulator {
namespace {

enum class pool_attribute : int {
    follow_event_dependencies = 1,
    allow_opportunistic = 2,
    allow_internal_dependencies = 3,
    release_threshold = 4,
    reserved_current = 5,
    reserved_high = 6,
    used_current = 7,
    used_high = 8
};

/* The default pool of a device is the only one, so its handle is made from the device's ordinal. */
constexpr uintptr_t pool_handles = 0x5d000000000000u;

struct pool_settings {
    int reuse[4] = {0, 1, 1, 1};
    uint64_t release_threshold = 0;
};

std::map<int, pool_settings>& pools() {
    static auto& table = *new std::map<int, pool_settings>;
    return table;
}

void reset() { pools().clear(); }
const on_reset registered(reset);

bool pool_device(CUmemoryPool pool, int* device) {
    const uintptr_t value = reinterpret_cast<uintptr_t>(pool);
    *device = static_cast<int>(value - pool_handles) - 1;
    if (value > pool_handles && *device < device_count()) return true;
    violation("%p is no memory pool", static_cast<void*>(pool));
    return false;
}

CUresult no_memory_nodes(CUstream stream) {
    if (!is_capturing(stream)) return CUDA_SUCCESS;
    invalidate(*streams().peek(stream)->capture, "memory is allocated or released inside a capture, which the emulator has no nodes for");
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

/* The block that begins at the address and may be released now, or null and a violation. */
device_block* releasable(CUdeviceptr address) {
    device_block* block = block_at(address);
    if (block == nullptr) {
        violation("what is released is not an allocation: %s", explain_address(address).c_str());
    } else if (block->doomed) {
        violation("the allocation at 0x%llx is released twice", static_cast<unsigned long long>(address));
        block = nullptr;
    }
    return block;
}

} // namespace
} // namespace emulator

using namespace emulator;

EMULATOR_EXPORT CUresult cuMemGetInfo_v2(size_t* free, size_t* total) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_context()) return status;
    if (free == nullptr || total == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const uint64_t used = device_bytes_used(current_device());
    *total = device_bytes_total();
    *free = used < *total ? *total - used : 0;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* address, size_t bytes) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
    device_block* block;
    if (const CUresult status = allocate_device(bytes, current_context(), current_device(), &block)) return status;
    *address = block->begin;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuMemFree_v2(CUdeviceptr address) {
    EMULATOR_ASK();
    if (const CUresult status = check_context_for_release()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    if (address == 0) return CUDA_SUCCESS;
    if (releasable(address) == nullptr) return CUDA_ERROR_INVALID_VALUE;
    /* As on a device, the call waits for everything that is on its way. */
    const CUresult status = finish_all();
    release_device(address);
    return status;
}

EMULATOR_EXPORT CUresult cuMemAllocAsync(CUdeviceptr* address, size_t bytes, CUstream stream) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(stream)) return status;
    if (const CUresult status = no_memory_nodes(stream)) return status;
    if (address == nullptr || bytes == 0) return CUDA_ERROR_INVALID_VALUE;
    device_block* block;
    if (const CUresult status = allocate_device(bytes, current_context(), current_device(), &block)) return status;
    mark_pooled(*block);
    block->usable = false;
    *address = block->begin;
    return enqueue(stream, {"cuMemAllocAsync", [begin = block->begin] {
                                if (device_block* made = block_at(begin)) made->usable = true;
                            }});
}

EMULATOR_EXPORT CUresult cuMemFreeAsync(CUdeviceptr address, CUstream stream) {
    EMULATOR_ASK();
    if (const CUresult status = check_context_for_release()) return status;
    if (const CUresult status = check_stream(stream)) return status;
    if (const CUresult status = no_memory_nodes(stream)) return status;
    if (address == 0) return CUDA_SUCCESS;
    device_block* block = releasable(address);
    if (block == nullptr) return CUDA_ERROR_INVALID_VALUE;
    block->doomed = true;
    work release = {"cuMemFreeAsync", [address] { release_device(address); }};
    release.releases = true;
    const CUresult status = enqueue(stream, std::move(release));
    return status != CUDA_SUCCESS ? status : sticky_fault();
}

EMULATOR_EXPORT CUresult cuDeviceGetDefaultMemPool(CUmemoryPool* pool, CUdevice device) {
    EMULATOR_ENTER(CUDA_ERROR_NOT_SUPPORTED);
    if (const CUresult status = check_device(device)) return status;
    if (pool == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *pool = reinterpret_cast<CUmemoryPool>(pool_handles + 1 + static_cast<uintptr_t>(device));
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuMemPoolSetAttribute(CUmemoryPool pool, int attribute, void* value) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    int device;
    if (value == nullptr || !pool_device(pool, &device)) return CUDA_ERROR_INVALID_VALUE;
    pool_settings& settings = pools()[device];
    switch (static_cast<pool_attribute>(attribute)) {
        case pool_attribute::follow_event_dependencies:
        case pool_attribute::allow_opportunistic:
        case pool_attribute::allow_internal_dependencies: std::memcpy(&settings.reuse[attribute], value, sizeof(int)); break;
        case pool_attribute::release_threshold: std::memcpy(&settings.release_threshold, value, sizeof(uint64_t)); break;
        default: return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuMemPoolGetAttribute(CUmemoryPool pool, int attribute, void* value) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    int device;
    if (value == nullptr || !pool_device(pool, &device)) return CUDA_ERROR_INVALID_VALUE;
    const pool_settings& settings = pools()[device];
    uint64_t answer = 0;
    switch (static_cast<pool_attribute>(attribute)) {
        case pool_attribute::follow_event_dependencies:
        case pool_attribute::allow_opportunistic:
        case pool_attribute::allow_internal_dependencies: std::memcpy(value, &settings.reuse[attribute], sizeof(int)); return CUDA_SUCCESS;
        case pool_attribute::release_threshold: answer = settings.release_threshold; break;
        /* The emulated pool keeps nothing: what is reserved is what is used. */
        case pool_attribute::reserved_current:
        case pool_attribute::used_current: answer = pool_bytes_used(device); break;
        case pool_attribute::reserved_high:
        case pool_attribute::used_high: answer = pool_bytes_high(device); break;
        default: return CUDA_ERROR_INVALID_VALUE;
    }
    std::memcpy(value, &answer, sizeof answer);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuMemPoolTrimTo(CUmemoryPool pool, size_t) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    int device;
    return pool_device(pool, &device) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EMULATOR_EXPORT CUresult cuMemHostAlloc(void** address, size_t bytes, unsigned flags) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    constexpr unsigned known = CU_MEMHOSTALLOC_PORTABLE | CU_MEMHOSTALLOC_DEVICEMAP | CU_MEMHOSTALLOC_WRITECOMBINED;
    if (address == nullptr || bytes == 0 || (flags & ~known) != 0) return CUDA_ERROR_INVALID_VALUE;
    return allocate_pinned(bytes, flags, current_context(), address);
}

EMULATOR_EXPORT CUresult cuMemFreeHost(void* address) {
    EMULATOR_ASK();
    if (const CUresult status = check_context_for_release()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    const auto found = pinned_blocks().find(reinterpret_cast<uintptr_t>(address));
    if (found == pinned_blocks().end()) {
        violation("%p is not the beginning of pinned memory", address);
        return CUDA_ERROR_INVALID_VALUE;
    }
    /* After a fault nothing will run any more. */
    if (found->second.pending != 0 && sticky_fault() == CUDA_SUCCESS) {
        violation("pinned memory is released while %d copies that use it are on a stream", found->second.pending);
        finish_all();
    }
    release_pinned(address);
    return sticky_fault();
}

EMULATOR_EXPORT CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* device, void* address, unsigned flags) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    if (const CUresult status = check_context()) return status;
    if (device == nullptr || flags != 0) return CUDA_ERROR_INVALID_VALUE;
    const pinned_block* block = pinned_holding(address, 1);
    if (block == nullptr || (block->flags & CU_MEMHOSTALLOC_DEVICEMAP) == 0) {
        violation("%p is not pinned memory that was allocated to be mapped for the device", address);
        return CUDA_ERROR_INVALID_VALUE;
    }
    *device = reinterpret_cast<CUdeviceptr>(address);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuPointerGetAttribute(void* data, int attribute, CUdeviceptr address) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    if (const CUresult status = check_context()) return status;
    if (data == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const device_block* block = block_of(address);
    const pinned_block* pinned = pinned_holding(reinterpret_cast<const void*>(address), 1);
    if (block == nullptr && pinned == nullptr) return CUDA_ERROR_INVALID_VALUE;
    constexpr int context = 1, memory_type = 2, device_ordinal = 9;
    if (attribute == context) {
        const CUcontext owner = block != nullptr ? block->context : pinned->context;
        std::memcpy(data, &owner, sizeof owner);
    } else if (attribute == memory_type) {
        const unsigned type = block != nullptr ? 2 : 1;
        std::memcpy(data, &type, sizeof type);
    } else if (attribute == device_ordinal) {
        const int ordinal = block != nullptr ? block->device : current_device();
        std::memcpy(data, &ordinal, sizeof ordinal);
    } else {
        return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}
