/* The scheduler: work waits in queues until a synchronisation needs it, and runs then, on the thread that synchronises, in an order
 * between streams that a seeded adversary chooses. */
#include "streams/streams.hpp"

#include <algorithm>
#include <exception>

#include "core/control.hpp"
#include "memory/memory.hpp"

namespace emulator {
namespace {

enum class stream_order { needed = 0, others_first = 1, others_last = 2, interleaved = 3 };

struct scheduler_state {
    std::vector<std::shared_ptr<stream_state>> busy;
    std::vector<std::shared_ptr<capture_state>> captures;
    CUresult fault = CUDA_SUCCESS;
    uint64_t random = 0;
    int fixed_order = -1;
};

scheduler_state& state() {
    static scheduler_state& instance = *new scheduler_state;
    return instance;
}

std::shared_ptr<stream_state> random_busy() {
    auto& busy = state().busy;
    return busy.empty() ? nullptr : busy[adversary() % busy.size()];
}

void run_all_but(const std::shared_ptr<stream_state>& stream) {
    for (;;) {
        std::vector<std::shared_ptr<stream_state>> others;
        for (const auto& busy : state().busy)
            if (busy != stream) others.push_back(busy);
        if (others.empty()) return;
        const auto chosen = others[adversary() % others.size()];
        while (!chosen->queue.empty()) run_next(chosen);
    }
}

/* Runs only what the event's recording needs. */
void complete(event_state& event, uint64_t ticket, const std::shared_ptr<stream_state>& source) {
    while (event.pending.count(ticket) != 0 && !source->queue.empty()) run_next(source);
}

void reset() {
    scheduler_state& s = state();
    s.busy.clear();
    s.captures.clear();
    s.fault = CUDA_SUCCESS;
    s.random = 0;
    s.fixed_order = -1;
    streams().clear();
    events().clear();
}

const on_reset registered(reset);

} // namespace

handle_table<stream_state>& streams() {
    static auto& table = *new handle_table<stream_state>(kind::stream);
    return table;
}

handle_table<event_state>& events() {
    static auto& table = *new handle_table<event_state>(kind::event);
    return table;
}

std::vector<std::shared_ptr<stream_state>>& busy_streams() { return state().busy; }
std::vector<std::shared_ptr<capture_state>>& captures() { return state().captures; }
CUresult sticky_fault() { return state().fault; }

/* SplitMix64: any seed will do, also 0. */
uint64_t adversary() {
    uint64_t z = state().random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void append(const std::shared_ptr<stream_state>& stream, stream_item item) {
    if (stream->queue.empty()) {
        state().busy.push_back(stream);
        stream->query_answered = false;
    }
    stream->queue.push_back(std::move(item));
}

void run_work(const work& item) {
    if (state().fault != CUDA_SUCCESS && !item.releases) return;
    const running_work named(item.name);
    try {
        item.run();
    } catch (const fault& failure) {
        state().fault = failure.status();
    } catch (const std::exception& failure) {
        violation("it threw: %s", failure.what());
        state().fault = CUDA_ERROR_LAUNCH_FAILED;
    }
}

void run_next(const std::shared_ptr<stream_state>& stream) {
    /* A copy: what the item waits for may append to the queue's owner list, and the item goes before its work runs. */
    const stream_item item = stream->queue.front();
    switch (item.what) {
        case stream_item::type::run: run_work(item.item); break;
        case stream_item::type::wait: complete(*item.event, item.ticket, item.source); break;
        case stream_item::type::record:
            item.event->pending.erase(item.ticket);
            item.event->time = std::chrono::steady_clock::now();
            break;
    }
    stream->queue.pop_front();
    if (stream->queue.empty()) {
        auto& busy = state().busy;
        busy.erase(std::find(busy.begin(), busy.end(), stream));
    }
}

CUresult run_until(const std::shared_ptr<stream_state>& stream, const std::function<bool()>& done) {
    const int fixed = state().fixed_order;
    const auto order = static_cast<stream_order>(fixed >= 0 ? fixed : static_cast<int>(adversary() % 4));
    const bool any = !done();
    if (order == stream_order::others_first) run_all_but(stream);
    while (!done() && !stream->queue.empty()) {
        const auto next = order == stream_order::interleaved ? random_busy() : stream;
        run_next(next);
    }
    if (order == stream_order::others_last) run_all_but(stream);
    if (any) check_canaries();
    return sticky_fault();
}

CUresult finish_stream(CUstream handle) {
    const auto stream = streams().find(handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    return run_until(stream, [&] { return stream->queue.empty(); });
}

CUresult finish_all() {
    while (const auto stream = random_busy()) run_until(stream, [&] { return stream->queue.empty(); });
    check_canaries();
    return sticky_fault();
}

CUresult check_stream(CUstream handle) {
    const auto value = reinterpret_cast<uintptr_t>(handle);
    if (value <= 2) {
        violation("the default stream is used; all work belongs on streams of its own");
        return CUDA_ERROR_INVALID_HANDLE;
    }
    const auto stream = streams().find(handle);
    if (stream == nullptr) return CUDA_ERROR_INVALID_HANDLE;
    if (stream->context != current_context()) {
        violation("the stream belongs to another context than the current one");
        return CUDA_ERROR_INVALID_CONTEXT;
    }
    return CUDA_SUCCESS;
}

CUresult enqueue(CUstream handle, work item) {
    if (const CUresult status = check_stream(handle)) return status;
    const auto stream = streams().find(handle);
    if (const auto capture = stream->capture) {
        if (capture->invalid) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        capture->nodes.push_back({std::move(item), stream->frontier});
        stream->frontier = {capture->nodes.size() - 1};
        return CUDA_SUCCESS;
    }
    if (item.submitted) item.submitted();
    stream_item queued;
    queued.item = std::move(item);
    append(stream, std::move(queued));
    return CUDA_SUCCESS;
}

} // namespace emulator

extern "C" {

EMULATOR_CONTROL void sunet_emulator_seed(uint64_t seed) {
    const std::lock_guard<std::recursive_mutex> hold(emulator::global_lock());
    emulator::state().random = seed;
}

EMULATOR_CONTROL void sunet_emulator_order(int order) {
    const std::lock_guard<std::recursive_mutex> hold(emulator::global_lock());
    emulator::state().fixed_order = order < 0 || order > 3 ? -1 : order;
}

} // extern "C"
