/* The interface that all rooms of the emulator share: entry points that are counted and locked, violations, handles that are never reused,
 * device memory at addresses that the host cannot access, and streams whose work runs late.
 *
 * Rules for an exported function:
 *   - its first statement is EMULATOR_ENTER(status) if it can fail, EMULATOR_ASK() if it only asks, releases or destroys;
 *   - it validates everything it can at the call, reports a mistake of the caller as a violation and returns the real status;
 *   - what it computes goes through enqueue(): a closure that holds copies of all it needs, because it runs later, and once more for
 *     every launch of a graph that captured it. Device memory is translated inside the closure, never before. */
#pragma once

#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>

#include "core/cuda_types.hpp"

#define EMULATOR_EXPORT extern "C" __attribute__((visibility("default")))

namespace emulator {

/* The one lock of the emulator; recursive, and held by every exported function and by all work while it runs. */
std::recursive_mutex& global_lock();

enum class counting { counted, uncounted };

/* Holds the lock for the duration of an exported function; a counted one takes part in sunet_emulator_fail_call. */
class entry {
public:
    explicit entry(const char* name, counting kind);
    ~entry();
    entry(const entry&) = delete;
    entry& operator=(const entry&) = delete;
    /* Whether a test asked for this very call to fail. */
    bool fails() const { return fails_; }

private:
    std::unique_lock<std::recursive_mutex> hold_;
    const char* outer_;
    bool fails_ = false;
};

/* The exported function that the current thread is in, for violations. */
const char* current_call();

#define EMULATOR_ENTER(injected_status)                                  \
    ::emulator::entry entered_(__func__, ::emulator::counting::counted); \
    if (entered_.fails()) return injected_status
#define EMULATOR_ASK() ::emulator::entry entered_(__func__, ::emulator::counting::uncounted)

/* Records a mistake of the caller; the text begins with the exported function or the work that is running. */
void violation(const char* format, ...) __attribute__((format(printf, 1, 2)));

/* The exception of work that cannot continue. The context is unusable from then on, as on a device. */
class fault : public std::runtime_error {
public:
    fault(CUresult status, const std::string& text) : std::runtime_error(text), status_(status) {}
    CUresult status() const { return status_; }

private:
    CUresult status_;
};

/* CUDA_SUCCESS if the driver is initialized, the calling thread has a living context and no fault has made it unusable. */
CUresult check_context();
/* CUDA_SUCCESS for calls that release, which are allowed after a fault, too. */
CUresult check_context_for_release();
CUcontext current_context();

/* What sunet_emulator_outstanding can be asked for; the numbers are part of sunet_emulator.h. */
enum class kind : int {
    device_bytes = 0,
    pinned_bytes = 1,
    stream = 2,
    event = 3,
    module = 4,
    graph = 5,
    graph_exec = 6,
    context = 7,
    cudnn_handle = 8,
    cudnn_descriptor = 9,
    cublas_handle = 10,
    cublas_descriptor = 11,
    nvtx_domain = 12,
    device_allocations = 13,
    pinned_allocations = 14,
    count = 15
};

const char* kind_name(kind what);
/* Adds to what sunet_emulator_outstanding answers. */
void count_outstanding(kind what, int64_t change);
int64_t outstanding(kind what);

/* A value for a new handle. It is never reused, is no readable address, and its kind is remembered for ever. */
uintptr_t new_handle_value(kind what);
/* Explains a handle that no table knows: of another kind, destroyed, or never given out. Records the violation. */
void explain_handle(uintptr_t value, kind wanted);

/* The objects of one kind behind the handles given out for them. */
template <typename T>
class handle_table {
public:
    explicit handle_table(kind what) : kind_(what) {}

    /* Constructs a T and returns its handle. */
    template <typename Handle, typename... Arguments>
    Handle create(Arguments&&... arguments) {
        const uintptr_t value = new_handle_value(kind_);
        objects_.emplace(value, std::make_shared<T>(std::forward<Arguments>(arguments)...));
        count_outstanding(kind_, 1);
        return reinterpret_cast<Handle>(value);
    }

    /* The object, or null and a violation. Keep the pointer in work that outlives the call. */
    std::shared_ptr<T> find(const void* handle) const {
        const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
        if (found != objects_.end()) return found->second;
        explain_handle(reinterpret_cast<uintptr_t>(handle), kind_);
        return nullptr;
    }

