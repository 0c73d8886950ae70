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

/* Average pooling, window = stride, trailing rows and columns dropped: y has height / window rows and width / window columns. Sums in
 * float32. Block 256; grid x over y's pixels * channels. */
SUNET_ENTRY average_pool_f32(const float* x, int ld_x, float* y, int ld_y, int images, int height, int width, int channels, int window);
SUNET_ENTRY average_pool_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int images, int height, int width, int channels, int window);
/* Its gradient: dx [images, height, width], 0 where no window is. With a window of the whole image also that of the global mean.
 * Block 256; grid x over dx's pixels * channels. */
SUNET_ENTRY average_pool_backward_f32(const float* dy, int ld_dy, float* dx, int ld_dx, int images, int height, int width, int channels,
                                      int window_height, int window_width);
SUNET_ENTRY average_pool_backward_bf16(const bf16* dy, int ld_dy, bf16* dx, int ld_dx, int images, int height, int width, int channels,
                                       int window_height, int window_width);
/* Mean over the pixels of each image: y has one pixel an image. Block 256; grid x over images * ceil(channels / 32). */
SUNET_ENTRY global_average_pool_f32(const float* x, int ld_x, float* y, int ld_y, int images, int pixels, int channels);
SUNET_ENTRY global_average_pool_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int images, int pixels, int channels);

/* Bilinear resizing as PyTorch's with align_corners = false; heights and widths up to 32767. A block works on a tile of one row of y: up to
 * `tile` <= 256 columns of up to `chunk` <= 256 channels, for which (ceil((tile - 1) * in_width / out_width) + 2) * min(chunk, channels)
 * <= 4096. Block 256; grid x over images * out_height * ceil(out_width / tile) * ceil(channels / chunk). */
SUNET_ENTRY bilinear_f32_f32(const float* x, int ld_x, float* y, int ld_y, int images, int channels, int in_height, int in_width,
                             int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_f32_bf16(const float* x, int ld_x, bf16* y, int ld_y, int images, int channels, int in_height, int in_width,
                              int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_bf16_f32(const bf16* x, int ld_x, float* y, int ld_y, int images, int channels, int in_height, int in_width,
                              int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_bf16_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int images, int channels, int in_height, int in_width,
                               int out_height, int out_width, int tile, int chunk);
/* Its gradient for x, gathered, so that sums have one order: in_* are dx's sizes and out_* dy's. A block works on `tile` columns of one row
 * of dx and `chunk` of their channels, tile * min(chunk, channels) <= 256.
 * Block 256; grid x over images * in_height * ceil(in_width / tile) * ceil(channels / chunk). */
SUNET_ENTRY bilinear_backward_f32_f32(const float* dy, int ld_dy, float* dx, int ld_dx, int images, int channels, int in_height,
                                      int in_width, int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_backward_f32_bf16(const float* dy, int ld_dy, bf16* dx, int ld_dx, int images, int channels, int in_height,
                                       int in_width, int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_backward_bf16_f32(const bf16* dy, int ld_dy, float* dx, int ld_dx, int images, int channels, int in_height,
                                       int in_width, int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_backward_bf16_bf16(const bf16* dy, int ld_dy, bf16* dx, int ld_dx, int images, int channels, int in_height,
                                        int in_width, int out_height, int out_width, int tile, int chunk);
/* Resizing and, of each pixel, the first of its largest channels (up to 256), in one pass: classes [images, out_height, out_width]. The
 * float32 values compared are those that bilinear_*_f32 writes. Tile and chunk as there.
 * Block 256; grid x over images * out_height * ceil(out_width / tile). */
SUNET_ENTRY bilinear_arg_max_f32(const float* x, int ld_x, uint8_t* classes, int images, int channels, int in_height, int in_width,
                                 int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_arg_max_bf16(const bf16* x, int ld_x, uint8_t* classes, int images, int channels, int in_height, int in_width,
                                  int out_height, int out_width, int tile, int chunk);

/* Softmax over the channels of each pixel; y may be x where both are float32. Block 128; grid x over ceil(pixels / 128). */
SUNET_ENTRY softmax_f32(const float* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels);
SUNET_ENTRY softmax_bf16(const bf16* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels);
/* dx = y * (dy - sum over channels of dy * y); dx may be dy. The suffix is dx's type. Block 256; grid x over ceil(pixels / 8). */
SUNET_ENTRY softmax_backward_f32(const float* y, int ld_y, const float* dy, int ld_dy, float* dx, int ld_dx, int64_t pixels, int channels);
SUNET_ENTRY softmax_backward_bf16(const float* y, int ld_y, const float* dy, int ld_dy, bf16* dx, int ld_dx, int64_t pixels, int channels);
/* Index of the largest channel, the first of equals; up to 256 channels. Block 128; grid x over ceil(pixels / 128). */
SUNET_ENTRY arg_max_f32(const float* x, int ld_x, uint8_t* classes, int64_t pixels, int channels);
SUNET_ENTRY arg_max_bf16(const bf16* x, int ld_x, uint8_t* classes, int64_t pixels, int channels);

/* Cross-entropy of logits against labels [pixels]: log_sum_exp [pixels] for the gradient, and per block 16 bytes of partial sums. Labels that
 * are neither `ignore` nor a class are left out and counted. The sums' order depends on the grid. Block 128; grid x up to ceil(pixels / 128). */
SUNET_ENTRY cross_entropy_f32(const float* logits, int ld_logits, const int* labels, int64_t pixels, int channels, int ignore,
                              float* log_sum_exp, void* partial);
SUNET_ENTRY cross_entropy_bf16(const bf16* logits, int ld_logits, const int* labels, int64_t pixels, int channels, int ignore,
                               float* log_sum_exp, void* partial);
/* From the partial sums of `count` blocks: the mean over the labels that took part (0 if none did), their number, that of the invalid.
 * Block 256; grid 1. */
SUNET_ENTRY cross_entropy_total(const void* partial, int count, float* loss, int* counted, int* invalid);
/* dlogits = (exp(logits - log_sum_exp) - onehot(label)) / *counted, 0 where no label took part; dlogits may be logits where both have one
 * type, which the suffix names in this order. Block 256; grid x over ceil(pixels / min(128, max(1, 4096 / channels))). */
SUNET_ENTRY cross_entropy_backward_f32_f32(const float* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                           const int* counted, float* dlogits, int ld_dlogits, int64_t pixels, int channels);
SUNET_ENTRY cross_entropy_backward_bf16_f32(const bf16* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                            const int* counted, float* dlogits, int ld_dlogits, int64_t pixels, int channels);
SUNET_ENTRY cross_entropy_backward_bf16_bf16(const bf16* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                             const int* counted, bf16* dlogits, int ld_dlogits, int64_t pixels, int channels);
/* counts [classes, classes]: adds one to row `label`, column `prediction` of every pixel that is not labelled `ignore`; pairs out of range are
 * added to *invalid instead. Block 256; grid x over pixels. */
SUNET_ENTRY confusion_matrix(const int* labels, const uint8_t* predictions, int64_t pixels, int classes, int ignore, int* counts,
                             int* invalid);

} // namespace sunet
