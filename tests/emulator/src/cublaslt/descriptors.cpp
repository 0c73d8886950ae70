/* Handles, descriptors and texts of cuBLASLt. */
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "cublaslt/types.hpp"
#include "core/versions.hpp"

namespace emulator::cublas {

handle_table<handle_state>& handles() {
    static handle_table<handle_state>& instance = *new handle_table<handle_state>(kind::cublas_handle);
    return instance;
}

handle_table<descriptor_state>& descriptors() {
    static handle_table<descriptor_state>& instance = *new handle_table<descriptor_state>(kind::cublas_descriptor);
    return instance;
}

void refuse(const char* format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    violation("%s", text);
    throw call_failure{STATUS_INVALID_VALUE};
}

size_t attribute_size(descriptor_form form, int attribute) {
    if (form == descriptor_form::matmul) {
        if (attribute == DESC_BIAS_POINTER) return 8;
        const bool known =
            (attribute >= DESC_COMPUTE_TYPE && attribute <= DESC_TRANSC) || attribute == DESC_EPILOGUE || attribute == DESC_BIAS_DATA_TYPE;
        return known ? 4 : 0;
    }
    if (form == descriptor_form::layout) {
        const bool small = attribute == LAYOUT_TYPE || attribute == LAYOUT_ORDER || attribute == LAYOUT_BATCH_COUNT;
        const bool known = attribute >= LAYOUT_TYPE && attribute <= LAYOUT_STRIDED_BATCH_OFFSET;
        return !known ? 0 : small ? 4 : 8;
    }
    switch (attribute) {
        case PREFERENCE_MAX_WORKSPACE_BYTES:
        case PREFERENCE_IMPL_MASK: return 8;
        case PREFERENCE_SEARCH_MODE:
        case PREFERENCE_REDUCTION_SCHEME_MASK:
        case PREFERENCE_MIN_ALIGNMENT_A_BYTES:
        case PREFERENCE_MIN_ALIGNMENT_B_BYTES:
        case PREFERENCE_MIN_ALIGNMENT_C_BYTES:
        case PREFERENCE_MIN_ALIGNMENT_D_BYTES:
        case PREFERENCE_MAX_WAVES_COUNT: return 4;
        default: return 0;
    }
}

const char* form_text(descriptor_form form) {
    return form == descriptor_form::matmul ? "matmul descriptor" : form == descriptor_form::layout ? "matrix layout" : "matmul preference";
}

std::shared_ptr<handle_state> find_handle(const void* handle) {
    std::shared_ptr<handle_state> found = handles().find(handle);
    if (!found) throw call_failure{STATUS_NOT_INITIALIZED};
    if (check_context() != CUDA_SUCCESS) throw call_failure{STATUS_EXECUTION_FAILED};
    if (found->context != current_context()) refuse("the cuBLASLt handle belongs to another context than the current one");
    return found;
}

std::shared_ptr<descriptor_state> find_descriptor(const void* handle, descriptor_form form) {
    std::shared_ptr<descriptor_state> found = descriptors().find(handle);
    if (!found) throw call_failure{STATUS_INVALID_VALUE};
    if (found->form != form) refuse("a %s where a %s belongs", form_text(found->form), form_text(form));
    return found;
}

namespace {

const on_reset forget([] {
    handles().clear();
    descriptors().clear();
});

void create(void** place, descriptor_form form, std::map<int, std::uint64_t> values) {
    if (place == nullptr) refuse("the place for the %s is null", form_text(form));
    *place = descriptors().create<void*>(descriptor_state{form, std::move(values)});
}

void set(void* handle, descriptor_form form, int attribute, const void* value, size_t bytes) {
    const auto descriptor = find_descriptor(handle, form);
    const size_t size = attribute_size(form, attribute);
    if (size == 0) refuse("the emulator knows no attribute %d of a %s", attribute, form_text(form));
    if (bytes != size) refuse("attribute %d of a %s has %zu bytes, not %zu", attribute, form_text(form), size, bytes);
    if (value == nullptr) refuse("the value of attribute %d of a %s is null", attribute, form_text(form));
    std::uint64_t number = 0;
    std::memcpy(&number, value, size);
    descriptor->values[attribute] = number;
}

int destroy(void* handle, descriptor_form form) {
    return attempt([&] {
        find_descriptor(handle, form);
        descriptors().destroy(handle);
    });
}

const char* status_name(int status) {
    switch (status) {
        case STATUS_SUCCESS: return "CUBLAS_STATUS_SUCCESS";
        case STATUS_NOT_INITIALIZED: return "CUBLAS_STATUS_NOT_INITIALIZED";
        case STATUS_ALLOC_FAILED: return "CUBLAS_STATUS_ALLOC_FAILED";
        case STATUS_INVALID_VALUE: return "CUBLAS_STATUS_INVALID_VALUE";
        case STATUS_ARCH_MISMATCH: return "CUBLAS_STATUS_ARCH_MISMATCH";
        case STATUS_MAPPING_ERROR: return "CUBLAS_STATUS_MAPPING_ERROR";
        case STATUS_EXECUTION_FAILED: return "CUBLAS_STATUS_EXECUTION_FAILED";
        case STATUS_INTERNAL_ERROR: return "CUBLAS_STATUS_INTERNAL_ERROR";
        case STATUS_NOT_SUPPORTED: return "CUBLAS_STATUS_NOT_SUPPORTED";
        case STATUS_LICENSE_ERROR: return "CUBLAS_STATUS_LICENSE_ERROR";
        default: return "CUBLAS_UNKNOWN_STATUS";
    }
}

} // namespace
} // namespace emulator::cublas

