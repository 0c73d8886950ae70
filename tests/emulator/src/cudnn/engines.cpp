/* Which graphs cuDNN 9 has engines for on a device of compute capability 9.0, and what these are like. */
#include <algorithm>

#include "sunet_emulator.h"
#include "core/control.hpp"
#include "cudnn/descriptors.hpp"

namespace emulator::cudnn {
namespace {

enum class engine_family { convolution, fused_convolution, norm, other };

bool is_supported_type(element_type type) { return type == DATA_FLOAT || type == DATA_BFLOAT16; }

void require_float_compute(element_type type) {
    if (type != DATA_FLOAT) unsupported(STATUS_NOT_SUPPORTED_DATA_TYPE, "no engine computes in type %d", type);
}

void check_tensors(const graph_info& graph) {
    for (const auto& known : graph.tensors) {
        const tensor_info& tensor = known.second;
        if (tensor.by_value) continue;
        if (!is_supported_type(tensor.type))
            unsupported(STATUS_NOT_SUPPORTED_DATA_TYPE, "no engine takes the tensor %s", tensor.text().c_str());
        if (!tensor.is_channels_last()) unsupported(STATUS_NOT_SUPPORTED_LAYOUT, "the tensor %s is not NHWC", tensor.text().c_str());
    }
}

void check_convolution(const operation_info& operation, bool fused) {
    const convolution_info& convolution = std::get<convolution_info>(operation.what);
    const convolution_attributes& names = convolution_names(operation.kind);
    const tensor_info &x = operation.tensor(names.x), &w = operation.tensor(names.w), &y = operation.tensor(names.y);
    require_float_compute(convolution.compute);
    if (convolution.mode != CROSS_CORRELATION) unsupported(STATUS_NOT_SUPPORTED, "the emulator has no flipped convolution");
    if (!w.is_packed()) unsupported(STATUS_NOT_SUPPORTED_LAYOUT, "the weights %s are not packed", w.text().c_str());
    const tensor_info& result = operation.only_output();
    std::vector<element_type> read;
    for (const auto& named : operation.inputs) read.push_back(named.second.type);
    const bool widened = result.type == DATA_FLOAT && operation.kind != OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR;
    if (read[0] != read[1] || (result.type != read[0] && !widened && !fused))
        unsupported(STATUS_NOT_SUPPORTED_DATA_TYPE, "no engine for x of type %d, w of type %d and y of type %d", x.type, w.type, y.type);
    /* Seen of cuDNN 9.19 on compute capability 9.0: a gradient of 3 or 6 channels from bf16 images is refused as float32, taken as bf16. */
    if (operation.kind == OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR && result.type != read[0] &&
        (x.dims[1] % 8 != 0 || y.dims[1] % 8 != 0))
        unsupported(STATUS_NOT_SUPPORTED_SHAPE, "no engine widens a filter gradient of %lld and %lld channels",
                    static_cast<long long>(x.dims[1]), static_cast<long long>(y.dims[1]));
    for (const tensor_info* image : {&x, &y})
        if (image->by_value) unsupported(STATUS_NOT_SUPPORTED, "the tensor %s is by value", image->text().c_str());
    if (fused && (operation.alpha != 1.0 || operation.beta != 0.0))
        unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "a fused convolution has no alpha and beta");
}

/* Runtime-compiled engines load 32 bits at a time. */
void check_fused_shapes(const graph_info& graph) {
    for (const auto& known : graph.tensors) {
        const tensor_info& tensor = known.second;
        if (tensor.is_virtual || tensor.by_value || tensor.type != DATA_BFLOAT16) continue;
        if (tensor.dims[1] % 2 != 0 || tensor.pixel_stride() % 2 != 0 || tensor.alignment < 4)
            unsupported(STATUS_NOT_SUPPORTED_SHAPE, "fused engines load channels by twos, unlike those of %s", tensor.text().c_str());
    }
}

/* Operations from `first` on that each take up the virtual result of the one before. */
void check_chain(const graph_info& graph, size_t first, std::initializer_list<pointwise_mode> modes) {
    for (size_t i = first; i < graph.operations.size(); ++i) {
        const operation_info& operation = graph.operations[i];
        const pointwise_info* pointwise = std::get_if<pointwise_info>(&operation.what);
        if (pointwise == nullptr || std::find(modes.begin(), modes.end(), pointwise->mode) == modes.end())
            unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "no engine has %s as operation %zu of this graph",
                        descriptor_text(operation.kind), i);
        require_float_compute(pointwise->compute);
        if (pointwise->lower_clip != 0.0 || pointwise->lower_slope != 0.0)
            unsupported(STATUS_NOT_SUPPORTED, "the emulator has no other ReLU than max(x, 0)");
        if (!(operation.tensor(OPERATION_POINTWISE_XDESC).shape() == operation.only_output().shape()))
            unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN,
                        "the first operand of a pointwise operation cannot be the one that is broadcast");
        if (i == 0) continue;
        bool taken_up = false;
        for (const auto& output : graph.operations[i - 1].outputs)
            for (const auto& input : operation.inputs)
                taken_up = taken_up || (output.second.uid == input.second.uid && output.second.is_virtual);
        if (!taken_up) unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "the operations of the graph are no chain over virtual tensors");
    }
}

