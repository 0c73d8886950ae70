/* Modules, functions and launches. */
#include "driver/modules.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>

#include "core/control.hpp"
#include "driver/contexts.hpp"
#include "kernels/kernels.hpp"
#include "memory/memory.hpp"

namespace emulator {
namespace {

struct function_state {
    kernel_entry* kernel;
    CUmodule module;
    CUcontext context;
};

/* Functions are not destroyed by callers: they end with their module. */
std::map<uintptr_t, function_state>& functions() {
    static auto& table = *new std::map<uintptr_t, function_state>;
    return table;
}

void reset() {
    functions().clear();
    modules().clear();
    reset_kernels();
}

const on_reset registered(reset);

constexpr int error_log_buffer = 5, error_log_size = 6, info_log_size = 4;

/* Writes the reason where the caller of cuModuleLoadDataEx wants it. */
void write_log(const std::string& reason, unsigned count, const int* options, void** values) {
    char* buffer = nullptr;
    size_t size = 0;
    for (unsigned i = 0; i < count; ++i) {
        if (options[i] == error_log_buffer) buffer = static_cast<char*>(values[i]);
        if (options[i] == error_log_size) size = reinterpret_cast<size_t>(values[i]);
    }
    size_t written = 0;
    if (buffer != nullptr && size != 0) {
        std::snprintf(buffer, size, "%s", reason.c_str());
        written = reason.empty() ? 0 : std::strlen(buffer) + 1;
    }
    for (unsigned i = 0; i < count; ++i) {
        if (options[i] == error_log_size) values[i] = reinterpret_cast<void*>(written);
        if (options[i] == info_log_size) values[i] = nullptr;
    }
}

CUresult load(CUmodule* out, const void* image, unsigned count, const int* options, void** values) {
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    if (out == nullptr || image == nullptr || (count != 0 && (options == nullptr || values == nullptr))) return CUDA_ERROR_INVALID_VALUE;
    ptx_text ptx;
    std::string reason;
    const CUresult status = read_ptx(static_cast<const char*>(image), &ptx, &reason);
    write_log(reason, count, options, values);
    if (status != CUDA_SUCCESS) return status;
    for (const std::string& name : ptx.entries)
        if (find_kernel(name) == nullptr) violation("the module's kernel %s is not among those compiled for the host", name.c_str());
    *out = modules().create<CUmodule>();
    const auto module = modules().peek(*out);
    module->context = current_context();
    module->ptx = std::move(ptx);
    return CUDA_SUCCESS;
}

const function_state* find_function(CUfunction handle) {
    const auto found = functions().find(reinterpret_cast<uintptr_t>(handle));
    if (found == functions().end()) {
        violation("%p is no kernel of a loaded module", static_cast<void*>(handle));
        return nullptr;
    }
    if (modules().peek(found->second.module) == nullptr) {
        violation("the module of kernel %s has been unloaded", found->second.kernel->name.c_str());
        return nullptr;
    }
    return &found->second;
}

/* Whether the launch is one that a device and the kernel's bound allow. */
bool check_shape(const kernel_entry& kernel, const unsigned grid[3], const unsigned block[3], unsigned shared_bytes) {
    const char* name = kernel.name.c_str();
    if (grid[0] == 0 || grid[1] == 0 || grid[2] == 0 || grid[0] > 2147483647u || grid[1] > 65535u || grid[2] > 65535u)
        violation("%s: a grid of %u x %u x %u blocks is not possible", name, grid[0], grid[1], grid[2]);
    else if (block[0] == 0 || block[1] != 1 || block[2] != 1)
        violation("%s: blocks of %u x %u x %u threads; its blocks are rows", name, block[0], block[1], block[2]);
    else if (block[0] > static_cast<unsigned>(kernel.block))
        violation("%s: %u threads a block are beyond its launch bound %d", name, block[0], kernel.block);
    else if (shared_bytes != 0)
        violation("%s: %u bytes of dynamic shared memory, which no kernel here uses", name, shared_bytes);
    else
        return true;
    return false;
}

/* Copies the arguments and checks every pointer that can be checked already. */
bool read_arguments(const kernel_entry& kernel, void** parameters, kernel_arguments* out) {
    out->bytes.resize(kernel.parameters.size() * kernel_arguments::slot);
    for (size_t i = 0; i < kernel.parameters.size(); ++i) {
        if (parameters == nullptr || parameters[i] == nullptr) {
            violation("%s: parameter %zu is missing", kernel.name.c_str(), i);
            return false;
        }
        std::memcpy(out->at(i), parameters[i], kernel.parameters[i].bytes);
        if (!kernel.parameters[i].is_pointer) continue;
        const auto address = read_argument<CUdeviceptr>(out->at(i));
        const std::string what = kernel.name + ": parameter " + std::to_string(i);
        if (address != 0 && !check_range(address, 1, what.c_str())) return false;
        if (address % kernel.parameters[i].alignment != 0) {
            violation("%s: 0x%llx is not aligned to %zu bytes", what.c_str(), static_cast<unsigned long long>(address),
                      kernel.parameters[i].alignment);
            return false;
        }
    }
    return true;
}

/* The arguments with usable memory in place of device addresses. */
kernel_arguments bind(const kernel_entry& kernel, kernel_arguments arguments) {
    for (size_t i = 0; i < kernel.parameters.size(); ++i) {
        if (!kernel.parameters[i].is_pointer) continue;
        const auto address = read_argument<CUdeviceptr>(arguments.at(i));
        const std::string what = "parameter " + std::to_string(i);
        void* usable = address == 0 ? nullptr : device_memory(address, 1, what.c_str());
        std::memcpy(arguments.at(i), &usable, sizeof usable);
    }
    return arguments;
}

} // namespace

handle_table<module_state>& modules() {
    static auto& table = *new handle_table<module_state>(kind::module);
    return table;
}

} // namespace emulator

