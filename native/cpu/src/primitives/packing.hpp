/* Weights as kernels of our own read them, which can be made of row-major float32 ones but not read back. */
#pragma once

#include <cstddef>
#include <string>

namespace sunet {

class packing {
public:
    packing() = default;
    packing(const packing&) = delete;
    packing& operator=(const packing&) = delete;
    virtual ~packing() = default;

    virtual std::size_t bytes() const = 0;
    /* That no other one has. */
    virtual std::string name() const = 0;
    virtual const char* implementation() const = 0;

    /* On all threads of the current scope. */
    virtual void run(const float* from, void* to) const = 0;
};

} // namespace sunet
