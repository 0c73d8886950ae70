/* Copies and fills. Those on a stream touch host memory when they run, not when they are asked for, and only pinned memory. */
#include <cstring>

#include "sunet_emulator.h"
#include "core/control.hpp"
#include "memory/memory.hpp"
#include "streams/streams.hpp"

namespace emulator {
namespace {

constexpr unsigned char poison = 0xff;

/* Bytes that were copied each way; under the lock that all work holds. */
int64_t copied_to_device = 0, copied_to_host = 0;

const on_reset forget_copies([] { copied_to_device = copied_to_host = 0; });

bool check_pinned(const void* host, size_t bytes) {
    if (bytes == 0 || pinned_holding(host, bytes) != nullptr) return true;
    violation("the host memory of a copy on a stream is not pinned: %zu bytes at %p", bytes, host);
    return false;
}

void change_pending(const void* host, size_t bytes, int change) {
    if (pinned_block* block = pinned_holding(host, bytes)) block->pending += change;
}

/* The pinned memory can only be gone where a graph is launched that captured the copy. */
void require_pinned(const void* host, size_t bytes) {
    if (!check_pinned(host, bytes)) throw fault(CUDA_ERROR_ILLEGAL_ADDRESS, "pinned memory is gone");
}

/* A copy outside any stream waits for the streams that wait for the default stream, and for no other. */
CUresult finish_blocking_streams() {
    for (;;) {
        std::shared_ptr<stream_state> found;
        for (const auto& stream : busy_streams())
            if ((stream->flags & CU_STREAM_NON_BLOCKING) == 0) found = stream;
        if (found == nullptr) return sticky_fault();
        if (const CUresult status = run_until(found, [&] { return found->queue.empty(); })) return status;
    }
}

CUresult begin_plain_copy(CUdeviceptr device, const void* host, size_t bytes) {
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    if ((host == nullptr && bytes != 0) || !check_range(device, bytes, "the copy")) return CUDA_ERROR_INVALID_VALUE;
    if (is_device_address(reinterpret_cast<CUdeviceptr>(host))) {
        violation("the host side of the copy, %p, is a device address", host);
        return CUDA_ERROR_INVALID_VALUE;
    }
    return finish_blocking_streams();
}

template <typename T>
CUresult fill(CUdeviceptr to, T value, size_t count, CUstream stream) {
    if (const CUresult status = check_context()) return status;
    if (to % sizeof(T) != 0) {
        violation("the destination 0x%llx is not aligned to %zu bytes", static_cast<unsigned long long>(to), sizeof(T));
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (!check_range(to, count * sizeof(T), "the destination")) return CUDA_ERROR_INVALID_VALUE;
    return enqueue(stream, {"a fill", [=] {
                                T* at = device<T>(to, count, "the destination");
                                for (size_t i = 0; i < count; ++i) at[i] = value;
                            }});
}

} // namespace
} // namespace emulator

using namespace emulator;

EMULATOR_EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, size_t bytes, CUstream stream) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    if (!check_pinned(from, bytes) || !check_range(to, bytes, "the destination")) return CUDA_ERROR_INVALID_VALUE;
    work copy = {"a copy to the device", [=] {
                     require_pinned(from, bytes);
                     std::memcpy(device<unsigned char>(to, bytes, "the destination"), from, bytes);
                     change_pending(from, bytes, -1);
                     copied_to_device += static_cast<int64_t>(bytes);
                 }};
    copy.submitted = [=] { change_pending(from, bytes, 1); };
    return enqueue(stream, std::move(copy));
}

EMULATOR_EXPORT CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, size_t bytes, CUstream stream) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    if (!check_pinned(to, bytes) || !check_range(from, bytes, "the source")) return CUDA_ERROR_INVALID_VALUE;
    work copy = {"a copy to the host", [=] {
                     require_pinned(to, bytes);
                     std::memcpy(to, device<unsigned char>(from, bytes, "the source"), bytes);
                     copied_to_host += static_cast<int64_t>(bytes);
                     change_pending(to, bytes, -1);
                 }};
    /* A caller that reads before it synchronises must not find plausible values, such as those of the step before. */
    copy.submitted = [=] {
        if (pinned_holding(to, bytes) != nullptr) std::memset(to, poison, bytes);
        change_pending(to, bytes, 1);
    };
    return enqueue(stream, std::move(copy));
}

EMULATOR_EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes, CUstream stream) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    if (!check_range(to, bytes, "the destination") || !check_range(from, bytes, "the source")) return CUDA_ERROR_INVALID_VALUE;
    if (bytes != 0 && to < from + bytes && from < to + bytes) {
        violation("source and destination overlap");
        return CUDA_ERROR_INVALID_VALUE;
    }
    return enqueue(stream, {"a copy on the device", [=] {
                                const unsigned char* source = device<unsigned char>(from, bytes, "the source");
                                std::memcpy(device<unsigned char>(to, bytes, "the destination"), source, bytes);
                            }});
}

EMULATOR_EXPORT CUresult cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, size_t bytes) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = begin_plain_copy(to, from, bytes)) return status;
    run_work({"a copy to the device", [=] {
                  std::memcpy(device<unsigned char>(to, bytes, "the destination"), from, bytes);
                  copied_to_device += static_cast<int64_t>(bytes);
              }});
    return sticky_fault();
}

EMULATOR_EXPORT CUresult cuMemcpyDtoH_v2(void* to, CUdeviceptr from, size_t bytes) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = begin_plain_copy(from, to, bytes)) return status;
    run_work({"a copy to the host", [=] {
                  std::memcpy(to, device<unsigned char>(from, bytes, "the source"), bytes);
                  copied_to_host += static_cast<int64_t>(bytes);
              }});
    return sticky_fault();
}

EMULATOR_EXPORT CUresult cuMemsetD8Async(CUdeviceptr to, unsigned char value, size_t count, CUstream stream) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    return fill<unsigned char>(to, value, count, stream);
}

EMULATOR_EXPORT CUresult cuMemsetD32Async(CUdeviceptr to, unsigned value, size_t count, CUstream stream) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    return fill<unsigned>(to, value, count, stream);
}

EMULATOR_CONTROL int64_t sunet_emulator_bytes_to_device(void) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    return copied_to_device;
}

EMULATOR_CONTROL int64_t sunet_emulator_bytes_to_host(void) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    return copied_to_host;
}
