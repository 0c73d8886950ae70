#pragma once

#include "sunet_cpu.h"

namespace sunet {

/* Adds the bias of each channel to x, then takes max(0, x) where relu is set. The bias may be NULL. Channels that only round C up stay
 * zero. */
void add_bias_relu(const sunet_context& context, const sunet_tensor& tensor, void* x, const float* bias, bool relu);

} // namespace sunet
