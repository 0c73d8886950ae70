/* On x86-64 a change of stacks is the exchange of six registers and the stack pointer; elsewhere the C library does it, slower. */
#include "kernels/fibers.hpp"

#include <cstdint>

#if defined(__x86_64__)

extern "C" __attribute__((visibility("hidden"))) void sunet_emulator_switch(void** from, void* to);

asm(R"(
.text
.align 16
.hidden sunet_emulator_switch
.globl sunet_emulator_switch
.type sunet_emulator_switch, @function
sunet_emulator_switch:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size sunet_emulator_switch, .-sunet_emulator_switch
)");

namespace emulator {

void prepare_fiber(fiber& to, char* stack, size_t bytes, void (*body)()) {
    /* A function begins with the stack pointer 8 below a multiple of 16: where a call has pushed its return address. */
    auto top = reinterpret_cast<uintptr_t>(stack + bytes) & ~uintptr_t{15};
    auto* words = reinterpret_cast<void**>(top);
    *--words = nullptr;
    *--words = reinterpret_cast<void*>(body);
    for (int saved_register = 0; saved_register < 6; ++saved_register) *--words = nullptr;
    to.stack_pointer = words;
}

void switch_fiber(fiber& from, fiber& to) { sunet_emulator_switch(&from.stack_pointer, to.stack_pointer); }

void prefetch_fiber(const fiber& next) {
    constexpr int cache_line = 64, frames = 4 * cache_line;
    for (int byte = 0; byte < frames; byte += cache_line) __builtin_prefetch(static_cast<const char*>(next.stack_pointer) + byte, 1);
}

} // namespace emulator

#else

namespace emulator {

void prepare_fiber(fiber& to, char* stack, size_t bytes, void (*body)()) {
    getcontext(&to.context);
    to.context.uc_stack.ss_sp = stack;
    to.context.uc_stack.ss_size = bytes;
    to.context.uc_link = nullptr;
    makecontext(&to.context, body, 0);
}

void switch_fiber(fiber& from, fiber& to) { swapcontext(&from.context, &to.context); }

void prefetch_fiber(const fiber&) {}

} // namespace emulator

#endif
