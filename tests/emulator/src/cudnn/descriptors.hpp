/* Descriptors of the graph interface: what was set on them, and what they mean once they are finalized. */
#ifndef SUNET_EMULATOR_CUDNN_DESCRIPTORS_HPP
#define SUNET_EMULATOR_CUDNN_DESCRIPTORS_HPP

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "cudnn/compute.hpp"
#include "cudnn/rules.hpp"
#include "core/emulator.hpp"

namespace emulator::cudnn {

struct Handle {
    CUcontext context = nullptr;
    CUstream stream = nullptr;
};

/* The status a call is to return, and its reason for cudnnGetLastErrorString. */
struct Failure {
    Status status;
    std::string reason;
};

/* The caller broke the interface: a violation. For what cuDNN merely cannot do, throw Failure alone. */
[[noreturn]] void refuse(Status status, const char* format, ...) __attribute__((format(printf, 2, 3)));
[[noreturn]] void unsupported(Status status, const char* format, ...) __attribute__((format(printf, 2, 3)));

/* What cudnnGetLastErrorString tells the calling thread. */
const std::string& last_error_text();

struct Descriptor;
using Child = std::shared_ptr<const Descriptor>;

struct Attribute {
    AttributeType type;
    std::int64_t count = 0;
    std::vector<unsigned char> bytes;
    std::vector<Child> children;          /* of a BACKEND_DESCRIPTOR */
    std::shared_ptr<const Handle> handle; /* of a HANDLE */
};

struct Tensor {
    std::int64_t uid, dims[4], strides[4], alignment;
    DataType type;
    bool is_virtual, by_value;

    Shape shape() const { return {dims[0], dims[1], dims[2], dims[3]}; }
    size_t element() const { return type == DATA_DOUBLE || type == DATA_INT64 ? 8 : type == DATA_FLOAT ? 4 : 2; }
    std::int64_t extent() const; /* elements from the first to the last */
    std::int64_t pixel_stride() const;
    bool is_channels_last() const; /* NHWC whose pixels may lie further apart than their channels */
    bool is_packed() const { return is_channels_last() && extent() == shape().count(); }
    bool is_vector(std::int64_t channels) const { return shape() == Shape{1, channels, 1, 1}; }
    bool operator==(const Tensor& other) const;
    std::string text() const;
};

struct Convolution {
    DataType compute;
    ConvolutionMode mode;
    Window window; /* but for its size, which the weights say */
};

struct Pointwise {
    PointwiseMode mode;
    DataType compute;
    double lower_clip, upper_clip, lower_slope;
};

struct Reduction {
    ReductionOperator operation;
    DataType compute;
};

struct Resample {
    ResampleMode mode;
    DataType compute;
    PaddingMode padding;
    Window window;
};

struct Operation {
    DescriptorType kind;
    std::map<AttributeName, Tensor> inputs, outputs;
    std::variant<std::monostate, Convolution, Pointwise, Reduction, Resample> what;
    double alpha = 1.0, beta = 0.0;
    NormPhase phase = NORM_INFERENCE;

    bool is_convolution() const { return std::holds_alternative<Convolution>(what); }
    const Tensor& tensor(AttributeName name) const { return inputs.count(name) != 0 ? inputs.at(name) : outputs.at(name); }
    const Tensor& only_output() const { return outputs.begin()->second; }
    const Tensor* find_input(AttributeName name) const;
};

/* The three convolutions under one set of names: x is the larger image, y the smaller one. */
struct ConvolutionNames {
    DescriptorType kind;
    AttributeName part, alpha, beta, x, w, y;
};
const ConvolutionNames& convolution_names(DescriptorType kind);

/* Likewise for both directions of resampling. */
struct ResampleNames {
    DescriptorType kind;
    AttributeName part, alpha, beta, x, y;
};
const ResampleNames& resample_names(DescriptorType kind);

struct Engine {
    std::int64_t index;
    std::vector<NumericalNote> notes;
    std::vector<BehaviorNote> behavior;
    std::int64_t workspace;
    bool plan_fails; /* its plans cannot be finalized: a caller has to try the next */

    bool rounds_inputs() const;
    bool is_deterministic() const;
};

struct Graph {
    std::vector<Operation> operations; /* every one after those whose results it reads */
    std::map<std::int64_t, Tensor> tensors;
    /* Without engines, why. */
    std::vector<Engine> engines, fallback;
    Failure unsupported{STATUS_SUCCESS, ""};

    bool is_written(std::int64_t uid) const;
};
using GraphPointer = std::shared_ptr<const Graph>;

struct Heuristics {
    GraphPointer graph;
    HeuristicMode mode;
};

struct EngineChoice {
    GraphPointer graph;
    Engine engine;
};

struct VariantPack {
    std::map<std::int64_t, std::uint64_t> pointers;
    CUdeviceptr workspace = 0;
};

struct Descriptor {
    explicit Descriptor(DescriptorType of) : type(of) {}

    DescriptorType type;
    bool is_final = false;
    std::map<int, Attribute> attributes;
    /* EngineChoice is what an ENGINE, an ENGINECFG and an EXECUTION_PLAN mean. */
    std::variant<std::monostate, Tensor, Convolution, Pointwise, Reduction, Resample, Operation, GraphPointer, Heuristics, EngineChoice,
                 VariantPack>
        content;

    bool has(AttributeName name) const { return attributes.count(name) != 0; }
    template <class T>
    std::vector<T> values(AttributeName name) const {
        const Attribute& attribute = attributes.at(name);
        std::vector<T> result(static_cast<size_t>(attribute.count));
        std::memcpy(result.data(), attribute.bytes.data(), result.size() * sizeof(T));
        return result;
    }
    template <class T>
    T value(AttributeName name) const {
        return values<T>(name)[0];
    }
    template <class T>
    T value(AttributeName name, T otherwise) const {
        return has(name) ? value<T>(name) : otherwise;
    }
    template <class T>
    const T& child(AttributeName name) const {
        return std::get<T>(attributes.at(name).children[0]->content);
    }
};

handle_table<Handle>& handles();
handle_table<Descriptor>& descriptors();

/* Each throws Failure. The caller has seen to it that all required attributes are there. */
Tensor make_tensor(const Descriptor& descriptor);
Convolution make_convolution(const Descriptor& descriptor);
Pointwise make_pointwise(const Descriptor& descriptor);
Reduction make_reduction(const Descriptor& descriptor);
Resample make_resample(const Descriptor& descriptor);
VariantPack make_variant_pack(const Descriptor& descriptor);
Operation make_operation(const Descriptor& descriptor);
Graph make_graph(const Descriptor& descriptor);

/* Fills in the engines of a graph, or why it has none. */
void choose_engines(Graph& graph);

/* The values of a graph's tensors in memory, with the engine's arithmetic. Runs as work of a stream. */
void run_graph(const Graph& graph, const Engine& engine, const VariantPack& pack, const std::map<std::int64_t, double>& scalars,
               std::uint64_t run);

/* cudnnBackendExecute after its handles have been looked up. */
void execute(const Handle& handle, const EngineChoice& plan, const VariantPack& pack);

} // namespace emulator::cudnn

#endif
