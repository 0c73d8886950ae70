/* Runs a block of threads on one thread of the host. Threads change only at a barrier or a shuffle, in an order that the adversary
 * draws for every launch; a kernel that has neither is a plain loop. An access outside of all allocations is caught by the page
 * protection around them. */
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "kernels/blocks.hpp"
#include "core/control.hpp"
#include "kernels/fibers.hpp"
#include "host_device.hpp"
#include "kernels/kernels.hpp"
#include "memory/memory.hpp"

namespace sunet {
host_position position;
}

namespace emulator {
namespace {

constexpr int most_threads = 1024;
constexpr int warp = 32;
constexpr size_t stack_bytes = 32 * 1024;
constexpr int poison = 0xff;
constexpr int launches_to_learn_from = 4;

enum class thread_progress : unsigned char { fresh, ready, at_barrier, at_shuffle, finished };

/* Why a block could not be finished. */
struct block_failure {
    CUresult status = CUDA_SUCCESS;
    char text[256];
};

struct block_run {
    const kernel_entry* kernel = nullptr;
    const kernel_arguments* arguments = nullptr;
    int threads = 0;
    int running = 0;
    int at_barrier = 0, finished = 0;
    bool yielded[most_threads / warp] = {}; /* by warp: a thread has stopped at a barrier or a shuffle */
    bool plain = false;                     /* the threads run one after the other to their ends */
    int order[most_threads], place[most_threads];
    thread_progress progress[most_threads];
    unsigned char round[most_threads]; /* of shuffles, to tell which of two mailboxes is in use */
    int in_shuffle[most_threads / warp];
    uint64_t mailbox[2][most_threads];
    fiber threads_stopped[most_threads];
    fiber host;
    char* stacks = nullptr;
    block_failure failure;
};

block_run& run() {
    static block_run& instance = *new block_run;
    return instance;
}

/* The thread of the host that is inside a kernel, 0 when none is: a signal handler may read this, but no thread_local. */
std::atomic<long> kernel_thread{0};
struct sigaction previous_handler;

long this_thread() { return syscall(SYS_gettid); }

/* Leaves the kernel for good; the stacks of its threads are reused without being unwound. */
[[noreturn]] void leave_kernel() {
    block_run& block = run();
    switch_fiber(block.threads_stopped[block.running], block.host);
    __builtin_unreachable();
}

template <typename... Values>
[[noreturn]] void fail(CUresult status, const char* format, Values... values) {
    block_failure& failure = run().failure;
    failure.status = status;
    std::snprintf(failure.text, sizeof failure.text, format, values...);
    leave_kernel();
}

void call_previous_handler(int signal, siginfo_t* information, void* context) {
    if ((previous_handler.sa_flags & SA_SIGINFO) != 0) {
        previous_handler.sa_sigaction(signal, information, context);
    } else if (previous_handler.sa_handler == SIG_DFL || previous_handler.sa_handler == SIG_IGN) {
        /* The instruction runs again and meets the default action. */
        sigaction(signal, &previous_handler, nullptr);
    } else {
        previous_handler.sa_handler(signal);
    }
}

/* The kernel's own faults: past its memory, at a null pointer, or at a device address that was hidden in a structure and could not be
 * given its usable side. */
void on_fault(int signal, siginfo_t* information, void* context) {
    constexpr CUdeviceptr about_null = 65536;
    const auto address = reinterpret_cast<CUdeviceptr>(information->si_addr);
    const bool backing = is_backing_address(information->si_addr);
    if (kernel_thread.load() != this_thread() || !(backing || is_device_address(address) || address < about_null)) {
        call_previous_handler(signal, information, context);
        return;
    }
    run().failure.status = CUDA_ERROR_ILLEGAL_ADDRESS;
    std::snprintf(run().failure.text, sizeof run().failure.text, "%s",
                  explain_address(backing ? device_address(information->si_addr) : address).c_str());
    leave_kernel();
}

/* Taken only while kernels run: a runtime that installs its own handler later keeps it. */
void install_handler() {
    struct sigaction current;
    sigaction(SIGSEGV, nullptr, &current);
    if ((current.sa_flags & SA_SIGINFO) != 0 && current.sa_sigaction == on_fault) return;
    previous_handler = current;
    struct sigaction ours = {};
    ours.sa_sigaction = on_fault;
    ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigaction(SIGSEGV, &ours, nullptr);
}

void allow_fault_signal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

char* stack_of(int thread) { return run().stacks + static_cast<size_t>(thread) * stack_bytes; }

void run_thread(int thread) {
    block_run& block = run();
    sunet::position.thread = thread;
    block.kernel->call(block.kernel->function, *block.arguments);
}

/* The next thread in the adversary's order that can go on, or -1. */
int next_thread() {
    block_run& block = run();
    const int from = block.place[block.running];
    for (int step = 1; step <= block.threads; ++step) {
        const int place = from + step < block.threads ? from + step : from + step - block.threads;
        const thread_progress progress = block.progress[block.order[place]];
        if (progress == thread_progress::ready || progress == thread_progress::fresh) return block.order[place];
    }
    return -1;
}

[[noreturn]] void begin_thread();

void go_on_with(int thread) {
    block_run& block = run();
    const int before = block.running;
    if (thread == before) return;
    if (block.progress[thread] == thread_progress::fresh) {
        /* Stacks are spread over the cache's sets, which equal distances would make them share. */
        prepare_fiber(block.threads_stopped[thread], stack_of(thread), stack_bytes - static_cast<size_t>(thread % 32) * 192, begin_thread);
        block.progress[thread] = thread_progress::ready;
    }
    block.running = thread;
    /* The stacks of a block are more than the cache holds, so the one that is likely to be next is fetched while this one runs. */
    const int place = block.place[thread] + 1;
    prefetch_fiber(block.threads_stopped[block.order[place < block.threads ? place : 0]]);
    switch_fiber(block.threads_stopped[before], block.threads_stopped[thread]);
    sunet::position.thread = before;
}

/* Once a thread has finished before any other of its warp has begun, the others need no fibers: they wait for nobody either, or that is
 * an error. Warps are told apart because some may leave a kernel while others still exchange lanes. */
void finish_warp_plainly(int thread) {
    block_run& block = run();
    const int group = thread / warp;
    if (block.yielded[group]) return;
    block.plain = true;
    for (int place = 0; place < block.threads; ++place) {
        const int other = block.order[place];
        if (other / warp != group || other == thread) continue;
        run_thread(other);
        block.progress[other] = thread_progress::finished;
        block.finished++;
    }
    block.plain = false;
}

[[noreturn]] void begin_thread() {
    block_run& block = run();
    const int thread = block.running;
    run_thread(thread);
    block.progress[thread] = thread_progress::finished;
    block.finished++;
    finish_warp_plainly(thread);
    if (block.finished == block.threads) leave_kernel();
    const int next = next_thread();
    if (next < 0)
        fail(CUDA_ERROR_LAUNCH_FAILED, "a barrier is not reached by all threads: %d of %d have finished, %d wait at it", block.finished,
             block.threads, block.at_barrier);
    go_on_with(next);
    __builtin_unreachable();
}

/* Lets other threads run until this one can go on. */
void wait_for_others(const char* what) {
    block_run& block = run();
    const int next = next_thread();
    if (next < 0)
        fail(CUDA_ERROR_LAUNCH_FAILED, "%s is not reached by all threads: of %d, %d have finished and %d wait at a barrier", what,
             block.threads, block.finished, block.at_barrier);
    block.yielded[block.running / warp] = true;
    go_on_with(next);
}

char* shared_variables() { return shared_variables_begin + sizeof shared_variables_begin; }
size_t shared_bytes() {
    return shared_variables_end < shared_variables() ? 0 : static_cast<size_t>(shared_variables_end - shared_variables());
}

/* As on a device, a block does not find what it would like in shared memory. All kernels' variables together are large, so after some
 * launches only those that this one was seen to write are poisoned. */
void poison_shared_variables(const kernel_entry& kernel, bool all) {
    const size_t from = all ? 0 : kernel.shared_from, to = all ? shared_bytes() : kernel.shared_to;
    if (from < to) std::memset(shared_variables() + from, poison, to - from);
}

/* Widens what the kernel is known to share by what it has just written. */
void learn_shared_variables(kernel_entry& kernel) {
    const char* variables = shared_variables();
    const auto untouched = [&](size_t at) { return variables[at] == static_cast<char>(poison); };
    size_t from = 0, to = shared_bytes();
    while (from < to && untouched(from)) from++;
    while (to > from && untouched(to - 1)) to--;
    if (from == to) return;
    kernel.shared_from = std::min(kernel.shared_from, from);
    kernel.shared_to = std::max(kernel.shared_to, to);
}

void run_block() {
    block_run& block = run();
    std::fill_n(block.progress, block.threads, thread_progress::fresh);
    std::fill_n(block.round, block.threads, 0);
    std::fill_n(block.in_shuffle, most_threads / warp, 0);
    block.at_barrier = block.finished = 0;
    std::fill_n(block.yielded, most_threads / warp, false);
    block.plain = false;
    const int first = block.order[0];
    block.running = first;
    block.progress[first] = thread_progress::ready;
    prepare_fiber(block.threads_stopped[first], stack_of(first), stack_bytes, begin_thread);
    switch_fiber(block.host, block.threads_stopped[first]);
}

/* Forwards, backwards, or at random. */
void draw_order(int* order, int count) {
    std::iota(order, order + count, 0);
    const uint64_t kind = adversary() % 4;
    if (kind == 0) return;
    if (kind == 1)
        std::reverse(order, order + count);
    else
        for (int i = count - 1; i > 0; i--) std::swap(order[i], order[adversary() % static_cast<uint64_t>(i + 1)]);
}

/* Of the block that was drawn as the index-th: blocks have no order, so any of these will do. */
struct block_order {
    int64_t count, first, step;

