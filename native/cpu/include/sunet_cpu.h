/* The CPU backend's C ABI: oneDNN primitives, prepared once and executed many times, and the kernels oneDNN has no call for.
 *
 * Rules, for every function here:
 *   - nothing is thrown across this boundary; a function that can fail returns a sunet_status and, where it takes a
 *     sunet_message, copies one UTF-8 sentence into the caller's buffer (always zero-terminated, cut if too long);
 *   - whoever calls *_create owns what it gets and calls the matching *_destroy once; destroying NULL is allowed;
 *   - pointers that are bound or passed belong to the caller, are 64-byte aligned for tensors and outlive the call;
 *   - kernels and execute calls allocate nothing of their own and block until their result is written;
 *   - one context is used by one thread at a time; different contexts may be used side by side.
 */
#ifndef SUNET_CPU_H
#define SUNET_CPU_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define SUNET_API __declspec(dllexport)
#else
#define SUNET_API __attribute__((visibility("default")))
#endif

/* Raised by one with every incompatible change; the managed side refuses another number. */
#define SUNET_CPU_ABI 10

typedef int32_t sunet_status;
enum {
    SUNET_OK = 0,
    SUNET_INVALID_ARGUMENT = 1,
    SUNET_OUT_OF_MEMORY = 2,
    SUNET_UNSUPPORTED = 3, /* no implementation for this shape or CPU */
    SUNET_LIBRARY = 4,     /* oneDNN reported a failure */
    SUNET_INTERNAL = 5
};

typedef struct sunet_message {
    char* text;
    int32_t capacity; /* bytes, with the terminating zero */
} sunet_message;

typedef int32_t sunet_type;
enum { SUNET_F32 = 0, SUNET_BF16 = 1, SUNET_S32 = 2, SUNET_U8 = 3 };

/* How the dimensions [N, C, H, W] lie in memory. Layouts of activations are [N][C / b][H][W][b] with C rounded up to the block b: PLAIN
 * has b = 1 (so also row-major OIHW weights and vectors), NHWC has b = C. Channels that only round C up hold zeros. Of weights, WEIGHTS_16
 * is [O / 16][I / 16][kH][kW][16 I][16 O], rounded up alike: what gradients of weights are written in without a reorder in bf16. */
typedef int32_t sunet_layout;
enum { SUNET_PLAIN = 0, SUNET_BLOCKED_8 = 1, SUNET_BLOCKED_16 = 2, SUNET_NHWC = 3, SUNET_ANY = 4, SUNET_WEIGHTS_16 = 5 };

/* A tensor without its data. Activations are [N, C, H, W], convolution weights [O, I, kH, kW], transposed-convolution
 * weights [I, O, kH, kW] (both as PyTorch has them), vectors [C] with rank 1, matrices [rows, columns] with rank 2. */
typedef struct sunet_tensor {
    int32_t dims[4];
    int32_t rank;
    sunet_type type;
    sunet_layout layout;
    int32_t channel_total;  /* channels of the enclosing tensor if this is a channel slice of it; 0 or dims[1] otherwise */
    int32_t channel_offset; /* first channel of the slice; data pointers point at the ENCLOSING tensor's first element */
} sunet_tensor;

typedef struct sunet_context sunet_context;
typedef struct sunet_format sunet_format;
typedef struct sunet_primitive sunet_primitive;

typedef struct sunet_library_info {
    int32_t abi;
    int32_t onednn_major, onednn_minor, onednn_patch; /* of the library that was loaded */
    int32_t channel_block;                            /* 16 with AVX-512, else 8 */
    int32_t bf16;                                     /* 1 where the CPU multiplies bf16 natively */
    int32_t float16;                                  /* 1 where products of bf16 tensors are faster made in float16 */
    int32_t max_threads;
    char isa[32]; /* oneDNN's name for the widest instruction set it will use */
    char onednn_hash[48];
} sunet_library_info;

SUNET_API void sunet_library_query(sunet_library_info* out);

