/* Copies in bf16 of float32 weights that lie in blocks of 16 x 16 channels, the order in which oneDNN writes the gradients of weights of
 * bf16 convolutions. oneDNN's reorders take several times as long for them. */
#pragma once

#include <functional>
#include <optional>

#include "primitives/onednn.hpp"

namespace sunet {

using weight_copy = std::function<void(const float* from, void* to)>;

/* Makes such a copy on all threads of the current scope; nothing where a format is another or the CPU has no instruction to round with. */
std::optional<weight_copy> bf16_copy(const desc& from, const desc& to);

} // namespace sunet