using namespace emulator;

EMULATOR_EXPORT CUresult cuModuleLoadData(CUmodule* module, const void* image) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_PTX);
    return load(module, image, 0, nullptr, nullptr);
}

EMULATOR_EXPORT CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, int* options, void** values) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_PTX);
    return load(module, image, count, options, values);
}

EMULATOR_EXPORT CUresult cuModuleUnload(CUmodule module) {
    EMULATOR_ASK();
    if (const CUresult status = check_context_for_release()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    if (modules().find(module) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    /* Kernels that are on their way would lose their code. */
    const CUresult status = finish_all();
    modules().destroy(module);
    return status;
}

EMULATOR_EXPORT CUresult cuModuleGetFunction(CUfunction* function, CUmodule handle, const char* name) {
    EMULATOR_ENTER(CUDA_ERROR_NOT_FOUND);
    if (const CUresult status = check_context()) return status;
    if (function == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto module = modules().find(handle);
    if (module == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    kernel_entry* kernel = find_kernel(name);
    if (kernel == nullptr || module->ptx.entries.count(name) == 0) return CUDA_ERROR_NOT_FOUND;
    const uintptr_t value = new_handle_value(kind::module);
    functions()[value] = {kernel, handle, module->context};
    *function = reinterpret_cast<CUfunction>(value);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuFuncGetAttribute(int* value, int attribute, CUfunction handle) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    if (const CUresult status = check_context()) return status;
    const function_state* function = find_function(handle);
    if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (value == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const ptx_text& ptx = modules().peek(function->module)->ptx;
    constexpr int registers = 32, opt_in_shared_bytes = 232448;
    switch (attribute) {
        case 0: *value = function->kernel->block; break;
        case 4: *value = registers; break;
        case 5: *value = ptx.version; break;
        case 6: *value = compute_major * 10 + compute_minor; break;
        case 8: *value = opt_in_shared_bytes; break;
        case 1:
        case 2:
        case 3:
        case 7:
        case 9: *value = 0; break;
        default: return CUDA_ERROR_INVALID_VALUE;
    }
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuFuncSetAttribute(CUfunction handle, int attribute, int) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    if (const CUresult status = check_context()) return status;
    constexpr int dynamic_shared_bytes = 8, shared_carveout = 9;
    if (find_function(handle) == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return attribute == dynamic_shared_bytes || attribute == shared_carveout ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EMULATOR_EXPORT CUresult cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction handle, int block, size_t) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    if (const CUresult status = check_context()) return status;
    const function_state* function = find_function(handle);
    if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (blocks == nullptr || block <= 0) return CUDA_ERROR_INVALID_VALUE;
    constexpr int threads = 2048, most_blocks = 32;
    *blocks = block > function->kernel->block ? 0 : std::min(most_blocks, threads / block);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuLaunchKernel(CUfunction handle, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x,
                                        unsigned block_y, unsigned block_z, unsigned shared_bytes, CUstream stream, void** parameters,
                                        void** extra) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(stream)) return status;
    const function_state* function = find_function(handle);
    if (function == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    kernel_entry& kernel = *function->kernel;
    if (function->context != current_context()) {
        violation("kernel %s belongs to another context than the current one", kernel.name.c_str());
        return CUDA_ERROR_INVALID_HANDLE;
    }
    const unsigned grid[3] = {grid_x, grid_y, grid_z}, block[3] = {block_x, block_y, block_z};
    kernel_arguments arguments;
    if (extra != nullptr || !check_shape(kernel, grid, block, shared_bytes) || !read_arguments(kernel, parameters, &arguments))
        return CUDA_ERROR_INVALID_VALUE;
    const launch_shape shape = {{static_cast<int>(grid_x), static_cast<int>(grid_y), static_cast<int>(grid_z)}, static_cast<int>(block_x)};
    return enqueue(stream,
                   {kernel.name, [&kernel, shape, arguments = std::move(arguments)] { run_grid(kernel, shape, bind(kernel, arguments)); }});
}
