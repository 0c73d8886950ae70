/* Captures: what may not happen while one is under way, and how a graph's nodes run. */
#include <utility>

#include "streams/streams.hpp"

namespace emulator {
namespace {

/* How the calling thread takes captures, as cuThreadExchangeStreamCaptureMode sets it. */
thread_local CUstreamCaptureMode thread_mode = CU_STREAM_CAPTURE_MODE_GLOBAL;

/* Whether a call that might synchronise or allocate, made by this thread, would harm the capture. */
bool forbids(const capture_state& capture) {
    if (capture.mode == CU_STREAM_CAPTURE_MODE_RELAXED || thread_mode == CU_STREAM_CAPTURE_MODE_RELAXED) return false;
    if (capture.thread == std::this_thread::get_id()) return true;
    return capture.mode == CU_STREAM_CAPTURE_MODE_GLOBAL && thread_mode == CU_STREAM_CAPTURE_MODE_GLOBAL;
}

} // namespace

CUstreamCaptureMode exchange_thread_mode(CUstreamCaptureMode mode) { return std::exchange(thread_mode, mode); }

void invalidate(capture_state& capture, const char* why) {
    violation("%s, which invalidates the capture", why);
    capture.invalid = true;
}

bool is_capturing(CUstream handle) {
    const auto stream = streams().peek(handle);
    return stream != nullptr && stream->capture != nullptr;
}

CUresult refuse_during_capture() {
    CUresult status = CUDA_SUCCESS;
    for (const auto& capture : captures()) {
        if (!forbids(*capture)) continue;
        status = capture->invalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        invalidate(*capture, "the call is not permitted while a stream is capturing");
    }
    return status;
}

void run_nodes(const std::vector<graph_node>& nodes) {
    std::vector<size_t> missing(nodes.size()), ready;
    std::vector<std::vector<size_t>> before(nodes.size());
    for (size_t i = 0; i < nodes.size(); ++i) {
        missing[i] = nodes[i].after.size();
        for (const size_t earlier : nodes[i].after) before[earlier].push_back(i);
        if (missing[i] == 0) ready.push_back(i);
    }
    while (!ready.empty()) {
        const size_t chosen = adversary() % ready.size();
        const size_t node = ready[chosen];
        ready[chosen] = ready.back();
        ready.pop_back();
        run_work(nodes[node].item);
        for (const size_t later : before[node])
            if (--missing[later] == 0) ready.push_back(later);
    }
}

} // namespace emulator
