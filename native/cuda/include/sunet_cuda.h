/*
 * The device kernels of Sunet.Native: everything that cuDNN and cuBLASLt have no call for.
 *
 * Activations are [N, C, H, W] stored NHWC with a pixel stride: channel c of pixel i (of N * H * W) is p[i * ld + c], ld >= C; so an
 * activation can be a channel slice of a wider one. A suffix _f32 or _bf16 names the activations' element type; parameters, statistics and
 * their gradients are float32. Kernels choose 16-byte accesses themselves where channels, strides and addresses allow.
 *
 * No result depends on the grid's size but through the number of chunks of a reduction, where that is said: any grid from (1, 1, 1) up
 * computes all. Blocks have exactly the number of threads that is given. A kernel that is guarded does nothing where *guard is not 0.
 */
#pragma once

#include "sunet_device.hpp"

#if defined(SUNET_HOST_KERNELS)
#define SUNET_ENTRY extern "C" void
#else
#define SUNET_ENTRY extern "C" __global__ void
#endif

namespace sunet {

/* y = max(0, x); NaN stays NaN. y may be x. Block 256; grid x over pixels * channels. */
SUNET_ENTRY relu_f32(const float* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels);
SUNET_ENTRY relu_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int64_t pixels, int channels);

} // namespace sunet
