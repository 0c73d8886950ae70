/* The bfloat16 type of all native code: of the CPU's kernels, of the device kernels, and of device kernels that are compiled for the
 * host. */
#pragma once

#include <stdint.h>

namespace sunet {

/* An element as it lies in memory: the upper half of a float32. */
struct bf16 {
    uint16_t bits;
};

} // namespace sunet
