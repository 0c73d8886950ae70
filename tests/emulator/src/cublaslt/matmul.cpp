/* Matrix products of cuBLASLt: what may be multiplied, by which algorithms, and the product itself. */
#include <algorithm>
#include <cstring>

#include "cublaslt/types.hpp"
#include "numerics/numerics.hpp"

namespace emulator::cublas {
namespace {

struct matrix_info {
    cuda_data type;
    matrix_order order;
    std::int64_t rows, columns, leading;

    std::int64_t row_stride() const { return order == ORDER_ROW ? leading : 1; }
    std::int64_t column_stride() const { return order == ORDER_ROW ? 1 : leading; }
    std::int64_t run() const { return order == ORDER_ROW ? columns : rows; } /* elements that lie side by side */
    std::int64_t runs() const { return order == ORDER_ROW ? rows : columns; }
    size_t bytes() const { return static_cast<size_t>((runs() - 1) * leading + run()) * size_of(type); }
    bool operator==(const matrix_info& other) const {
        return type == other.type&& order == other.order && rows == other.rows && columns == other.columns && leading == other.leading;
    }
};

struct product_problem {
    matrix_info a, b, c, d;
    bool transpose_a, transpose_b, tf32, bias, relu;
    std::int64_t m, n, k;

    /* What an algorithm was chosen for. */
    std::uint64_t fingerprint() const {
        std::uint64_t hash = 0xCBF29CE484222325u;
        const auto add = [&](std::int64_t value) { hash = (hash ^ static_cast<std::uint64_t>(value)) * 0x100000001B3u; };
        for (const matrix_info* matrix : {&a, &b, &c, &d})
            for (const std::int64_t value : {static_cast<std::int64_t>(matrix->type), static_cast<std::int64_t>(matrix->order),
                                             matrix->rows, matrix->columns, matrix->leading})
                add(value);
        for (const bool flag : {transpose_a, transpose_b, tf32, bias, relu}) add(flag ? 1 : 0);
        return hash;
    }
};

/* cublasLtMatmulAlgo_t: 64 bytes that are the library's own business. */
struct product_algorithm {
    std::uint64_t mark, fingerprint, workspace, scheme;
    std::uint32_t alignment[4]; /* of A, B, C and D */
    std::uint64_t unused[2];
};
static_assert(sizeof(product_algorithm) == 64, "as large as cublasLtMatmulAlgo_t");
constexpr std::uint64_t algorithm_mark = 0x5355'4E45'542D'4C54u;

/* cublasLtMatmulHeuristicResult_t */
struct heuristic_result {
    product_algorithm algorithm;
    size_t workspace;
    int state;
    float waves;
    int reserved[4];
};
static_assert(sizeof(heuristic_result) == 96, "as large as cublasLtMatmulHeuristicResult_t");

matrix_info make_matrix(const void* handle, const char* name) {
    const descriptor_state& layout = *find_descriptor(handle, descriptor_form::layout);
    const matrix_info matrix{static_cast<cuda_data>(layout.number(LAYOUT_TYPE)), static_cast<matrix_order>(layout.number(LAYOUT_ORDER)),
                             static_cast<std::int64_t>(layout[LAYOUT_ROWS]), static_cast<std::int64_t>(layout[LAYOUT_COLS]),
                             static_cast<std::int64_t>(layout[LAYOUT_LD])};
    if (matrix.order != ORDER_COL && matrix.order != ORDER_ROW) throw call_failure{STATUS_NOT_SUPPORTED};
    if (layout[LAYOUT_BATCH_COUNT] != 1) throw call_failure{STATUS_NOT_SUPPORTED};
    if (matrix.rows < 1 || matrix.columns < 1)
        refuse("%s has %lld rows and %lld columns", name, static_cast<long long>(matrix.rows), static_cast<long long>(matrix.columns));
    if (matrix.leading < matrix.run())
        refuse("the leading dimension %lld of %s is less than the %lld elements that lie side by side",
               static_cast<long long>(matrix.leading), name, static_cast<long long>(matrix.run()));
    return matrix;
}

bool transposed(const descriptor_state& descriptor, desc_attribute attribute) {
    const int operation = descriptor.number(attribute);
    if (operation < OP_N || operation > OP_C) refuse("%d is no operation on a matrix", operation);
    return operation != OP_N;
}

void check_types(const product_problem& problem, const descriptor_state& descriptor) {
    const int compute = descriptor.number(DESC_COMPUTE_TYPE);
    const bool floats = problem.a.type == cuda_data::f32 && problem.b.type == cuda_data::f32 && problem.d.type == cuda_data::f32;
    const bool halves = problem.a.type == cuda_data::bf16 && problem.b.type == cuda_data::bf16 &&
                        (problem.d.type == cuda_data::bf16 || problem.d.type == cuda_data::f32);
    const bool known = (compute == COMPUTE_32F && (floats || halves)) || (compute == COMPUTE_32F_FAST_TF32 && floats);
    if (!known || problem.c.type != problem.d.type || descriptor.number(DESC_SCALE_TYPE) != static_cast<int>(cuda_data::f32))
        throw call_failure{STATUS_NOT_SUPPORTED};
    const int bias_type = descriptor.number(DESC_BIAS_DATA_TYPE);
    if (problem.bias && bias_type != -1 && bias_type != static_cast<int>(problem.d.type)) throw call_failure{STATUS_NOT_SUPPORTED};
    /* The bias is per row of D, which is a channel only where rows lie side by side. */
    if (problem.bias && problem.d.order != ORDER_COL) throw call_failure{STATUS_NOT_SUPPORTED};
}

product_problem make_problem(const void* handle, const void* a, const void* b, const void* c, const void* d) {
    const descriptor_state& descriptor = *find_descriptor(handle, descriptor_form::matmul);
    product_problem problem{};
    problem.a = make_matrix(a, "A");
    problem.b = make_matrix(b, "B");
    problem.c = make_matrix(c, "C");
    problem.d = make_matrix(d, "D");
    problem.transpose_a = transposed(descriptor, DESC_TRANSA);
    problem.transpose_b = transposed(descriptor, DESC_TRANSB);
    if (transposed(descriptor, DESC_TRANSC) || descriptor[DESC_POINTER_MODE] != 0) throw call_failure{STATUS_NOT_SUPPORTED};
    problem.tf32 = descriptor.number(DESC_COMPUTE_TYPE) == COMPUTE_32F_FAST_TF32;
    switch (descriptor[DESC_EPILOGUE]) {
        case EPILOGUE_DEFAULT: break;
        case EPILOGUE_RELU: problem.relu = true; break;
        case EPILOGUE_BIAS: problem.bias = true; break;
        case EPILOGUE_RELU_BIAS: problem.relu = problem.bias = true; break;
        default: throw call_failure{STATUS_NOT_SUPPORTED};
    }
    problem.m = problem.d.rows;
    problem.n = problem.d.columns;
    problem.k = problem.transpose_a ? problem.a.rows : problem.a.columns;
    const bool fits = (problem.transpose_a ? problem.a.columns : problem.a.rows) == problem.m &&
                      (problem.transpose_b ? problem.b.rows : problem.b.columns) == problem.n &&
                      (problem.transpose_b ? problem.b.columns : problem.b.rows) == problem.k && problem.c.rows == problem.m &&
                      problem.c.columns == problem.n;
    if (!fits)
        refuse("the extents of A, B, C and D do not go together: m %lld, n %lld, k %lld", static_cast<long long>(problem.m),
               static_cast<long long>(problem.n), static_cast<long long>(problem.k));
    check_types(problem, descriptor);
    return problem;
}

/* Best first, as the library ranks them. */
std::vector<product_algorithm> algorithms_for(const product_problem& problem, const descriptor_state& preference) {
    const std::uint64_t parts = static_cast<std::uint64_t>(problem.m * problem.n) * 4 * 2;
    const product_algorithm base{algorithm_mark,
                                 problem.fingerprint(),
                                 0,
                                 SCHEME_NONE,
                                 {static_cast<std::uint32_t>(preference[PREFERENCE_MIN_ALIGNMENT_A_BYTES]),
                                  static_cast<std::uint32_t>(preference[PREFERENCE_MIN_ALIGNMENT_B_BYTES]),
                                  static_cast<std::uint32_t>(preference[PREFERENCE_MIN_ALIGNMENT_C_BYTES]),
                                  static_cast<std::uint32_t>(preference[PREFERENCE_MIN_ALIGNMENT_D_BYTES])},
                                 {}};
    product_algorithm split = base, in_place = base;
    split.workspace = (parts + 255) / 256 * 256;
    split.scheme = SCHEME_COMPUTE_TYPE;
    in_place.scheme = SCHEME_INPLACE;
    std::vector<product_algorithm> chosen;
    for (const product_algorithm& algorithm : {split, base, in_place}) {
        const bool allowed = (algorithm.scheme & ~preference[PREFERENCE_REDUCTION_SCHEME_MASK]) == 0;
        if (allowed && algorithm.workspace <= preference[PREFERENCE_MAX_WORKSPACE_BYTES]) chosen.push_back(algorithm);
    }
    return chosen;
}

/* A matrix in memory with its rows one behind the other, transposed if so wished. */
std::vector<float> load(const matrix_info& matrix, CUdeviceptr address, bool transpose, bool tf32, const char* name) {
    const std::int64_t rows = transpose ? matrix.columns : matrix.rows, columns = transpose ? matrix.rows : matrix.columns;
    const std::int64_t row = transpose ? matrix.column_stride() : matrix.row_stride(),
                       column = transpose ? matrix.row_stride() : matrix.column_stride();
    std::vector<float> values(static_cast<size_t>(rows * columns));
    const auto fill = [&](const auto* from, const auto& widen) {
        for (std::int64_t i = 0; i < rows; ++i)
            for (std::int64_t j = 0; j < columns; ++j) values[static_cast<size_t>(i * columns + j)] = widen(from[i * row + j * column]);
    };
    const size_t count = matrix.bytes() / size_of(matrix.type);
    if (matrix.type == cuda_data::bf16)
        fill(device<std::uint16_t>(address, count, name), bf16_to_float);
    else
        fill(device<float>(address, count, name), [&](float value) { return tf32 ? round_tf32(value) : value; });
    return values;
}

void store(const matrix_info& matrix, CUdeviceptr address, const std::vector<float>& values) {
    const size_t count = matrix.bytes() / size_of(matrix.type);
    const auto fill = [&](auto* to, const auto& narrow) {
        for (std::int64_t i = 0; i < matrix.rows; ++i)
            for (std::int64_t j = 0; j < matrix.columns; ++j)
                to[i * matrix.row_stride() + j * matrix.column_stride()] = narrow(values[static_cast<size_t>(i * matrix.columns + j)]);
    };
    if (matrix.type == cuda_data::bf16)
        fill(device<std::uint16_t>(address, count, "D"), float_to_bf16);
    else
        fill(device<float>(address, count, "D"), [](float value) { return value; });
}

struct product_call {
    product_problem problem;
    product_algorithm algorithm;
    float alpha, beta;
    CUdeviceptr a, b, c, d, bias, workspace;
};

void multiply(const product_call& call, std::uint64_t run) {
    const product_problem& problem = call.problem;
    if (call.algorithm.workspace > 0)
        std::memset(device<unsigned char>(call.workspace, call.algorithm.workspace, "the workspace"), 0xFF, call.algorithm.workspace);
    const std::vector<float> a = load(problem.a, call.a, problem.transpose_a, problem.tf32, "A");
    const std::vector<float> b = load(problem.b, call.b, problem.transpose_b, problem.tf32, "B");
    std::vector<float> result(static_cast<size_t>(problem.m * problem.n));
    constexpr std::int64_t strip = 256;
    const double work = static_cast<double>(problem.m) * static_cast<double>(problem.n) * static_cast<double>(problem.k);
    parallel_for((problem.n + strip - 1) / strip, work, [&](std::int64_t index) {
        const std::int64_t from = index * strip, columns = std::min(strip, problem.n - from);
        multiply_add(problem.m, columns, problem.k, {a.data(), problem.k, 1}, {b.data() + from, problem.n, 1}, result.data() + from,
                     problem.n);
    });
    for (float& value : result) value *= call.alpha;
    if (call.beta != 0.0f) {
        const std::vector<float> c = load(problem.c, call.c, false, false, "C");
        for (size_t i = 0; i < result.size(); ++i) result[i] += call.beta * c[i];
    }
    if (problem.bias) {
        const std::vector<float> bias = load({problem.d.type, ORDER_COL, problem.m, 1, problem.m}, call.bias, false, false, "the bias");
        for (size_t i = 0; i < result.size(); ++i) result[i] += bias[i / static_cast<size_t>(problem.n)];
    }
    if (problem.relu)
        for (float& value : result) value = value < 0.0f ? 0.0f : value;
    if (call.algorithm.scheme == SCHEME_INPLACE) perturb(result.data(), problem.m * problem.n, run);
    store(problem.d, call.d, result);
}

/* Columns of a common buffer that lie beside one another share no bytes. */
bool overlap(const matrix_info& x, CUdeviceptr x_at, const matrix_info& y, CUdeviceptr y_at) {
    if (x_at + x.bytes() <= y_at || y_at + y.bytes() <= x_at) return false;
    if (x.leading != y.leading || size_of(x.type) != size_of(y.type)) return true;
    const std::int64_t distance =
        (static_cast<std::int64_t>(x_at) - static_cast<std::int64_t>(y_at)) / static_cast<std::int64_t>(size_of(x.type));
    const std::int64_t from = (distance % x.leading + x.leading) % x.leading;
    return from < y.run() || from + x.run() > x.leading;
}

void check_operand(const matrix_info& matrix, CUdeviceptr address, std::uint32_t alignment, const char* name) {
    if (address == 0) refuse("%s is null", name);
    if (address % alignment != 0)
        refuse("%s at 0x%llx is not aligned to the %u bytes its algorithm was chosen for", name, static_cast<unsigned long long>(address),
               alignment);
    if (!check_range(address, matrix.bytes(), name)) throw call_failure{STATUS_INVALID_VALUE};
}

void check_memory(const product_call& call, size_t workspace_bytes) {
    const product_problem& problem = call.problem;
    const std::uint32_t* alignment = call.algorithm.alignment;
    check_operand(problem.a, call.a, alignment[0], "A");
    check_operand(problem.b, call.b, alignment[1], "B");
    if (call.beta != 0.0f) check_operand(problem.c, call.c, alignment[2], "C");
    check_operand(problem.d, call.d, alignment[3], "D");
    if (overlap(problem.d, call.d, problem.a, call.a)) refuse("D overlaps A");
    if (overlap(problem.d, call.d, problem.b, call.b)) refuse("D overlaps B");
    const bool in_place = call.c == call.d && problem.c == problem.d;
    if (call.beta != 0.0f && !in_place && overlap(problem.d, call.d, problem.c, call.c)) refuse("D overlaps a C that is not in its place");
    if (problem.bias)
        check_operand({problem.d.type, ORDER_COL, problem.m, 1, problem.m}, call.bias, static_cast<std::uint32_t>(size_of(problem.d.type)),
                      "the bias");
    if (call.algorithm.workspace > workspace_bytes)
        refuse("the algorithm needs %llu bytes of workspace and is given %zu", static_cast<unsigned long long>(call.algorithm.workspace),
               workspace_bytes);
    if (call.algorithm.workspace == 0) return;
    if (call.workspace == 0 || call.workspace % 16 != 0) refuse("the workspace is null or not aligned to 16 bytes");
    if (!check_range(call.workspace, call.algorithm.workspace, "the workspace")) throw call_failure{STATUS_INVALID_VALUE};
}

product_algorithm check_algorithm(const void* from, const product_problem& problem) {
    product_algorithm algorithm{algorithm_mark, problem.fingerprint(), 0, SCHEME_NONE, {2, 2, 2, 2}, {}};
    if (from == nullptr) return algorithm; /* the library chooses one that needs nothing */
    std::memcpy(&algorithm, from, sizeof algorithm);
    if (algorithm.mark != algorithm_mark) refuse("the algorithm is not one that cublasLtMatmulAlgoGetHeuristic gave");
    if (algorithm.fingerprint != problem.fingerprint()) refuse("the algorithm was chosen for another problem");
    return algorithm;
}

float read_factor(const void* from, const char* name) {
    if (from == nullptr) refuse("%s is null", name);
    float value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

} // namespace
} // namespace emulator::cublas

using namespace emulator;
using namespace emulator::cublas;

EMULATOR_EXPORT int cublasLtMatmulAlgoGetHeuristic(void* handle, void* descriptor, void* a, void* b, void* c, void* d, void* preference,
                                                   int requested, void* results, int* returned) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR);
    return attempt([&] {
        if (results == nullptr || returned == nullptr) refuse("the place for the results is null");
        if (requested < 1) refuse("%d results are requested", requested);
        *returned = 0;
        find_handle(handle);
        const product_problem problem = make_problem(descriptor, a, b, c, d);
        const std::vector<product_algorithm> algorithms =
            algorithms_for(problem, *find_descriptor(preference, descriptor_form::preference));
        const int count = std::min(requested, static_cast<int>(algorithms.size()));
        for (int i = 0; i < count; ++i) {
            const product_algorithm& algorithm = algorithms[static_cast<size_t>(i)];
            const heuristic_result result{algorithm, algorithm.workspace, STATUS_SUCCESS, 1.0f, {}};
            std::memcpy(static_cast<unsigned char*>(results) + static_cast<size_t>(i) * sizeof result, &result, sizeof result);
        }
        *returned = count;
        if (count == 0) throw call_failure{STATUS_NOT_SUPPORTED};
    });
}

