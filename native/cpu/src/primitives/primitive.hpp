#pragma once

#include <functional>
#include <vector>

#include "core/context.hpp"
#include "core/status.hpp"
#include "primitives/format.hpp"

namespace sunet {

constexpr int argument_count = 9;

/* Rounds up to whole cache lines, where all parts of scratch memory begin. */
constexpr size_t whole_lines(size_t bytes) { return (bytes + 63) / 64 * 64; }

/* The caller's pointers, indexed by sunet_argument. */
using bindings = void* const*;

/* Work that runs before, after or in place of a oneDNN primitive. */
using pass = std::function<void(bindings data)>;

} // namespace sunet

/* A oneDNN primitive, or work of the library's own, with its arguments prepared, so that executing it builds and allocates nothing. */
struct sunet_primitive {
    sunet_primitive(sunet_context& owner, const dnnl::primitive& made, const char* implementation, size_t library_scratch);
    /* Runs `work` in place of a oneDNN primitive, with `scratch` bytes of scratch memory. */
    sunet_primitive(sunet_context& owner, sunet::pass work, std::string implementation, size_t scratch);

    /* Adds an argument that oneDNN reads or writes in the caller's memory. */
    void add_argument(sunet_argument argument, int onednn_argument, const sunet::desc& format);
    /* Adds an argument of the format `outer` that oneDNN takes for one of the format `inner`, which lies alike in memory. */
    void add_argument(sunet_argument argument, int onednn_argument, const sunet::desc& inner, const sunet::desc& outer);
    /* Adds an argument that only the passes use, and oneDNN does not. */
    void add_pass_argument(sunet_argument argument, const sunet::data_format& format);
    /* Adds an argument of the format `outer` for which oneDNN gets a part of the scratch memory instead. Returns the offset of the part. */
    size_t add_staged_argument(sunet_argument argument, int onednn_argument, const sunet::desc& inner, const sunet::desc& outer);
    /* Adds the mean, variance, gamma and beta of a batch normalisation. */
    void add_norm_arguments(int32_t channels);
    void add_before(sunet::pass work) { before_.push_back(std::move(work)); }
    void add_after(sunet::pass work) { after_.push_back(std::move(work)); }

    void bind(sunet_argument argument, void* data);
    void execute();

    size_t scratch_bytes() const noexcept { return scratch_bytes_; }
    const char* implementation() const noexcept { return implementation_.c_str(); }
    const sunet::data_format& format(sunet_argument argument) const;

private:
    struct slot {
        bool used = false;
        sunet::data_format format;
    };
    struct part {
        sunet_argument argument;
        size_t offset;
        dnnl::memory memory;
    };

    void push_part(sunet_argument argument, int onednn_argument, const sunet::desc& format, size_t offset);
    size_t reserve_scratch(size_t bytes);

    sunet_context& context_;
    dnnl::primitive primitive_;
    std::string implementation_;
    slot slots_[sunet::argument_count];
    std::vector<part> parts_;
    std::vector<dnnl_exec_arg_t> execution_;
    sunet::pass work_; /* in place of the primitive */
    std::vector<sunet::pass> before_, after_;
    void* data_[sunet::argument_count] = {};
    size_t scratch_bytes_ = 0;
    int unbound_ = 0;
    sunet::counted_handle counted_;
};

namespace sunet {

inline void require_executed(dnnl_status_t status) {
    if (status != dnnl_success)
        throw dnnl::error(status, status == dnnl_out_of_memory ? "oneDNN ran out of memory while executing a primitive."
                                                               : "oneDNN failed to execute a primitive.");
}

/* Passes the primitive that `build` returns to the caller. It is built with the context's number of threads. */
template <typename Build>
sunet_status create_primitive(sunet_context* context, sunet_primitive** out, sunet_message* message, Build&& build) noexcept {
    return guarded(message, [&] {
        require(out != nullptr, "The primitive needs a place to be returned to.");
        *out = nullptr;
        require(context != nullptr, "A primitive is made within a context.");
        const thread_scope threads(*context);
        *out = build().release();
    });
}

} // namespace sunet
