/* Streams and events. */
#include <algorithm>

#include "streams/streams.hpp"

namespace emulator {
namespace {

CUresult create_stream(CUstream* out, unsigned flags) {
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    if (out == nullptr || flags > CU_STREAM_NON_BLOCKING) return CUDA_ERROR_INVALID_VALUE;
    *out = streams().create<CUstream>();
    const auto stream = streams().peek(*out);
    stream->flags = flags;
    stream->context = current_context();
    return CUDA_SUCCESS;
}

/* The event, if it may be used in the current context; else null and a violation. */
std::shared_ptr<event_state> usable_event(CUevent handle) {
    const auto event = events().find(handle);
    if (event != nullptr && event->context != current_context()) {
        violation("the event belongs to another context than the current one");
        return nullptr;
    }
    return event;
}

bool is_done(const event_state& event) { return event.pending.count(event.recorded) == 0; }

/* Asking for, or waiting for, the state of what is being captured is a mistake. */
CUresult refuse_captured(event_state& event) {
    if (event.capture == nullptr) return CUDA_SUCCESS;
    if (!event.capture->ended)
        invalidate(*event.capture, "the state of an event recorded in a capture is asked for");
    else
        violation("the state of an event recorded in a capture is asked for");
    return CUDA_ERROR_CAPTURED_EVENT;
}

CUresult refuse_capturing(stream_state& stream) {
    if (stream.capture == nullptr) return CUDA_SUCCESS;
    invalidate(*stream.capture, "the state of a capturing stream is asked for");
    return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
}

/* A stream outside the capture joins it by waiting for one of its events. */
CUresult wait_for_captured(const std::shared_ptr<stream_state>& stream, event_state& event) {
    const auto capture = event.capture;
    if (capture->ended) {
        violation("a stream waits for an event that was recorded in a capture which has ended");
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (stream->capture == nullptr) {
        stream->capture = capture;
        stream->frontier.clear();
        capture->streams.push_back(stream);
    } else if (stream->capture != capture) {
        invalidate(*stream->capture, "two captures would be merged by an event");
        invalidate(*capture, "two captures would be merged by an event");
        return CUDA_ERROR_STREAM_CAPTURE_MERGE;
    }
    for (const size_t node : event.frontier)
        if (std::find(stream->frontier.begin(), stream->frontier.end(), node) == stream->frontier.end()) stream->frontier.push_back(node);
    return CUDA_SUCCESS;
}

} // namespace
} // namespace emulator

using namespace emulator;

EMULATOR_EXPORT CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    return create_stream(stream, flags);
}

EMULATOR_EXPORT CUresult cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    return create_stream(stream, flags);
}

EMULATOR_EXPORT CUresult cuStreamDestroy_v2(CUstream handle) {
    EMULATOR_ASK();
    if (const CUresult status = check_context_for_release()) return status;
    const auto stream = streams().find(handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (stream->capture != nullptr) {
        invalidate(*stream->capture, "a capturing stream is destroyed");
        stream->capture = nullptr;
    }
    /* What is still to run keeps the stream's queue alive, and runs, as on a device. */
    streams().destroy(handle);
    return sticky_fault();
}

/* What a test makes a synchronisation answer is what a device answers when work has failed: none of it is pending any more. */
EMULATOR_EXPORT CUresult cuStreamSynchronize(CUstream handle) {
    const entry entered(__func__, counting::counted);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(handle)) return status;
    if (const CUresult status = refuse_capturing(*streams().peek(handle))) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    const CUresult status = finish_stream(handle);
    return entered.fails() ? CUDA_ERROR_LAUNCH_FAILED : status;
}

EMULATOR_EXPORT CUresult cuStreamQuery(CUstream handle) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(handle)) return status;
    const auto stream = streams().peek(handle);
    if (const CUresult status = refuse_capturing(*stream)) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    if (!stream->queue.empty() && stream->query_answered) run_next(stream);
    if (stream->queue.empty()) return sticky_fault();
    stream->query_answered = true;
    return CUDA_ERROR_NOT_READY;
}