typedef struct sunet_counters {
    int64_t outstanding_bytes;   /* by sunet_allocate */
    int64_t outstanding_handles; /* contexts, formats, primitives */
    int64_t allocations;         /* successful calls of sunet_allocate and *_create since the start */
} sunet_counters;

SUNET_API void sunet_counters_query(sunet_counters* out);

SUNET_API sunet_status sunet_context_create(int32_t threads, sunet_context** out, sunet_message* message);
SUNET_API void sunet_context_destroy(sunet_context* context);
SUNET_API int32_t sunet_context_threads(const sunet_context* context);

/* Zeroed, 64-byte aligned memory (2 MiB aligned and offered to huge pages from 4 MiB up). */
SUNET_API sunet_status sunet_allocate(size_t bytes, void** out, sunet_message* message);
SUNET_API void sunet_free(void* memory);

/* A format says how a primitive expects data in memory. */

SUNET_API sunet_status sunet_format_create(const sunet_tensor* tensor, sunet_format** out, sunet_message* message);
SUNET_API void sunet_format_destroy(sunet_format* format);
SUNET_API size_t sunet_format_bytes(const sunet_format* format);
SUNET_API int32_t sunet_format_equal(const sunet_format* a, const sunet_format* b);
/* oneDNN's short name, such as "aBcd16b" or "ABcd16b16a", with " bf16" behind it for such elements; one beginning with "wino" for
 * weights that oneDNN transforms for Winograd's algorithm, and with "f16" or "bf16_wino" for those packed for kernels of our own, which can
 * be written but not read back; "strided" where there is none. */
SUNET_API void sunet_format_describe(const sunet_format* format, sunet_message* out);

/* A primitive is prepared once and executed many times. */

typedef int32_t sunet_argument;
enum {
    SUNET_ARG_SOURCE = 0,      /* the forward operation's source, or its gradient in backward data */
    SUNET_ARG_WEIGHTS = 1,     /* weights, or their gradient in backward weights */
    SUNET_ARG_BIAS = 2,        /* bias, or its gradient in backward weights */
    SUNET_ARG_DESTINATION = 3, /* the forward operation's destination, or its gradient in backward */
    SUNET_ARG_SCRATCH = 4,     /* sunet_primitive_scratch_bytes bytes, contents never kept between executions */
    SUNET_ARG_MEAN = 5,        /* of a normalised convolution's source, as are the following */
    SUNET_ARG_VARIANCE = 6,
    SUNET_ARG_GAMMA = 7,
    SUNET_ARG_BETA = 8
};

typedef struct sunet_convolution {
    sunet_tensor source;      /* [N, I, H, W] */
    sunet_tensor weights;     /* [O, I, kH, kW]; transposed: [I, O, kH, kW]; layout ANY lets oneDNN choose */
    sunet_tensor destination; /* [N, O, H', W'] */
    int32_t stride[2];        /* height, width */
    int32_t dilation[2];      /* 1 = dense */
    int32_t padding_begin[2]; /* top, left */
    int32_t padding_end[2];   /* bottom, right; may differ from the beginning */
    int32_t has_bias;         /* forward: add it; backward weights: also give its gradient */
    int32_t fused_relu;       /* forward: clamp the result at zero, after accumulating */
    int32_t accumulate;       /* forward: destination += result */
    int32_t inference;        /* forward: the weights stay, so that their layout may be one that only this operation reads */
    int32_t winograd;         /* dense 3x3: Winograd's algorithm may be taken where it is faster */
    int32_t float16;          /* bf16: products, and sums of up to 64 of them, may be made in float16 where that is faster */
} sunet_convolution;

SUNET_API sunet_status sunet_convolution_forward_create(sunet_context*, const sunet_convolution*, sunet_primitive** out, sunet_message*);
/* A convolution of sunet_batch_norm_apply's result, which is not made but for a part at a time that stays in the cache. The source is in a
 * blocked layout, with whole blocks of channels. In bf16 it is any convolution that is made in float16; in float32 a dense 1x1 one to whole
 * blocks of channels in the same layout, which does not accumulate. */
