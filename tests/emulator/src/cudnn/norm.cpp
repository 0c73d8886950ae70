/* Batch normalization and average pooling, with sums in double. */
#include <cmath>

#include "cudnn/compute.hpp"

namespace emulator::cudnn {
namespace {

size_t at(std::int64_t index) { return static_cast<size_t>(index); }

/* body(row, column) for the pixels of x under the window of one pixel of y along with how many the average is over. */
template <class Body>
void visit(const image_shape& x, const window_shape& window, padding_rule padding, std::int64_t row, std::int64_t column,
           const Body& body) {
    std::int64_t inside = 0;
    const auto walk = [&](const auto& each) {
        for (std::int64_t r = 0; r < window.size[0]; ++r) {
            for (std::int64_t s = 0; s < window.size[1]; ++s) {
                const std::int64_t i = row * window.stride[0] - window.pre[0] + r, j = column * window.stride[1] - window.pre[1] + s;
                if (i >= 0 && i < x.h && j >= 0 && j < x.w) each(i, j);
            }
        }
    };
    walk([&](std::int64_t, std::int64_t) { inside++; });
    const std::int64_t count = padding == padding_rule::include ? window.size[0] * window.size[1] : inside;
    walk([&](std::int64_t i, std::int64_t j) { body(i, j, count); });
}

} // namespace

norm_statistics batch_statistics(const image_shape& shape, const float_vector& image, double epsilon) {
    const std::int64_t count = shape.pixels();
    std::vector<double> sums(at(shape.c)), squares(at(shape.c));
    for (std::int64_t i = 0; i < shape.count(); ++i) sums[at(i % shape.c)] += image[at(i)];
    for (double& sum : sums) sum /= static_cast<double>(count);
    for (std::int64_t i = 0; i < shape.count(); ++i) {
        const double difference = image[at(i)] - sums[at(i % shape.c)];
        squares[at(i % shape.c)] += difference * difference;
    }
    norm_statistics result;
    for (std::int64_t c = 0; c < shape.c; ++c) {
        const double variance = squares[at(c)] / static_cast<double>(count);
        result.mean.push_back(static_cast<float>(sums[at(c)]));
        result.inverse_deviation.push_back(static_cast<float>(1.0 / std::sqrt(variance + epsilon)));
        result.variance.push_back(static_cast<float>(count > 1 ? squares[at(c)] / static_cast<double>(count - 1) : variance));
    }
    return result;
}

float_vector normalize(const image_shape& shape, const float_vector& image, const float_vector& mean, const float_vector& inverse_deviation,
                       const float_vector& scale, const float_vector& bias) {
    float_vector result(image.size());
    for (std::int64_t i = 0; i < shape.count(); ++i) {
        const size_t c = at(i % shape.c);
        result[at(i)] = (image[at(i)] - mean[c]) * inverse_deviation[c] * scale[c] + bias[c];
    }
    return result;
}

norm_gradients normalize_backward(const image_shape& shape, const float_vector& image, const float_vector& gradient,
                                  const float_vector& mean, const float_vector& inverse_deviation, const float_vector& scale) {
    std::vector<double> dscale(at(shape.c)), dbias(at(shape.c));
    const auto normalized = [&](std::int64_t i) {
        const size_t c = at(i % shape.c);
        return (static_cast<double>(image[at(i)]) - mean[c]) * inverse_deviation[c];
    };
    for (std::int64_t i = 0; i < shape.count(); ++i) {
        dbias[at(i % shape.c)] += gradient[at(i)];
        dscale[at(i % shape.c)] += gradient[at(i)] * normalized(i);
    }
    norm_gradients result;
    result.dx.resize(image.size());
    const double count = static_cast<double>(shape.pixels());
    for (std::int64_t i = 0; i < shape.count(); ++i) {
        const size_t c = at(i % shape.c);
        const double centred = gradient[at(i)] - (dbias[c] + normalized(i) * dscale[c]) / count;
        result.dx[at(i)] = static_cast<float>(centred * inverse_deviation[c] * scale[c]);
    }
    result.dscale.assign(dscale.begin(), dscale.end());
    result.dbias.assign(dbias.begin(), dbias.end());
    return result;
}

float_vector average_pool_forward(const image_shape& x, const image_shape& y, const window_shape& window, padding_rule padding,
                                  const float_vector& image) {
    float_vector result(at(y.count()));
    for (std::int64_t pixel = 0; pixel < y.pixels(); ++pixel) {
        const std::int64_t n = pixel / (y.h * y.w);
        visit(x, window, padding, pixel / y.w % y.h, pixel % y.w, [&](std::int64_t row, std::int64_t column, std::int64_t count) {
            const float* from = image.data() + ((n * x.h + row) * x.w + column) * x.c;
            for (std::int64_t c = 0; c < x.c; ++c) result[at(pixel * y.c + c)] += from[c] / static_cast<float>(count);
        });
    }
    return result;
}

float_vector average_pool_backward(const image_shape& x, const image_shape& y, const window_shape& window, padding_rule padding,
                                   const float_vector& gradient) {
    float_vector result(at(x.count()));
    for (std::int64_t pixel = 0; pixel < y.pixels(); ++pixel) {
        const std::int64_t n = pixel / (y.h * y.w);
        visit(x, window, padding, pixel / y.w % y.h, pixel % y.w, [&](std::int64_t row, std::int64_t column, std::int64_t count) {
            float* to = result.data() + ((n * x.h + row) * x.w + column) * x.c;
            for (std::int64_t c = 0; c < x.c; ++c) to[c] += gradient[at(pixel * y.c + c)] / static_cast<float>(count);
        });
    }
    return result;
}

} // namespace emulator::cudnn
