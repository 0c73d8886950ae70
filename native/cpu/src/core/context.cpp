#include "core/context.hpp"

#include <omp.h>

#include <string>

#include "core/status.hpp"

namespace sunet {

thread_scope::thread_scope(const sunet_context& context) noexcept : previous_(omp_get_max_threads()) {
    omp_set_num_threads(context.threads);
}

thread_scope::~thread_scope() { omp_set_num_threads(previous_); }

} // namespace sunet

extern "C" {

sunet_status sunet_context_create(int32_t threads, sunet_context** out, sunet_message* message) {
    return sunet::guarded(message, [&] {
        sunet::require(out != nullptr, "The context needs a place to be returned to.");
        *out = nullptr;
        if (threads < 1 || threads > 4096)
            throw sunet::failure(SUNET_INVALID_ARGUMENT, "A context has 1 to 4096 threads, not " + std::to_string(threads) + ".");
        *out = new sunet_context(threads);
    });
}

void sunet_context_destroy(sunet_context* context) { delete context; }

int32_t sunet_context_threads(const sunet_context* context) { return context->threads; }

} // extern "C"