SUNET_API sunet_status sunet_normalized_convolution_create(sunet_context*, const sunet_convolution*, float epsilon, int32_t relu,
                                                           sunet_primitive** out, sunet_message*);
SUNET_API sunet_status sunet_convolution_backward_data_create(sunet_context*, const sunet_convolution*, sunet_primitive** out,
                                                              sunet_message*);
SUNET_API sunet_status sunet_convolution_backward_weights_create(sunet_context*, const sunet_convolution*, sunet_primitive** out,
                                                                 sunet_message*);
/* The gradient of a normalised convolution's weights, of the same source; only where it is made in float16. */
SUNET_API sunet_status sunet_normalized_convolution_backward_weights_create(sunet_context*, const sunet_convolution*, float epsilon,
                                                                            int32_t relu, sunet_primitive** out, sunet_message*);
/* Transposed convolution: source is the small side. Its padding is that of the convolution it transposes, so
 * H = (H' + begin + end - dilation (kH - 1) - 1) / stride + 1 with H of the source and H' of the destination. */
SUNET_API sunet_status sunet_deconvolution_forward_create(sunet_context*, const sunet_convolution*, sunet_primitive** out, sunet_message*);
SUNET_API sunet_status sunet_deconvolution_backward_data_create(sunet_context*, const sunet_convolution*, sunet_primitive** out,
                                                                sunet_message*);
SUNET_API sunet_status sunet_deconvolution_backward_weights_create(sunet_context*, const sunet_convolution*, sunet_primitive** out,
                                                                   sunet_message*);
/* destination [M, N] = op(source) [M, K] x op(weights) [K, N] (+ bias [N]); op transposes where the flag is 1: a transposed
 * operand lies in memory as [K, M] or [N, K]. All PLAIN. */
SUNET_API sunet_status sunet_matmul_create(sunet_context*, int32_t m, int32_t k, int32_t n, int32_t transpose_source,
                                           int32_t transpose_weights, int32_t has_bias, sunet_primitive** out, sunet_message*);
SUNET_API sunet_status sunet_reorder_create(sunet_context*, const sunet_format* from, const sunet_format* to, sunet_primitive** out,
                                            sunet_message*);

SUNET_API size_t sunet_primitive_scratch_bytes(const sunet_primitive* primitive);
/* The format in which the primitive reads or writes an argument; the caller owns the result. */
SUNET_API sunet_status sunet_primitive_format(const sunet_primitive* primitive, sunet_argument argument, sunet_format** out,
                                              sunet_message* message);
/* oneDNN's name of the implementation it chose, such as "jit:avx512_core". */
SUNET_API void sunet_primitive_implementation(const sunet_primitive* primitive, sunet_message* out);
SUNET_API sunet_status sunet_primitive_bind(sunet_primitive* primitive, sunet_argument argument, void* data, sunet_message* message);
SUNET_API sunet_status sunet_primitive_execute(sunet_primitive* primitive, sunet_message* message);
SUNET_API void sunet_primitive_destroy(sunet_primitive* primitive);

/* Kernels.
 *
 * Tensors of one call agree in [N, C, H, W] unless said otherwise; each may have its own layout (PLAIN, BLOCKED_8, BLOCKED_16,
 * NHWC) and may be a channel slice. Fast where operands share a layout. Results are bit-identical for a given thread count.
 * Tensors are F32 or BF16, all of one call alike but where it says so; what is stored as BF16 is rounded to the nearest, to even between
 * two; where the CPU does that itself (AVX-512 BF16), below 2^-126 to zero. Arithmetic and vectors (statistics, parameters and their
 * gradients, sums) are float32 throughout.
 * A kernel that receives a combination it does not take returns SUNET_INVALID_ARGUMENT and writes nothing. */

/* Per-channel mean and biased variance over N, H, W. Sums are kept in double around a pivot, so a large mean costs no accuracy. */
SUNET_API sunet_status sunet_batch_norm_statistics(sunet_context*, const sunet_tensor* x_tensor, const void* x, float* mean,
                                                   float* variance);
