/* The table of kernels. */
#include "kernels/kernels.hpp"

#include <map>
#include <memory>

#include "core/control.hpp"

namespace emulator {
namespace {

struct kernel_table {
    std::map<std::string, std::unique_ptr<kernel_entry>> by_name;
    std::vector<kernel_entry*> in_order;
};

kernel_table& table() {
    static kernel_table& instance = *new kernel_table;
    return instance;
}

} // namespace

kernel_entry* find_kernel(const std::string& name) {
    const auto found = table().by_name.find(name);
    return found == table().by_name.end() ? nullptr : found->second.get();
}

void register_kernel(kernel_entry entry) {
    auto owned = std::make_unique<kernel_entry>(std::move(entry));
    kernel_entry* added = owned.get();
    if (table().by_name.emplace(added->name, std::move(owned)).second) table().in_order.push_back(added);
}

const std::vector<kernel_entry*>& all_kernels() { return table().in_order; }

void reset_kernels() {
    for (kernel_entry* kernel : all_kernels()) kernel->runs = 0;
}

} // namespace emulator

using namespace emulator;

extern "C" {

EMULATOR_CONTROL int sunet_emulator_kernel_parameters(const char* name, int* sizes, int max) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    const kernel_entry* kernel = find_kernel(name);
    if (kernel == nullptr) return -1;
    const int count = static_cast<int>(kernel->parameters.size());
    for (int i = 0; i < count && i < max; ++i) {
        const kernel_parameter& parameter = kernel->parameters[static_cast<size_t>(i)];
        sizes[i] = parameter.is_pointer ? -static_cast<int>(parameter.bytes) : static_cast<int>(parameter.bytes);
    }
    return count;
}

EMULATOR_CONTROL int sunet_emulator_kernel_block(const char* name) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    const kernel_entry* kernel = find_kernel(name);
    return kernel == nullptr ? -1 : kernel->block;
}

EMULATOR_CONTROL const char* sunet_emulator_kernel_name(int index) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    const auto& kernels = all_kernels();
    return index < 0 || index >= static_cast<int>(kernels.size()) ? nullptr : kernels[static_cast<size_t>(index)]->name.c_str();
}

EMULATOR_CONTROL int64_t sunet_emulator_kernels_run(const char* name) {
    const std::lock_guard<std::recursive_mutex> hold(global_lock());
    int64_t runs = 0;
    for (const kernel_entry* kernel : all_kernels())
        if (name == nullptr || kernel->name == name) runs += kernel->runs;
    return runs;
}

} // extern "C"
