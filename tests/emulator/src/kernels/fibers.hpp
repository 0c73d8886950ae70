/* Stacks that a thread can change between: what the threads of a block run on. */
#pragma once

#include <cstddef>
#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace emulator {

/* A place where execution stopped. */
struct fiber {
#if defined(__x86_64__)
    void* stack_pointer = nullptr;
#else
    ucontext_t context;
#endif
};

/* Makes `to` a fiber that begins in `body`, which must never return. */
void prepare_fiber(fiber& to, char* stack, size_t bytes, void (*body)());

/* Stops here, as `from`, and goes on with `to`. */
void switch_fiber(fiber& from, fiber& to);

/* Hints that a fiber is about to go on. */
void prefetch_fiber(const fiber& next);

} // namespace emulator
