/*
 * The device kernels of Sunet.Native: everything that cuDNN and cuBLASLt have no call for.
 *
 * Activations are [N, C, H, W] stored NHWC with a pixel stride: channel c of pixel i (of N * H * W) is p[i * ld + c], ld >= C; so an
 * activation can be a channel slice of a wider one. A suffix _f32 or _bf16 names the activations' element type; parameters, statistics and
 * their gradients are float32. Kernels choose 16-byte accesses themselves where channels, strides and addresses allow.
 *
 * Unless it says otherwise, a kernel computes all on any grid, and its result does not depend on the grid's size; sizes given here are
 * those it is fastest at. Blocks have exactly the number of threads that is given. A guarded kernel does nothing where *guard is not 0.
 *
 * Reductions over pixels run in two stages, with no atomics, so that results are the same in every run: the first kernel is launched with
 * grid x = the number of chunks of pixels and writes partial results, the finishing kernel with grid x = channels / 8, rounded up.
 */
#pragma once

#include "sunet_device.hpp"

#if defined(SUNET_HOST_KERNELS)
#define SUNET_ENTRY extern "C" void
#else
#define SUNET_ENTRY extern "C" __global__ void
#endif
/* These kernels promise 16-byte loads and stores, and 16-byte loads alone. Tests look for them in the PTX. */
#define SUNET_VECTOR_ENTRY SUNET_ENTRY
#define SUNET_VECTOR_LOAD_ENTRY SUNET_ENTRY

