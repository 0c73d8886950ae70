/* Streams, events and captures: what has been asked for and has not run yet. */
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/emulator.hpp"

namespace emulator {

struct stream_state;
struct event_state;

/* Work of a graph and what has to run before it. */
struct graph_node {
    work item;
    std::vector<size_t> after;
};

/* A capture under way: the graph so far and the streams that take part. */
struct capture_state {
    CUstreamCaptureMode mode;
    std::thread::id thread;
    std::shared_ptr<stream_state> origin;
    std::vector<std::shared_ptr<stream_state>> streams;
    std::vector<graph_node> nodes;
    bool invalid = false;
    bool ended = false;
};

struct stream_item {
    enum class type { run, record, wait };
    type what = type::run;
    work item = {};
    std::shared_ptr<event_state> event = {};
    std::shared_ptr<stream_state> source = {}; /* of a wait: where the event was recorded */
    uint64_t ticket = 0;                       /* which recording of the event */
};

struct stream_state {
    unsigned flags = 0;
    CUcontext context = nullptr;
    std::deque<stream_item> queue = {};
    bool query_answered = false; /* NOT_READY has been answered since the queue was last empty */
    std::shared_ptr<capture_state> capture = {};
    std::vector<size_t> frontier = {}; /* the captured nodes that later ones of this stream come after */
};

struct event_state {
    unsigned flags = 0;
    CUcontext context = nullptr;
    uint64_t recorded = 0;           /* the ticket of the last recording, 0 for none */
    std::set<uint64_t> pending = {}; /* recordings that their streams have not come to */
    std::shared_ptr<stream_state> source = {};
    std::chrono::steady_clock::time_point time = {};
    bool query_answered = false;
    std::shared_ptr<capture_state> capture = {};
    std::vector<size_t> frontier = {};
};

handle_table<stream_state>& streams();
handle_table<event_state>& events();

/* Every stream with something to run, destroyed ones too. */
std::vector<std::shared_ptr<stream_state>>& busy_streams();

void append(const std::shared_ptr<stream_state>& stream, stream_item item);

/* Runs work in the adversary's order until `done`, for which `stream` has to advance; answers the fault if there was one. */
CUresult run_until(const std::shared_ptr<stream_state>& stream, const std::function<bool()>& done);
/* Runs the stream's next item and what it waits for. */
void run_next(const std::shared_ptr<stream_state>& stream);

/* Calls the work; a fault makes the context unusable. */
void run_work(const work& item);
/* The fault that made the context unusable, or CUDA_SUCCESS. */
CUresult sticky_fault();

/* The captures under way. */
std::vector<std::shared_ptr<capture_state>>& captures();
/* Makes the capture unusable and says why. */
void invalidate(capture_state& capture, const char* why);
/* Sets how the calling thread takes captures and answers how it did. */
CUstreamCaptureMode exchange_thread_mode(CUstreamCaptureMode mode);
/* Runs the nodes of a graph in one of the orders that their dependencies allow. */
void run_nodes(const std::vector<graph_node>& nodes);

} // namespace emulator
