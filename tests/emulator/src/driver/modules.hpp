/* Modules, and what the emulator reads from PTX. */
#pragma once

#include <set>
#include <string>

#include "core/emulator.hpp"

namespace emulator {

struct ptx_text {
    int version = 0; /* 70 for 7.0 */
    int target = 0;  /* 80 for sm_80 */
    std::set<std::string> entries;
};

/* CUDA_SUCCESS, or the status with which a driver refuses the image, and why. */
CUresult read_ptx(const char* image, ptx_text* out, std::string* reason);

struct module_state {
    CUcontext context = nullptr;
    ptx_text ptx = {};
};

handle_table<module_state>& modules();

} // namespace emulator
