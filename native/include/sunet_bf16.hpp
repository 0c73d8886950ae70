/* The one bfloat16 of all native code: the CPU's kernels, the device kernels, and those compiled for the host. */
#pragma once

#include <stdint.h>

namespace sunet {

/* An element as it lies in memory: the upper half of a float32. */
struct bf16 {
    uint16_t bits;
};

} // namespace sunet
