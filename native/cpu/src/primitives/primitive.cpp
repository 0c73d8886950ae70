#include "primitives/primitive.hpp"

namespace {

const char* argument_name(sunet_argument argument) {
    constexpr const char* names[] = {"source", "weights", "bias", "destination", "scratch", "mean", "variance", "gamma", "beta"};
    return names[argument];
}

void check_argument(sunet_argument argument) {
    if (argument < 0 || argument >= sunet::argument_count)
        throw sunet::failure(SUNET_INVALID_ARGUMENT, "The argument " + std::to_string(argument) + " does not exist.");
}

} // namespace

sunet_primitive::sunet_primitive(sunet_context& owner, const dnnl::primitive& made, const char* implementation, size_t library_scratch)
    : context_(owner), primitive_(made), implementation_(implementation) {
    if (library_scratch == 0) return;
    const auto size = static_cast<sunet::memory::dim>(library_scratch);
    const sunet::desc format({size}, sunet::memory::data_type::u8, sunet::memory::format_tag::a);
    push_part(SUNET_ARG_SCRATCH, DNNL_ARG_SCRATCHPAD, format, reserve_scratch(library_scratch));
}

sunet_primitive::sunet_primitive(sunet_context& owner, sunet::pass work, std::string implementation, size_t scratch)
    : context_(owner), implementation_(std::move(implementation)), work_(std::move(work)) {
    if (scratch != 0) reserve_scratch(scratch);
}

void sunet_primitive::add_argument(sunet_argument argument, int onednn_argument, const sunet::desc& format) {
    add_argument(argument, onednn_argument, format, format);
}

void sunet_primitive::add_argument(sunet_argument argument, int onednn_argument, const sunet::desc& inner, const sunet::desc& outer) {
    add_pass_argument(argument, {outer});
    push_part(argument, onednn_argument, inner, 0);
}

void sunet_primitive::add_pass_argument(sunet_argument argument, const sunet::data_format& format) {
    slots_[argument].used = true;
    slots_[argument].format = format;
    ++unbound_;
}

void sunet_primitive::add_norm_arguments(int32_t channels) {
    for (const sunet_argument argument : {SUNET_ARG_MEAN, SUNET_ARG_VARIANCE, SUNET_ARG_GAMMA, SUNET_ARG_BETA})
        add_pass_argument(argument, {sunet::vector_desc(channels)});
}

size_t sunet_primitive::add_staged_argument(sunet_argument argument, int onednn_argument, const sunet::desc& inner,
                                            const sunet::desc& outer) {
    add_pass_argument(argument, {outer});
    const size_t offset = reserve_scratch(inner.get_size());
    push_part(SUNET_ARG_SCRATCH, onednn_argument, inner, offset);
    return offset;
}

void sunet_primitive::push_part(sunet_argument argument, int onednn_argument, const sunet::desc& format, size_t offset) {
    parts_.push_back({argument, offset, dnnl::memory(format, context_.engine, DNNL_MEMORY_NONE)});
    execution_.push_back({onednn_argument, parts_.back().memory.get()});
}

size_t sunet_primitive::reserve_scratch(size_t bytes) {
    if (!slots_[SUNET_ARG_SCRATCH].used) {
        slots_[SUNET_ARG_SCRATCH].used = true;
        ++unbound_;
    }
    const size_t offset = scratch_bytes_;
    scratch_bytes_ += sunet::whole_lines(bytes);
    return offset;
}

const sunet::data_format& sunet_primitive::format(sunet_argument argument) const {
    check_argument(argument);
    if (!slots_[argument].used || argument == SUNET_ARG_SCRATCH)
        throw sunet::failure(SUNET_INVALID_ARGUMENT, std::string("The primitive has no format for its ") + argument_name(argument) + ".");
    return slots_[argument].format;
}

void sunet_primitive::bind(sunet_argument argument, void* data) {
    check_argument(argument);
    slot& bound = slots_[argument];
    if (!bound.used) throw sunet::failure(SUNET_INVALID_ARGUMENT, std::string("The primitive takes no ") + argument_name(argument) + ".");
    if (data == nullptr)
        throw sunet::failure(SUNET_INVALID_ARGUMENT, std::string("The memory bound as ") + argument_name(argument) + " is NULL.");
    /* Binding uses threads, too: oneDNN 2.x zeroes the channels that only round C up. */
    const sunet::thread_scope threads(context_);
    for (part& p : parts_) {
        if (p.argument == argument) p.memory.set_data_handle(static_cast<char*>(data) + p.offset);
    }
    if (data_[argument] == nullptr) --unbound_;
    data_[argument] = data;
}

void sunet_primitive::execute() {
    if (unbound_ != 0) {
        for (int i = 0; i < sunet::argument_count; ++i) {
            if (slots_[i].used && data_[i] == nullptr)
                throw sunet::failure(SUNET_INVALID_ARGUMENT,
                                     std::string("The primitive's ") + argument_name(i) + " was not bound before it was executed.");
        }
    }
    const sunet::thread_scope threads(context_);
    for (const sunet::pass& work : before_) work(data_);
    if (work_) {
        work_(data_);
    } else {
        const auto arguments = static_cast<int>(execution_.size());
        dnnl_status_t status = dnnl_primitive_execute(primitive_.get(), context_.stream.get(), arguments, execution_.data());
        if (status == dnnl_success) status = dnnl_stream_wait(context_.stream.get());
        sunet::require_executed(status);
    }
    for (const sunet::pass& work : after_) work(data_);
}

extern "C" {

size_t sunet_primitive_scratch_bytes(const sunet_primitive* primitive) { return primitive->scratch_bytes(); }

sunet_status sunet_primitive_format(const sunet_primitive* primitive, sunet_argument argument, sunet_format** out, sunet_message* message) {
    return sunet::guarded(message, [&] {
        sunet::require(out != nullptr, "The format needs a place to be returned to.");
        *out = nullptr;
        sunet::require(primitive != nullptr, "The primitive is NULL.");
        *out = new sunet_format(primitive->format(argument));
    });
}

void sunet_primitive_implementation(const sunet_primitive* primitive, sunet_message* out) {
    sunet::copy_text(primitive->implementation(), out);
}

sunet_status sunet_primitive_bind(sunet_primitive* primitive, sunet_argument argument, void* data, sunet_message* message) {
    return sunet::guarded(message, [&] {
        sunet::require(primitive != nullptr, "The primitive is NULL.");
        primitive->bind(argument, data);
    });
}

sunet_status sunet_primitive_execute(sunet_primitive* primitive, sunet_message* message) {
    return sunet::guarded(message, [&] {
        sunet::require(primitive != nullptr, "The primitive is NULL.");
        primitive->execute();
    });
}

void sunet_primitive_destroy(sunet_primitive* primitive) { delete primitive; }

} // extern "C"
