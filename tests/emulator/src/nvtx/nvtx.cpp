/* NVTX: remembers the texts of ranges and whether they are closed. */
#include <cstddef>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/control.hpp"
#include "core/emulator.hpp"

namespace emulator::nvtx {
namespace {

struct domain_state {
    std::string name;
    std::vector<std::shared_ptr<const std::string>> texts; /* whose addresses are the registered strings' handles */
};

struct range_state {
    std::string text;
    int depth;
};

struct nvtx_state {
    handle_table<domain_state> domains{kind::nvtx_domain};
    std::vector<range_state> ranges;
    std::vector<std::string> marks;
    int64_t open = 0;
    int64_t generation = 0; /* of resets: ranges from before one are not open any more */
};

nvtx_state& state() {
    static nvtx_state& instance = *new nvtx_state;
    return instance;
}

const on_reset forget([] {
    state().domains.clear();
    state().ranges.clear();
    state().marks.clear();
    state().open = 0;
    state().generation++;
});

/* nvtxEventAttributes_t, version 3 */
struct event_attributes {
    std::uint16_t version, size;
    std::uint32_t category;
    std::int32_t color_type;
    std::uint32_t color;
    std::int32_t payload_type, reserved;
    std::uint64_t payload;
    std::int32_t message_type;
    const void* message;
};
static_assert(sizeof(event_attributes) == 48 && offsetof(event_attributes, message) == 40, "as nvtxEventAttributes_t lies");
constexpr int message_ascii = 1, message_registered = 3;

/* Open ranges of the calling thread, by domain; null is the default one. */
int& depth_of(const void* domain) {
    thread_local std::map<const void*, int> depths;
    thread_local int64_t generation = 0;
    if (generation != state().generation) depths.clear();
    generation = state().generation;
    return depths[domain];
}

int push(const void* domain, const std::string& text) {
    constexpr size_t most = 1000000;
    int& depth = depth_of(domain);
    if (state().ranges.size() < most) state().ranges.push_back({text, depth});
    state().open++;
    return depth++;
}

int pop(const void* domain) {
    int& depth = depth_of(domain);
    if (depth == 0) {
        violation("no range is open on this thread");
        return -1;
    }
    state().open--;
    return --depth;
}

/* The text of the attributes, or null and a violation. */
const char* message_of(const void* domain, const event_attributes* attributes) {
    if (attributes == nullptr || attributes->version != 3 || attributes->size != sizeof(event_attributes)) {
        violation("the event attributes are null or not of version 3 and 48 bytes");
        return nullptr;
    }
    if (attributes->message_type == message_ascii && attributes->message != nullptr) return static_cast<const char*>(attributes->message);
    const auto found = domain == nullptr ? nullptr : state().domains.peek(domain);
    if (attributes->message_type == message_registered && found)
        for (const auto& text : found->texts)
            if (text.get() == attributes->message) return text->c_str();
    violation("the message of type %d is null or no string that was registered in this domain", attributes->message_type);
    return nullptr;
}

int copy(const std::string& text, char* to, int size) {
    return std::snprintf(to, size > 0 ? static_cast<size_t>(size) : 0, "%s", text.c_str());
}

} // namespace
} // namespace emulator::nvtx

using namespace emulator;
using namespace emulator::nvtx;

EMULATOR_EXPORT int nvtxRangePushA(const char* text) {
    EMULATOR_ASK();
    if (text == nullptr) {
        violation("the text is null");
        return -1;
    }
    return push(nullptr, text);
}

EMULATOR_EXPORT int nvtxRangePop() {
    EMULATOR_ASK();
    return pop(nullptr);
}

EMULATOR_EXPORT void nvtxMarkA(const char* text) {
    EMULATOR_ASK();
    if (text == nullptr)
        violation("the text is null");
    else
        state().marks.push_back(text);
}

EMULATOR_EXPORT void* nvtxDomainCreateA(const char* name) {
    EMULATOR_ASK();
    if (name == nullptr) {
        violation("the name is null");
        return nullptr;
    }
    return state().domains.create<void*>(domain_state{name, {}});
}

EMULATOR_EXPORT void nvtxDomainDestroy(void* domain) {
    EMULATOR_ASK();
    state().domains.destroy(domain);
}

EMULATOR_EXPORT const void* nvtxDomainRegisterStringA(void* domain, const char* text) {
    EMULATOR_ASK();
    const auto found = state().domains.find(domain);
    if (!found) return nullptr;
    if (text == nullptr) {
        violation("the text is null");
        return nullptr;
    }
    found->texts.push_back(std::make_shared<const std::string>(text));
    return found->texts.back().get();
}

EMULATOR_EXPORT int nvtxDomainRangePushEx(void* domain, const void* attributes) {
    EMULATOR_ASK();
    if (domain != nullptr && !state().domains.find(domain)) return -1;
    const char* text = message_of(domain, static_cast<const event_attributes*>(attributes));
    return text == nullptr ? -1 : push(domain, text);
}

EMULATOR_EXPORT int nvtxDomainRangePop(void* domain) {
    EMULATOR_ASK();
    if (domain != nullptr && !state().domains.find(domain)) return -1;
    return pop(domain);
}

extern "C" {

EMULATOR_CONTROL int sunet_emulator_ranges(void) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    return static_cast<int>(state().ranges.size());
}

EMULATOR_CONTROL int sunet_emulator_range(int index, char* text, int size, int* depth) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    if (index < 0 || index >= static_cast<int>(state().ranges.size())) return -1;
    const range_state& range = state().ranges[static_cast<size_t>(index)];
    if (depth != nullptr) *depth = range.depth;
    return copy(range.text, text, size);
}

EMULATOR_CONTROL int64_t sunet_emulator_open_ranges(void) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    return state().open;
}

EMULATOR_CONTROL int sunet_emulator_mark(int index, char* text, int size) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    if (index < 0 || index >= static_cast<int>(state().marks.size())) return -1;
    return copy(state().marks[static_cast<size_t>(index)], text, size);
}

} // extern "C"
