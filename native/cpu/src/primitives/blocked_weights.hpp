/* Converts float32 weights in blocks of 16 x 16 channels to bf16. oneDNN writes the weights' gradients of bf16 convolutions in this order,
 * and its own reorders take several times as long. */
#pragma once

#include <functional>
#include <optional>

#include "primitives/onednn.hpp"

namespace sunet {

using weight_copy = std::function<void(const float* from, void* to)>;

/* Returns a copy that runs on all threads of the current scope, or nothing where a format is another one or the CPU cannot round to
 * bf16. */
std::optional<weight_copy> bf16_copy(const desc& from, const desc& to);

} // namespace sunet
