/* The first of the variables that kernels share between the threads of a block: linked just before the kernels, see blocks.hpp. */
#include "kernels/blocks.hpp"

namespace emulator {
thread_local char shared_variables_begin[16];
}
