/* Operations and graphs of them: whether their shapes follow from one another and every value has one origin. */
#include <algorithm>
#include <set>

#include "cudnn/descriptors.hpp"

namespace emulator::cudnn {
namespace {

[[noreturn]] void mismatch(const operation_info& operation, const char* rule) {
    std::string tensors;
    for (const auto* side : {&operation.inputs, &operation.outputs})
        for (const auto& named : *side)
            tensors += " " + std::string(find_rule(operation.kind, named.first)->text) + "=" + named.second.text();
    refuse(STATUS_BAD_PARAM_SHAPE_MISMATCH, "%s:%s", rule, tensors.c_str());
}

void fill_convolution(operation_info& operation, const descriptor_state& descriptor) {
    const convolution_attributes& names = convolution_names(operation.kind);
    convolution_info convolution = descriptor.child<convolution_info>(names.part);
    operation.alpha = descriptor.value<float>(names.alpha);
    operation.beta = descriptor.value<float>(names.beta);
    const tensor_info &x = operation.tensor(names.x), &w = operation.tensor(names.w), &y = operation.tensor(names.y);
    for (int axis = 0; axis < 2; ++axis) {
        convolution.window.size[axis] = w.dims[2 + axis];
        if (convolution.window.output(axis, x.dims[2 + axis]) != y.dims[2 + axis])
            mismatch(operation, "the extent of y does not follow from that of x");
    }
    if (x.dims[0] != y.dims[0] || x.dims[1] != w.dims[1] || y.dims[1] != w.dims[0])
        mismatch(operation, "the batch or the channels of x, w and y do not go together");
    operation.what = convolution;
}

void fill_resample(operation_info& operation, const descriptor_state& descriptor) {
    const resample_attributes& names = resample_names(operation.kind);
    const resample_info& resample = descriptor.child<resample_info>(names.part);
    operation.what = resample;
    operation.alpha = descriptor.value<double>(names.alpha, 1.0);
    operation.beta = descriptor.value<double>(names.beta, 0.0);
    const tensor_info &x = operation.tensor(names.x), &y = operation.tensor(names.y);
    if (x.dims[0] != y.dims[0] || x.dims[1] != y.dims[1] || resample.window.output(0, x.dims[2]) != y.dims[2] ||
        resample.window.output(1, x.dims[3]) != y.dims[3])
        mismatch(operation, "the extent of y does not follow from that of x");
}

bool broadcasts_to(const tensor_info& from, const tensor_info& to) {
    for (int axis = 0; axis < 4; ++axis)
        if (from.dims[axis] != to.dims[axis] && from.dims[axis] != 1) return false;
    return true;
}

void require(const operation_info& operation, bool input, attribute_name name, bool wanted) {
    const auto& side = input ? operation.inputs : operation.outputs;
    if ((side.count(name) != 0) == wanted) return;
    refuse(STATUS_BAD_PARAM, "%s %s", find_rule(operation.kind, name)->text, wanted ? "is missing" : "does not belong to this operation");
}

void fill_pointwise(operation_info& operation, const descriptor_state& descriptor) {
    operation.what = descriptor.child<pointwise_info>(OPERATION_POINTWISE_PW_DESCRIPTOR);
    if (descriptor.value<float>(OPERATION_POINTWISE_ALPHA1, 1.0f) != 1.0f ||
        descriptor.value<float>(OPERATION_POINTWISE_ALPHA2, 1.0f) != 1.0f)
        unsupported(STATUS_NOT_SUPPORTED, "the factors of a pointwise operation have to be 1");
    const pointwise_mode mode = std::get<pointwise_info>(operation.what).mode;
    const bool backward = mode >= 200 && mode < 300, binary = mode == POINTWISE_ADD || mode == POINTWISE_MUL;
    if (!backward && !binary && mode != POINTWISE_IDENTITY && mode != POINTWISE_RELU_FWD)
        unsupported(STATUS_NOT_SUPPORTED, "the emulator has no pointwise mode %d", mode);
    require(operation, true, OPERATION_POINTWISE_BDESC, binary);
    require(operation, true, OPERATION_POINTWISE_DYDESC, backward);
    require(operation, false, OPERATION_POINTWISE_YDESC, !backward);
    require(operation, false, OPERATION_POINTWISE_DXDESC, backward);
    const tensor_info& result = operation.only_output();
    for (const auto& named : operation.inputs)
        if (!broadcasts_to(named.second, result)) mismatch(operation, "an operand does not broadcast to the result");
}

void check_reduction(const operation_info& operation) {
    if (!broadcasts_to(operation.tensor(OPERATION_REDUCTION_YDESC), operation.tensor(OPERATION_REDUCTION_XDESC)))
        mismatch(operation, "the result of a reduction has the extent of its operand or 1");
}

void check_scalar(const operation_info& operation, attribute_name name) {
    const tensor_info* scalar = operation.find_input(name);
    if (scalar == nullptr) return;
    if (scalar->shape().count() != 1) mismatch(operation, "a number of the normalization is no scalar");
    if (!scalar->by_value || (scalar->type != DATA_FLOAT && scalar->type != DATA_DOUBLE))
        unsupported(STATUS_NOT_SUPPORTED, "the emulator takes a number of the normalization by value, as FLOAT or DOUBLE");
}

void batch_norm_only(const descriptor_state& descriptor, attribute_name name) {
    const int mode = descriptor.value<int>(name);
    if (mode < 0 || mode > 4) refuse(STATUS_BAD_PARAM, "%d is no normalization", mode);
    if (mode != BATCH_NORM) unsupported(STATUS_NOT_SUPPORTED, "the emulator has no normalization %d", mode);
}

void fill_norm_forward(operation_info& operation, const descriptor_state& descriptor) {
    batch_norm_only(descriptor, OPERATION_NORM_FWD_MODE);
    operation.phase = descriptor.value<int>(OPERATION_NORM_FWD_PHASE) == NORM_TRAINING ? NORM_TRAINING : NORM_INFERENCE;
    const bool training = operation.phase == NORM_TRAINING;
    auto& statistics = training ? operation.outputs : operation.inputs;
    for (const attribute_name name : {OPERATION_NORM_FWD_MEAN_DESC, OPERATION_NORM_FWD_INV_VARIANCE_DESC})
        statistics.emplace(name, descriptor.child<tensor_info>(name));
    require(operation, true, OPERATION_NORM_FWD_EPSILON_DESC, training || operation.find_input(OPERATION_NORM_FWD_EPSILON_DESC) != nullptr);
    const bool running = operation.find_input(OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC) != nullptr;
    if (running && !training) refuse(STATUS_BAD_PARAM, "running statistics belong to the training phase");
    require(operation, true, OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC, running);
    require(operation, true, OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC, running);
    require(operation, false, OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC, running);
    require(operation, false, OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC, running);
    check_scalar(operation, OPERATION_NORM_FWD_EPSILON_DESC);
    check_scalar(operation, OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC);
    const tensor_info& x = operation.tensor(OPERATION_NORM_FWD_XDESC);
    if (!(x.shape() == operation.tensor(OPERATION_NORM_FWD_YDESC).shape())) mismatch(operation, "x and y differ in shape");
    for (const auto* side : {&operation.inputs, &operation.outputs})
        for (const auto& named : *side)
            if (named.first != OPERATION_NORM_FWD_XDESC && named.first != OPERATION_NORM_FWD_YDESC && !named.second.by_value &&
                !named.second.is_vector(x.dims[1]))
                mismatch(operation, "a per-channel tensor of a normalization is not [1, C, 1, 1]");
}

void check_norm_backward(const operation_info& operation) {
    check_scalar(operation, OPERATION_NORM_BWD_EPSILON_DESC);
    const tensor_info& x = operation.tensor(OPERATION_NORM_BWD_XDESC);
    if (!(x.shape() == operation.tensor(OPERATION_NORM_BWD_DYDESC).shape()) ||
        !(x.shape() == operation.tensor(OPERATION_NORM_BWD_DXDESC).shape()))
        mismatch(operation, "x, dy and dx differ in shape");
    for (const tensor_info* vector :
         {&operation.tensor(OPERATION_NORM_BWD_MEAN_DESC), &operation.tensor(OPERATION_NORM_BWD_INV_VARIANCE_DESC),
          &operation.tensor(OPERATION_NORM_BWD_SCALE_DESC), &operation.tensor(OPERATION_NORM_BWD_DSCALE_DESC),
          &operation.tensor(OPERATION_NORM_BWD_DBIAS_DESC)})
        if (!vector->is_vector(x.dims[1])) mismatch(operation, "a per-channel tensor of a normalization is not [1, C, 1, 1]");
}

void collect_tensors(graph_info& graph) {
    std::map<std::int64_t, int> writers, readers;
    for (const operation_info& operation : graph.operations) {
        for (const auto* side : {&operation.inputs, &operation.outputs}) {
            for (const auto& named : *side) {
                const tensor_info& tensor = named.second;
                const auto known = graph.tensors.emplace(tensor.uid, tensor);
                if (!known.second && !(known.first->second == tensor))
                    refuse(STATUS_BAD_PARAM_DUPLICATED_ENTRIES, "two tensors have one unique id: %s and %s", tensor.text().c_str(),
                           known.first->second.text().c_str());
                (side == &operation.outputs ? writers : readers)[tensor.uid]++;
            }
        }
    }
    for (const auto& known : graph.tensors) {
        const tensor_info& tensor = known.second;
        if (writers[tensor.uid] > 1) refuse(STATUS_BAD_PARAM, "the tensor %s is written twice", tensor.text().c_str());
        if (tensor.by_value && writers[tensor.uid] != 0)
            refuse(STATUS_BAD_PARAM, "the tensor %s is written by value", tensor.text().c_str());
        if (tensor.is_virtual && (writers[tensor.uid] == 0 || readers[tensor.uid] == 0))
            refuse(STATUS_BAD_PARAM, "the virtual tensor %s is not both written and read", tensor.text().c_str());
    }
}

void sort_operations(graph_info& graph) {
    std::vector<operation_info> sorted, left = std::move(graph.operations);
    while (!left.empty()) {
        const auto ready = std::find_if(left.begin(), left.end(), [&](const operation_info& operation) {
            return std::none_of(operation.inputs.begin(), operation.inputs.end(), [&](const auto& input) {
                return std::any_of(left.begin(), left.end(), [&](const operation_info& other) {
                    return std::any_of(other.outputs.begin(), other.outputs.end(),
                                       [&](const auto& output) { return output.second.uid == input.second.uid; });
                });
            });
        });
        if (ready == left.end()) refuse(STATUS_BAD_PARAM, "the operations of the graph read one another's results in a circle");
        sorted.push_back(std::move(*ready));
        left.erase(ready);
    }
    graph.operations = std::move(sorted);
}

} // namespace

const convolution_attributes& convolution_names(descriptor_type kind) {
    static const convolution_attributes forward{OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, OPERATION_CONVOLUTION_FORWARD_CONV_DESC,
                                                OPERATION_CONVOLUTION_FORWARD_ALPHA,      OPERATION_CONVOLUTION_FORWARD_BETA,
                                                OPERATION_CONVOLUTION_FORWARD_X,          OPERATION_CONVOLUTION_FORWARD_W,
                                                OPERATION_CONVOLUTION_FORWARD_Y};
    static const convolution_attributes data{OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
                                             OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC,
                                             OPERATION_CONVOLUTION_BWD_DATA_ALPHA,
                                             OPERATION_CONVOLUTION_BWD_DATA_BETA,
                                             OPERATION_CONVOLUTION_BWD_DATA_DX,
                                             OPERATION_CONVOLUTION_BWD_DATA_W,
                                             OPERATION_CONVOLUTION_BWD_DATA_DY};
    static const convolution_attributes filter{OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
                                               OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC,
                                               OPERATION_CONVOLUTION_BWD_FILTER_ALPHA,
                                               OPERATION_CONVOLUTION_BWD_FILTER_BETA,
                                               OPERATION_CONVOLUTION_BWD_FILTER_X,
                                               OPERATION_CONVOLUTION_BWD_FILTER_DW,
                                               OPERATION_CONVOLUTION_BWD_FILTER_DY};
    return kind == forward.kind ? forward : kind == data.kind ? data : filter;
}

const resample_attributes& resample_names(descriptor_type kind) {
    static const resample_attributes forward{OPERATION_RESAMPLE_FWD_DESCRIPTOR, OPERATION_RESAMPLE_FWD_DESC,  OPERATION_RESAMPLE_FWD_ALPHA,
                                             OPERATION_RESAMPLE_FWD_BETA,       OPERATION_RESAMPLE_FWD_XDESC, OPERATION_RESAMPLE_FWD_YDESC};
    static const resample_attributes backward{OPERATION_RESAMPLE_BWD_DESCRIPTOR, OPERATION_RESAMPLE_BWD_DESC,
                                              OPERATION_RESAMPLE_BWD_ALPHA,      OPERATION_RESAMPLE_BWD_BETA,
                                              OPERATION_RESAMPLE_BWD_DXDESC,     OPERATION_RESAMPLE_BWD_DYDESC};
    return kind == forward.kind ? forward : backward;
}

const tensor_info* operation_info::find_input(attribute_name name) const {
    const auto found = inputs.find(name);
    return found == inputs.end() ? nullptr : &found->second;
}

bool graph_info::is_written(std::int64_t uid) const {
    return std::any_of(operations.begin(), operations.end(), [&](const operation_info& operation) {
        return std::any_of(operation.outputs.begin(), operation.outputs.end(), [&](const auto& named) { return named.second.uid == uid; });
    });
}

operation_info make_operation(const descriptor_state& descriptor) {
    operation_info operation;
    operation.kind = descriptor.type;
    for (const attribute_rule* rule : rules_of(descriptor.type)) {
        if (!descriptor.has(rule->name)) continue;
        if (rule->is_input()) operation.inputs.emplace(rule->name, descriptor.child<tensor_info>(rule->name));
        if (rule->is_output()) operation.outputs.emplace(rule->name, descriptor.child<tensor_info>(rule->name));
    }
    switch (descriptor.type) {
        case OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
        case OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
        case OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR: fill_convolution(operation, descriptor); break;
        case OPERATION_RESAMPLE_FWD_DESCRIPTOR:
        case OPERATION_RESAMPLE_BWD_DESCRIPTOR: fill_resample(operation, descriptor); break;
        case OPERATION_POINTWISE_DESCRIPTOR: fill_pointwise(operation, descriptor); break;
        case OPERATION_REDUCTION_DESCRIPTOR:
            operation.what = descriptor.child<reduction_info>(OPERATION_REDUCTION_DESC);
            check_reduction(operation);
            break;
        case OPERATION_NORM_FORWARD_DESCRIPTOR: fill_norm_forward(operation, descriptor); break;
        default: batch_norm_only(descriptor, OPERATION_NORM_BWD_MODE); check_norm_backward(operation);
    }
    return operation;
}

graph_info make_graph(const descriptor_state& descriptor) {
    graph_info graph;
    for (const child_pointer& child : descriptor.attributes.at(OPERATIONGRAPH_OPS).children)
        graph.operations.push_back(std::get<operation_info>(child->content));
    collect_tensors(graph);
    sort_operations(graph);
    choose_engines(graph);
    return graph;
}

} // namespace emulator::cudnn
