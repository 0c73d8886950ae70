/* Descriptors of the graph interface: what was set on them, and what they mean once they are finalized. */
#pragma once

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

struct handle_state {
    CUcontext context = nullptr;
    CUstream stream = nullptr;
};

/* The status a call is to return, and its reason for cudnnGetLastErrorString. */
struct call_failure {
    call_status status;
    std::string reason;
};

/* The caller broke the interface: a violation. For what cuDNN merely cannot do, throw call_failure alone. */
[[noreturn]] void refuse(call_status status, const char* format, ...) __attribute__((format(printf, 2, 3)));
[[noreturn]] void unsupported(call_status status, const char* format, ...) __attribute__((format(printf, 2, 3)));

/* What cudnnGetLastErrorString tells the calling thread. */
const std::string& last_error_text();

struct descriptor_state;
using child_pointer = std::shared_ptr<const descriptor_state>;

struct attribute_value {
    attribute_type type;
    std::int64_t count = 0;
    std::vector<unsigned char> bytes;
    std::vector<child_pointer> children;        /* of a BACKEND_DESCRIPTOR */
    std::shared_ptr<const handle_state> handle; /* of a HANDLE */
};

struct tensor_info {
    std::int64_t uid, dims[4], strides[4], alignment;
    element_type type;
    bool is_virtual, by_value;

    image_shape shape() const { return {dims[0], dims[1], dims[2], dims[3]}; }
    size_t element() const { return type == DATA_DOUBLE || type == DATA_INT64 ? 8 : type == DATA_FLOAT ? 4 : 2; }
    std::int64_t extent() const; /* elements from the first to the last */
    std::int64_t pixel_stride() const;
    bool is_channels_last() const; /* NHWC whose pixels may lie further apart than their channels */
    bool is_packed() const { return is_channels_last() && extent() == shape().count(); }
    bool is_vector(std::int64_t channels) const { return shape() == image_shape{1, channels, 1, 1}; }
    bool operator==(const tensor_info& other) const;
    std::string text() const;
};

struct convolution_info {
    element_type compute;
    convolution_mode mode;
    window_shape window; /* but for its size, which the weights say */
};

struct pointwise_info {
    pointwise_mode mode;
    element_type compute;
    double lower_clip, upper_clip, lower_slope;
};

struct reduction_info {
    reduction_operator operation;
    element_type compute;
};

struct resample_info {
    resample_mode mode;
    element_type compute;
    padding_mode padding;
    window_shape window;
};

struct operation_info {
    descriptor_type kind;
    std::map<attribute_name, tensor_info> inputs, outputs;
    std::variant<std::monostate, convolution_info, pointwise_info, reduction_info, resample_info> what;
    double alpha = 1.0, beta = 0.0;
    norm_phase phase = NORM_INFERENCE;

    bool is_convolution() const { return std::holds_alternative<convolution_info>(what); }
    const tensor_info& tensor(attribute_name name) const { return inputs.count(name) != 0 ? inputs.at(name) : outputs.at(name); }
    const tensor_info& only_output() const { return outputs.begin()->second; }
    const tensor_info* find_input(attribute_name name) const;
};

/* The three convolutions under one set of names: x is the larger image, y the smaller one. */
struct convolution_attributes {
    descriptor_type kind;
    attribute_name part, alpha, beta, x, w, y;
};
const convolution_attributes& convolution_names(descriptor_type kind);

/* Likewise for both directions of resampling. */
struct resample_attributes {
    descriptor_type kind;
    attribute_name part, alpha, beta, x, y;
};
const resample_attributes& resample_names(descriptor_type kind);

struct engine_info {
    std::int64_t index;
    std::vector<numerical_note> notes;
    std::vector<behavior_note> behavior;
    std::int64_t workspace;
    bool plan_fails; /* its plans cannot be finalized: a caller has to try the next */

    bool rounds_inputs() const;
    bool is_deterministic() const;
};

struct graph_info {
    std::vector<operation_info> operations; /* every one after those whose results it reads */
    std::map<std::int64_t, tensor_info> tensors;
    /* Without engines, why. */
    std::vector<engine_info> engines, fallback;
    call_failure unsupported{STATUS_SUCCESS, ""};

    bool is_written(std::int64_t uid) const;
};
using graph_pointer = std::shared_ptr<const graph_info>;

struct heuristics_info {
    graph_pointer graph;
    heuristic_mode mode;
};

struct engine_choice {
    graph_pointer graph;
    engine_info engine;
};

struct variant_pack {
    std::map<std::int64_t, std::uint64_t> pointers;
    CUdeviceptr workspace = 0;
};

struct descriptor_state {
    explicit descriptor_state(descriptor_type of) : type(of) {}

    descriptor_type type;
    bool is_final = false;
    std::map<int, attribute_value> attributes;
    /* engine_choice is what an ENGINE, an ENGINECFG and an EXECUTION_PLAN mean. */
    std::variant<std::monostate, tensor_info, convolution_info, pointwise_info, reduction_info, resample_info, operation_info,
                 graph_pointer, heuristics_info, engine_choice, variant_pack>
        content;

    bool has(attribute_name name) const { return attributes.count(name) != 0; }
    template <class T>
    std::vector<T> values(attribute_name name) const {
        const attribute_value& attribute = attributes.at(name);
        std::vector<T> result(static_cast<size_t>(attribute.count));
        std::memcpy(result.data(), attribute.bytes.data(), result.size() * sizeof(T));
        return result;
    }
    template <class T>
    T value(attribute_name name) const {
        return values<T>(name)[0];
    }
    template <class T>
    T value(attribute_name name, T otherwise) const {
        return has(name) ? value<T>(name) : otherwise;
    }
    template <class T>
    const T& child(attribute_name name) const {
        return std::get<T>(attributes.at(name).children[0]->content);
    }
};

handle_table<handle_state>& handles();
handle_table<descriptor_state>& descriptors();

/* Each throws call_failure. The caller has seen to it that all required attributes are there. */
tensor_info make_tensor(const descriptor_state& descriptor);
convolution_info make_convolution(const descriptor_state& descriptor);
pointwise_info make_pointwise(const descriptor_state& descriptor);
reduction_info make_reduction(const descriptor_state& descriptor);
resample_info make_resample(const descriptor_state& descriptor);
variant_pack make_variant_pack(const descriptor_state& descriptor);
operation_info make_operation(const descriptor_state& descriptor);
graph_info make_graph(const descriptor_state& descriptor);

/* Fills in the engines of a graph, or why it has none. */
void choose_engines(graph_info& graph);

/* The values of a graph's tensors in memory, with the engine's arithmetic. Runs as work of a stream. */
void run_graph(const graph_info& graph, const engine_info& engine, const variant_pack& pack, const std::map<std::int64_t, double>& scalars,
               std::uint64_t run);

/* cudnnBackendExecute after its handles have been looked up. */
void execute(const handle_state& handle, const engine_choice& plan, const variant_pack& pack);

} // namespace emulator::cudnn
