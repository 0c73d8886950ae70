/* The product's kernels, compiled for the host from the very sources that become PTX, each in the table under its name. */
#include "kernels/kernels.hpp"

namespace sunet {

/* Called where a kernel is defined. */
template <typename Function>
bool list_kernel(const char* name, int block, Function* function) {
    emulator::register_kernel(emulator::describe_kernel(name, block, function));
    return true;
}

} // namespace sunet

#include "kernels.cu"
