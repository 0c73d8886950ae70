/* Where the variables lie that kernels share between the threads of a block: between these two, because a linker lays out
 * uninitialised thread-local variables in the order of its objects. A test checks that a block finds no values in them. */
#pragma once

namespace emulator {

extern thread_local char shared_variables_begin[16];
extern thread_local char shared_variables_end[16];

} // namespace emulator
