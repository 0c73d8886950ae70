/* The part of cuBLASLt that the emulator speaks, with the numbers of its ABI. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "core/emulator.hpp"

namespace emulator::cublas {

enum call_status : int {
    STATUS_SUCCESS = 0,
    STATUS_NOT_INITIALIZED = 1,
    STATUS_ALLOC_FAILED = 3,
    STATUS_INVALID_VALUE = 7,
    STATUS_ARCH_MISMATCH = 8,
    STATUS_MAPPING_ERROR = 11,
    STATUS_EXECUTION_FAILED = 13,
    STATUS_INTERNAL_ERROR = 14,
    STATUS_NOT_SUPPORTED = 15,
    STATUS_LICENSE_ERROR = 16
};

enum compute_type : int { COMPUTE_32F = 68, COMPUTE_32F_FAST_TF32 = 77 };
enum transpose_operation : int { OP_N = 0, OP_T = 1, OP_C = 2 };
enum epilogue : std::uint32_t { EPILOGUE_DEFAULT = 1, EPILOGUE_RELU = 2, EPILOGUE_BIAS = 4, EPILOGUE_RELU_BIAS = 6 };
enum matrix_order : int { ORDER_COL = 0, ORDER_ROW = 1 };
enum reduction_scheme : std::uint32_t { SCHEME_NONE = 0, SCHEME_INPLACE = 1, SCHEME_COMPUTE_TYPE = 2, SCHEME_MASK = 7 };

enum desc_attribute : int {
    DESC_COMPUTE_TYPE = 0,
    DESC_SCALE_TYPE = 1,
    DESC_POINTER_MODE = 2,
    DESC_TRANSA = 3,
    DESC_TRANSB = 4,
    DESC_TRANSC = 5,
    DESC_EPILOGUE = 7,
    DESC_BIAS_POINTER = 8,
    DESC_BIAS_DATA_TYPE = 26
};

enum layout_attribute : int {
    LAYOUT_TYPE = 0,
    LAYOUT_ORDER = 1,
    LAYOUT_ROWS = 2,
    LAYOUT_COLS = 3,
    LAYOUT_LD = 4,
    LAYOUT_BATCH_COUNT = 5,
    LAYOUT_STRIDED_BATCH_OFFSET = 6
};

enum preference_attribute : int {
    PREFERENCE_SEARCH_MODE = 0,
    PREFERENCE_MAX_WORKSPACE_BYTES = 1,
    PREFERENCE_REDUCTION_SCHEME_MASK = 3,
    PREFERENCE_MIN_ALIGNMENT_A_BYTES = 5,
    PREFERENCE_MIN_ALIGNMENT_B_BYTES = 6,
    PREFERENCE_MIN_ALIGNMENT_C_BYTES = 7,
    PREFERENCE_MIN_ALIGNMENT_D_BYTES = 8,
    PREFERENCE_MAX_WAVES_COUNT = 9,
    PREFERENCE_IMPL_MASK = 12
};

struct handle_state {
    CUcontext context;
};

enum class descriptor_form { matmul, layout, preference };

/* A descriptor is its attributes, by number; those that are not set have the values cuBLASLt documents. */
struct descriptor_state {
    descriptor_form form;
    std::map<int, std::uint64_t> values;

    std::uint64_t operator[](int attribute) const { return values.at(attribute); }
    int number(int attribute) const { return static_cast<int>(values.at(attribute)); }
};

/* Bytes of an attribute's value, 0 if there is no such attribute. */
size_t attribute_size(descriptor_form form, int attribute);
const char* form_text(descriptor_form form);

handle_table<handle_state>& handles();
handle_table<descriptor_state>& descriptors();

/* The status a call is to return. */
struct call_failure {
    call_status status;
};

[[noreturn]] void refuse(const char* format, ...) __attribute__((format(printf, 1, 2))); /* INVALID_VALUE and a violation */
std::shared_ptr<handle_state> find_handle(const void* handle);
std::shared_ptr<descriptor_state> find_descriptor(const void* handle, descriptor_form form);

template <class Body>
int attempt(const Body& body) {
    try {
        body();
        return STATUS_SUCCESS;
    } catch (const call_failure& failure) {
        return failure.status;
    }
}

} // namespace emulator::cublas
