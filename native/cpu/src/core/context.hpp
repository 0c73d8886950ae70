#pragma once

#include <oneapi/dnnl/dnnl.hpp>

#include "core/status.hpp"

struct sunet_context {
    explicit sunet_context(int thread_count) : threads(thread_count), engine(dnnl::engine::kind::cpu, 0), stream(engine) {}

    const int threads;
    dnnl::engine engine;
    dnnl::stream stream;
    sunet::counted_handle counted;
};

namespace sunet {

/* Whether oneDNN multiplies bf16 in tiles, many times as fast as float32. */
bool multiplies_tiles() noexcept;

/* Whether products of bf16 tensors are made faster in float16 than by oneDNN, which is so where the CPU has AVX-512 FP16 and, as far as
 * oneDNN may use it, no AMX. */
bool prefers_float16() noexcept;

/* oneDNN asks OpenMP how many threads to use, both when it creates and when it executes a primitive: within this scope the
 * calling thread's answer is the context's number. */
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
