#include "pixel_tile.hpp"

namespace sunet {
namespace {

constexpr int class_sums = 3; /* of the Dice loss: of the label's probability, of the probability, of labels */

/* What a block finds of the cross-entropy. */
struct entropy_sums {
    double weighted, smooth, weight;
    int counted, invalid;

    SUNET_DEVICE void add(const entropy_sums& other) {
        weighted += other.weighted;
        smooth += other.smooth;
        weight += other.weight;
        counted += other.counted;
        invalid += other.invalid;
    }

    SUNET_DEVICE void sum_warp() {
        weighted = warp_sum(weighted);
        smooth = warp_sum(smooth);
        weight = warp_sum(weight);
        counted = warp_sum(counted);
        invalid = warp_sum(invalid);
    }
};

/* What the classes add up to. */
struct class_totals {
    double weights, ratios;
    int present;

    SUNET_DEVICE void add(const class_totals& other) {
        weights += other.weights;
        ratios += other.ratios;
        present += other.present;
    }

    SUNET_DEVICE void sum_warp() {
        weights = warp_sum(weights);
        ratios = warp_sum(ratios);
        present = warp_sum(present);
    }
};

SUNET_DEVICE bool takes_part(int label, int ignore, int channels) { return label != ignore && label >= 0 && label < channels; }

template <class T>
SUNET_DEVICE void weighted_cross_entropy(const T* logits, int ld_logits, const int* labels, int64_t pixels, int channels, int ignore,
                                         const float* class_weights, float label_smoothing, float* log_sum_exp, entropy_sums* partial) {
    SUNET_SHARED float floats[staged_floats];
    const staged_tile staged(floats, channels);
    entropy_sums own = {0.0, 0.0, 0.0, 0, 0};
    for (int64_t begin = static_cast<int64_t>(block_x()) * pixel_threads; begin < pixels;
         begin += static_cast<int64_t>(grid_dim_x()) * pixel_threads) {
        const int count = static_cast<int>(minimum(pixels - begin, static_cast<int64_t>(pixel_threads)));
        const bool inside = thread_x() < count;
        const int label = inside ? labels[begin + thread_x()] : ignore;
        log_sum sum = empty_log_sum();
        float logit = 0;
        double weights = 0, products = 0;
        for (int channel = 0; channel < channels; channel += staged_channels) {
            const int part = stage(logits + begin * ld_logits, ld_logits, count, channel, channels, staged);
            if (!inside) continue;
            sum.add(staged.row(), part);
            if (label >= channel && label < channel + part) logit = staged.row()[label - channel];
            for (int i = 0; label_smoothing > 0.0f && i < part; ++i) {
                weights += static_cast<double>(class_weights[channel + i]);
                products += static_cast<double>(class_weights[channel + i]) * static_cast<double>(staged.row()[i]);
            }
        }
        if (!inside) continue;
        const float rest = fast_log(sum.sum);
        log_sum_exp[begin + thread_x()] = sum.pivot() + rest;
        if (label == ignore) continue;
        if (!takes_part(label, ignore, channels)) {
            own.invalid++;
            continue;
        }
        own.counted++;
        own.weight += static_cast<double>(class_weights[label]);
        own.weighted += static_cast<double>(class_weights[label]) * static_cast<double>((sum.peak - logit) + rest);
        own.smooth += weights * (static_cast<double>(sum.pivot()) + static_cast<double>(rest)) - products;
    }
    own = block_sum<pixel_threads / 32>(own);
    if (thread_x() == 0) partial[block_x()] = own;
}

/* Threads share the channels of a pixel; what is left of a block takes further pixels of the chunk. */
template <class T>
SUNET_DEVICE void dice_sums(const T* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp, int64_t pixels,
                            int channels, double* partial) {
    SUNET_SHARED double shared[class_sums * block_threads];
    const int columns = lower(channels, block_threads), rows = block_threads / columns;
    const int row = thread_x() / columns, column = thread_x() % columns;
    const pixel_chunk chunk(pixels, grid_dim_x(), block_x());
    double* to = partial + static_cast<int64_t>(block_x()) * class_sums * channels;
    for (int first = 0; first < channels; first += columns) {
        const int channel = first + column;
        double own = 0, all = 0, labelled = 0;
        for (int64_t pixel = chunk.begin + row; row < rows && channel < channels && pixel < chunk.end; pixel += rows) {
            const int label = labels[pixel];
            if (!takes_part(label, ignore, channels)) continue;
            const double probability = static_cast<double>(fast_exp(to_float(logits[pixel * ld_logits + channel]) - log_sum_exp[pixel]));
            all += probability;
            own += label == channel ? probability : 0.0;
            labelled += label == channel ? 1.0 : 0.0;
        }
        shared[thread_x()] = own;
        shared[block_threads + thread_x()] = all;
        shared[2 * block_threads + thread_x()] = labelled;
        sync_threads();
        for (int sum = 0; row == 0 && channel < channels && sum < class_sums; ++sum) {
            double total = 0;
            for (int i = 0; i < rows; ++i) total += shared[sum * block_threads + i * columns + column];
            to[sum * channels + channel] = total;
        }
        sync_threads();
    }
}

/* Sums over chunks; the totals [3][channels] take the place of the first chunk's. Where there is no Dice loss there are no chunks. */
SUNET_DEVICE class_totals total_classes(double* sums, int chunks, const float* class_weights, int channels) {
    class_totals own = {0.0, 0.0, 0};
    for (int channel = thread_x(); channel < channels; channel += block_threads) {
        own.weights += static_cast<double>(class_weights[channel]);
        for (int sum = 0; sum < class_sums; ++sum)
            for (int chunk = 1; chunk < chunks; ++chunk)
                sums[sum * channels + channel] += sums[(static_cast<int64_t>(chunk) * class_sums + sum) * channels + channel];
        if (chunks == 0 || sums[2 * channels + channel] == 0.0) continue;
        own.present++;
        own.ratios += sums[channel] / (sums[channels + channel] + sums[2 * channels + channel]);
    }
    return block_sum<block_threads / 32>(own);
}

SUNET_DEVICE void finish_loss(const entropy_sums* partial, int count, double* sums, int chunks, const float* class_weights, int channels,
                              float label_smoothing, float dice_weight, float* loss, int* counted, int* invalid, float* coefficients) {
    SUNET_SHARED double shared[3];
    entropy_sums entropy = {0.0, 0.0, 0.0, 0, 0};
    for (int i = thread_x(); i < count; i += block_threads) entropy.add(partial[i]);
    entropy = block_sum<block_threads / 32>(entropy);
    sync_threads();
    const class_totals classes = total_classes(sums, chunks, class_weights, channels);
    const double smoothing = static_cast<double>(label_smoothing), kept = 1.0 - smoothing, spread = smoothing / channels;
    if (thread_x() == 0) {
        const double scale = entropy.weight > 0.0 ? 1.0 / entropy.weight : 0.0;
        const double dice = classes.present > 0 ? static_cast<double>(dice_weight) / classes.present : 0.0;
        shared[0] = scale;
        shared[1] = classes.weights;
        shared[2] = 2.0 * dice;
        *loss = static_cast<float>((kept * entropy.weighted + spread * entropy.smooth) * scale +
                                   dice * (classes.present - 2.0 * classes.ratios));
        *counted = entropy.counted;
        *invalid = entropy.invalid;
    }
    sync_threads();
    const double scale = shared[0], weights = shared[1], dice = shared[2];
    for (int channel = thread_x(); channel < channels; channel += block_threads) {
        const double weight = static_cast<double>(class_weights[channel]);
        coefficients[channel] = static_cast<float>((kept * weight + spread * weights) * scale);
        coefficients[channels + channel] = static_cast<float>(kept * weight * scale);
        coefficients[2 * channels + channel] = static_cast<float>(spread * weight * scale);
        const bool counts = chunks > 0 && sums[2 * channels + channel] > 0.0;
        const double both = counts ? sums[channels + channel] + sums[2 * channels + channel] : 1.0;
        coefficients[3 * channels + channel] = counts ? static_cast<float>(-dice / both) : 0.0f;
        coefficients[4 * channels + channel] = counts ? static_cast<float>(dice * (sums[channel] / both) / both) : 0.0f;
    }
}

/* The sums over channels of the probability times the derivative of the Dice term for it; a warp takes one pixel at a time. */
template <class T>
SUNET_DEVICE void dice_products(const T* from, int ld, int count, int channels, const float* sums, const int* classes,
                                const float* of_label, const float* of_any, float* products) {
    for (int pixel = thread_x() / 32; pixel < count; pixel += block_threads / 32) {
        float own = 0;
        for (int channel = thread_x() % 32; channel < channels; channel += 32) {
            const float probability = fast_exp(to_float(from[static_cast<int64_t>(pixel) * ld + channel]) - sums[pixel]);
            own += probability * (of_any[channel] + (classes[pixel] == channel ? of_label[channel] : 0.0f));
        }
        own = warp_sum(own);
        if (thread_x() % 32 == 0) products[pixel] = own;
    }
}

template <class T>
SUNET_DEVICE void dice_cross_entropy_backward(const T* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                              const float* coefficients, float* dlogits, int ld_dlogits, int64_t pixels, int channels) {
    SUNET_SHARED float sums[loss_tile];
    SUNET_SHARED float products[loss_tile];
    SUNET_SHARED int classes[loss_tile];
    const float *of_probability = coefficients, *of_target = coefficients + channels, *of_all = coefficients + 2 * channels;
    const float *of_label = coefficients + 3 * channels, *of_any = coefficients + 4 * channels;
    const int tile = loss_tile_pixels(channels);
    for (int64_t begin = static_cast<int64_t>(block_x()) * tile; begin < pixels; begin += static_cast<int64_t>(grid_dim_x()) * tile) {
        const int count = static_cast<int>(minimum(pixels - begin, static_cast<int64_t>(tile)));
        if (thread_x() < count) {
            const int label = labels[begin + thread_x()];
            sums[thread_x()] = log_sum_exp[begin + thread_x()];
            classes[thread_x()] = takes_part(label, ignore, channels) ? label : -1;
        }
        sync_threads();
        const T* from = logits + begin * ld_logits;
        float* to = dlogits + begin * ld_dlogits;
        dice_products(from, ld_logits, count, channels, sums, classes, of_label, of_any, products);
        sync_threads();
        for (tile_walk at(count, channels, block_threads); at.inside(); at.next()) {
            const int label = classes[at.pixel];
            const bool here = label == at.channel;
            const float probability = fast_exp(to_float(from[static_cast<int64_t>(at.pixel) * ld_logits + at.channel]) - sums[at.pixel]);
            const float factor = label < 0 ? 0.0f : of_probability[label] - products[at.pixel];
            const float gradient = probability * (factor + of_any[at.channel] + (here ? of_label[at.channel] : 0.0f)) -
                                   (here ? of_target[at.channel] : 0.0f) - of_all[at.channel];
            to[static_cast<int64_t>(at.pixel) * ld_dlogits + at.channel] = label < 0 ? 0.0f : gradient;
        }
        sync_threads();
    }
}

} // namespace

#define SUNET_DICE_CROSS_ENTROPY(T, suffix)                                                                                               \
    SUNET_KERNEL(weighted_cross_entropy_##suffix, pixel_threads)                                                                          \
    (const T* logits, int ld_logits, const int* labels, int64_t pixels, int channels, int ignore, const float* class_weights,             \
     float label_smoothing, float* log_sum_exp, void* partial) {                                                                          \
        weighted_cross_entropy(logits, ld_logits, labels, pixels, channels, ignore, class_weights, label_smoothing, log_sum_exp,          \
                               static_cast<entropy_sums*>(partial));                                                                      \
    }                                                                                                                                     \
    SUNET_KERNEL(dice_sums_##suffix, block_threads)                                                                                       \
    (const T* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp, int64_t pixels, int channels,               \
     double* partial) {                                                                                                                   \
        dice_sums(logits, ld_logits, labels, ignore, log_sum_exp, pixels, channels, partial);                                             \
    }                                                                                                                                     \
    SUNET_KERNEL(dice_cross_entropy_backward_##suffix, block_threads)                                                                     \
    (const T* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp, const float* coefficients, float* dlogits,  \
     int ld_dlogits, int64_t pixels, int channels) {                                                                                      \
        dice_cross_entropy_backward(logits, ld_logits, labels, ignore, log_sum_exp, coefficients, dlogits, ld_dlogits, pixels, channels); \
    }

SUNET_DICE_CROSS_ENTROPY(float, f32)
SUNET_DICE_CROSS_ENTROPY(bf16, bf16)

SUNET_KERNEL(dice_cross_entropy_finish, block_threads)
(const void* partial, int count, double* sums, int chunks, const float* class_weights, int channels, float label_smoothing,
 float dice_weight, float* loss, int* counted, int* invalid, float* coefficients) {
    finish_loss(static_cast<const entropy_sums*>(partial), count, sums, chunks, class_weights, channels, label_smoothing, dice_weight, loss,
                counted, invalid, coefficients);
}

} // namespace sunet
