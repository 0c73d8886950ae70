/* Finds the most likely class of every pixel at full size from small logits, without the full-size logits, which would be the largest
 * tensor of a prediction. */
#include "kernels/channels.hpp"
#include "kernels/resize.hpp"
#include "kernels/vectors.hpp"

namespace sunet {
namespace {

constexpr std::int64_t stretch = 64; /* columns of a row that are computed at once */
constexpr std::int64_t most_classes = 256;
using column_taps = stretch_taps<stretch>;

/* A source row interpolated at a stretch of output columns, for every class. */
struct widened_row {
    std::int64_t row = -1;
    float values[most_classes * stretch];
};

void widen_classes(const channel_view& view, const void* x, std::int64_t image, std::int64_t row, const column_taps& taps,
                   widened_row& out) {
    out.row = row;
    for (std::int64_t channel = 0; channel < view.channels; ++channel) {
        const void* from = view.at(x, view.offset(image, channel) + row * view.width * view.block);
        float* to = out.values + channel * stretch;
        view.is_bf16 ? widen(taps, static_cast<const bf16*>(from), view.block, to)
                     : widen(taps, static_cast<const float*>(from), view.block, to);
        std::fill(to + taps.count, to + stretch, 0.0f);
    }
}

/* The index of the largest value, the first of equals; a NaN is never larger. */
SUNET_CLONES void likeliest(const float* upper, const float* lower, float upper_weight, float lower_weight, std::int64_t classes,
                            std::int64_t count, std::uint8_t* out) {
    float best[stretch];
    std::int32_t index[stretch];
#pragma omp simd
    for (std::int64_t i = 0; i < stretch; ++i) {
        best[i] = upper[i] * upper_weight + lower[i] * lower_weight;
        index[i] = 0;
    }
    for (std::int32_t channel = 1; channel < static_cast<std::int32_t>(classes); ++channel) {
        const float *above = upper + channel * stretch, *below = lower + channel * stretch;
#pragma omp simd
        for (std::int64_t i = 0; i < stretch; ++i) {
            const float value = above[i] * upper_weight + below[i] * lower_weight;
            index[i] = value > best[i] ? channel : index[i];
            best[i] = value > best[i] ? value : best[i];
        }
    }
    for (std::int64_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(index[i]);
}

/* Computes the rows [begin, end) of a stretch of columns of one image. */
void column_of_rows(const channel_view& view, const void* x, std::int64_t image, const resize_axis& rows, const column_taps& taps,
                    std::int64_t width, std::int64_t begin, std::int64_t end, std::uint8_t* out) {
    widened_row buffers[2];
    widened_row *upper = &buffers[0], *lower = &buffers[1];
    for (std::int64_t row = begin; row < end; ++row) {
        const axis_tap vertical = rows.tap(row);
        if (upper->row != vertical.low && lower->row == vertical.low) std::swap(upper, lower);
        if (upper->row != vertical.low) widen_classes(view, x, image, vertical.low, taps, *upper);
        if (lower->row != vertical.high) widen_classes(view, x, image, vertical.high, taps, *lower);
        likeliest(upper->values, lower->values, vertical.low_weight, vertical.high_weight, view.channels, taps.count,
                  out + (image * rows.output + row) * width + taps.begin);
    }
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_resize_arg_max(sunet_context* context, const sunet_tensor* x_tensor, const void* x, int32_t height, int32_t width,
                                  uint8_t* out) {
    channel_view view;
    if (context == nullptr || x == nullptr || out == nullptr || !describe(x_tensor, &view) || view.channels > most_classes || height < 1 ||
        width < 1)
        return SUNET_INVALID_ARGUMENT;
    const int threads = sunet_context_threads(context);
    const resize_axis rows{view.height, height}, columns{view.width, width};
    const std::int64_t stretches = (width + stretch - 1) / stretch;
    const std::int64_t parts = std::min<std::int64_t>(height, (4 * threads + view.images * stretches - 1) / (view.images * stretches));
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t item = 0; item < view.images * stretches * parts; ++item) {
        const std::int64_t part = item % parts, column = item / parts % stretches, image = item / parts / stretches;
        column_taps taps;
        fill(columns, column * stretch, taps);
        column_of_rows(view, x, image, rows, taps, width, height * part / parts, height * (part + 1) / parts, out);
    }
    return SUNET_OK;
}