engine_family match_convolution(const graph_info& graph) {
    const operation_info& operation = graph.operations[0];
    const bool fused = graph.operations.size() > 1;
    if (fused) {
        if (operation.kind == OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR)
            unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "no engine fuses into a filter gradient");
        if (operation.kind == OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR) {
            for (const auto& named : operation.inputs)
                if (named.second.type != DATA_BFLOAT16)
                    unsupported(STATUS_NOT_SUPPORTED_DATA_TYPE, "engines fuse into data gradients of 16 bits alone");
        }
        check_chain(graph, 1, {POINTWISE_ADD, POINTWISE_RELU_FWD});
        check_fused_shapes(graph);
    }
    check_convolution(operation, fused);
    return fused ? engine_family::fused_convolution : engine_family::convolution;
}

void check_norm(const operation_info& operation, attribute_name x_name, attribute_name y_name) {
    const tensor_info& x = operation.tensor(x_name);
    for (const auto* side : {&operation.inputs, &operation.outputs}) {
        for (const auto& named : *side) {
            const tensor_info& tensor = named.second;
            if (tensor.by_value) continue;
            const bool image = tensor.shape() == x.shape();
            if (image && !tensor.is_packed()) unsupported(STATUS_NOT_SUPPORTED_LAYOUT, "%s is not packed NHWC", tensor.text().c_str());
            if (!image && tensor.type != DATA_FLOAT) unsupported(STATUS_NOT_SUPPORTED_DATA_TYPE, "%s is not FLOAT", tensor.text().c_str());
        }
    }
    const tensor_info& y = operation.tensor(y_name);
    if (!y.is_virtual && y.type != x.type) unsupported(STATUS_NOT_SUPPORTED_DATA_TYPE, "the images of a normalization differ in type");
    if (x.dims[1] % (x.type == DATA_FLOAT ? 4 : 8) != 0)
        unsupported(STATUS_NOT_SUPPORTED_SHAPE, "normalization of %lld channels", static_cast<long long>(x.dims[1]));
}