    explicit block_order(int64_t blocks) : count(blocks), first(0), step(1) {
        first = static_cast<int64_t>(adversary() % static_cast<uint64_t>(count));
        const int64_t steps[] = {1, count - 1, 7919};
        step = steps[adversary() % 3] % count;
        if (std::gcd(step, count) != 1) step = 1;
    }

    int64_t at(int64_t index) const { return (first + index % count * step) % count; }
};

} // namespace

void run_grid(kernel_entry& kernel, const launch_shape& shape, const kernel_arguments& arguments) {
    block_run& block = run();
    if (block.stacks == nullptr) {
        void* memory =
            mmap(nullptr, most_threads * stack_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) throw fault(CUDA_ERROR_OUT_OF_MEMORY, "no memory for the stacks of a block");
        madvise(memory, most_threads * stack_bytes, MADV_HUGEPAGE);
        block.stacks = static_cast<char*>(memory);
    }
    kernel.runs++;
    block.kernel = &kernel;
    block.arguments = &arguments;
    block.threads = shape.block;
    block.failure.status = CUDA_SUCCESS;
    draw_order(block.order, shape.block);
    for (int i = 0; i < shape.block; ++i) block.place[block.order[i]] = i;
    const int64_t blocks = int64_t{shape.grid[0]} * shape.grid[1] * shape.grid[2];
    const block_order order(blocks);

    install_handler();
    kernel_thread = this_thread();
    sunet::position.threads = shape.block;
    std::copy_n(shape.grid, 3, sunet::position.grid);
    for (int64_t i = 0; i < blocks && block.failure.status == CUDA_SUCCESS; ++i) {
        const int64_t number = order.at(i);
        sunet::position.block[0] = static_cast<int>(number % shape.grid[0]);
        sunet::position.block[1] = static_cast<int>(number / shape.grid[0] % shape.grid[1]);
        sunet::position.block[2] = static_cast<int>(number / shape.grid[0] / shape.grid[1]);
        const bool learning = i == 0 && kernel.runs <= launches_to_learn_from;
        poison_shared_variables(kernel, learning);
        run_block();
        if (learning) learn_shared_variables(kernel);
    }
    kernel_thread = 0;
    if (block.failure.status == CUDA_SUCCESS) return;
    allow_fault_signal();
    violation("thread %d of block (%d, %d, %d): %s", sunet::position.thread, sunet::position.block[0], sunet::position.block[1],
              sunet::position.block[2], block.failure.text);
    throw fault(block.failure.status, block.failure.text);
}

} // namespace emulator