namespace sunet {

/* Element by element. Block 256; grid x: pixels * channels / lanes of a 16-byte access / 256. */

/* y = max(0, x); NaN stays NaN. y may be x. */
SUNET_VECTOR_ENTRY relu_f32(const float* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY relu_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int64_t pixels, int channels);

/* y = x: concatenation and slices, by addresses of first channels and strides. */
SUNET_VECTOR_ENTRY copy_channels_f32(const float* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY copy_channels_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int64_t pixels, int channels);

/* dx = dy where y > 0, else 0. dx may be dy. */
SUNET_VECTOR_ENTRY relu_backward_f32(const float* y, int ld_y, const float* dy, int ld_dy, float* dx, int ld_dx, int64_t pixels,
                                     int channels);
SUNET_VECTOR_ENTRY relu_backward_bf16(const bf16* y, int ld_y, const bf16* dy, int ld_dy, bf16* dx, int ld_dx, int64_t pixels,
                                      int channels);

/* y = a + b. y may be a or b. */
SUNET_VECTOR_ENTRY add_f32(const float* a, int ld_a, const float* b, int ld_b, float* y, int ld_y, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY add_bf16(const bf16* a, int ld_a, const bf16* b, int ld_b, bf16* y, int ld_y, int64_t pixels, int channels);

/* Channel by channel. Block 256; grid x over pixels, grid y: channels / lanes / 256, rounded up. */

/* y += bias [C], then max(0, y) if relu is not 0; in place. */
SUNET_VECTOR_ENTRY bias_relu_f32(float* y, int ld_y, const float* bias, int relu, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY bias_relu_bf16(bf16* y, int ld_y, const float* bias, int relu, int64_t pixels, int channels);

/* out [C] = x summed over pixels; partial [chunks][C]. */
SUNET_VECTOR_ENTRY channel_sum_f32(const float* x, int ld_x, float* partial, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY channel_sum_bf16(const bf16* x, int ld_x, float* partial, int64_t pixels, int channels);
SUNET_ENTRY channel_sum_finish(const float* partial, int chunks, int channels, float* out);

/*
 * mean [C] and biased variance [C] of x over pixels; partial [3][chunks][C]: a pixel, the mean less that pixel, and the sum of squared
 * deviations from the mean.
 */
SUNET_VECTOR_ENTRY batch_norm_statistics_f32(const float* x, int ld_x, float* partial, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY batch_norm_statistics_bf16(const bf16* x, int ld_x, float* partial, int64_t pixels, int channels);
SUNET_ENTRY batch_norm_statistics_finish(const float* partial, int chunks, int64_t pixels, int channels, float* mean, float* variance);

/* y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, then max(0, y) if relu is not 0. y may be x. */
SUNET_VECTOR_ENTRY batch_norm_apply_f32(const float* x, int ld_x, const float* mean, const float* variance, const float* gamma,
                                        const float* beta, float epsilon, int relu, float* y, int ld_y, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY batch_norm_apply_bf16(const bf16* x, int ld_x, const float* mean, const float* variance, const float* gamma,
                                         const float* beta, float epsilon, int relu, bf16* y, int ld_y, int64_t pixels, int channels);

/*
 * The gradients of gamma and beta, [C], from x and dy, where relu is not 0 with its mask recomputed from x; partial [2][chunks][C]: sums
 * of the gradient, and of its product with x - mean.
 */
SUNET_VECTOR_ENTRY batch_norm_gradient_sums_f32(const float* x, int ld_x, const float* dy, int ld_dy, const float* mean,
                                                const float* variance, const float* gamma, const float* beta, float epsilon, int relu,
                                                float* partial, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY batch_norm_gradient_sums_bf16(const bf16* x, int ld_x, const bf16* dy, int ld_dy, const float* mean,
                                                 const float* variance, const float* gamma, const float* beta, float epsilon, int relu,
                                                 float* partial, int64_t pixels, int channels);
SUNET_ENTRY batch_norm_gradient_finish(const float* partial, int chunks, int channels, const float* variance, float epsilon, float* dgamma,
                                       float* dbeta);

/*
 * The gradient of x, plus addend unless that is null; batch_statistics says whether mean and variance are x's own, which then have a
 * share in it. dx may be dy or addend.
 */
SUNET_VECTOR_ENTRY batch_norm_input_gradient_f32(const float* x, int ld_x, const float* dy, int ld_dy, const float* addend, int ld_addend,
                                                 const float* mean, const float* variance, const float* gamma, const float* beta,
                                                 const float* dgamma, const float* dbeta, float epsilon, int relu, int batch_statistics,
                                                 float* dx, int ld_dx, int64_t pixels, int channels);
SUNET_VECTOR_ENTRY batch_norm_input_gradient_bf16(const bf16* x, int ld_x, const bf16* dy, int ld_dy, const bf16* addend, int ld_addend,
                                                  const float* mean, const float* variance, const float* gamma, const float* beta,
                                                  const float* dgamma, const float* dbeta, float epsilon, int relu, int batch_statistics,
                                                  bf16* dx, int ld_dx, int64_t pixels, int channels);

/*
 * running = (1 - momentum) running + momentum statistic, with the unbiased variance; count, at least 2, is the number of values per
 * channel. Guarded. Block 256; grid x: channels / 256.
 */
SUNET_ENTRY running_statistics_update(const float* mean, const float* variance, int64_t count, float momentum, float* running_mean,
                                      float* running_variance, int channels, const int* guard);

/*
 * Row-major [N, C, pixels] to NHWC and back; also weights KCRS to KRSC, N being K and pixels R * S. Block 256; grid: pixels / 32,
 * channels / 32, images, rounded up; for up to 8 channels pixels / 256, 1, images; for up to 16 pixels images * channels / 256.
 */
SUNET_ENTRY nchw_to_nhwc_f32(const float* x, float* y, int ld_y, int images, int channels, int64_t pixels);
SUNET_ENTRY nchw_to_nhwc_bf16(const float* x, bf16* y, int ld_y, int images, int channels, int64_t pixels);
SUNET_ENTRY nhwc_to_nchw_f32(const float* x, int ld_x, float* y, int images, int channels, int64_t pixels);
SUNET_ENTRY nhwc_to_nchw_bf16(const bf16* x, int ld_x, float* y, int images, int channels, int64_t pixels);

/*
 * (x / 255 - mean) / deviation for x [N, H, W, 3] of bytes, each row mirrored if flip is not 0. Block 256; grid: width / 256, images *
 * height.
 */
SUNET_ENTRY normalize_images_f32(const uint8_t* x, float mean_r, float mean_g, float mean_b, float deviation_r, float deviation_g,
                                 float deviation_b, int flip, float* y, int ld_y, int images, int height, int width);
SUNET_ENTRY normalize_images_bf16(const uint8_t* x, float mean_r, float mean_g, float mean_b, float deviation_r, float deviation_g,
                                  float deviation_b, int flip, bf16* y, int ld_y, int images, int height, int width);

/* y = x, from bytes to integers: labels as they are stored to labels as a loss reads them. Block 256; grid x: count / 256. */
SUNET_ENTRY widen_labels(const uint8_t* x, int* y, int64_t count);

/*
 * Overlapping windows of contiguous rows as pixels: y [rows][windows][channels] from x [rows][length], where window i of a row is its
 * `size` elements from i * step + start on, zeros where there are none, and zeros up to `channels`, a multiple of 8 like y's address.
 * Block 256; grid: windows * channels / 8 / 256, rows.
 */
SUNET_ENTRY unfold_rows_bf16(const bf16* x, bf16* y, int64_t rows, int length, int windows, int step, int start, int size, int channels);

/* Over contiguous elements. Block 256; grid x: count / 4 (in bf16 8) / 256. */

/* The rates of an update; in device memory, so that a captured step can be run again with others. */
struct sgd_rates {
    float learning_rate, momentum, dampening, weight_decay, gradient_scale;
    int nesterov;
};

/* One update with PyTorch's definitions. velocity is not accessed where momentum is 0; copy, unless null, gets the result. Guarded. */
SUNET_VECTOR_ENTRY sgd_update(float* parameters, const float* gradients, float* velocity, bf16* copy, int64_t count, const sgd_rates* rates,
                              const int* guard);

/* y += x. */
SUNET_VECTOR_ENTRY accumulate(const float* x, float* y, int64_t count);

/* The sum of squares of what each block goes over; the order of the sums depends on the grid. */
SUNET_VECTOR_LOAD_ENTRY sum_of_squares(const float* x, int64_t count, double* partial);

/* x *= min(1, max_norm / (norm + 1e-6)) with the norm from the partial sums of squares, as PyTorch's clip_grad_norm_. */
SUNET_VECTOR_ENTRY clip_norm(float* x, int64_t count, const double* partial, int partials, float max_norm);

/* y = x, rounded to nearest. */
SUNET_VECTOR_LOAD_ENTRY copy_to_bf16(const float* x, bf16* y, int64_t count);

/* y = x. */
SUNET_VECTOR_ENTRY copy_from_bf16(const bf16* x, float* y, int64_t count);

/* *flag |= 1 if any element is NaN or infinite. */
SUNET_VECTOR_LOAD_ENTRY finite_check_f32(const float* x, int64_t count, int* flag);
SUNET_VECTOR_LOAD_ENTRY finite_check_bf16(const bf16* x, int64_t count, int* flag);

/* What the host learns of a step. */
struct step_record {
    float loss;
    int invalid, guard;
};

/*
 * Decides whether a step is sound: guard = 1 if invalid labels were counted, plus 2 if the loss is not finite, plus 4 if the flag of a
 * finite check over the gradients is set. Any of the three that is null is not asked. Block 32, grid 1.
 */
SUNET_ENTRY step_guard(const float* loss, const int* invalid, const int* special_gradients, int* guard, step_record* record);

/* Pooling and resizing. The suffix names the element type of what is read, then of what is written. */

/*
 * Average pooling, window = stride, trailing rows and columns dropped: y has height / window rows and width / window columns. Sums in
 * float32. Block 256; grid x: y's pixels * channels / lanes / 256.
 */
SUNET_VECTOR_ENTRY average_pool_f32_f32(const float* x, int ld_x, float* y, int ld_y, int images, int height, int width, int channels,
                                        int window);
SUNET_VECTOR_ENTRY average_pool_f32_bf16(const float* x, int ld_x, bf16* y, int ld_y, int images, int height, int width, int channels,
                                         int window);
SUNET_VECTOR_ENTRY average_pool_bf16_f32(const bf16* x, int ld_x, float* y, int ld_y, int images, int height, int width, int channels,
                                         int window);
SUNET_VECTOR_ENTRY average_pool_bf16_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int images, int height, int width, int channels,
                                          int window);

/*
 * Its gradient: dx [images, height, width], 0 where no window is. With a window of the whole image also that of the global mean.
 * Block 256; grid x: dx's pixels * channels / lanes / 256.
 */
SUNET_VECTOR_ENTRY average_pool_backward_f32_f32(const float* dy, int ld_dy, float* dx, int ld_dx, int images, int height, int width,
                                                 int channels, int window_height, int window_width);
SUNET_VECTOR_ENTRY average_pool_backward_f32_bf16(const float* dy, int ld_dy, bf16* dx, int ld_dx, int images, int height, int width,
                                                  int channels, int window_height, int window_width);
SUNET_VECTOR_ENTRY average_pool_backward_bf16_f32(const bf16* dy, int ld_dy, float* dx, int ld_dx, int images, int height, int width,
                                                  int channels, int window_height, int window_width);
SUNET_VECTOR_ENTRY average_pool_backward_bf16_bf16(const bf16* dy, int ld_dy, bf16* dx, int ld_dx, int images, int height, int width,
                                                   int channels, int window_height, int window_width);

/* Mean over the pixels of each image: y has one pixel an image. Block 256; grid x: images * (channels / 32 rounded up). */
SUNET_ENTRY global_average_pool_f32_f32(const float* x, int ld_x, float* y, int ld_y, int images, int pixels, int channels);
SUNET_ENTRY global_average_pool_f32_bf16(const float* x, int ld_x, bf16* y, int ld_y, int images, int pixels, int channels);
SUNET_ENTRY global_average_pool_bf16_f32(const bf16* x, int ld_x, float* y, int ld_y, int images, int pixels, int channels);
SUNET_ENTRY global_average_pool_bf16_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int images, int pixels, int channels);

/*
 * Bilinear resizing as PyTorch's with align_corners = false; heights and widths up to 32767. A block works on a tile of one row of y:
 * `tile` columns, at most 256, of `chunk` channels, for which ((tile - 1) * in_width / out_width, rounded up, + 2) * chunk is at most 4096.
 * Block 256; grid x: images * out_height * (out_width / tile, rounded up) * (channels / chunk, rounded up).
 */
SUNET_ENTRY bilinear_f32_f32(const float* x, int ld_x, float* y, int ld_y, int images, int channels, int in_height, int in_width,
                             int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_f32_bf16(const float* x, int ld_x, bf16* y, int ld_y, int images, int channels, int in_height, int in_width,
                              int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_bf16_f32(const bf16* x, int ld_x, float* y, int ld_y, int images, int channels, int in_height, int in_width,
                              int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_bf16_bf16(const bf16* x, int ld_x, bf16* y, int ld_y, int images, int channels, int in_height, int in_width,
                               int out_height, int out_width, int tile, int chunk);

/*
 * Its gradient for x, gathered, so that sums have one order: in_* are dx's sizes and out_* dy's. A block works on `tile` columns of one row
 * of dx and `chunk` of their channels, tile * chunk at most 256.
 * Block 256; grid x: images * in_height * (in_width / tile, rounded up) * (channels / chunk, rounded up).
 */
SUNET_ENTRY bilinear_backward_f32_f32(const float* dy, int ld_dy, float* dx, int ld_dx, int images, int channels, int in_height,
                                      int in_width, int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_backward_f32_bf16(const float* dy, int ld_dy, bf16* dx, int ld_dx, int images, int channels, int in_height,
                                       int in_width, int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_backward_bf16_f32(const bf16* dy, int ld_dy, float* dx, int ld_dx, int images, int channels, int in_height,
                                       int in_width, int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_backward_bf16_bf16(const bf16* dy, int ld_dy, bf16* dx, int ld_dx, int images, int channels, int in_height,
                                        int in_width, int out_height, int out_width, int tile, int chunk);

/*
 * Resizing and, of each pixel, the first of its largest channels (up to 256), in one pass: classes [images, out_height, out_width]. The
 * values compared are those that bilinear_*_f32 writes. Tile and chunk as there.
 * Block 256; grid x: images * out_height * (out_width / tile, rounded up).
 */
SUNET_ENTRY bilinear_arg_max_f32(const float* x, int ld_x, uint8_t* classes, int images, int channels, int in_height, int in_width,
                                 int out_height, int out_width, int tile, int chunk);
SUNET_ENTRY bilinear_arg_max_bf16(const bf16* x, int ld_x, uint8_t* classes, int images, int channels, int in_height, int in_width,
                                  int out_height, int out_width, int tile, int chunk);

/* Per pixel, over its channels. The suffix names the element type of what may be bf16; all else is float32. */

/* Softmax; y may be x where that is float32. Block 128; grid x: pixels / 128. */
SUNET_VECTOR_LOAD_ENTRY softmax_f32(const float* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels);
SUNET_VECTOR_LOAD_ENTRY softmax_bf16(const bf16* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels);

/*
 * y += share * the probabilities of one scale, or y = that if begins is not 0: x [images, in_height, in_width] are logits that are resized
 * as bilinear_* does to the network's height and width; their softmax, mirrored left to right if mirrored is not 0, is resized to y's size.
 * Heights and widths up to 32767. Block 128; grid x: images * out_height * (out_width / 128, rounded up).
 */
SUNET_ENTRY add_probabilities_f32(const float* x, int ld_x, int images, int channels, int in_height, int in_width, int height, int width,
                                  int mirrored, float share, int begins, float* y, int ld_y, int out_height, int out_width);
SUNET_ENTRY add_probabilities_bf16(const bf16* x, int ld_x, int images, int channels, int in_height, int in_width, int height, int width,
                                   int mirrored, float share, int begins, float* y, int ld_y, int out_height, int out_width);

/* dx = y * (dy - sum over channels of dy * y); dx may be y, or dy where that is float32. Block 256; grid x: pixels / 8. */
SUNET_ENTRY softmax_backward_f32(const float* y, int ld_y, const float* dy, int ld_dy, float* dx, int ld_dx, int64_t pixels, int channels);
SUNET_ENTRY softmax_backward_bf16(const float* y, int ld_y, const bf16* dy, int ld_dy, float* dx, int ld_dx, int64_t pixels, int channels);

/* Index of the largest channel, the first of equals; up to 256 channels. Block 128; grid x: pixels / 128. */
SUNET_VECTOR_LOAD_ENTRY arg_max_f32(const float* x, int ld_x, uint8_t* classes, int64_t pixels, int channels);
SUNET_VECTOR_LOAD_ENTRY arg_max_bf16(const bf16* x, int ld_x, uint8_t* classes, int64_t pixels, int channels);

/*
 * Cross-entropy of logits against labels [pixels]: log_sum_exp [pixels] for the gradient, and of each block 16 bytes of partial sums.
 * Labels that are neither `ignore` nor a class are left out and counted. The order of the sums depends on the grid.
 * Block 128; grid x: at most pixels / 128.
 */
SUNET_VECTOR_LOAD_ENTRY cross_entropy_f32(const float* logits, int ld_logits, const int* labels, int64_t pixels, int channels, int ignore,
                                          float* log_sum_exp, void* partial);
SUNET_VECTOR_LOAD_ENTRY cross_entropy_bf16(const bf16* logits, int ld_logits, const int* labels, int64_t pixels, int channels, int ignore,
                                           float* log_sum_exp, void* partial);

/*
 * From the partial sums of `count` blocks: the mean over the labels that took part (0 if none did), their number, that of the invalid.
 * Block 256; grid 1.
 */
SUNET_ENTRY cross_entropy_finish(const void* partial, int count, float* loss, int* counted, int* invalid);

/*
 * dlogits = (exp(logits - log_sum_exp) - onehot(label)) / *counted, 0 where no label took part; dlogits may be logits where those are
 * float32. Block 256; grid x: pixels / (4096 / channels, from 1 to 128).
 */
SUNET_ENTRY cross_entropy_backward_f32(const float* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                       const int* counted, float* dlogits, int ld_dlogits, int64_t pixels, int channels);
SUNET_ENTRY cross_entropy_backward_bf16(const bf16* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                        const int* counted, float* dlogits, int ld_dlogits, int64_t pixels, int channels);

/*
 * Cross-entropy with weights [channels] of the classes and label smoothing: log_sum_exp [pixels], and of each block 32 bytes of partial
 * sums. Labels that are neither `ignore` nor a class are left out and counted. The order of the sums depends on the grid.
 * Block 128; grid x: at most pixels / 128.
 */
SUNET_VECTOR_LOAD_ENTRY weighted_cross_entropy_f32(const float* logits, int ld_logits, const int* labels, int64_t pixels, int channels,
                                                   int ignore, const float* class_weights, float label_smoothing, float* log_sum_exp,
                                                   void* partial);
SUNET_VECTOR_LOAD_ENTRY weighted_cross_entropy_bf16(const bf16* logits, int ld_logits, const int* labels, int64_t pixels, int channels,
                                                    int ignore, const float* class_weights, float label_smoothing, float* log_sum_exp,
                                                    void* partial);

/*
 * The sums of the Dice loss over the pixels of each chunk, of which there are as many as blocks: partial [chunks][3][channels] of the
 * probability where it is the label's, of the probability, and of labels. The order of the sums depends on the grid.
 * Block 256; grid x: at most pixels / 256.
 */
SUNET_ENTRY dice_sums_f32(const float* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp, int64_t pixels,
                          int channels, double* partial);
SUNET_ENTRY dice_sums_bf16(const bf16* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp, int64_t pixels,
                           int channels, double* partial);

/*
 * From the partial sums of `count` blocks and of `chunks` chunks, which are 0 where there is no Dice loss: the cross-entropy over the sum
 * of the labels' weights plus dice_weight times the Dice loss, the numbers of labels that took part and that are invalid, and the
 * coefficients [5][channels] of the gradient. The sums [3][channels] of the first chunk become those of all. Block 256; grid 1.
 */
SUNET_ENTRY dice_cross_entropy_finish(const void* partial, int count, double* sums, int chunks, const float* class_weights, int channels,
                                      float label_smoothing, float dice_weight, float* loss, int* counted, int* invalid,
                                      float* coefficients);

/*
 * dlogits = p_c (k0[y] + k4[c] + [y = c] k3[c] - sum over channels of p (k4 + [y = .] k3)) - [y = c] k1[c] - k2[c] with the rows k of the
 * coefficients, 0 where no label took part; dlogits may be logits where those are float32.
 * Block 256; grid x: pixels / (4096 / channels, from 1 to 128).
 */
SUNET_ENTRY dice_cross_entropy_backward_f32(const float* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                            const float* coefficients, float* dlogits, int ld_dlogits, int64_t pixels, int channels);
SUNET_ENTRY dice_cross_entropy_backward_bf16(const bf16* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                             const float* coefficients, float* dlogits, int ld_dlogits, int64_t pixels, int channels);

/*
 * counts [classes, classes]: adds one to row `label`, column `prediction` of every pixel that is not labelled `ignore`; pairs out of range
 * are added to *invalid instead. Block 256; grid x: pixels / 256.
 */
SUNET_ENTRY confusion_matrix(const int* labels, const uint8_t* predictions, int64_t pixels, int classes, int ignore, int* counts,
                             int* invalid);

} // namespace sunet
