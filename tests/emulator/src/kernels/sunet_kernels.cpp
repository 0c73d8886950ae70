/* The product's kernels, compiled for the host from the very sources that become PTX, each in the table under its name. */
#include "kernels/kernels.hpp"

#include "kernels.cu"

namespace {

const bool registered = [] {
#define SUNET_KERNEL_ENTRY(name) emulator::register_kernel(emulator::describe_kernel(#name, sunet::name##_block, &sunet::name));
#include "sunet_kernels.def"
    return true;
}();

} // namespace
