/* Entry points: the lock, the count of calls and the failure a test asked for; violations; outstanding handles. */
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <vector>

#include "core/control.hpp"
#include "core/emulator.hpp"
#include "core/versions.hpp"

namespace emulator {
namespace {

/* Never destroyed: a caller's finalizers may still call while the process ends. */
struct entry_state {
    std::recursive_mutex lock;
    std::vector<const char*> calls;
    int64_t fail_at = 0;
    bool fail_persistently = false;
    std::vector<std::string> violations;
    std::array<int64_t, static_cast<size_t>(kind::count)> outstanding = {};
    std::map<uintptr_t, kind> handles;
    uintptr_t next_handle = 0x5e000000000000u; /* no canonical address of a process */
    std::vector<void (*)()> resets;
    library_versions versions;
};

entry_state& state() {
    static entry_state& instance = *new entry_state;
    return instance;
}

thread_local const char* calling = nullptr;
thread_local const std::string* running = nullptr;

} // namespace

std::recursive_mutex& global_lock() { return state().lock; }
library_versions& versions() { return state().versions; }

entry::entry(const char* name, counting kind) : hold_(global_lock()), outer_(calling) {
    calling = name;
    if (kind == counting::uncounted) return;
    entry_state& s = state();
    s.calls.push_back(name);
    const int64_t number = static_cast<int64_t>(s.calls.size());
    fails_ = s.fail_at > 0 && (number == s.fail_at || (s.fail_persistently && number > s.fail_at));
}

entry::~entry() { calling = outer_; }

const char* current_call() { return calling == nullptr ? "no call" : calling; }

running_work::running_work(const std::string& name) : outer_(running) { running = &name; }
running_work::~running_work() { running = outer_; }

void violation(const char* format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    std::string sentence = current_call();
    if (running != nullptr) sentence += ", running " + *running;
    sentence += ": ";
    sentence += text;
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    if (std::getenv("SUNET_EMULATOR_VERBOSE") != nullptr) std::fprintf(stderr, "violation: %s\n", sentence.c_str());
    constexpr size_t most = 10000;
    if (state().violations.size() < most) state().violations.push_back(std::move(sentence));
}

const char* kind_name(kind what) {
    static const char* const names[] = {"device bytes",     "pinned bytes",
                                        "stream",           "event",
                                        "module",           "graph",
                                        "executable graph", "context",
                                        "cuDNN handle",     "cuDNN descriptor",
                                        "cuBLASLt handle",  "cuBLASLt descriptor",
                                        "NVTX domain",      "device allocation",
                                        "pinned allocation"};
    static_assert(sizeof names / sizeof *names == static_cast<size_t>(kind::count), "every kind has a name");
    return names[static_cast<size_t>(what)];
}

void count_outstanding(kind what, int64_t change) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    state().outstanding[static_cast<size_t>(what)] += change;
}

int64_t outstanding(kind what) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    return state().outstanding[static_cast<size_t>(what)];
}

uintptr_t new_handle_value(kind what) {
    entry_state& s = state();
    s.next_handle += 64;
    s.handles.emplace(s.next_handle, what);
    return s.next_handle;
}

void explain_handle(uintptr_t value, kind wanted) {
    const auto known = state().handles.find(value);
    const unsigned long long shown = value;
    if (value == 0)
        violation("the %s is null", kind_name(wanted));
    else if (known == state().handles.end())
        violation("0x%llx was never given out as %s", shown, kind_name(wanted));
    else if (known->second != wanted)
        violation("0x%llx is of kind %s, not %s", shown, kind_name(known->second), kind_name(wanted));
    else
        violation("the %s 0x%llx has been destroyed", kind_name(wanted), shown);
}

on_reset::on_reset(void (*action)()) { state().resets.push_back(action); }

} // namespace emulator

using namespace emulator;

extern "C" {

EMULATOR_CONTROL void sunet_emulator_reset(void) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    entry_state& s = state();
    for (void (*action)() : s.resets) action();
    s.calls.clear();
    s.fail_at = 0;
    s.violations.clear();
    s.versions = {};
}

EMULATOR_CONTROL void sunet_emulator_fail_call(int64_t n, int persistent) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    state().fail_at = n <= 0 ? 0 : static_cast<int64_t>(state().calls.size()) + n;
    state().fail_persistently = persistent != 0;
}

EMULATOR_CONTROL int64_t sunet_emulator_calls(void) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    return static_cast<int64_t>(state().calls.size());
}

EMULATOR_CONTROL const char* sunet_emulator_call_name(int64_t n) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    return n >= 1 && n <= static_cast<int64_t>(state().calls.size()) ? state().calls[static_cast<size_t>(n - 1)] : nullptr;
}

EMULATOR_CONTROL int sunet_emulator_violations(void) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    return static_cast<int>(state().violations.size());
}

EMULATOR_CONTROL int sunet_emulator_violation(int index, char* text, int size) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    if (index < 0 || index >= static_cast<int>(state().violations.size())) return -1;
    return std::snprintf(text, size > 0 ? static_cast<size_t>(size) : 0, "%s", state().violations[static_cast<size_t>(index)].c_str());
}

EMULATOR_CONTROL void sunet_emulator_clear_violations(void) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    state().violations.clear();
}

EMULATOR_CONTROL int64_t sunet_emulator_outstanding(int what) {
    return what < 0 || what >= static_cast<int>(kind::count) ? -1 : outstanding(static_cast<kind>(what));
}

EMULATOR_CONTROL const char* sunet_emulator_kind_name(int what) {
    return what < 0 || what >= static_cast<int>(kind::count) ? nullptr : kind_name(static_cast<kind>(what));
}

EMULATOR_CONTROL void sunet_emulator_versions(int driver, int cudnn, int cublas) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    library_versions& now = state().versions;
    if (driver != 0) now.driver = driver;
    if (cudnn != 0) now.cudnn = cudnn;
    if (cublas != 0) now.cublas = cublas;
}

} // extern "C"
