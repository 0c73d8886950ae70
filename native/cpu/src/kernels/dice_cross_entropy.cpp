#include "kernels/pixel_tile.hpp"

namespace sunet {
namespace {

constexpr int class_sums = 3; /* of the Dice loss: of the label's probability, of the probability, of labels */

/* What defines the loss, beside its labels. */
struct loss_terms {
    const float* class_weights;
    float label_smoothing;
    bool has_dice;
};

struct loss_sums {
    double weighted, smooth, weight;
    std::int32_t counted, invalid;

    void add(const loss_sums& other) {
        weighted += other.weighted;
        smooth += other.smooth;
        weight += other.weight;
        counted += other.counted;
        invalid += other.invalid;
    }
};

SUNET_INLINE bool takes_part(std::int32_t label, std::int32_t ignore, std::int64_t classes) {
    return (label != ignore) & (label >= 0) & (label < classes);
}

/* Adds what a label's own class contributes. `rest` is the log-sum-exp less the maximum, which keeps the digits that their sum loses. */
SUNET_INLINE void add_labels(const pixel_tile& at, const void* logits, const std::int32_t* labels, std::int32_t ignore,
                             const float* class_weights, const float* maximum, const float* rest, loss_sums& sums) {
    for (std::int64_t i = 0; i < at.count; ++i) {
        const std::int32_t label = labels[i];
        if (label == ignore) continue;
        if (!takes_part(label, ignore, at.view->channels)) {
            sums.invalid++;
            continue;
        }
        sums.counted++;
        const double weight = static_cast<double>(class_weights[label]);
        const double logit = static_cast<double>(element(at.view->at(logits, at.offset(label) + i * at.view->block), at.view->is_bf16));
        sums.weight += weight;
        sums.weighted += weight * ((static_cast<double>(maximum[i]) - logit) + static_cast<double>(rest[i]));
    }
}

/* Adds what all classes contribute to a smoothed target. */
SUNET_INLINE void add_smooth(const pixel_tile& at, const void* logits, const std::int32_t* labels, std::int32_t ignore,
                             const float* class_weights, const float* maximum, const float* rest, loss_sums& sums) {
    float buffer[tile_pixels];
    double term[tile_pixels] = {};
    for (std::int64_t channel = 0; channel < at.view->channels; ++channel) {
        const float* row = row_of(at, logits, channel, buffer);
        const double weight = static_cast<double>(class_weights[channel]);
#pragma omp simd
        for (std::int64_t i = 0; i < at.count; ++i) term[i] += weight * static_cast<double>((maximum[i] - row[i]) + rest[i]);
    }
    for (std::int64_t i = 0; i < at.count; ++i)
        if (takes_part(labels[i], ignore, at.view->channels)) sums.smooth += term[i];
}

/* Adds to the sums [3, C] of the Dice loss. */
SUNET_INLINE void add_classes(const pixel_tile& at, const void* logits, const std::int32_t* labels, std::int32_t ignore,
                              const float* log_sum_exp, double* sums) {
    float buffer[tile_pixels];
    const std::int32_t channels = static_cast<std::int32_t>(at.view->channels);
    for (std::int32_t channel = 0; channel < channels; ++channel) {
        const float* row = row_of(at, logits, channel, buffer);
        double own = 0.0, all = 0.0;
        std::int32_t labelled = 0;
#pragma omp simd reduction(+ : own, all, labelled)
        for (std::int64_t i = 0; i < at.count; ++i) {
            const double probability =
                takes_part(labels[i], ignore, channels) ? static_cast<double>(exponential(row[i] - log_sum_exp[i])) : 0.0;
            const bool here = (labels[i] == channel) & (channel != ignore);
            own += here ? probability : 0.0;
            all += probability;
            labelled += here ? 1 : 0;
        }
        sums[channel] += own;
        sums[channels + channel] += all;
        sums[2 * channels + channel] += static_cast<double>(labelled);
    }
}

SUNET_CLONES void loss_tile(const pixel_tile& at, const void* logits, const std::int32_t* labels, std::int32_t ignore,
                            const loss_terms& terms, float* log_sum_exp, loss_sums& sums, double* classes) {
    float maximum[tile_pixels], rest[tile_pixels];
    exponential_sums(at, logits, maximum, rest);
#pragma omp simd
    for (std::int64_t i = 0; i < at.count; ++i) {
        rest[i] = logarithm(rest[i]);
        log_sum_exp[i] = maximum[i] + rest[i];
    }
    add_labels(at, logits, labels, ignore, terms.class_weights, maximum, rest, sums);
    if (terms.label_smoothing > 0.0f) add_smooth(at, logits, labels, ignore, terms.class_weights, maximum, rest, sums);
    if (terms.has_dice) add_classes(at, logits, labels, ignore, log_sum_exp, classes);
}

/* From the sums over all pixels: the cross-entropy, and the first three rows of coefficients. */
double finish_cross_entropy(const loss_terms& terms, const loss_sums& sums, std::int64_t classes, float* coefficients) {
    const double smoothing = static_cast<double>(terms.label_smoothing), kept = 1.0 - smoothing;
    const double spread = smoothing / static_cast<double>(classes), scale = sums.weight > 0.0 ? 1.0 / sums.weight : 0.0;
    double all = 0.0;
    for (std::int64_t c = 0; c < classes; ++c) all += static_cast<double>(terms.class_weights[c]);
    for (std::int64_t c = 0; c < classes; ++c) {
        const double weight = static_cast<double>(terms.class_weights[c]);
        coefficients[c] = static_cast<float>((kept * weight + spread * all) * scale);
        coefficients[classes + c] = static_cast<float>(kept * weight * scale);
        coefficients[2 * classes + c] = static_cast<float>(spread * weight * scale);
    }
    return (kept * sums.weighted + spread * sums.smooth) * scale;
}

/* From the sums [3, C]: the Dice loss times its weight, and the last two rows of coefficients. */
double finish_dice(const double* sums, double weight, std::int64_t classes, float* coefficients) {
    std::int64_t present = 0;
    for (std::int64_t c = 0; c < classes; ++c) present += sums[2 * classes + c] > 0.0 ? 1 : 0;
    const double scale = present > 0 ? 2.0 * weight / static_cast<double>(present) : 0.0;
    double loss = present > 0 ? weight : 0.0;
    for (std::int64_t c = 0; c < classes; ++c) {
        const double both = sums[classes + c] + sums[2 * classes + c];
        const bool counts = sums[2 * classes + c] > 0.0;
        const double ratio = counts ? sums[c] / both : 0.0;
        coefficients[c] = counts ? static_cast<float>(-scale / both) : 0.0f;
        coefficients[classes + c] = counts ? static_cast<float>(scale * ratio / both) : 0.0f;
        loss -= scale * ratio;
    }
    return loss;
}

/* The sum over all classes of the probability times the derivative of the Dice term for it. */
SUNET_INLINE void dice_products(const pixel_tile& from, const void* logits, const std::int32_t* labels, const float* log_sum_exp,
                                const float* of_label, const float* of_any, float* products) {
    float buffer[tile_pixels];
    for (std::int64_t i = 0; i < from.count; ++i) products[i] = 0.0f;
    for (std::int32_t channel = 0; channel < static_cast<std::int32_t>(from.view->channels); ++channel) {
        const float* row = row_of(from, logits, channel, buffer);
        const float own = of_label[channel] + of_any[channel], other = of_any[channel];
#pragma omp simd
        for (std::int64_t i = 0; i < from.count; ++i)
            products[i] += exponential(row[i] - log_sum_exp[i]) * (labels[i] == channel ? own : other);
    }
}

SUNET_CLONES void loss_backward_tile(const pixel_tile& from, const void* logits, const std::int32_t* labels, std::int32_t ignore,
                                     const float* log_sum_exp, const float* coefficients, const pixel_tile& to, float* dlogits) {
    float buffer[tile_pixels], result[tile_pixels], factor[tile_pixels], products[tile_pixels];
    const std::int64_t classes = from.view->channels;
    const float *of_probability = coefficients, *of_target = coefficients + classes, *of_all = coefficients + 2 * classes;
    const float *of_label = coefficients + 3 * classes, *of_any = coefficients + 4 * classes;
    dice_products(from, logits, labels, log_sum_exp, of_label, of_any, products);
    for (std::int64_t i = 0; i < from.count; ++i)
        factor[i] = takes_part(labels[i], ignore, classes) ? of_probability[labels[i]] - products[i] : 0.0f;
    for (std::int32_t channel = 0; channel < static_cast<std::int32_t>(classes); ++channel) {
        const float* row = row_of(from, logits, channel, buffer);
        const float target = of_target[channel], all = of_all[channel], label = of_label[channel], any = of_any[channel];
#pragma omp simd
        for (std::int64_t i = 0; i < from.count; ++i) {
            const float probability = exponential(row[i] - log_sum_exp[i]);
            const bool here = labels[i] == channel;
            const float gradient = probability * (factor[i] + any + (here ? label : 0.0f)) - (here ? target : 0.0f) - all;
            result[i] = takes_part(labels[i], ignore, classes) ? gradient : 0.0f;
        }
        write_row(to, dlogits, channel, result);
    }
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_dice_cross_entropy(sunet_context* context, const sunet_tensor* logits_tensor, const void* logits, const int32_t* labels,
                                      int32_t ignore, const float* class_weights, float label_smoothing, float dice_weight, double* scratch,
                                      int64_t scratch_bytes, float* log_sum_exp, float* loss, int32_t* counted, int32_t* invalid,
                                      float* coefficients) {
    channel_view view;
    if (context == nullptr || logits == nullptr || labels == nullptr || class_weights == nullptr || scratch == nullptr ||
        log_sum_exp == nullptr || loss == nullptr || counted == nullptr || invalid == nullptr || coefficients == nullptr ||
        !describe(logits_tensor, &view))
        return SUNET_INVALID_ARGUMENT;
    const std::int64_t classes = view.channels, row = class_sums * classes;
    if (scratch_bytes < max_reduction_items * row * static_cast<std::int64_t>(sizeof(double))) return SUNET_INVALID_ARGUMENT;
    const loss_terms terms = {class_weights, label_smoothing, dice_weight > 0.0f};
    const std::int64_t tiles = tiles_of(view), parts = std::min(tiles, max_reduction_items);
    loss_sums partial[max_reduction_items] = {};
#pragma omp parallel for schedule(static) num_threads(sunet_context_threads(context))
    for (std::int64_t part = 0; part < parts; ++part) {
        double* own = scratch + part * row;
        std::fill_n(own, row, 0.0);
        for (std::int64_t index = tiles * part / parts; index < tiles * (part + 1) / parts; ++index) {
            const pixel_tile at = tile_at(view, index);
            const std::int64_t first = at.image * view.pixels() + at.begin;
            loss_tile(at, logits, labels + first, ignore, terms, log_sum_exp + first, partial[part], own);
        }
    }
    for (std::int64_t part = 1; part < parts; ++part) {
        partial[0].add(partial[part]);
        for (std::int64_t i = 0; i < row; ++i) scratch[i] += scratch[part * row + i];
    }
    const double entropy = finish_cross_entropy(terms, partial[0], classes, coefficients);
    *loss = static_cast<float>(entropy + finish_dice(scratch, static_cast<double>(dice_weight), classes, coefficients + 3 * classes));
    *counted = partial[0].counted;
    *invalid = partial[0].invalid;
    return SUNET_OK;
}

sunet_status sunet_dice_cross_entropy_backward(sunet_context* context, const sunet_tensor* logits_tensor, const void* logits,
                                               const int32_t* labels, int32_t ignore, const float* log_sum_exp, const float* coefficients,
                                               const sunet_tensor* dlogits_tensor, float* dlogits) {
    channel_view view, to_view;
    if (context == nullptr || logits == nullptr || labels == nullptr || log_sum_exp == nullptr || coefficients == nullptr ||
        dlogits == nullptr || !describe(logits_tensor, &view) || !describe(dlogits_tensor, &to_view) || !view.same_extent(to_view) ||
        to_view.is_bf16)
        return SUNET_INVALID_ARGUMENT;
    for_tiles(context, view, [&](const pixel_tile& from) {
        const pixel_tile to = in(to_view, from);
        const std::int64_t first = from.image * view.pixels() + from.begin;
        loss_backward_tile(from, logits, labels + first, ignore, log_sum_exp + first, coefficients, to, dlogits);
        clear_tile(to, dlogits);
    });
    return SUNET_OK;
}