    /* The object without a violation when it is not there. */
    std::shared_ptr<T> peek(const void* handle) const {
        const auto found = objects_.find(reinterpret_cast<uintptr_t>(handle));
        return found == objects_.end() ? nullptr : found->second;
    }

    /* Forgets the handle; false and a violation if it was not alive. */
    bool destroy(const void* handle) {
        if (objects_.erase(reinterpret_cast<uintptr_t>(handle)) == 0) {
            explain_handle(reinterpret_cast<uintptr_t>(handle), kind_);
            return false;
        }
        count_outstanding(kind_, -1);
        return true;
    }

    /* Drops everything, for sunet_emulator_reset. */
    void clear() {
        count_outstanding(kind_, -static_cast<int64_t>(objects_.size()));
        objects_.clear();
    }

    size_t size() const { return objects_.size(); }
    auto begin() const { return objects_.begin(); }
    auto end() const { return objects_.end(); }

private:
    kind kind_;
    std::unordered_map<uintptr_t, std::shared_ptr<T>> objects_;
};

/* Registers an action for sunet_emulator_reset, which drops all objects; used as a static object of a source file. */
struct on_reset {
    explicit on_reset(void (*action)());
};

/* Whether [address, address + bytes) lies in one living allocation; a violation that names `what` if not. For checks at the call.
 * Zero bytes and a null address are in order. */
bool check_range(CUdeviceptr address, size_t bytes, const char* what);

/* The usable memory behind a device range; throws a fault after recording a violation. Only inside running work. */
void* device_memory(CUdeviceptr address, size_t bytes, const char* what);

template <typename T>
T* device(CUdeviceptr address, size_t count, const char* what) {
    if (address % alignof(T) != 0) {
        violation("%s: device address 0x%llx is not aligned to %zu bytes", what, static_cast<unsigned long long>(address), alignof(T));
        throw fault(CUDA_ERROR_MISALIGNED_ADDRESS, what);
    }
    return static_cast<T*>(device_memory(address, count * sizeof(T), what));
}

struct work {
    std::string name;                     /* for violations: the call and what it works on */
    std::function<void()> run;            /* runs when a synchronisation needs it, under the lock; may throw fault */
    std::function<void()> submitted = {}; /* called whenever it is put on a stream: at the call, and at every launch of its graph */
    bool releases = false;                /* runs after a fault too */
};

/* Appends to the stream, or to the graph it captures. A null, unknown or destroyed stream is a violation. */
CUresult enqueue(CUstream stream, work item);

/* CUDA_SUCCESS if the stream exists, is not the default stream and belongs to the current context; violations otherwise. */
CUresult check_stream(CUstream stream);
bool is_capturing(CUstream stream);

/* For calls that CUDA forbids while the calling thread has a capture under way that is not relaxed: CUDA_SUCCESS, or the status to
 * return after the capture has been invalidated and a violation recorded. */
CUresult refuse_during_capture();

/* Runs what the stream still has to run, as cuStreamSynchronize does; answers the fault if there was one. */
CUresult finish_stream(CUstream stream);
/* Runs everything. */
CUresult finish_all();

/* The next number of the adversary's generator; its sequence follows from sunet_emulator_seed. */
uint64_t adversary();

inline float bf16_to_float(uint16_t bits) {
    const uint32_t wide = static_cast<uint32_t>(bits) << 16;
    float value;
    __builtin_memcpy(&value, &wide, sizeof value);
    return value;
}

/* Rounds to nearest, ties to even; a NaN stays one. */
inline uint16_t float_to_bf16(float value) {
    uint32_t wide;
    __builtin_memcpy(&wide, &value, sizeof wide);
    if (value != value) return static_cast<uint16_t>((wide >> 16) | 0x40u);
    return static_cast<uint16_t>((wide + 0x7fffu + ((wide >> 16) & 1u)) >> 16);
}

/* cudaDataType_t, as cuBLASLt uses it. */
enum class cuda_data : int { f32 = 0, f64 = 1, f16 = 2, i8 = 3, i32 = 10, bf16 = 14 };

inline size_t size_of(cuda_data type) {
    switch (type) {
        case cuda_data::f64: return 8;
        case cuda_data::f32:
        case cuda_data::i32: return 4;
        case cuda_data::f16:
        case cuda_data::bf16: return 2;
        case cuda_data::i8: return 1;
    }
    return 0;
}

} // namespace emulator
