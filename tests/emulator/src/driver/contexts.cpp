/* cuInit, devices and contexts. */
#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

#include "driver/contexts.hpp"
#include "core/control.hpp"
#include "memory/memory.hpp"
#include "driver/modules.hpp"
#include "streams/streams.hpp"
#include "core/versions.hpp"

namespace emulator {
namespace {

struct primary_context {
    CUcontext handle = nullptr;
    int retained = 0;
    unsigned flags = 0;
};

struct context_table {
    bool initialized = false;
    int devices = 1;
    uint64_t epoch = 0; /* counts resets, after which the stacks of threads are void */
    std::map<int, primary_context> primaries;
    handle_table<context_state> contexts{kind::context};
};

context_table& state() {
    static context_table& instance = *new context_table;
    return instance;
}

std::vector<CUcontext>& thread_stack() {
    static thread_local std::vector<CUcontext> stack;
    static thread_local uint64_t epoch = 0;
    if (epoch != state().epoch) stack.clear();
    epoch = state().epoch;
    return stack;
}

void reset() {
    context_table& s = state();
    s.initialized = false;
    s.devices = 1;
    s.epoch++;
    s.primaries.clear();
    s.contexts.clear();
}

const on_reset registered(reset);

CUresult check_initialized() { return state().initialized ? CUDA_SUCCESS : CUDA_ERROR_NOT_INITIALIZED; }

/* Objects that are alive when their context is destroyed are leaks. */
void report_leaks(CUcontext context) {
    size_t living_streams = 0, living_events = 0, living_modules = 0, blocks = 0, pinned = 0;
    for (const auto& entry : streams()) living_streams += entry.second->context == context;
    for (const auto& entry : events()) living_events += entry.second->context == context;
    for (const auto& entry : modules()) living_modules += entry.second->context == context;
    for (const auto& entry : device_blocks()) blocks += entry.second.context == context;
    for (const auto& entry : pinned_blocks()) pinned += entry.second.context == context;
    if (living_streams + living_events + living_modules + blocks + pinned != 0)
        violation("the context ends with %zu streams, %zu events, %zu modules, %zu device allocations and %zu pinned allocations alive",
                  living_streams, living_events, living_modules, blocks, pinned);
}

} // namespace

bool driver_initialized() { return state().initialized; }
int device_count() { return state().devices; }

CUresult check_device(CUdevice device) {
    if (const CUresult status = check_initialized()) return status;
    return device >= 0 && device < state().devices ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
}

CUcontext current_context() {
    const auto& stack = thread_stack();
    return stack.empty() ? nullptr : stack.back();
}

int current_device() {
    const auto context = state().contexts.peek(current_context());
    return context == nullptr ? 0 : context->device;
}

CUresult check_context_for_release() {
    if (const CUresult status = check_initialized()) return status;
    const CUcontext current = current_context();
    if (current == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    if (state().contexts.peek(current) == nullptr) {
        violation("the current context has been released");
        return CUDA_ERROR_CONTEXT_IS_DESTROYED;
    }
    return CUDA_SUCCESS;
}

CUresult check_context() {
    const CUresult status = check_context_for_release();
    return status != CUDA_SUCCESS ? status : sticky_fault();
}

} // namespace emulator

using namespace emulator;

EMULATOR_EXPORT CUresult cuInit(unsigned flags) {
    EMULATOR_ENTER(CUDA_ERROR_NO_DEVICE);
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    if (state().devices == 0) return CUDA_ERROR_NO_DEVICE;
    state().initialized = true;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDriverGetVersion(int* version) {
    EMULATOR_ASK();
    if (version == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *version = versions().driver;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDeviceGetCount(int* count) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_initialized()) return status;
    if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *count = state().devices;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_DEVICE);
    if (const CUresult status = check_device(ordinal)) return status;
    if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *device = ordinal;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_device(device)) return status;
    if (name == nullptr || length <= 0) return CUDA_ERROR_INVALID_VALUE;
    std::snprintf(name, static_cast<size_t>(length), "Sunet emulator");
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_device(device)) return status;
    if (uuid == nullptr) return CUDA_ERROR_INVALID_VALUE;
    std::memcpy(uuid->bytes, "Sunet emulator\0", sizeof uuid->bytes - 1);
    uuid->bytes[15] = static_cast<char>(device);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_device(device)) return status;
    if (bytes == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *bytes = device_bytes_total();
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDeviceGetAttribute(int* value, int attribute, CUdevice device) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_device(device)) return status;
    if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    static const std::map<int, int> known = {
        {1, 1024},    {2, 1024},   {3, 1024}, {4, 64},       {5, 2147483647},     {6, 65535},
        {7, 65535},   {8, 49152},  {10, 32},  {12, 65536},   {13, 1980000},       {16, multiprocessors},
        {33, 0},      {34, 0},     {35, 0},   {36, 3201000}, {37, 6144},          {38, 62914560},
        {39, 2048},   {40, 3},     {41, 1},   {50, 0},       {75, compute_major}, {76, compute_minor},
        {81, 233472}, {82, 65536}, {95, 1},   {97, 232448},  {106, 32},           {108, 31457280},
        {115, 1}};
    const auto found = known.find(attribute);
    if (found == known.end()) return CUDA_ERROR_INVALID_VALUE;
    *value = found->second;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_device(device)) return status;
    const unsigned scheduling = flags & 7u;
    if (flags > 0xff || (scheduling & (scheduling - 1)) != 0) return CUDA_ERROR_INVALID_VALUE;
    state().primaries[device].flags = flags;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_device(device)) return status;
    if (flags == nullptr || active == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *flags = state().primaries[device].flags;
    *active = state().primaries[device].handle != nullptr;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    if (const CUresult status = check_device(device)) return status;
    if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
    primary_context& primary = state().primaries[device];
    if (primary.retained++ == 0) {
        primary.handle = state().contexts.create<CUcontext>();
        state().contexts.peek(primary.handle)->device = device;
    }
    *context = primary.handle;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    EMULATOR_ASK();
    if (const CUresult status = check_device(device)) return status;
    primary_context& primary = state().primaries[device];
    if (primary.retained == 0) {
        violation("the primary context of device %d is released more often than it was retained", device);
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    if (--primary.retained != 0) return CUDA_SUCCESS;
    finish_all();
    report_leaks(primary.handle);
    state().contexts.destroy(primary.handle);
    primary.handle = nullptr;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuCtxSetCurrent(CUcontext context) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_CONTEXT);
    if (const CUresult status = check_initialized()) return status;
    if (context != nullptr && state().contexts.find(context) == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    auto& stack = thread_stack();
    if (!stack.empty()) stack.pop_back();
    if (context != nullptr) stack.push_back(context);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuCtxGetCurrent(CUcontext* context) {
    EMULATOR_ASK();
    if (const CUresult status = check_initialized()) return status;
    if (context == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *context = current_context();
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuCtxGetDevice(CUdevice* device) {
    EMULATOR_ASK();
    if (const CUresult status = check_context()) return status;
    if (device == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *device = current_device();
    return CUDA_SUCCESS;
}

/* Not counted: clean-up begins with it, and a driver does not refuse a living context. */
EMULATOR_EXPORT CUresult cuCtxPushCurrent_v2(CUcontext context) {
    EMULATOR_ASK();
    if (const CUresult status = check_initialized()) return status;
    if (state().contexts.find(context) == nullptr) return CUDA_ERROR_INVALID_CONTEXT;
    thread_stack().push_back(context);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuCtxPopCurrent_v2(CUcontext* context) {
    EMULATOR_ASK();
    if (const CUresult status = check_initialized()) return status;
    auto& stack = thread_stack();
    if (stack.empty()) {
        violation("no context is current that could be popped");
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    if (context != nullptr) *context = stack.back();
    stack.pop_back();
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuCtxSynchronize() {
    const entry entered(__func__, counting::counted);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    const CUresult status = finish_all();
    return entered.fails() ? CUDA_ERROR_LAUNCH_FAILED : status;
}

EMULATOR_EXPORT CUresult cuProfilerStart() {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    return check_context();
}

EMULATOR_EXPORT CUresult cuProfilerStop() {
    EMULATOR_ASK();
    return check_context_for_release();
}

extern "C" EMULATOR_CONTROL void sunet_emulator_set_devices(int count) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    state().devices = count < 0 ? 0 : count;
}