/* Normalization with known statistics -> gradient of ReLU -> gradient of normalization, over one x. */
void check_norm_backward_chain(const graph_info& graph) {
    const std::vector<operation_info>& operations = graph.operations;
    const pointwise_info* pointwise = operations.size() == 3 ? std::get_if<pointwise_info>(&operations[1].what) : nullptr;
    if (pointwise == nullptr || pointwise->mode != POINTWISE_RELU_BWD || operations[2].kind != OPERATION_NORM_BACKWARD_DESCRIPTOR)
        unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "no engine normalizes with given statistics but in front of both gradients");
    check_norm(operations[0], OPERATION_NORM_FWD_XDESC, OPERATION_NORM_FWD_YDESC);
    check_norm(operations[2], OPERATION_NORM_BWD_XDESC, OPERATION_NORM_BWD_DYDESC);
    require_float_compute(pointwise->compute);
    const tensor_info& y = operations[0].tensor(OPERATION_NORM_FWD_YDESC);
    const std::pair<const tensor_info*, const tensor_info*> same[] = {
        {&y, &operations[1].tensor(OPERATION_POINTWISE_XDESC)},
        {&operations[1].tensor(OPERATION_POINTWISE_DXDESC), &operations[2].tensor(OPERATION_NORM_BWD_DYDESC)},
        {&operations[0].tensor(OPERATION_NORM_FWD_XDESC), &operations[2].tensor(OPERATION_NORM_BWD_XDESC)},
        {&operations[0].tensor(OPERATION_NORM_FWD_MEAN_DESC), &operations[2].tensor(OPERATION_NORM_BWD_MEAN_DESC)},
        {&operations[0].tensor(OPERATION_NORM_FWD_INV_VARIANCE_DESC), &operations[2].tensor(OPERATION_NORM_BWD_INV_VARIANCE_DESC)},
        {&operations[0].tensor(OPERATION_NORM_FWD_SCALE_DESC), &operations[2].tensor(OPERATION_NORM_BWD_SCALE_DESC)}};
    for (const auto& pair : same)
        if (pair.first->uid != pair.second->uid)
            unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "%s and %s ought to be one tensor", pair.first->text().c_str(),
                        pair.second->text().c_str());
    if (!y.is_virtual) unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "the normalized image ahead of the gradients has to be virtual");
}

engine_family match_norm(const graph_info& graph) {
    const operation_info& operation = graph.operations[0];
    if (operation.kind == OPERATION_NORM_BACKWARD_DESCRIPTOR) {
        if (graph.operations.size() > 1) unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "nothing follows the gradient of a normalization");
        check_norm(operation, OPERATION_NORM_BWD_XDESC, OPERATION_NORM_BWD_DYDESC);
        check_norm(operation, OPERATION_NORM_BWD_XDESC, OPERATION_NORM_BWD_DXDESC);
    } else if (operation.phase == NORM_INFERENCE) {
        check_norm_backward_chain(graph);
    } else {
        check_norm(operation, OPERATION_NORM_FWD_XDESC, OPERATION_NORM_FWD_YDESC);
        check_chain(graph, 1, {POINTWISE_ADD, POINTWISE_RELU_FWD});
    }
    return engine_family::norm;
}

engine_family match_other(const graph_info& graph) {
    const operation_info& operation = graph.operations[0];
    if (std::holds_alternative<pointwise_info>(operation.what)) {
        check_chain(graph, 0, {POINTWISE_ADD, POINTWISE_MUL, POINTWISE_IDENTITY, POINTWISE_RELU_FWD, POINTWISE_RELU_BWD});
        return engine_family::other;
    }
    if (graph.operations.size() > 1)
        unsupported(STATUS_NOT_SUPPORTED_GRAPH_PATTERN, "no engine has %s along with other operations", descriptor_text(operation.kind));
    if (const reduction_info* reduction = std::get_if<reduction_info>(&operation.what)) {
        require_float_compute(reduction->compute);
        if (reduction->operation != REDUCE_ADD && reduction->operation != REDUCE_MIN && reduction->operation != REDUCE_MAX)
            unsupported(STATUS_NOT_SUPPORTED, "runtime engines reduce by ADD, MIN and MAX alone");
        return engine_family::other;
    }
    const resample_info& resample = std::get<resample_info>(operation.what);
    require_float_compute(resample.compute);
    if (resample.mode != RESAMPLE_AVGPOOL_INCLUDE_PADDING && resample.mode != RESAMPLE_AVGPOOL_EXCLUDE_PADDING)
        unsupported(STATUS_NOT_SUPPORTED, "the emulator resamples by averages alone");
    if (resample.padding != ZERO_PAD) unsupported(STATUS_NOT_SUPPORTED, "averages go with ZERO_PAD");
    if (operation.alpha != 1.0 || operation.beta != 0.0) unsupported(STATUS_NOT_SUPPORTED, "resampling has no alpha and beta any more");
    if (operation.inputs.begin()->second.type != operation.only_output().type)
        unsupported(STATUS_NOT_SUPPORTED_DATA_TYPE, "resampling from one type to another");
    return engine_family::other;
}

