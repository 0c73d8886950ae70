/* The arithmetic of the emulated cuDNN, on packed float images: [N][H][W][C] and, for weights, [K][R][S][C]. */
#pragma once

#include <cstdint>
#include <vector>

#include "numerics/reused_memory.hpp"

namespace emulator::cudnn {

using float_vector = std::vector<float, reusing_allocator<float>>;

struct image_shape {
    std::int64_t n, c, h, w;

    std::int64_t pixels() const { return n * h * w; }
    std::int64_t count() const { return pixels() * c; }
    bool operator==(const image_shape& other) const { return n == other.n && c == other.c && h == other.h && w == other.w; }
};

/* Where a window (of a convolution or of pooling) lies. */
struct window_shape {
    std::int64_t size[2], stride[2], dilation[2], pre[2], post[2];

    /* The extent that follows from an input's; 0 where the window does not fit. */
    std::int64_t output(int axis, std::int64_t input) const {
        const std::int64_t room = input + pre[axis] + post[axis] - dilation[axis] * (size[axis] - 1) - 1;
        return room < 0 ? 0 : room / stride[axis] + 1;
    }
};

/* x is the larger image, y the one the convolution makes of it. Each returns what it computes. */
float_vector convolution_forward(const image_shape& x, const image_shape& y, const window_shape& window, const float_vector& image,
                                 const float_vector& weights);
float_vector convolution_backward_data(const image_shape& x, const image_shape& y, const window_shape& window, const float_vector& gradient,
                                       const float_vector& weights);
float_vector convolution_backward_filter(const image_shape& x, const image_shape& y, const window_shape& window, const float_vector& image,
                                         const float_vector& gradient);

enum class padding_rule { include, exclude };
float_vector average_pool_forward(const image_shape& x, const image_shape& y, const window_shape& window, padding_rule padding,
                                  const float_vector& image);
float_vector average_pool_backward(const image_shape& x, const image_shape& y, const window_shape& window, padding_rule padding,
                                   const float_vector& gradient);

/* Per-channel numbers of a batch normalization. */
struct norm_statistics {
    float_vector mean, inverse_deviation;
    float_vector variance; /* of the batch, as a running variance takes it in: divided by count - 1 */
};
norm_statistics batch_statistics(const image_shape& shape, const float_vector& image, double epsilon);
float_vector normalize(const image_shape& shape, const float_vector& image, const float_vector& mean, const float_vector& inverse_deviation,
                       const float_vector& scale, const float_vector& bias);

struct norm_gradients {
    float_vector dx, dscale, dbias;
};
norm_gradients normalize_backward(const image_shape& shape, const float_vector& image, const float_vector& gradient,
                                  const float_vector& mean, const float_vector& inverse_deviation, const float_vector& scale);

} // namespace emulator::cudnn
