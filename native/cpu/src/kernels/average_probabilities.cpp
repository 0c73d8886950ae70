/* Averages the class probabilities that a network gives at several scales, from its small logits. Nothing at full size is made but the
 * average: of each scale, some rows pass through scratch memory that stays in a core's cache. */
#include <omp.h>

#include <utility>

#include "kernels/channels.hpp"
#include "kernels/exponential.hpp"
#include "kernels/resize.hpp"
#include "kernels/vectors.hpp"

namespace sunet {
namespace {

constexpr std::int64_t chunk = 64;                         /* columns whose softmax is computed at once */
constexpr std::int64_t band_bytes = std::int64_t{1} << 20; /* of the average, to which all scales are added before the next band */
constexpr std::int64_t fewest_rows = 8;                    /* of a band: rows at its edges are computed for its neighbour, too */

/* One scale: logits, which are resized to the network's size, and the probabilities there, which are resized to the average's. */
struct scale_view {
    channel_view low;
    const void* logits;
    resize_axis up_rows, up_columns, rows, columns;
    bool mirrored;
};

/* The samples of every column of a row. */
struct row_taps {
    std::int64_t count;
    std::int32_t *low, *high;
    float *low_weight, *high_weight;
};

void fill(const resize_axis& columns, bool mirrored, const row_taps& taps) {
    for (std::int64_t i = 0; i < taps.count; ++i) {
        const axis_tap tap = columns.tap(mirrored ? taps.count - 1 - i : i);
        taps.low[i] = static_cast<std::int32_t>(tap.low);
        taps.high[i] = static_cast<std::int32_t>(tap.high);
        taps.low_weight[i] = tap.low_weight;
        taps.high_weight[i] = tap.high_weight;
    }
}

/* Elements from one class of a row to the next: whole chunks, and some more, so that neighbouring classes do not meet in one set of a
 * cache. */
constexpr std::int64_t stride_of(std::int64_t columns) { return (columns + chunk - 1) / chunk * chunk + 16; }

/* A row of all classes and which one it is. */
struct class_row {
    std::int64_t row;
    float* values;
};

/* The scratch memory of one thread. */
struct workspace {
    row_taps up, back;
    class_row logits[2], probabilities[2];
    float* softmax;

    /* Floats that it takes for rows of up to `width` columns that are resized to `out_width`. */
    static std::int64_t floats(std::int64_t classes, std::int64_t width, std::int64_t out_width) {
        return 3 * classes * stride_of(width) + 2 * classes * stride_of(out_width) + 4 * stride_of(width) + 4 * stride_of(out_width);
    }