/* y = (x - mean) / sqrt(variance + epsilon) * gamma + beta, then max(0, .) where relu is 1. y may be x. */
SUNET_API sunet_status sunet_batch_norm_apply(sunet_context*, const sunet_tensor* x_tensor, const void* x, const float* mean,
                                              const float* variance, const float* gamma, const float* beta, float epsilon, int32_t relu,
                                              const sunet_tensor* y_tensor, void* y);

typedef struct sunet_batch_norm_gradient {
    sunet_tensor x_tensor, dy_tensor, dx_tensor, addend_tensor;
    const void *x, *dy;
    const float *mean, *variance, *gamma, *beta; /* as given to apply; with relu the mask is recomputed from them */
    const void* addend;                          /* added to dx; NULL for none */
    void* dx;                                    /* NULL: only the parameter gradients; may be dy or addend */
    float *dgamma, *dbeta;                       /* either or both NULL: not wanted */
    float* scratch;                              /* 2 * C floats, needed where dgamma or dbeta is NULL */
    float epsilon;
    int32_t relu;
    int32_t batch_statistics; /* 1: mean and variance are those of x and dx accounts for it; 0: constants (frozen) */
} sunet_batch_norm_gradient;

SUNET_API sunet_status sunet_batch_norm_backward(sunet_context*, const sunet_batch_norm_gradient*);
/* running = (1 - momentum) running + momentum statistic, with the unbiased variance (times count / (count - 1)), as PyTorch does. */
SUNET_API sunet_status sunet_running_statistics_update(sunet_context*, int32_t channels, int64_t count, float momentum, const float* mean,
                                                       const float* variance, float* running_mean, float* running_variance);

/*
 * Pointwise operations, all of one signature and found by name: y from the elements at the same place in a and b, which have y's extent and
 * element type. b is null where the operation takes one operand, and the coefficient is read where it takes a number.
 */
#define SUNET_POINTWISE(name)                                                                                                           \
    sunet_status name(sunet_context* context, const sunet_tensor* a_tensor, const void* a, const sunet_tensor* b_tensor, const void* b, \
                      float coefficient, const sunet_tensor* y_tensor, void* y)
/* y = max(0, a); y may be a. */
SUNET_API SUNET_POINTWISE(sunet_relu);
/* y = b where a > 0, else 0: a is relu's result and b its gradient. y may be b. */
SUNET_API SUNET_POINTWISE(sunet_relu_backward);
/* y = a + b; y may be either. */
SUNET_API SUNET_POINTWISE(sunet_add);
/* Copies between layouts and types and in or out of channel slices: concatenation, its gradient, the graph's edges. */
SUNET_API sunet_status sunet_copy(sunet_context*, const sunet_tensor* x_tensor, const void* x, const sunet_tensor* y_tensor, void* y);
/* out[c] = sum of x over N, H, W: the gradient of a bias. Sums in double. */
SUNET_API sunet_status sunet_channel_sum(sunet_context*, const sunet_tensor* x_tensor, const void* x, float* out);

/* Average pooling, kernel = stride = `window`, no padding, trailing rows and columns dropped (PyTorch's AvgPool2d(window, window)). */
SUNET_API sunet_status sunet_average_pool(sunet_context*, int32_t window, const sunet_tensor* x_tensor, const void* x,
                                          const sunet_tensor* y_tensor, void* y);
SUNET_API sunet_status sunet_average_pool_backward(sunet_context*, int32_t window, const sunet_tensor* dy_tensor, const void* dy,
                                                   const sunet_tensor* dx_tensor, void* dx);
/* Mean over H and W: [N, C, H, W] -> [N, C, 1, 1]. x and dx may be BF16 where y and dy are F32. */
SUNET_API sunet_status sunet_global_average_pool(sunet_context*, const sunet_tensor* x_tensor, const void* x, const sunet_tensor* y_tensor,
                                                 void* y);
SUNET_API sunet_status sunet_global_average_pool_backward(sunet_context*, const sunet_tensor* dy_tensor, const void* dy,
                                                          const sunet_tensor* dx_tensor, void* dx);

