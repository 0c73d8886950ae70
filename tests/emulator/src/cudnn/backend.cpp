/* Entry points of cuDNN's graph interface. */
#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "cudnn/descriptors.hpp"

namespace emulator::cudnn {
namespace {

thread_local std::string last_error;

std::string format_text(const char* format, va_list arguments) {
    char text[1024];
    std::vsnprintf(text, sizeof text, format, arguments);
    return text;
}

/* Runs the body of an entry point. */
template <class Body>
int attempt(const Body& body) {
    try {
        body();
        return STATUS_SUCCESS;
    } catch (const call_failure& failure) {
        last_error = failure.reason;
        return failure.status;
    }
}

std::shared_ptr<descriptor_state> find(const void* handle) {
    if (handle == nullptr) refuse(STATUS_BAD_PARAM_NULL_POINTER, "the descriptor is null");
    std::shared_ptr<descriptor_state> found = descriptors().find(handle);
    if (!found) throw call_failure{STATUS_BAD_PARAM, "no such descriptor"};
    return found;
}

std::shared_ptr<descriptor_state> find_final(const void* handle, descriptor_type type) {
    std::shared_ptr<descriptor_state> found = find(handle);
    if (type != ANY_DESCRIPTOR && found->type != type)
        refuse(STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a %s descriptor where a %s one belongs", descriptor_text(found->type),
               descriptor_text(type));
    if (!found->is_final) refuse(STATUS_BAD_PARAM_NOT_FINALIZED, "the %s descriptor is not finalized", descriptor_text(found->type));
    return found;
}

const attribute_rule& check_attribute(const descriptor_state& descriptor, int name, int type) {
    const attribute_rule* rule = find_rule(descriptor.type, name);
    if (rule == nullptr) refuse(STATUS_BAD_PARAM, "a %s descriptor has no attribute %d", descriptor_text(descriptor.type), name);
    if (rule->type != type)
        refuse(STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "%s is of type %s, not %s", rule->text, attribute_type_text(rule->type),
               attribute_type_text(type));
    return *rule;
}

void set(descriptor_state& descriptor, int name, int type, std::int64_t count, const void* elements) {
    const attribute_rule& rule = check_attribute(descriptor, name, type);
    if (descriptor.is_final) refuse(STATUS_NOT_INITIALIZED, "%s is set on a descriptor that is finalized already", rule.text);
    if (rule.use == attribute_use::computed) refuse(STATUS_BAD_PARAM, "%s cannot be set", rule.text);
    if (count < rule.least || count > rule.most)
        refuse(STATUS_BAD_PARAM, "%s has %lld to %lld elements, not %lld", rule.text, static_cast<long long>(rule.least),
               static_cast<long long>(rule.most), static_cast<long long>(count));
    if (elements == nullptr) refuse(STATUS_BAD_PARAM_NULL_POINTER, "the elements of %s are null", rule.text);
    attribute_value attribute;
    attribute.type = rule.type;
    attribute.count = count;
    const size_t bytes = static_cast<size_t>(count) * element_size(rule.type);
    attribute.bytes.resize(bytes);
    std::memcpy(attribute.bytes.data(), elements, bytes);
    void* const* pointers = static_cast<void* const*>(elements);
    for (std::int64_t i = 0; rule.type == TYPE_BACKEND_DESCRIPTOR && i < count; ++i) {
        child_pointer child = find_final(pointers[i], rule.child);
        if (rule.child == ANY_DESCRIPTOR && !std::holds_alternative<operation_info>(child->content))
            refuse(STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a %s descriptor is no operation", descriptor_text(child->type));
        attribute.children.push_back(std::move(child));
    }
    if (rule.type == TYPE_HANDLE) {
        attribute.handle = handles().find(pointers[0]);
        if (!attribute.handle) throw call_failure{STATUS_BAD_PARAM, "no such handle"};
    }
    if (rule.type == TYPE_BOOLEAN && attribute.bytes[0] > 1) refuse(STATUS_BAD_PARAM, "%s is neither true nor false", rule.text);
    descriptor.attributes[name] = std::move(attribute);
}

engine_choice make_engine(const descriptor_state& descriptor) {
    const graph_pointer& graph = descriptor.child<graph_pointer>(ENGINE_OPERATION_GRAPH);
    const std::int64_t index = descriptor.value<std::int64_t>(ENGINE_GLOBAL_INDEX);
    if (index < 0) refuse(STATUS_BAD_PARAM, "%lld is no engine", static_cast<long long>(index));
    if (graph->engines.empty()) throw graph->unsupported;
    for (const auto* engines : {&graph->engines, &graph->fallback})
        for (const engine_info& engine : *engines)
            if (engine.index == index) return {graph, engine};
    unsupported(STATUS_NOT_SUPPORTED, "engine %lld does not take this graph", static_cast<long long>(index));
}

heuristics_info make_heuristics(const descriptor_state& descriptor) {
    const int mode = descriptor.value<int>(ENGINEHEUR_MODE);
    if (mode < HEUR_INSTANT || mode > HEUR_A) refuse(STATUS_BAD_PARAM, "%d is no heuristic mode", mode);
    const graph_pointer& graph = descriptor.child<graph_pointer>(ENGINEHEUR_OPERATION_GRAPH);
    if (graph->engines.empty()) throw graph->unsupported;
    return {graph, static_cast<heuristic_mode>(mode)};
}

engine_choice make_plan(const descriptor_state& descriptor) {
    /* A plan's code is loaded into the context that is current. */
    if (check_context() != CUDA_SUCCESS) throw call_failure{STATUS_EXECUTION_FAILED_CUDA_DRIVER, "there is no usable context"};
    if (descriptor.attributes.at(EXECUTION_PLAN_HANDLE).handle->context != current_context())
        refuse(STATUS_BAD_PARAM, "the plan's handle belongs to another context than the current one");
    const engine_choice& choice = descriptor.child<engine_choice>(EXECUTION_PLAN_ENGINE_CONFIG);
    if (choice.engine.plan_fails)
        unsupported(STATUS_NOT_SUPPORTED, "engine %lld cannot be built for this graph", static_cast<long long>(choice.engine.index));
    return choice;
}

void finalize(descriptor_state& descriptor) {
    if (descriptor.is_final) return; /* allowed, without effect */
    for (const attribute_rule* rule : rules_of(descriptor.type))
        if (rule->is_required() && !descriptor.has(rule->name))
            refuse(STATUS_BAD_PARAM, "a %s descriptor is finalized without %s", descriptor_text(descriptor.type), rule->text);
    switch (descriptor.type) {
        case TENSOR_DESCRIPTOR: descriptor.content = make_tensor(descriptor); break;
        case CONVOLUTION_DESCRIPTOR: descriptor.content = make_convolution(descriptor); break;
        case POINTWISE_DESCRIPTOR: descriptor.content = make_pointwise(descriptor); break;
        case REDUCTION_DESCRIPTOR: descriptor.content = make_reduction(descriptor); break;
        case RESAMPLE_DESCRIPTOR: descriptor.content = make_resample(descriptor); break;
        case OPERATIONGRAPH_DESCRIPTOR: descriptor.content = std::make_shared<const graph_info>(make_graph(descriptor)); break;
        case ENGINEHEUR_DESCRIPTOR: descriptor.content = make_heuristics(descriptor); break;
        case ENGINE_DESCRIPTOR: descriptor.content = make_engine(descriptor); break;
        case ENGINECFG_DESCRIPTOR: descriptor.content = descriptor.child<engine_choice>(ENGINECFG_ENGINE); break;
        case EXECUTION_PLAN_DESCRIPTOR: descriptor.content = make_plan(descriptor); break;
        case VARIANT_PACK_DESCRIPTOR: descriptor.content = make_variant_pack(descriptor); break;
        default: descriptor.content = make_operation(descriptor);
    }
    descriptor.is_final = true;
}

/* What a caller asks for: as many elements as it has room for are copied, and it learns how many there are. */
struct attribute_answer {
    std::int64_t room;
    std::int64_t* count;
    void* elements;

    std::int64_t take(std::int64_t available) const {
        *count = available;
        if (room == 0) return 0;
        if (elements == nullptr) refuse(STATUS_BAD_PARAM_NULL_POINTER, "room for %lld elements at null", static_cast<long long>(room));
        return std::min(room, available);
    }

    template <class T>
    void give(const std::vector<T>& values) const {
        const std::int64_t taken = take(static_cast<std::int64_t>(values.size()));
        if (taken > 0) std::memcpy(elements, values.data(), static_cast<size_t>(taken) * sizeof(T));
    }

    /* Copies into descriptors of the right type that the caller made beforehand. */
    void give_descriptors(const std::vector<child_pointer>& values) const {
        const std::int64_t taken = take(static_cast<std::int64_t>(values.size()));
        for (std::int64_t i = 0; i < taken; ++i) {
            const std::shared_ptr<descriptor_state> to = find(static_cast<void* const*>(elements)[i]);
            const descriptor_state& from = *values[static_cast<size_t>(i)];
            if (to->type != from.type)
                refuse(STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a %s descriptor to be filled where a %s one belongs", descriptor_text(to->type),
                       descriptor_text(from.type));
            if (to->is_final) refuse(STATUS_BAD_PARAM, "the %s descriptor to be filled is finalized already", descriptor_text(to->type));
            *to = from;
        }
    }
};

child_pointer made_of(descriptor_type type, const engine_choice& choice) {
    auto made = std::make_shared<descriptor_state>(type);
    made->content = choice;
    made->is_final = true;
    return made;
}

void answer_heuristics(const heuristics_info& heuristics, const attribute_answer& answer) {
    std::vector<child_pointer> results;
    const graph_info& graph = *heuristics.graph;
    for (const engine_info& engine : heuristics.mode == HEUR_FALLBACK ? graph.fallback : graph.engines)
        results.push_back(made_of(ENGINECFG_DESCRIPTOR, {heuristics.graph, engine}));
    answer.give_descriptors(results);
}

void get(const descriptor_state& descriptor, int name, int type, const attribute_answer& answer) {
    const attribute_rule& rule = check_attribute(descriptor, name, type);
    if (!descriptor.is_final) refuse(STATUS_BAD_PARAM_NOT_FINALIZED, "%s of a descriptor that is not finalized", rule.text);
    if (answer.room < 0) refuse(STATUS_BAD_PARAM, "room for %lld elements", static_cast<long long>(answer.room));
    const auto* choice = std::get_if<engine_choice>(&descriptor.content);
    switch (name) {
        case ENGINEHEUR_RESULTS: return answer_heuristics(std::get<heuristics_info>(descriptor.content), answer);
        case ENGINECFG_ENGINE: return answer.give_descriptors({made_of(ENGINE_DESCRIPTOR, *choice)});
        case ENGINECFG_WORKSPACE_SIZE:
        case EXECUTION_PLAN_WORKSPACE_SIZE: return answer.give(std::vector<std::int64_t>{choice->engine.workspace});
        case ENGINE_GLOBAL_INDEX: return answer.give(std::vector<std::int64_t>{choice->engine.index});
        case ENGINE_NUMERICAL_NOTE: return answer.give(choice->engine.notes);
        case ENGINE_BEHAVIOR_NOTE: return answer.give(choice->engine.behavior);
        case ENGINE_KNOB_INFO: return answer.give_descriptors({});
        case OPERATIONGRAPH_ENGINE_GLOBAL_COUNT: {
            const graph_info& graph = *std::get<graph_pointer>(descriptor.content);
            return answer.give(std::vector<std::int64_t>{static_cast<std::int64_t>(graph.engines.size() + graph.fallback.size())});
        }
    }
    const auto found = descriptor.attributes.find(name);
    if (found == descriptor.attributes.end()) unsupported(STATUS_NOT_SUPPORTED, "%s has not been set", rule.text);
    const attribute_value& attribute = found->second;
    if (attribute.type == TYPE_BACKEND_DESCRIPTOR) return answer.give_descriptors(attribute.children);
    const std::int64_t taken = answer.take(attribute.count);
    if (taken > 0) std::memcpy(answer.elements, attribute.bytes.data(), static_cast<size_t>(taken) * element_size(attribute.type));
}

} // namespace

void refuse(call_status status, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const std::string reason = format_text(format, arguments);
    va_end(arguments);
    violation("%s", reason.c_str());
    throw call_failure{status, reason};
}

void unsupported(call_status status, const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const std::string reason = format_text(format, arguments);
    va_end(arguments);
    throw call_failure{status, reason};
}

const std::string& last_error_text() { return last_error; }

} // namespace emulator::cudnn

using namespace emulator::cudnn;

EMULATOR_EXPORT int cudnnBackendCreateDescriptor(int type, void** descriptor) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED);
    return attempt([&] {
        if (descriptor == nullptr) refuse(STATUS_BAD_PARAM_NULL_POINTER, "the place for the descriptor is null");
        if (descriptor_text(type) == nullptr) unsupported(STATUS_NOT_SUPPORTED, "the emulator has no descriptor of type %d", type);
        *descriptor = descriptors().create<void*>(static_cast<descriptor_type>(type));
    });
}

