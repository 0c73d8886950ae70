/* cudnnBackendExecute: what is checked at the call, before the work is put on the handle's stream. */
#include <algorithm>
#include <map>

#include "sunet_emulator.h"
#include "core/control.hpp"
#include "cudnn/descriptors.hpp"

namespace emulator::cudnn {
namespace {

struct run_counts {
    std::uint64_t runs = 0;
    std::map<std::int64_t, std::int64_t> by_engine;
};

run_counts& counts() {
    static run_counts& instance = *new run_counts;
    return instance;
}

const on_reset forget([] { counts() = {}; });

bool is_device_address(std::uint64_t address) {
    unsigned char byte;
    return sunet_emulator_peek(address, &byte, 1) == 0;
}

void check_ids(const graph_info& graph, const variant_pack& pack) {
    for (const auto& known : graph.tensors)
        if (!known.second.is_virtual && pack.pointers.count(known.first) == 0)
            refuse(STATUS_BAD_PARAM, "the variant pack has no pointer for the tensor %s", known.second.text().c_str());
    for (const auto& entry : pack.pointers) {
        const auto known = graph.tensors.find(entry.first);
        if (known == graph.tensors.end())
            refuse(STATUS_BAD_PARAM, "the variant pack has a pointer for the unique id %lld, which the plan does not know",
                   static_cast<long long>(entry.first));
        if (known->second.is_virtual)
            refuse(STATUS_BAD_PARAM, "the variant pack has a pointer for the virtual tensor %s", known->second.text().c_str());
        if (entry.second == 0) refuse(STATUS_BAD_PARAM_NULL_POINTER, "the pointer for the tensor %s is null", known->second.text().c_str());
    }
}

double read_scalar(const tensor_info& tensor, std::uint64_t address) {
    if (is_device_address(address)) refuse(STATUS_BAD_PARAM, "the by-value tensor %s has a device pointer", tensor.text().c_str());
    if (tensor.type == DATA_DOUBLE) {
        double value;
        std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
        return value;
    }
    float value;
    std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
    return value;
}

void check_memory(const tensor_info& tensor, CUdeviceptr address) {
    if (address % static_cast<CUdeviceptr>(tensor.alignment) != 0)
        refuse(STATUS_BAD_PARAM_MISALIGNED_POINTER, "0x%llx is not aligned to the %lld bytes that the tensor %s promises",
               static_cast<unsigned long long>(address), static_cast<long long>(tensor.alignment), tensor.text().c_str());
    if (!check_range(address, static_cast<size_t>(tensor.extent()) * tensor.element(), tensor.text().c_str()))
        throw call_failure{STATUS_BAD_PARAM, "a tensor lies outside of its allocation"};
}

/* Whether two tensors share bytes; slices of one buffer whose channels lie side by side do not. */
bool overlap(const tensor_info& a, CUdeviceptr a_address, const tensor_info& b, CUdeviceptr b_address) {
    const auto bytes = [](const tensor_info& tensor) { return static_cast<CUdeviceptr>(tensor.extent()) * tensor.element(); };
    if (a_address + bytes(a) <= b_address || b_address + bytes(b) <= a_address) return false;
    const std::int64_t pixel = a.pixel_stride();
    if (a.element() != b.element() || pixel != b.pixel_stride()) return true;
    const std::int64_t distance =
        (static_cast<std::int64_t>(a_address) - static_cast<std::int64_t>(b_address)) / static_cast<std::int64_t>(a.element());
    const std::int64_t from = (distance % pixel + pixel) % pixel;
    return from < b.dims[1] || from + a.dims[1] > pixel;
}

/* Whether every reader of the tensor reads an element right where it writes one, or may take its time with running statistics. */
bool may_be_overwritten(const graph_info& graph, const tensor_info& tensor) {
    for (const operation_info& operation : graph.operations) {
        for (const auto& named : operation.inputs) {
            const bool running =
                named.first == OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC || named.first == OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC;
            if (named.second.uid == tensor.uid && operation.kind != OPERATION_POINTWISE_DESCRIPTOR && !running) return false;
        }
    }
    return true;
}

void check_overlaps(const graph_info& graph, const variant_pack& pack) {
    const auto in_memory = [](const tensor_info& tensor) { return !tensor.is_virtual && !tensor.by_value; };
    for (const auto& one : graph.tensors) {
        const tensor_info& written = one.second;
        if (!in_memory(written) || !graph.is_written(one.first)) continue;
        for (const auto& two : graph.tensors) {
            const tensor_info& other = two.second;
            if (!in_memory(other) || one.first == two.first) continue;
            const CUdeviceptr at = pack.pointers.at(one.first), other_at = pack.pointers.at(two.first);
            if (!overlap(written, at, other, other_at)) continue;
            const bool in_place = at == other_at && std::equal(written.dims, written.dims + 4, other.dims) &&
                                  written.type == other.type&& written.pixel_stride() == other.pixel_stride() &&
                                  !graph.is_written(two.first);
            if (!in_place || !may_be_overwritten(graph, other))
                refuse(STATUS_BAD_PARAM, "the tensor %s is written over %s", written.text().c_str(), other.text().c_str());
        }
    }
}

void check_workspace(const engine_choice& plan, const variant_pack& pack) {
    const CUdeviceptr bytes = static_cast<CUdeviceptr>(plan.engine.workspace);
    if (bytes == 0) return;
    if (pack.workspace == 0)
        refuse(STATUS_BAD_PARAM_NULL_POINTER, "the plan's workspace of %lld bytes is null", static_cast<long long>(bytes));
    if (pack.workspace % 16 != 0) refuse(STATUS_BAD_PARAM_MISALIGNED_POINTER, "the workspace is not aligned to 16 bytes");
    if (!check_range(pack.workspace, bytes, "the workspace"))
        throw call_failure{STATUS_BAD_PARAM_SIZE_INSUFFICIENT, "the workspace is too small"};
    for (const auto& known : plan.graph->tensors) {
        const tensor_info& tensor = known.second;
        if (tensor.is_virtual || tensor.by_value) continue;
        const CUdeviceptr at = pack.pointers.at(known.first), end = at + static_cast<CUdeviceptr>(tensor.extent()) * tensor.element();
        if (at < pack.workspace + bytes && pack.workspace < end)
            refuse(STATUS_BAD_PARAM, "the workspace overlaps the tensor %s", tensor.text().c_str());
    }
}

} // namespace

void execute(const handle_state& handle, const engine_choice& plan, const variant_pack& pack) {
    if (check_context() != CUDA_SUCCESS) throw call_failure{STATUS_EXECUTION_FAILED_CUDA_DRIVER, "there is no usable context"};
    if (handle.context != current_context()) refuse(STATUS_BAD_PARAM, "the cuDNN handle belongs to another context than the current one");
    const graph_info& graph = *plan.graph;
    check_ids(graph, pack);
    std::map<std::int64_t, double> scalars;
    for (const auto& entry : pack.pointers) {
        const tensor_info& tensor = graph.tensors.at(entry.first);
        if (tensor.by_value)
            scalars[entry.first] = read_scalar(tensor, entry.second);
        else
            check_memory(tensor, entry.second);
    }
    check_overlaps(graph, pack);
    check_workspace(plan, pack);
    work item;
    item.name =
        std::string("the cuDNN plan for ") + descriptor_text(graph.operations[0].kind) + " of engine " + std::to_string(plan.engine.index);
    item.run = [plan, pack, scalars] {
        counts().by_engine[plan.engine.index]++;
        run_graph(*plan.graph, plan.engine, pack, scalars, counts().runs++);
    };
    const CUresult status = enqueue(handle.stream, std::move(item));
    if (status != CUDA_SUCCESS) throw call_failure{STATUS_EXECUTION_FAILED_CUDA_DRIVER, "the driver refused the work"};
}

} // namespace emulator::cudnn

extern "C" EMULATOR_CONTROL int64_t sunet_emulator_cudnn_runs(int64_t engine) {
    const std::lock_guard<std::recursive_mutex> hold(emulator::global_lock());
    const auto& counts = emulator::cudnn::counts().by_engine;
    std::int64_t all = 0;
    for (const auto& entry : counts)
        if (engine < 0 || entry.first == engine) all += entry.second;
    return all;
}