EMULATOR_EXPORT CUresult cuStreamWaitEvent(CUstream handle, CUevent event_handle, unsigned flags) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(handle)) return status;
    const auto event = usable_event(event_handle);
    if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (flags != 0) return CUDA_ERROR_INVALID_VALUE;
    const auto stream = streams().peek(handle);
    if (event->capture != nullptr) return wait_for_captured(stream, *event);
    if (event->recorded == 0) return CUDA_SUCCESS;
    if (stream->capture != nullptr) {
        invalidate(*stream->capture, "a capturing stream waits for an event from outside the capture");
        return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
    }
    stream_item item;
    item.what = stream_item::type::wait;
    item.event = event;
    item.source = event->source;
    item.ticket = event->recorded;
    append(stream, std::move(item));
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuEventCreate(CUevent* out, unsigned flags) {
    EMULATOR_ENTER(CUDA_ERROR_OUT_OF_MEMORY);
    if (const CUresult status = check_context()) return status;
    if (out == nullptr || (flags & ~(CU_EVENT_BLOCKING_SYNC | CU_EVENT_DISABLE_TIMING)) != 0) return CUDA_ERROR_INVALID_VALUE;
    *out = events().create<CUevent>();
    const auto event = events().peek(*out);
    event->flags = flags;
    event->context = current_context();
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuEventDestroy_v2(CUevent handle) {
    EMULATOR_ASK();
    if (const CUresult status = check_context_for_release()) return status;
    return events().destroy(handle) ? sticky_fault() : CUDA_ERROR_INVALID_HANDLE;
}

EMULATOR_EXPORT CUresult cuEventRecord(CUevent event_handle, CUstream handle) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    if (const CUresult status = check_stream(handle)) return status;
    const auto event = usable_event(event_handle);
    if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    const auto stream = streams().peek(handle);
    event->capture = stream->capture;
    event->frontier = stream->frontier;
    if (stream->capture != nullptr) return stream->capture->invalid ? CUDA_ERROR_STREAM_CAPTURE_INVALIDATED : CUDA_SUCCESS;
    event->source = stream;
    event->query_answered = false;
    event->pending.insert(++event->recorded);
    stream_item item;
    item.what = stream_item::type::record;
    item.event = event;
    item.ticket = event->recorded;
    append(stream, std::move(item));
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuEventQuery(CUevent handle) {
    EMULATOR_ENTER(CUDA_ERROR_LAUNCH_FAILED);
    if (const CUresult status = check_context()) return status;
    const auto event = usable_event(handle);
    if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (const CUresult status = refuse_captured(*event)) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    if (!is_done(*event) && event->query_answered) run_next(event->source);
    if (is_done(*event)) return sticky_fault();
    event->query_answered = true;
    return CUDA_ERROR_NOT_READY;
}

EMULATOR_EXPORT CUresult cuEventSynchronize(CUevent handle) {
    const entry entered(__func__, counting::counted);
    if (const CUresult status = check_context()) return status;
    const auto event = usable_event(handle);
    if (event == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (const CUresult status = refuse_captured(*event)) return status;
    if (const CUresult status = refuse_during_capture()) return status;
    const CUresult status = event->recorded == 0 ? CUDA_SUCCESS : run_until(event->source, [&] { return is_done(*event); });
    return entered.fails() ? CUDA_ERROR_LAUNCH_FAILED : status;
}

EMULATOR_EXPORT CUresult cuEventElapsedTime(float* milliseconds, CUevent from_handle, CUevent to_handle) {
    EMULATOR_ENTER(CUDA_ERROR_UNKNOWN);
    if (const CUresult status = check_context()) return status;
    const auto from = usable_event(from_handle), to = usable_event(to_handle);
    if (from == nullptr || to == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (milliseconds == nullptr) return CUDA_ERROR_INVALID_VALUE;
    if (((from->flags | to->flags) & CU_EVENT_DISABLE_TIMING) != 0 || from->recorded == 0 || to->recorded == 0) {
        violation("the time between events that were not recorded, or were made without timing, is asked for");
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (const CUresult status = refuse_captured(*from)) return status;
    if (const CUresult status = refuse_captured(*to)) return status;
    if (!is_done(*from) || !is_done(*to)) return CUDA_ERROR_NOT_READY;
    *milliseconds = std::chrono::duration<float, std::milli>(to->time - from->time).count();
    return CUDA_SUCCESS;
}