    workspace(float* memory, std::int64_t classes, std::int64_t width, std::int64_t out_width) {
        const auto take = [&memory](std::int64_t count) {
            float* taken = memory;
            memory += count;
            return taken;
        };
        const auto take_taps = [&take](std::int64_t count) {
            float* parts[4];
            for (float*& part : parts) part = take(stride_of(count));
            return row_taps{count, reinterpret_cast<std::int32_t*>(parts[0]), reinterpret_cast<std::int32_t*>(parts[1]), parts[2],
                            parts[3]};
        };
        up = take_taps(width);
        back = take_taps(out_width);
        for (class_row& row : logits) row = {-1, take(classes * stride_of(width))};
        for (class_row& row : probabilities) row = {-1, take(classes * stride_of(out_width))};
        softmax = take(classes * stride_of(width));
    }
};

/* Interpolates a row of all classes at the columns of the taps; class `i` begins at from(i). What fills up the last chunk is 0. */
template <class T, class From>
SUNET_INLINE void sample_row(const row_taps& taps, std::int64_t classes, std::int64_t pixel_stride, const From& from, float* to) {
    const std::int64_t stride = stride_of(taps.count);
    for (std::int64_t channel = 0; channel < classes; ++channel, to += stride) {
        const T* row = from(channel);
#pragma omp simd
        for (std::int64_t i = 0; i < taps.count; ++i)
            to[i] = load<float>(row + taps.low[i] * pixel_stride) * taps.low_weight[i] +
                    load<float>(row + taps.high[i] * pixel_stride) * taps.high_weight[i];
        for (std::int64_t i = taps.count; i < stride; ++i) to[i] = 0.0f;
    }
}

SUNET_CLONES void sample_logits(const scale_view& scale, std::int64_t image, std::int64_t row, const row_taps& taps, float* to) {
    const channel_view& low = scale.low;
    const auto at = [&](std::int64_t channel) { return low.at(scale.logits, low.offset(image, channel) + row * low.width * low.block); };
    if (low.is_bf16)
        sample_row<bf16>(taps, low.channels, low.block, [&](std::int64_t channel) { return static_cast<const bf16*>(at(channel)); }, to);
    else
        sample_row<float>(taps, low.channels, low.block, [&](std::int64_t channel) { return static_cast<const float*>(at(channel)); }, to);
}

SUNET_CLONES void sample_probabilities(const float* from, std::int64_t from_stride, const row_taps& taps, std::int64_t classes, float* to) {
    sample_row<float>(taps, classes, 1, [&](std::int64_t channel) { return from + channel * from_stride; }, to);
}

/* The softmax of a row of the network's size, between two rows of logits. */
SUNET_CLONES void softmax_between(const float* upper, const float* lower, float upper_weight, float lower_weight, std::int64_t classes,
                                  std::int64_t columns, float* out) {
    const std::int64_t stride = stride_of(columns);
    float maximum[chunk], sum[chunk];
    for (std::int64_t begin = 0; begin < columns; begin += chunk) {
#pragma omp simd
        for (std::int64_t i = 0; i < chunk; ++i) {
            maximum[i] = -__builtin_inff();
            sum[i] = 0.0f;
        }
        for (std::int64_t channel = 0; channel < classes; ++channel) {
            const float *above = upper + channel * stride + begin, *below = lower + channel * stride + begin;
            float* to = out + channel * stride + begin;
#pragma omp simd
            for (std::int64_t i = 0; i < chunk; ++i) {
                const float value = above[i] * upper_weight + below[i] * lower_weight;
                to[i] = value;
                maximum[i] = value > maximum[i] ? value : maximum[i];
            }
        }
        for (std::int64_t channel = 0; channel < classes; ++channel) {
            float* to = out + channel * stride + begin;
#pragma omp simd
            for (std::int64_t i = 0; i < chunk; ++i) {
                to[i] = exponential(to[i] - maximum[i]);
                sum[i] += to[i];
            }
        }
        for (std::int64_t channel = 0; channel < classes; ++channel) {
            float* to = out + channel * stride + begin;
#pragma omp simd
            for (std::int64_t i = 0; i < chunk; ++i) to[i] /= sum[i];
        }
    }
}

/* Adds a share of the row between two others to the average's, or begins it. */
SUNET_CLONES void add_between(const float* upper, const float* lower, const axis_tap& at, float share, bool begins, std::int64_t classes,
                              std::int64_t columns, float* y, std::int64_t plane) {
    const std::int64_t stride = stride_of(columns);
    for (std::int64_t channel = 0; channel < classes; ++channel, upper += stride, lower += stride, y += plane) {
        if (begins) {
#pragma omp simd
            for (std::int64_t i = 0; i < columns; ++i) y[i] = (upper[i] * at.low_weight + lower[i] * at.high_weight) * share;
        } else {
#pragma omp simd
            for (std::int64_t i = 0; i < columns; ++i) y[i] += (upper[i] * at.low_weight + lower[i] * at.high_weight) * share;
        }
    }
}

/* Makes the first of `pair` the lower row of a tap and returns the higher one, which is the first again where it has no weight of its own;
 * compute(row, values) is called for the rows that the pair does not hold. */
template <class Compute>
SUNET_INLINE const float* hold(class_row (&pair)[2], const axis_tap& tap, const Compute& compute) {
    if (pair[0].row != tap.low && pair[1].row == tap.low) std::swap(pair[0], pair[1]);
    if (pair[0].row != tap.low) {
        pair[0].row = tap.low;
        compute(tap.low, pair[0].values);
    }
    if (tap.high == tap.low || tap.high_weight == 0.0f) return pair[0].values;
    if (pair[1].row != tap.high) {
        pair[1].row = tap.high;
        compute(tap.high, pair[1].values);
    }
    return pair[1].values;
}

/* Adds one scale to the rows [begin, end) of an image's average, `y`, or begins them. */
void add_scale(const scale_view& scale, workspace& at, std::int64_t image, std::int64_t begin, std::int64_t end, float share, bool begins,
               float* y) {
    const std::int64_t classes = scale.low.channels, width = scale.up_columns.output, out_width = scale.columns.output;
    at.up.count = width;
    at.back.count = out_width;
    fill(scale.up_columns, false, at.up);
    fill(scale.columns, scale.mirrored, at.back);
    for (class_row& row : at.logits) row.row = -1;
    for (class_row& row : at.probabilities) row.row = -1;
    const bool resizes = scale.mirrored || width != out_width;
    const auto sample = [&](std::int64_t row, float* to) { sample_logits(scale, image, row, at.up, to); };
    const auto compute = [&](std::int64_t row, float* to) {
        const axis_tap tap = scale.up_rows.tap(row);
        const float* lower = hold(at.logits, tap, sample);
        softmax_between(at.logits[0].values, lower, tap.low_weight, tap.high_weight, classes, width, resizes ? at.softmax : to);
        if (resizes) sample_probabilities(at.softmax, stride_of(width), at.back, classes, to);
    };
    for (std::int64_t row = begin; row < end; ++row) {
        const axis_tap tap = scale.rows.tap(row);
        const float* lower = hold(at.probabilities, tap, compute);
        add_between(at.probabilities[0].values, lower, tap, share, begins, classes, out_width, y + row * out_width,
                    scale.rows.output * out_width);
    }
}

/* Describes the scales; returns false where one does not fit the average. */
bool describe_scale(const sunet_scaled_logits& from, const channel_view& y, scale_view* out) {
    if (from.logits == nullptr || from.height < 1 || from.width < 1 || !describe(&from.tensor, &out->low) || !out->low.same_channels(y))
        return false;
    out->logits = from.logits;
    out->up_rows = {out->low.height, from.height};
    out->up_columns = {out->low.width, from.width};
    out->rows = {from.height, y.height};
    out->columns = {from.width, y.width};
    out->mirrored = from.mirrored != 0;
    return true;
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_average_probabilities(sunet_context* context, int32_t count, const sunet_scaled_logits* scales, float* scratch,
                                         int64_t scratch_floats, const sunet_tensor* y_tensor, float* y) {
    channel_view view;
    if (context == nullptr || count < 1 || scales == nullptr || scratch == nullptr || y == nullptr || !describe(y_tensor, &view) ||
        view.is_bf16 || !view.whole || y_tensor->layout != SUNET_PLAIN)
        return SUNET_INVALID_ARGUMENT;
    std::int64_t width = 0;
    for (std::int32_t i = 0; i < count; ++i) {
        scale_view scale = {};
        if (!describe_scale(scales[i], view, &scale)) return SUNET_INVALID_ARGUMENT;
        width = std::max(width, scale.up_columns.output);
    }
    const int threads = sunet_context_threads(context);
    const std::int64_t needed = workspace::floats(view.channels, width, view.width);
    if (scratch_floats < needed * threads) return SUNET_INVALID_ARGUMENT;
    const std::int64_t row_bytes = view.channels * view.width * static_cast<std::int64_t>(sizeof(float));
    const std::int64_t rows = std::min(view.height, std::max(fewest_rows, band_bytes / row_bytes));
    const std::int64_t bands = (view.height + rows - 1) / rows;
    const float share = 1.0f / static_cast<float>(count);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t item = 0; item < view.images * bands; ++item) {
        workspace at(scratch + omp_get_thread_num() * needed, view.channels, width, view.width);
        const std::int64_t image = item / bands, band = item % bands;
        for (std::int32_t i = 0; i < count; ++i) {
            scale_view scale = {};
            describe_scale(scales[i], view, &scale);
            add_scale(scale, at, image, view.height * band / bands, view.height * (band + 1) / bands, share, i == 0,
                      y + image * view.channels * view.pixels());
        }
    }
    return SUNET_OK;
}

int64_t sunet_average_probabilities_scratch(sunet_context* context, int32_t classes, int32_t width, int32_t out_width) {
    if (context == nullptr || classes < 1 || width < 1 || out_width < 1) return 0;
    return workspace::floats(classes, width, out_width) * sunet_context_threads(context);
}
