/* The kernels compiled for the host: their names, launch bounds and parameters, and how a grid of them runs. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/emulator.hpp"

namespace emulator {

struct kernel_parameter {
    size_t bytes;
    bool is_pointer;
    size_t alignment; /* that a pointer must have */
};

/* A kernel's arguments, each in a slot of its own; pointers are device addresses until bind() gives them their usable side. */
struct kernel_arguments {
    static constexpr size_t slot = 64;
    std::vector<unsigned char> bytes;
    unsigned char* at(size_t index) { return bytes.data() + index * slot; }
    const unsigned char* at(size_t index) const { return bytes.data() + index * slot; }
};

struct kernel_entry {
    std::string name;
    int block; /* launch bound */
    std::vector<kernel_parameter> parameters;
    void (*function)();
    void (*call)(void (*function)(), const kernel_arguments& arguments);
    int64_t runs = 0;
    /* The part of all kernels' shared variables that this one was seen to write, as offsets. */
    size_t shared_from = SIZE_MAX, shared_to = 0;
};

/* Null if there is none of that name. */
kernel_entry* find_kernel(const std::string& name);
void register_kernel(kernel_entry entry);
const std::vector<kernel_entry*>& all_kernels();

struct launch_shape {
    int grid[3];
    int block;
};

/* Runs every block; throws a fault for what a device would not survive. */
void run_grid(kernel_entry& kernel, const launch_shape& shape, const kernel_arguments& arguments);

/* Drops the calls' counts. */
void reset_kernels();

template <typename T>
T read_argument(const unsigned char* slot) {
    T value;
    std::memcpy(&value, slot, sizeof value);
    return value;
}

template <typename... Parameters, size_t... Index>
void call_kernel(void (*function)(), const kernel_arguments& arguments, std::index_sequence<Index...>) {
    reinterpret_cast<void (*)(Parameters...)>(function)(read_argument<Parameters>(arguments.at(Index))...);
}

template <typename T>
constexpr size_t alignment_behind() {
    using element = std::remove_pointer_t<T>;
    if constexpr (std::is_void_v<element> || !std::is_pointer_v<T>)
        return 1;
    else
        return alignof(element);
}

template <typename... Parameters>
kernel_entry describe_kernel(const char* name, int block, void (*function)(Parameters...)) {
    static_assert(((std::is_trivially_copyable_v<Parameters> && sizeof(Parameters) <= kernel_arguments::slot) && ...),
                  "a kernel's parameters are copied as bytes");
    kernel_entry entry;
    entry.name = name;
    entry.block = block;
    entry.parameters = {kernel_parameter{sizeof(Parameters), std::is_pointer_v<Parameters>, alignment_behind<Parameters>()}...};
    entry.function = reinterpret_cast<void (*)()>(function);
    entry.call = [](void (*plain)(), const kernel_arguments& arguments) {
        call_kernel<Parameters...>(plain, arguments, std::index_sequence_for<Parameters...>());
    };
    return entry;
}

} // namespace emulator
