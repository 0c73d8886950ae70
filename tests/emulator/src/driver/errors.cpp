/* Names and sentences of the driver's errors. */
#include <map>

#include "core/emulator.hpp"

namespace {

struct error_text {
    const char* name;
    const char* sentence;
};

const error_text* find_error(CUresult error) {
    /* clang-format off */
#define EMULATOR_ERROR(code, sentence) {code, {#code, sentence}}
    /* clang-format on */
    static const auto& texts = *new std::map<int, error_text>{
        EMULATOR_ERROR(CUDA_SUCCESS, "no error"),
        EMULATOR_ERROR(CUDA_ERROR_INVALID_VALUE, "invalid argument"),
        EMULATOR_ERROR(CUDA_ERROR_OUT_OF_MEMORY, "out of memory"),
        EMULATOR_ERROR(CUDA_ERROR_NOT_INITIALIZED, "initialization error"),
        EMULATOR_ERROR(CUDA_ERROR_NO_DEVICE, "no CUDA-capable device is detected"),
        EMULATOR_ERROR(CUDA_ERROR_INVALID_DEVICE, "invalid device ordinal"),
        EMULATOR_ERROR(CUDA_ERROR_INVALID_IMAGE, "device kernel image is invalid"),
        EMULATOR_ERROR(CUDA_ERROR_INVALID_CONTEXT, "invalid device context"),
        EMULATOR_ERROR(CUDA_ERROR_NO_BINARY_FOR_GPU, "no kernel image is available for execution on the device"),
        EMULATOR_ERROR(CUDA_ERROR_INVALID_PTX, "a PTX JIT compilation failed"),
        EMULATOR_ERROR(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "the provided PTX was compiled with an unsupported toolchain."),
        EMULATOR_ERROR(CUDA_ERROR_OPERATING_SYSTEM, "OS call failed or operation not supported on this OS"),
        EMULATOR_ERROR(CUDA_ERROR_INVALID_HANDLE, "invalid resource handle"),
        EMULATOR_ERROR(CUDA_ERROR_ILLEGAL_STATE, "the operation cannot be performed in the present state"),
        EMULATOR_ERROR(CUDA_ERROR_NOT_FOUND, "named symbol not found"),
        EMULATOR_ERROR(CUDA_ERROR_NOT_READY, "device not ready"),
        EMULATOR_ERROR(CUDA_ERROR_ILLEGAL_ADDRESS, "an illegal memory access was encountered"),
        EMULATOR_ERROR(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "too many resources requested for launch"),
        EMULATOR_ERROR(CUDA_ERROR_CONTEXT_IS_DESTROYED, "context is destroyed"),
        EMULATOR_ERROR(CUDA_ERROR_MISALIGNED_ADDRESS, "misaligned address"),
        EMULATOR_ERROR(CUDA_ERROR_LAUNCH_FAILED, "unspecified launch failure"),
        EMULATOR_ERROR(CUDA_ERROR_NOT_SUPPORTED, "operation not supported"),
        EMULATOR_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "operation not permitted when stream is capturing"),
        EMULATOR_ERROR(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "operation failed due to a previous error during capture"),
        EMULATOR_ERROR(CUDA_ERROR_STREAM_CAPTURE_MERGE, "operation would result in a merge of separate capture sequences"),
        EMULATOR_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "capture was not ended in the same stream as it began"),
        EMULATOR_ERROR(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, "capturing stream has unjoined work"),
        EMULATOR_ERROR(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, "dependency created on uncaptured work in another stream"),
        EMULATOR_ERROR(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, "operation would make the legacy stream depend on a capturing blocking stream"),
        EMULATOR_ERROR(CUDA_ERROR_CAPTURED_EVENT, "operation not permitted on an event last recorded in a capturing stream"),
        EMULATOR_ERROR(CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD, "attempt to terminate a thread-local capture sequence from another thread"),
        EMULATOR_ERROR(CUDA_ERROR_UNKNOWN, "unknown error")};
#undef EMULATOR_ERROR
    const auto found = texts.find(error);
    return found == texts.end() ? nullptr : &found->second;
}

} // namespace

EMULATOR_EXPORT CUresult cuGetErrorName(CUresult error, const char** text) {
    const error_text* found = find_error(error);
    if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *text = found == nullptr ? nullptr : found->name;
    return found == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuGetErrorString(CUresult error, const char** text) {
    const error_text* found = find_error(error);
    if (text == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *text = found == nullptr ? nullptr : found->sentence;
    return found == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}
