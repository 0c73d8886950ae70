/* What the emulator's sources share for the tests' controls. */
#pragma once

#include <string>

#include "sunet_emulator.h"

/* Declared extern "C" by the header already. */
#define EMULATOR_CONTROL __attribute__((visibility("default")))

namespace emulator {

/* Names the running work in violations for as long as the object lives. */
class running_work {
public:
    explicit running_work(const std::string& name);
    ~running_work();
    running_work(const running_work&) = delete;
    running_work& operator=(const running_work&) = delete;

private:
    const std::string* outer_;
};

} // namespace emulator
