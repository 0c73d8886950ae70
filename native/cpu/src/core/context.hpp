#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "core/counters.hpp"
#include "sunet_cpu.h"

struct sunet_context {
    explicit sunet_context(int thread_count) : threads(thread_count), engine(dnnl::engine::kind::cpu, 0), stream(engine) {}

    const int threads;
    dnnl::engine engine;
    dnnl::stream stream;
    sunet::counted_handle counted;
};

namespace sunet {

/* Makes OpenMP use the context's number of threads for as long as the scope lives. oneDNN asks OpenMP for it both when it creates and when
 * it executes a primitive. */
class thread_scope {
public:
    explicit thread_scope(const sunet_context& context) noexcept;
    ~thread_scope();
    thread_scope(const thread_scope&) = delete;
    thread_scope& operator=(const thread_scope&) = delete;

private:
    int previous_;
};

} // namespace sunet
