/* Captures as callers see them, graphs and their launches. */
#include <algorithm>
#include <set>

#include "streams/streams.hpp"

namespace emulator {
namespace {

using node_list = std::shared_ptr<const std::vector<graph_node>>;

struct graph_state {
    node_list nodes = {};
};

struct graph_exec_state {
    node_list nodes = {};
    CUcontext context = nullptr;
};

handle_table<graph_state>& graphs() {
    static auto& table = *new handle_table<graph_state>(kind::graph);
    return table;
}

handle_table<graph_exec_state>& executables() {
    static auto& table = *new handle_table<graph_exec_state>(kind::graph_exec);
    return table;
}

void reset() {
    graphs().clear();
    executables().clear();
}

const on_reset registered(reset);

/* Takes the capture off its streams. */
void end_capture(capture_state& capture) {
    capture.ended = true;
    for (const auto& stream : capture.streams) {
        stream->capture = nullptr;
        stream->frontier.clear();
    }
    auto& active = captures();
    active.erase(std::find_if(active.begin(), active.end(), [&](const auto& entry) { return entry.get() == &capture; }));
}

/* Whether all that other streams have captured comes before the origin's end. */
bool is_joined(const capture_state& capture) {
    std::set<size_t> reached(capture.origin->frontier.begin(), capture.origin->frontier.end());
    /* Nodes come after earlier ones only, so one walk backwards reaches all. */
    for (size_t node = capture.nodes.size(); node-- > 0;)
        if (reached.count(node) != 0) reached.insert(capture.nodes[node].after.begin(), capture.nodes[node].after.end());
    return reached.size() == capture.nodes.size();
}

} // namespace
} // namespace emulator

using namespace emulator;

EMULATOR_EXPORT CUresult cuStreamBeginCapture_v2(CUstream handle, CUstreamCaptureMode mode) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(handle)) return status;
    if (mode < CU_STREAM_CAPTURE_MODE_GLOBAL || mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
    const auto stream = streams().peek(handle);
    if (stream->capture != nullptr) {
        invalidate(*stream->capture, "a capture is begun on a stream that is capturing");
        return CUDA_ERROR_ILLEGAL_STATE;
    }
    const auto capture = std::make_shared<capture_state>();
    capture->mode = mode;
    capture->thread = std::this_thread::get_id();
    capture->origin = stream;
    capture->streams.push_back(stream);
    stream->capture = capture;
    stream->frontier.clear();
    captures().push_back(capture);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuStreamEndCapture(CUstream handle, CUgraph* graph) {
    /* Also the call that a test makes fail ends the capture, as a driver's does. */
    entry entered(__func__, counting::counted);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(handle)) return status;
    if (graph == nullptr) return CUDA_ERROR_INVALID_VALUE;
    *graph = nullptr;
    const auto stream = streams().peek(handle);
    const auto capture = stream->capture;
    if (capture == nullptr) {
        violation("a capture is ended on a stream that is not capturing");
        return CUDA_ERROR_ILLEGAL_STATE;
    }
    if (capture->origin != stream) {
        invalidate(*capture, "a capture is ended on another stream than it was begun on");
        return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
    }
    if (capture->mode != CU_STREAM_CAPTURE_MODE_RELAXED && capture->thread != std::this_thread::get_id()) {
        violation("a capture is ended by another thread than it was begun by");
        return CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD;
    }
    const bool joined = is_joined(*capture);
    end_capture(*capture);
    if (capture->invalid || entered.fails()) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (!joined) {
        violation("the capture ends with work on another stream that the capturing stream does not wait for");
        return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
    }
    *graph = graphs().create<CUgraph>();
    graphs().peek(*graph)->nodes = std::make_shared<const std::vector<graph_node>>(std::move(capture->nodes));
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuStreamIsCapturing(CUstream handle, CUstreamCaptureStatus* answer) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(handle)) return status;
    if (answer == nullptr) return CUDA_ERROR_INVALID_VALUE;
    const auto capture = streams().peek(handle)->capture;
    *answer = capture == nullptr ? CU_STREAM_CAPTURE_STATUS_NONE
              : capture->invalid ? CU_STREAM_CAPTURE_STATUS_INVALIDATED
                                 : CU_STREAM_CAPTURE_STATUS_ACTIVE;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuThreadExchangeStreamCaptureMode(CUstreamCaptureMode* mode) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    if (mode == nullptr || *mode < CU_STREAM_CAPTURE_MODE_GLOBAL || *mode > CU_STREAM_CAPTURE_MODE_RELAXED) return CUDA_ERROR_INVALID_VALUE;
    *mode = exchange_thread_mode(*mode);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuGraphGetNodes(CUgraph handle, CUgraphNode* nodes, size_t* count) {
    EMULATOR_ENTER(CUDA_ERROR_INVALID_VALUE);
    const auto graph = graphs().find(handle);
    if (graph == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (count == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (nodes != nullptr)
        for (size_t i = 0; i < *count; ++i)
            nodes[i] = i < graph->nodes->size() ? reinterpret_cast<CUgraphNode>(reinterpret_cast<uintptr_t>(handle) + 1 + i) : nullptr;
    *count = nodes == nullptr ? graph->nodes->size() : std::min(*count, graph->nodes->size());
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuGraphInstantiateWithFlags(CUgraphExec* executable, CUgraph handle, unsigned long long flags) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    if (const CUresult status = check_context()) return status;
    const auto graph = graphs().find(handle);
    if (graph == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (executable == nullptr || flags > 15) return CUDA_ERROR_INVALID_VALUE;
    *executable = executables().create<CUgraphExec>();
    executables().peek(*executable)->nodes = graph->nodes;
    executables().peek(*executable)->context = current_context();
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuGraphUpload(CUgraphExec handle, CUstream stream) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(stream)) return status;
    return executables().find(handle) == nullptr ? CUDA_ERROR_INVALID_HANDLE : CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuGraphLaunch(CUgraphExec handle, CUstream stream) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(stream)) return status;
    const auto executable = executables().find(handle);
    if (executable == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (executable->context != current_context()) {
        violation("the executable graph belongs to another context than the current one");
        return CUDA_ERROR_INVALID_VALUE;
    }
    const node_list nodes = executable->nodes;
    work launch = {"a graph", [nodes] { run_nodes(*nodes); }};
    launch.submitted = [nodes] {
        for (const graph_node& node : *nodes)
            if (node.item.submitted) node.item.submitted();
    };
    return enqueue(stream, std::move(launch));
}

EMULATOR_EXPORT CUresult cuGraphExecDestroy(CUgraphExec handle) {
    EMULATOR_ASK();
    /* Launches that are still to run hold their nodes. */
    return executables().destroy(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}

EMULATOR_EXPORT CUresult cuGraphDestroy(CUgraph handle) {
    EMULATOR_ASK();
    return graphs().destroy(handle) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_HANDLE;
}
