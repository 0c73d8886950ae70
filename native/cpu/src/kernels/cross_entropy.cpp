#include "kernels/pixel_tile.hpp"

namespace sunet {
namespace {

SUNET_CLONES void softmax_tile(const pixel_tile& from, const void* x, const pixel_tile& to, float* y) {
    float maximum[tile_pixels], sum[tile_pixels], buffer[tile_pixels], result[tile_pixels];
    exponential_sums(from, x, maximum, sum);
    for (std::int64_t channel = 0; channel < from.view->channels; ++channel) {
        const float* row = row_of(from, x, channel, buffer);
#pragma omp simd
        for (std::int64_t i = 0; i < from.count; ++i) result[i] = exponential(row[i] - maximum[i]) / sum[i];
        write_row(to, y, channel, result);
    }
}

SUNET_CLONES void softmax_backward_tile(const pixel_tile& at, const float* y, const float* dy, float* dx) {
    float dot[tile_pixels], first[tile_pixels], second[tile_pixels], result[tile_pixels];
    for (std::int64_t i = 0; i < at.count; ++i) dot[i] = 0.0f;
    for (std::int64_t channel = 0; channel < at.view->channels; ++channel) {
        const float *value = row_of(at, y, channel, first), *gradient = row_of(at, dy, channel, second);
#pragma omp simd
        for (std::int64_t i = 0; i < at.count; ++i) dot[i] += value[i] * gradient[i];
    }
    for (std::int64_t channel = 0; channel < at.view->channels; ++channel) {
        const float *value = row_of(at, y, channel, first), *gradient = row_of(at, dy, channel, second);
#pragma omp simd
        for (std::int64_t i = 0; i < at.count; ++i) result[i] = value[i] * (gradient[i] - dot[i]);
        write_row(at, dx, channel, result);
    }
}

struct loss_sums {
    double sum;
    std::int32_t counted, invalid;
};

SUNET_CLONES void loss_tile(const pixel_tile& at, const void* logits, const std::int32_t* labels, std::int32_t ignore, float* log_sum_exp,
                            loss_sums& loss) {
    float maximum[tile_pixels], sum[tile_pixels];
    exponential_sums(at, logits, maximum, sum);
#pragma omp simd
    for (std::int64_t i = 0; i < at.count; ++i) {
        sum[i] = logarithm(sum[i]);
        log_sum_exp[i] = maximum[i] + sum[i];
    }
    for (std::int64_t i = 0; i < at.count; ++i) {
        const std::int32_t label = labels[i];
        if (label == ignore) continue;
        if (label < 0 || label >= at.view->channels) {
            loss.invalid++;
            continue;
        }
        loss.counted++;
        const double logit = static_cast<double>(element(at.view->at(logits, at.offset(label) + i * at.view->block), at.view->is_bf16));
        loss.sum += (static_cast<double>(maximum[i]) - logit) + static_cast<double>(sum[i]);
    }
}

SUNET_CLONES void loss_backward_tile(const pixel_tile& from, const void* logits, const std::int32_t* labels, std::int32_t ignore,
                                     const float* log_sum_exp, float scale, const pixel_tile& to, float* dlogits) {
    float buffer[tile_pixels], result[tile_pixels];
    const std::int32_t channels = static_cast<std::int32_t>(from.view->channels);
    for (std::int32_t channel = 0; channel < channels; ++channel) {
        const float* row = row_of(from, logits, channel, buffer);
#pragma omp simd
        for (std::int64_t i = 0; i < from.count; ++i) {
            const std::int32_t label = labels[i];
            const float probability = exponential(row[i] - log_sum_exp[i]);
            const float gradient = (label == channel ? probability - 1.0f : probability) * scale;
            result[i] = (label != ignore) & (label >= 0) & (label < channels) ? gradient : 0.0f;
        }
        write_row(to, dlogits, channel, result);
    }
}

SUNET_CLONES void arg_max_tile(const pixel_tile& at, const void* x, std::uint8_t* out) {
    float buffer[tile_pixels], best[tile_pixels];
    std::int32_t index[tile_pixels];
    const float* front = row_of(at, x, 0, buffer);
    for (std::int64_t i = 0; i < at.count; ++i) {
        best[i] = front[i];
        index[i] = 0;
    }
    for (std::int32_t channel = 1; channel < static_cast<std::int32_t>(at.view->channels); ++channel) {
        const float* row = row_of(at, x, channel, buffer);
#pragma omp simd
        for (std::int64_t i = 0; i < at.count; ++i) {
            index[i] = row[i] > best[i] ? channel : index[i];
            best[i] = row[i] > best[i] ? row[i] : best[i];
        }
    }
    for (std::int64_t i = 0; i < at.count; ++i) out[i] = static_cast<std::uint8_t>(index[i]);
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_softmax(sunet_context* context, const sunet_tensor* x_tensor, const void* x, const sunet_tensor* y_tensor, float* y) {
    channel_view x_view, y_view;
    if (context == nullptr || x == nullptr || y == nullptr || !describe(x_tensor, &x_view) || !describe(y_tensor, &y_view) ||
        !x_view.same_extent(y_view) || y_view.is_bf16)
        return SUNET_INVALID_ARGUMENT;
    for_tiles(context, x_view, [&](const pixel_tile& from) {
        const pixel_tile to = in(y_view, from);
        softmax_tile(from, x, to, y);
        clear_tile(to, y);
    });
    return SUNET_OK;
}

sunet_status sunet_softmax_backward(sunet_context* context, const sunet_tensor* tensor, const float* y, const float* dy, float* dx) {
    channel_view view;
    if (context == nullptr || y == nullptr || dy == nullptr || dx == nullptr || !describe(tensor, &view) || view.is_bf16)
        return SUNET_INVALID_ARGUMENT;
    for_tiles(context, view, [&](const pixel_tile& at) {
        softmax_backward_tile(at, y, dy, dx);
        clear_tile(at, dx);
    });
    return SUNET_OK;
}

sunet_status sunet_softmax_cross_entropy(sunet_context* context, const sunet_tensor* logits_tensor, const void* logits,
                                         const int32_t* labels, int32_t ignore, float* log_sum_exp, float* loss, int32_t* counted,
                                         int32_t* invalid) {
    channel_view view;
    if (context == nullptr || logits == nullptr || labels == nullptr || log_sum_exp == nullptr || loss == nullptr || counted == nullptr ||
        invalid == nullptr || !describe(logits_tensor, &view))
        return SUNET_INVALID_ARGUMENT;
    const int threads = sunet_context_threads(context);
    const std::int64_t tiles = tiles_of(view), parts = std::min(tiles, max_reduction_items);
    loss_sums partial[max_reduction_items] = {};
#pragma omp parallel for schedule(static) num_threads(threads)
    for (std::int64_t part = 0; part < parts; ++part)
        for (std::int64_t index = tiles * part / parts; index < tiles * (part + 1) / parts; ++index) {
            const pixel_tile at = tile_at(view, index);
            const std::int64_t first = at.image * view.pixels() + at.begin;
            loss_tile(at, logits, labels + first, ignore, log_sum_exp + first, partial[part]);
        }
    loss_sums all = {};
    for (const loss_sums& part : partial) {
        all.sum += part.sum;
        all.counted += part.counted;
        all.invalid += part.invalid;
    }
    *loss = all.counted == 0 ? 0.0f : static_cast<float>(all.sum / static_cast<double>(all.counted));
    *counted = all.counted;
    *invalid = all.invalid;
    return SUNET_OK;
}

sunet_status sunet_softmax_cross_entropy_backward(sunet_context* context, const sunet_tensor* logits_tensor, const void* logits,
                                                  const int32_t* labels, int32_t ignore, const float* log_sum_exp, const int32_t* counted,
                                                  const float* dloss, const sunet_tensor* dlogits_tensor, float* dlogits) {
    channel_view view, to_view;
    if (context == nullptr || logits == nullptr || labels == nullptr || log_sum_exp == nullptr || counted == nullptr || dloss == nullptr ||
        dlogits == nullptr || !describe(logits_tensor, &view) || !describe(dlogits_tensor, &to_view) || !view.same_extent(to_view) ||
        to_view.is_bf16)
        return SUNET_INVALID_ARGUMENT;
    const float scale = *counted == 0 ? 0.0f : static_cast<float>(static_cast<double>(*dloss) / static_cast<double>(*counted));
    for_tiles(context, view, [&](const pixel_tile& from) {
        const pixel_tile to = in(to_view, from);
        const std::int64_t first = from.image * view.pixels() + from.begin;
        loss_backward_tile(from, logits, labels + first, ignore, log_sum_exp + first, scale, to, dlogits);
        clear_tile(to, dlogits);
    });
    return SUNET_OK;
}

sunet_status sunet_arg_max(sunet_context* context, const sunet_tensor* x_tensor, const void* x, uint8_t* out) {
    channel_view view;
    if (context == nullptr || x == nullptr || out == nullptr || !describe(x_tensor, &view) || view.channels > 256)
        return SUNET_INVALID_ARGUMENT;
    for_tiles(context, view, [&](const pixel_tile& at) { arg_max_tile(at, x, out + at.image * view.pixels() + at.begin); });
    return SUNET_OK;
}
