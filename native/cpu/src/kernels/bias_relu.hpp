#pragma once

#include "sunet_cpu.h"

namespace sunet {

/* x = x + bias per channel, then max(0, x) where relu is set; bias may be NULL. Channels that only round C up stay zero. */
void add_bias_relu(const sunet_context& context, const sunet_tensor& tensor, void* x, const float* bias, bool relu);

} // namespace sunet
