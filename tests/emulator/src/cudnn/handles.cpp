/* Handles, versions and error texts of cuDNN. */
#include <algorithm>
#include <cstdio>

#include "cudnn/descriptors.hpp"
#include "core/versions.hpp"

namespace emulator::cudnn {

handle_table<handle_state>& handles() {
    static handle_table<handle_state>& instance = *new handle_table<handle_state>(kind::cudnn_handle);
    return instance;
}

handle_table<descriptor_state>& descriptors() {
    static handle_table<descriptor_state>& instance = *new handle_table<descriptor_state>(kind::cudnn_descriptor);
    return instance;
}

namespace {

const on_reset forget([] {
    handles().clear();
    descriptors().clear();
});

const char* status_text(int status) {
    switch (status) {
        case STATUS_SUCCESS: return "CUDNN_STATUS_SUCCESS";
        case STATUS_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
        case STATUS_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case STATUS_BAD_PARAM_NULL_POINTER: return "CUDNN_STATUS_BAD_PARAM_NULL_POINTER";
        case STATUS_BAD_PARAM_MISALIGNED_POINTER: return "CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER";
        case STATUS_BAD_PARAM_NOT_FINALIZED: return "CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED";
        case STATUS_BAD_PARAM_OUT_OF_BOUND: return "CUDNN_STATUS_BAD_PARAM_OUT_OF_BOUND";
        case STATUS_BAD_PARAM_SIZE_INSUFFICIENT: return "CUDNN_STATUS_BAD_PARAM_SIZE_INSUFFICIENT";
        case STATUS_BAD_PARAM_SHAPE_MISMATCH: return "CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH";
        case STATUS_BAD_PARAM_DUPLICATED_ENTRIES: return "CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES";
        case STATUS_BAD_PARAM_ATTRIBUTE_TYPE: return "CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE";
        case STATUS_BAD_PARAM_DESCRIPTOR_TYPE: return "CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE";
        case STATUS_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        case STATUS_NOT_SUPPORTED_GRAPH_PATTERN: return "CUDNN_STATUS_NOT_SUPPORTED_GRAPH_PATTERN";
        case STATUS_NOT_SUPPORTED_SHAPE: return "CUDNN_STATUS_NOT_SUPPORTED_SHAPE";
        case STATUS_NOT_SUPPORTED_DATA_TYPE: return "CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE";
        case STATUS_NOT_SUPPORTED_LAYOUT: return "CUDNN_STATUS_NOT_SUPPORTED_LAYOUT";
        case STATUS_INTERNAL_ERROR: return "CUDNN_STATUS_INTERNAL_ERROR";
        case STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED: return "CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED";
        case STATUS_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
        case STATUS_EXECUTION_FAILED_CUDA_DRIVER: return "CUDNN_STATUS_EXECUTION_FAILED_CUDA_DRIVER";
        default: return "CUDNN_UNKNOWN_STATUS";
    }
}

} // namespace
} // namespace emulator::cudnn

using namespace emulator;
using namespace emulator::cudnn;

EMULATOR_EXPORT size_t cudnnGetVersion() {
    EMULATOR_ASK();
    return static_cast<size_t>(versions().cudnn);
}

EMULATOR_EXPORT size_t cudnnGetCudartVersion() {
    EMULATOR_ASK();
    return static_cast<size_t>(versions().driver);
}

EMULATOR_EXPORT int cudnnGraphVersionCheck() {
    EMULATOR_ASK();
    return STATUS_SUCCESS;
}

EMULATOR_EXPORT const char* cudnnGetErrorString(int status) {
    EMULATOR_ASK();
    return status_text(status);
}

EMULATOR_EXPORT void cudnnGetLastErrorString(char* message, size_t size) {
    EMULATOR_ASK();
    if (message != nullptr && size > 0) std::snprintf(message, size, "%s", last_error_text().c_str());
}

EMULATOR_EXPORT int cudnnCreate(void** handle) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED);
    if (handle == nullptr) {
        violation("the place for the handle is null");
        return STATUS_BAD_PARAM_NULL_POINTER;
    }
    if (check_context() != CUDA_SUCCESS) return STATUS_NOT_INITIALIZED;
    if (refuse_during_capture() != CUDA_SUCCESS) return STATUS_EXECUTION_FAILED_CUDA_DRIVER; /* it allocates device memory */
    *handle = handles().create<void*>(handle_state{current_context(), nullptr});
    return STATUS_SUCCESS;
}

EMULATOR_EXPORT int cudnnDestroy(void* handle) {
    EMULATOR_ASK();
    return handles().destroy(handle) ? STATUS_SUCCESS : STATUS_BAD_PARAM;
}

EMULATOR_EXPORT int cudnnSetStream(void* handle, CUstream stream) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR);
    const auto found = handles().find(handle);
    if (!found || check_stream(stream) != CUDA_SUCCESS) return STATUS_BAD_PARAM;
    found->stream = stream;
    return STATUS_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetStream(void* handle, CUstream* stream) {
    EMULATOR_ASK();
    const auto found = handles().find(handle);
    if (!found) return STATUS_BAD_PARAM;
    if (stream == nullptr) {
        violation("the place for the stream is null");
        return STATUS_BAD_PARAM_NULL_POINTER;
    }
    *stream = found->stream;
    return STATUS_SUCCESS;
}
