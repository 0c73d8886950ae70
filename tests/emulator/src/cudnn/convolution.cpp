/* Convolutions as one matrix product per tap of the window, over blocks of pixels. */
#include <algorithm>

#include "cudnn/compute.hpp"
#include "numerics/numerics.hpp"

namespace emulator::cudnn {
namespace {

constexpr std::int64_t block_pixels = 256;

struct pixel_position {
    std::int64_t n, row, column;
};

pixel_position pixel_of(const image_shape& shape, std::int64_t index) {
    return {index / (shape.h * shape.w), index / shape.w % shape.h, index % shape.w};
}

std::int64_t index_of(const image_shape& shape, const pixel_position& pixel) {
    return (pixel.n * shape.h + pixel.row) * shape.w + pixel.column;
}

/* The pixel of x that tap (r, s) reads for a pixel of y, or -1. */
std::int64_t source_of(const image_shape& x, const window_shape& window, const pixel_position& y, std::int64_t r, std::int64_t s) {
    const std::int64_t row = y.row * window.stride[0] - window.pre[0] + r * window.dilation[0];
    const std::int64_t column = y.column * window.stride[1] - window.pre[1] + s * window.dilation[1];
    if (row < 0 || row >= x.h || column < 0 || column >= x.w) return -1;
    return index_of(x, {y.n, row, column});
}

/* The pixel of y for which tap (r, s) reads a pixel of x, or -1. */
std::int64_t target_of(const image_shape& y, const window_shape& window, const pixel_position& x, std::int64_t r, std::int64_t s) {
    const std::int64_t row = x.row + window.pre[0] - r * window.dilation[0];
    const std::int64_t column = x.column + window.pre[1] - s * window.dilation[1];
    if (row < 0 || column < 0 || row % window.stride[0] != 0 || column % window.stride[1] != 0) return -1;
    const pixel_position pixel{x.n, row / window.stride[0], column / window.stride[1]};
    return pixel.row < y.h && pixel.column < y.w ? index_of(y, pixel) : -1;
}

/* Rows of an image gathered for one tap, and which pixels of the block they belong to. */
struct gathered_rows {
    float_vector rows;
    std::vector<std::int64_t> pixels;

    template <class Find>
    void gather(const float_vector& image, std::int64_t channels, std::int64_t begin, std::int64_t end, const Find& find) {
        rows.resize(static_cast<size_t>((end - begin) * channels));
        pixels.clear();
        for (std::int64_t pixel = begin; pixel < end; ++pixel) {
            const std::int64_t from = find(pixel);
            if (from < 0) continue;
            std::copy_n(image.data() + from * channels, channels, rows.data() + static_cast<std::int64_t>(pixels.size()) * channels);
            pixels.push_back(pixel);
        }
    }

    std::int64_t count() const { return static_cast<std::int64_t>(pixels.size()); }
};

/* result[pixel] += the gathered row of that pixel * matrix, for every tap; find(pixel, r, s) names the row, matrix(tap) the factor. */
template <class Find, class Matrix>
float_vector gather_multiply(const image_shape& to, const image_shape& from, const window_shape& window, const float_vector& image,
                             const Find& find, const Matrix& matrix) {
    float_vector result(static_cast<size_t>(to.count()));
    const std::int64_t blocks = (to.pixels() + block_pixels - 1) / block_pixels, taps = window.size[0] * window.size[1];
    const double work = static_cast<double>(to.count()) * static_cast<double>(from.c * taps);
    parallel_for(blocks, work, [&](std::int64_t block) {
        const std::int64_t begin = block * block_pixels, end = std::min(begin + block_pixels, to.pixels());
        gathered_rows gathered;
        float_vector product;
        for (std::int64_t tap = 0; tap < taps; ++tap) {
            gathered.gather(image, from.c, begin, end,
                            [&](std::int64_t pixel) { return find(pixel_of(to, pixel), tap / window.size[1], tap % window.size[1]); });
            product.assign(static_cast<size_t>(gathered.count() * to.c), 0.0f);
            multiply_add(gathered.count(), to.c, from.c, {gathered.rows.data(), from.c, 1}, matrix(tap), product.data(), to.c);
            for (std::int64_t row = 0; row < gathered.count(); ++row) {
                float* sum = result.data() + gathered.pixels[static_cast<size_t>(row)] * to.c;
                const float* term = product.data() + row * to.c;
                for (std::int64_t c = 0; c < to.c; ++c) sum[c] += term[c];
            }
        }
    });
    return result;
}

} // namespace

float_vector convolution_forward(const image_shape& x, const image_shape& y, const window_shape& window, const float_vector& image,
                                 const float_vector& weights) {
    const std::int64_t taps = window.size[0] * window.size[1];
    return gather_multiply(
        y, x, window, image, [&](const pixel_position& pixel, std::int64_t r, std::int64_t s) { return source_of(x, window, pixel, r, s); },
        [&](std::int64_t tap) { return matrix_view{weights.data() + tap * x.c, 1, taps * x.c}; });
}

float_vector convolution_backward_data(const image_shape& x, const image_shape& y, const window_shape& window, const float_vector& gradient,
                                       const float_vector& weights) {
    const std::int64_t taps = window.size[0] * window.size[1];
    return gather_multiply(
        x, y, window, gradient,
        [&](const pixel_position& pixel, std::int64_t r, std::int64_t s) { return target_of(y, window, pixel, r, s); },
        [&](std::int64_t tap) { return matrix_view{weights.data() + tap * x.c, taps * x.c, 1}; });
}

float_vector convolution_backward_filter(const image_shape& x, const image_shape& y, const window_shape& window, const float_vector& image,
                                         const float_vector& gradient) {
    const std::int64_t taps = window.size[0] * window.size[1], strip = 64, strips = (y.c + strip - 1) / strip;
    float_vector result(static_cast<size_t>(y.c * taps * x.c));
    const double work = static_cast<double>(y.count()) * static_cast<double>(x.c * taps);
    parallel_for(taps * strips, work, [&](std::int64_t item) {
        const std::int64_t tap = item / strips, first = item % strips * strip, rows = std::min(strip, y.c - first);
        /* The sum over all pixels is long: blocks of it are added up in double. */
        std::vector<double> sums(static_cast<size_t>(rows * x.c));
        gathered_rows sources, gradients;
        float_vector product;
        for (std::int64_t begin = 0; begin < y.pixels(); begin += block_pixels) {
            const std::int64_t end = std::min(begin + block_pixels, y.pixels());
            const auto find = [&](std::int64_t pixel) {
                return source_of(x, window, pixel_of(y, pixel), tap / window.size[1], tap % window.size[1]);
            };
            sources.gather(image, x.c, begin, end, find);
            gradients.gather(gradient, y.c, begin, end, [&](std::int64_t pixel) { return find(pixel) < 0 ? -1 : pixel; });
            product.assign(sums.size(), 0.0f);
            multiply_add(rows, x.c, sources.count(), {gradients.rows.data() + first, 1, y.c}, {sources.rows.data(), x.c, 1}, product.data(),
                         x.c);
            for (size_t i = 0; i < sums.size(); ++i) sums[i] += product[i];
        }
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t c = 0; c < x.c; ++c)
                result[static_cast<size_t>(((first + row) * taps + tap) * x.c + c)] =
                    static_cast<float>(sums[static_cast<size_t>(row * x.c + c)]);
    });
    return result;
}

} // namespace emulator::cudnn
