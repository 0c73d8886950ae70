/* The versions that the emulated libraries report; settable by sunet_emulator_versions. */
#pragma once

namespace emulator {

struct library_versions {
    int driver = 13000;
    int cudnn = 91900;
    int cublas = 130100;
};

library_versions& versions();

} // namespace emulator