engine_family match(const graph_info& graph) {
    check_tensors(graph);
    const operation_info& first = graph.operations[0];
    if (first.is_convolution()) return match_convolution(graph);
    if (first.kind == OPERATION_NORM_FORWARD_DESCRIPTOR || first.kind == OPERATION_NORM_BACKWARD_DESCRIPTOR) return match_norm(graph);
    return match_other(graph);
}

std::int64_t bytes_of(const graph_info& graph) {
    std::int64_t bytes = 0;
    for (const auto& known : graph.tensors) bytes = std::max(bytes, known.second.shape().count() * 4);
    return (bytes + 255) / 256 * 256;
}

/* Whether the library has engines whose kernels come compiled; without, as under CUDNN_LIB_CONFIG=JIT. */
bool& has_precompiled() {
    static bool has = true;
    return has;
}

const on_reset restore([] { has_precompiled() = true; });

bool suits_winograd(const operation_info& operation) {
    const window_shape& window = std::get<convolution_info>(operation.what).window;
    const bool plain = window.stride[0] == 1 && window.stride[1] == 1 && window.dilation[0] == 1 && window.dilation[1] == 1;
    return plain && window.size[0] == 3 && window.size[1] == 3;
}

/* The last one is for the fallback mode alone. */
std::vector<engine_info> engines_of(const graph_info& graph, engine_family family) {
    const operation_info& first = graph.operations[0];
    const std::int64_t large = bytes_of(graph) + (1 << 20), some = 16384;
    const std::vector<behavior_note> compiled{NOTE_RUNTIME_COMPILATION};
    const std::vector<behavior_note> plain = has_precompiled() ? std::vector<behavior_note>{} : compiled;
    switch (family) {
        case engine_family::convolution: {
            engine_info third{7, {}, plain, large, false};
            if (first.kind != OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
                third = {5, {NOTE_NONDETERMINISTIC}, plain, large, false};
            else if (suits_winograd(first))
                third = {6, {NOTE_WINOGRAD, NOTE_WINOGRAD_TILE_4x4}, plain, large, false};
            return {{44, {}, plain, some, true}, {1, {NOTE_TENSOR_CORE}, plain, some, false}, third, {0, {}, plain, 0, false}};
        }
        case engine_family::fused_convolution:
            return {{45, {}, compiled, some, true},
                    {21, {NOTE_TENSOR_CORE}, compiled, some, false},
                    {22, {}, compiled, large, false},
                    {20, {}, compiled, 0, false}};
        case engine_family::norm:
            return {{46, {}, compiled, some, true},
                    {61, {}, compiled, some, false},
                    {62, {}, compiled, large, false},
                    {60, {}, compiled, 0, false}};
        default:
            return {{47, {}, compiled, some, true},
                    {81, {}, compiled, some, false},
                    {82, {}, compiled, large, false},
                    {80, {}, compiled, 0, false}};
    }
}

} // namespace

/* To TF32, which leaves bf16 as it is. DOWN_CONVERT_INPUTS would mean half precision: frameworks leave such engines out and get TF32. */
bool engine_info::rounds_inputs() const { return std::find(notes.begin(), notes.end(), NOTE_TENSOR_CORE) != notes.end(); }
bool engine_info::is_deterministic() const { return std::find(notes.begin(), notes.end(), NOTE_NONDETERMINISTIC) == notes.end(); }

void choose_engines(graph_info& graph) {
    try {
        graph.engines = engines_of(graph, match(graph));
        graph.fallback = {graph.engines.back()};
        graph.engines.pop_back();
    } catch (const call_failure& failure) {
        graph.unsupported = failure;
    }
}

} // namespace emulator::cudnn

extern "C" EMULATOR_CONTROL void sunet_emulator_set_precompiled(int has) {
    const std::lock_guard<std::recursive_mutex> hold(emulator::global_lock());
    emulator::cudnn::has_precompiled() = has != 0;
}
