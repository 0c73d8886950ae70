/* Weights in an order that only the library's own kernels read. They are made from row-major float32 weights and cannot be converted
 * back. */
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
    /* A name that identifies the order of the weights. */
    virtual std::string name() const = 0;
    virtual const char* implementation() const = 0;

    /* Converts row-major weights on all threads of the current scope. */
    virtual void run(const float* from, void* to) const = 0;
};

} // namespace sunet
