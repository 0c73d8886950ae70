/* The arithmetic of the emulated cuDNN, on packed float images: [N][H][W][C] and, for weights, [K][R][S][C]. */
#ifndef SUNET_EMULATOR_CUDNN_COMPUTE_HPP
#define SUNET_EMULATOR_CUDNN_COMPUTE_HPP

#include <cstdint>
#include <vector>

namespace emulator::cudnn {

using Floats = std::vector<float>;

struct Shape {
    std::int64_t n, c, h, w;

    std::int64_t pixels() const { return n * h * w; }
    std::int64_t count() const { return pixels() * c; }
    bool operator==(const Shape& other) const { return n == other.n && c == other.c && h == other.h && w == other.w; }
};

/* Where a window (of a convolution or of pooling) lies. */
struct Window {
    std::int64_t size[2], stride[2], dilation[2], pre[2], post[2];

    /* The extent that follows from an input's; 0 where the window does not fit. */
    std::int64_t output(int axis, std::int64_t input) const {
        const std::int64_t room = input + pre[axis] + post[axis] - dilation[axis] * (size[axis] - 1) - 1;
        return room < 0 ? 0 : room / stride[axis] + 1;
    }
};

/* x is the larger image, y the one the convolution makes of it. Each returns what it computes. */
Floats convolution_forward(const Shape& x, const Shape& y, const Window& window, const Floats& image, const Floats& weights);
Floats convolution_backward_data(const Shape& x, const Shape& y, const Window& window, const Floats& gradient, const Floats& weights);
Floats convolution_backward_filter(const Shape& x, const Shape& y, const Window& window, const Floats& image, const Floats& gradient);

enum class Padding { include, exclude };
Floats average_pool_forward(const Shape& x, const Shape& y, const Window& window, Padding padding, const Floats& image);
Floats average_pool_backward(const Shape& x, const Shape& y, const Window& window, Padding padding, const Floats& gradient);

/* Per-channel numbers of a batch normalization. */
struct Statistics {
    Floats mean, inverse_deviation;
    Floats variance; /* of the batch, as a running variance takes it in: divided by count - 1 */
};
Statistics batch_statistics(const Shape& shape, const Floats& image, double epsilon);
Floats normalize(const Shape& shape, const Floats& image, const Floats& mean, const Floats& inverse_deviation, const Floats& scale,
                 const Floats& bias);

struct NormGradients {
    Floats dx, dscale, dbias;
};
NormGradients normalize_backward(const Shape& shape, const Floats& image, const Floats& gradient, const Floats& mean,
                                 const Floats& inverse_deviation, const Floats& scale);

} // namespace emulator::cudnn

#endif