namespace sunet {

using namespace emulator;

void sync_threads() {
    block_run& block = run();
    const int thread = block.running;
    if (block.plain)
        fail(CUDA_ERROR_LAUNCH_FAILED, "a barrier is not reached by all threads: thread %d finished without it", block.running);
    block.progress[thread] = thread_progress::at_barrier;
    if (++block.at_barrier == block.threads) {
        block.at_barrier = 0;
        std::fill_n(block.progress, block.threads, thread_progress::ready);
        block.yielded[thread / warp] = true;
        return;
    }
    wait_for_others("a barrier");
}

uint64_t exchange_lanes(uint64_t value, int lane_mask) {
    block_run& block = run();
    const int thread = block.running, group = thread / warp, first = group * warp;
    if (block.plain) fail(CUDA_ERROR_LAUNCH_FAILED, "a shuffle is not reached by all lanes: thread %d finished without it", block.running);
    if (first + warp > block.threads || lane_mask < 0 || lane_mask >= warp)
        fail(CUDA_ERROR_LAUNCH_FAILED, "a shuffle with mask %d in a warp of %d threads", lane_mask, std::min(warp, block.threads - first));
    uint64_t* mailbox = block.mailbox[block.round[thread]];
    block.round[thread] ^= 1;
    mailbox[thread] = value;
    block.progress[thread] = thread_progress::at_shuffle;
    if (++block.in_shuffle[group] == warp) {
        block.in_shuffle[group] = 0;
        std::fill_n(block.progress + first, warp, thread_progress::ready);
        block.yielded[group] = true;
    } else {
        wait_for_others("a shuffle");
    }
    return mailbox[thread ^ lane_mask];
}

void misaligned_access(const void* address, int bytes) {
    fail(CUDA_ERROR_MISALIGNED_ADDRESS, "an access of %d bytes at 0x%llx is not aligned", bytes,
         static_cast<unsigned long long>(is_backing_address(address) ? device_address(address) : reinterpret_cast<uintptr_t>(address)));
}

} // namespace sunet