EMULATOR_EXPORT int cudnnBackendDestroyDescriptor(void* descriptor) {
    EMULATOR_ASK();
    return descriptors().destroy(descriptor) ? STATUS_SUCCESS : STATUS_BAD_PARAM;
}

EMULATOR_EXPORT int cudnnBackendFinalize(void* descriptor) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR);
    return attempt([&] { finalize(*find(descriptor)); });
}

EMULATOR_EXPORT int cudnnBackendSetAttribute(void* descriptor, int name, int type, int64_t count, const void* elements) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED);
    return attempt([&] { set(*find(descriptor), name, type, count, elements); });
}

EMULATOR_EXPORT int cudnnBackendGetAttribute(void* descriptor, int name, int type, int64_t requested, int64_t* count, void* elements) {
    EMULATOR_ENTER(STATUS_INTERNAL_ERROR);
    int64_t unwanted;
    return attempt([&] { get(*find(descriptor), name, type, {requested, count == nullptr ? &unwanted : count, elements}); });
}

EMULATOR_EXPORT int cudnnBackendExecute(void* handle, void* plan, void* pack) {
    EMULATOR_ENTER(STATUS_EXECUTION_FAILED);
    return attempt([&] {
        const auto with = handles().find(handle);
        if (!with) throw call_failure{STATUS_BAD_PARAM, "no such handle"};
        execute(*with, std::get<engine_choice>(find_final(plan, EXECUTION_PLAN_DESCRIPTOR)->content),
                std::get<variant_pack>(find_final(pack, VARIANT_PACK_DESCRIPTOR)->content));
    });
}