/* Bilinear resize to the destination's size, align_corners = false, no anti-aliasing, as PyTorch's interpolate computes it:
 * source = max(0, (i + 0.5) * (in / out) - 0.5). Backward gathers, so its sums have one order. Either side may be of either type. */
SUNET_API sunet_status sunet_bilinear(sunet_context*, const sunet_tensor* x_tensor, const void* x, const sunet_tensor* y_tensor, void* y);
SUNET_API sunet_status sunet_bilinear_backward(sunet_context*, const sunet_tensor* dy_tensor, const void* dy, const sunet_tensor* dx_tensor,
                                               void* dx);

/* Softmax over C. y may be x. Probabilities and all gradients from here to the loss are F32; logits may be BF16. */
SUNET_API sunet_status sunet_softmax(sunet_context*, const sunet_tensor* x_tensor, const void* x, const sunet_tensor* y_tensor, float* y);
/* dx = y * (dy - sum over C of dy * y). */
SUNET_API sunet_status sunet_softmax_backward(sunet_context*, const sunet_tensor* tensor, const float* y, const float* dy, float* dx);

/* Cross-entropy of logits [N, C, H, W] against labels [N, H, W] int32, mean over the labels that are not `ignore`.
 * log_sum_exp [N, H, W] is kept for the gradient. *counted = labels that took part; *invalid = labels neither in [0, C) nor
 * `ignore` (they are left out; the caller raises). A batch with no counted label has loss 0 and gradient 0. Summed in double. */
SUNET_API sunet_status sunet_softmax_cross_entropy(sunet_context*, const sunet_tensor* logits_tensor, const void* logits,
                                                   const int32_t* labels, int32_t ignore, float* log_sum_exp, float* loss, int32_t* counted,
                                                   int32_t* invalid);
/* dlogits = (exp(logits - log_sum_exp) - onehot(label)) * (*dloss / *counted), 0 where ignored. dlogits may be logits. */
SUNET_API sunet_status sunet_softmax_cross_entropy_backward(sunet_context*, const sunet_tensor* logits_tensor, const void* logits,
                                                            const int32_t* labels, int32_t ignore, const float* log_sum_exp,
                                                            const int32_t* counted, const float* dloss, const sunet_tensor* dlogits_tensor,
                                                            float* dlogits);

/* Cross-entropy with weights [C] of the classes and label smoothing e as PyTorch's, plus dice_weight times the Dice loss over the classes
 * that have labels: the sum over the counted pixels of (1 - e) w_y (-log p_y) + e / C * sum over C of w_c (-log p_c), over the sum of w_y
 * (0 where that is 0); and 1 - mean over classes of 2 sum(p_c [y = c]) / (sum(p_c) + sum([y = c])). scratch: 64 * 3 * C doubles.
 * coefficients [5, C] are for the gradient; the rest is as above. */
SUNET_API sunet_status sunet_dice_cross_entropy(sunet_context*, const sunet_tensor* logits_tensor, const void* logits,
                                                const int32_t* labels, int32_t ignore, const float* class_weights, float label_smoothing,
                                                float dice_weight, double* scratch, int64_t scratch_bytes, float* log_sum_exp, float* loss,
                                                int32_t* counted, int32_t* invalid, float* coefficients);
/* dlogits [c] = p_c (k0[y] + k4[c] + [y = c] k3[c] - sum over C of p (k4 + [y = .] k3)) - [y = c] k1[c] - k2[c] with the rows k of the
 * coefficients, 0 where ignored. dlogits may be logits. */
SUNET_API sunet_status sunet_dice_cross_entropy_backward(sunet_context*, const sunet_tensor* logits_tensor, const void* logits,
                                                         const int32_t* labels, int32_t ignore, const float* log_sum_exp,
                                                         const float* coefficients, const sunet_tensor* dlogits_tensor, float* dlogits);