EMULATOR_EXPORT int cublasLtMatmul(void* handle, void* descriptor, const void* alpha, CUdeviceptr a, void* a_layout, CUdeviceptr b,
                                   void* b_layout, const void* beta, CUdeviceptr c, void* c_layout, CUdeviceptr d, void* d_layout,
                                   const void* algorithm, CUdeviceptr workspace, size_t workspace_bytes, CUstream stream) {
    EMULATOR_ENTER(STATUS_EXECUTION_FAILED);
    return attempt([&] {
        find_handle(handle);
        product_call call{make_problem(descriptor, a_layout, b_layout, c_layout, d_layout), {}, 0.0f, 0.0f, a, b, c, d, 0, workspace};
        call.algorithm = check_algorithm(algorithm, call.problem);
        call.alpha = read_factor(alpha, "alpha");
        call.beta = read_factor(beta, "beta");
        call.bias = (*find_descriptor(descriptor, descriptor_form::matmul))[DESC_BIAS_POINTER];
        check_memory(call, workspace_bytes);
        static std::uint64_t runs = 0; /* under the lock that all work holds */
        const CUresult status = enqueue(stream, {"a matrix product of cuBLASLt", [call] { multiply(call, runs++); }});
        if (status != CUDA_SUCCESS) throw call_failure{STATUS_EXECUTION_FAILED};
    });
}