using namespace emulator;
using namespace emulator::cublas;

EMULATOR_EXPORT size_t cublasLtGetVersion() {
    EMULATOR_ASK();
    return static_cast<size_t>(versions().cublas);
}

EMULATOR_EXPORT const char* cublasLtGetStatusName(int status) {
    EMULATOR_ASK();
    return status_name(status);
}

EMULATOR_EXPORT const char* cublasLtGetStatusString(int status) {
    EMULATOR_ASK();
    switch (status) {
        case STATUS_SUCCESS: return "success";
        case STATUS_INVALID_VALUE: return "an unsupported value or parameter was passed to the function";
        case STATUS_NOT_SUPPORTED: return "the functionality requested is not supported";
        default: return status_name(status);
    }
}

EMULATOR_EXPORT int cublasLtCreate(void** handle) {
    EMULATOR_ENTER(STATUS_ALLOC_FAILED);
    return attempt([&] {
        if (handle == nullptr) refuse("the place for the handle is null");
        if (check_context() != CUDA_SUCCESS) throw call_failure{STATUS_NOT_INITIALIZED};
        if (refuse_during_capture() != CUDA_SUCCESS) throw call_failure{STATUS_EXECUTION_FAILED};
        *handle = handles().create<void*>(handle_state{current_context()});
    });
}

EMULATOR_EXPORT int cublasLtDestroy(void* handle) {
    EMULATOR_ASK();
    return handles().destroy(handle) ? STATUS_SUCCESS : STATUS_NOT_INITIALIZED;
}

EMULATOR_EXPORT int cublasLtMatmulDescCreate(void** descriptor, int compute, int scale) {
    EMULATOR_ENTER(STATUS_ALLOC_FAILED);
    return attempt([&] {
        create(descriptor, descriptor_form::matmul,
               {{DESC_COMPUTE_TYPE, static_cast<std::uint64_t>(compute)},
                {DESC_SCALE_TYPE, static_cast<std::uint64_t>(scale)},
                {DESC_POINTER_MODE, 0},
                {DESC_TRANSA, OP_N},
                {DESC_TRANSB, OP_N},
                {DESC_TRANSC, OP_N},
                {DESC_EPILOGUE, EPILOGUE_DEFAULT},
                {DESC_BIAS_POINTER, 0},
                {DESC_BIAS_DATA_TYPE, 0xFFFFFFFF}});
    });
}

EMULATOR_EXPORT int cublasLtMatmulDescDestroy(void* descriptor) {
    EMULATOR_ASK();
    return destroy(descriptor, descriptor_form::matmul);
}

EMULATOR_EXPORT int cublasLtMatmulDescSetAttribute(void* descriptor, int attribute, const void* value, size_t bytes) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR);
    return attempt([&] { set(descriptor, descriptor_form::matmul, attribute, value, bytes); });
}

EMULATOR_EXPORT int cublasLtMatrixLayoutCreate(void** layout, int type, uint64_t rows, uint64_t columns, int64_t leading) {
    EMULATOR_ENTER(STATUS_ALLOC_FAILED);
    return attempt([&] {
        create(layout, descriptor_form::layout,
               {{LAYOUT_TYPE, static_cast<std::uint64_t>(type)},
                {LAYOUT_ORDER, ORDER_COL},
                {LAYOUT_ROWS, rows},
                {LAYOUT_COLS, columns},
                {LAYOUT_LD, static_cast<std::uint64_t>(leading)},
                {LAYOUT_BATCH_COUNT, 1},
                {LAYOUT_STRIDED_BATCH_OFFSET, 0}});
    });
}

EMULATOR_EXPORT int cublasLtMatrixLayoutDestroy(void* layout) {
    EMULATOR_ASK();
    return destroy(layout, descriptor_form::layout);
}

EMULATOR_EXPORT int cublasLtMatrixLayoutSetAttribute(void* layout, int attribute, const void* value, size_t bytes) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR);
    return attempt([&] { set(layout, descriptor_form::layout, attribute, value, bytes); });
}

EMULATOR_EXPORT int cublasLtMatmulPreferenceCreate(void** preference) {
    EMULATOR_ENTER(STATUS_ALLOC_FAILED);
    return attempt([&] {
        constexpr std::uint64_t aligned = 256;
        create(preference, descriptor_form::preference,
               {{PREFERENCE_SEARCH_MODE, 0},
                {PREFERENCE_MAX_WORKSPACE_BYTES, 0},
                {PREFERENCE_REDUCTION_SCHEME_MASK, SCHEME_MASK},
                {PREFERENCE_MIN_ALIGNMENT_A_BYTES, aligned},
                {PREFERENCE_MIN_ALIGNMENT_B_BYTES, aligned},
                {PREFERENCE_MIN_ALIGNMENT_C_BYTES, aligned},
                {PREFERENCE_MIN_ALIGNMENT_D_BYTES, aligned}});
    });
}

EMULATOR_EXPORT int cublasLtMatmulPreferenceDestroy(void* preference) {
    EMULATOR_ASK();
    return destroy(preference, descriptor_form::preference);
}

EMULATOR_EXPORT int cublasLtMatmulPreferenceSetAttribute(void* preference, int attribute, const void* value, size_t bytes) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR);
    return attempt([&] { set(preference, descriptor_form::preference, attribute, value, bytes); });
}