/* Index of the largest channel, the first of equals: [N, C, H, W] -> [N, H, W] bytes; C up to 256. */
SUNET_API sunet_status sunet_arg_max(sunet_context*, const sunet_tensor* x_tensor, const void* x, uint8_t* out);
/* The same of sunet_bilinear's result at height x width, which is not made: [N, C, H, W] -> [N, height, width] bytes. */
SUNET_API sunet_status sunet_resize_arg_max(sunet_context*, const sunet_tensor* x_tensor, const void* x, int32_t height, int32_t width,
                                            uint8_t* out);

/* Logits [N, C, h, w] that a network gave at one scale, before they are resized to its own height and width. */
typedef struct sunet_scaled_logits {
    sunet_tensor tensor; /* may be BF16 */
    const void* logits;
    int32_t height, width; /* of the network's input */
    int32_t mirrored;      /* 1: the network saw the image mirrored left to right, so its probabilities are mirrored back */
} sunet_scaled_logits;

/* The mean over scales of the probabilities, F32 and PLAIN [N, C, H, W]: each scale's logits are resized to the network's size, as
 * sunet_bilinear does, then softmax over C, then resized to y's size. Only y is made at full size. Of `scratch` it takes as many floats as
 * sunet_average_probabilities_scratch gives for the classes, the widest network and y's width. */
SUNET_API sunet_status sunet_average_probabilities(sunet_context*, int32_t count, const sunet_scaled_logits* scales, float* scratch,
                                                   int64_t scratch_floats, const sunet_tensor* y_tensor, float* y);
SUNET_API int64_t sunet_average_probabilities_scratch(sunet_context*, int32_t classes, int32_t width, int32_t out_width);

/* y = (x / 255 - mean) / deviation, rounded once: bytes [N, H, W, 3] -> [N, 3, H, W]; mean and deviation [3]. Every row is mirrored where
 * mirrored is not 0. */
SUNET_API sunet_status sunet_normalize_images(sunet_context*, const uint8_t* x, const float* mean, const float* deviation, int32_t mirrored,
                                              const sunet_tensor* y_tensor, void* y);
/* y = x, from bytes to integers: labels as they are stored to labels as a loss reads them. */
SUNET_API sunet_status sunet_widen_labels(sunet_context*, int64_t count, const uint8_t* x, int32_t* y);
/* counts [classes, classes] = how many of the pixels labelled as the row are predicted as the column, leaving out the label `ignore`;
 * *invalid = pixels where the label or the prediction is no class (they are left out; the caller raises). Up to 256 classes and
 * 2^31 - 1 pixels. */
SUNET_API sunet_status sunet_confusion_counts(sunet_context*, int64_t pixels, const int32_t* labels, const uint8_t* predictions,
                                              int32_t classes, int32_t ignore, int32_t* counts, int32_t* invalid);

typedef struct sunet_sgd {
    float learning_rate, momentum, dampening, weight_decay;
    float gradient_scale; /* multiplies the gradient before anything else */
    int32_t nesterov;
} sunet_sgd;

/* PyTorch's SGD over `count` contiguous elements: g = scale * gradient + weight_decay * p; v = momentum v + (1 - dampening) g;
 * p -= learning_rate * (nesterov ? g + momentum v : v). velocity may be NULL where momentum is 0. */
SUNET_API sunet_status sunet_sgd_update(sunet_context*, int64_t count, const sunet_sgd*, float* parameters, const float* gradients,
                                        float* velocity);
/* y += x. */
SUNET_API sunet_status sunet_accumulate(sunet_context*, int64_t count, const float* x, float* y);
/* x *= min(1, max_norm / (norm + 1e-6)) with the Euclidean norm of x, as PyTorch's clip_grad_norm_. max_norm is above 0. */
SUNET_API sunet_status sunet_clip_norm(sunet_context*, int64_t count, float max_norm, float* x);
/* *finite = 1 if none of `count` elements, F32 or BF16, is NaN or infinite. */
SUNET_API sunet_status sunet_all_finite(sunet_context*, int64_t count, sunet_type type, const void* x, int32_t* finite);

#ifdef __cplusplus
}
#endif
#endif
