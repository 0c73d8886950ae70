/* Whether a range may be used, and its usable side: the checks that every call and all running work go through. */
#include <cstdio>
#include <string>

#include "core/control.hpp"
#include "memory/memory.hpp"

namespace emulator {
namespace {

/* Pinned memory that is mapped for the device is used by its host address, as under unified addressing. */
bool is_mapped_host(CUdeviceptr address, size_t bytes) {
    const pinned_block* block = pinned_holding(reinterpret_cast<const void*>(address), bytes);
    return block != nullptr && (block->flags & CU_MEMHOSTALLOC_DEVICEMAP) != 0;
}

/* Why the range cannot be used; empty if it can. */
std::string objection(CUdeviceptr address, size_t bytes, bool at_call) {
    if (is_mapped_host(address, bytes)) return {};
    const device_block* block = block_of(address);
    if (block == nullptr) return explain_address(address);
    char text[256];
    const unsigned long long shown = address, begin = block->begin;
    if (bytes > block->begin + block->bytes - address)
        std::snprintf(text, sizeof text, "%zu bytes at 0x%llx end %llu bytes past the end of the allocation of %zu bytes at 0x%llx", bytes,
                      shown, static_cast<unsigned long long>(address + bytes - (block->begin + block->bytes)), block->bytes, begin);
    else if (at_call && block->doomed)
        std::snprintf(text, sizeof text, "0x%llx is in the allocation at 0x%llx, whose release is already on a stream", shown, begin);
    else if (!at_call && !block->usable)
        std::snprintf(text, sizeof text, "0x%llx is in the allocation at 0x%llx, which its stream has not made yet", shown, begin);
    else
        return {};
    return text;
}

} // namespace

bool check_range(CUdeviceptr address, size_t bytes, const char* what) {
    if (bytes == 0) return true;
    const std::string reason = objection(address, bytes, true);
    if (reason.empty()) return true;
    violation("%s: %s", what, reason.c_str());
    return false;
}

void* device_memory(CUdeviceptr address, size_t bytes, const char* what) {
    if (address == 0 && bytes == 0) return nullptr;
    const std::string reason = objection(address, bytes == 0 ? 1 : bytes, false);
    if (!reason.empty()) {
        violation("%s: %s", what, reason.c_str());
        throw fault(CUDA_ERROR_ILLEGAL_ADDRESS, reason);
    }
    return is_mapped_host(address, bytes) ? reinterpret_cast<void*>(address) : backing_of(address);
}

} // namespace emulator

extern "C" EMULATOR_CONTROL int sunet_emulator_peek(uint64_t address, void* to, size_t bytes) {
    const std::lock_guard<std::recursive_mutex> hold(emulator::global_lock());
    const emulator::device_block* block = emulator::block_of(address);
    if (block == nullptr || bytes > block->begin + block->bytes - address) return -1;
    __builtin_memcpy(to, emulator::backing_of(address), bytes);
    return 0;
}
