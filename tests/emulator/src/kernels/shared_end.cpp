/* Follows the last of the variables that kernels share between the threads of a block: linked just after the kernels. */
#include "kernels/blocks.hpp"

namespace emulator {
thread_local char shared_variables_end[16];
}
