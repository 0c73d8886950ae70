/* The emulated devices and their primary contexts. */
#pragma once

#include "core/emulator.hpp"

namespace emulator {

constexpr int multiprocessors = 132;
constexpr int compute_major = 9, compute_minor = 0;

struct context_state {
    int device = 0;
};

bool driver_initialized();
int device_count();
/* The device of the current context; check_context must have passed. */
int current_device();
/* CUDA_SUCCESS, or why the ordinal names no device. */
CUresult check_device(CUdevice device);

} // namespace emulator
