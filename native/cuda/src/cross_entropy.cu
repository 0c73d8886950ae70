#include "pixel_tile.hpp"

namespace sunet {
namespace {

constexpr int counted_classes = 32; /* classes whose confusion matrix fits a block's shared memory */

struct loss_counts {
    double sum;
    int counted, invalid;

    SUNET_DEVICE void add(const loss_counts& other) {
        sum += other.sum;
        counted += other.counted;
        invalid += other.invalid;
    }

    SUNET_DEVICE void sum_warp() {
        sum = warp_sum(sum);
        counted = warp_sum(counted);
        invalid = warp_sum(invalid);
    }
};

template <class T>
SUNET_DEVICE void cross_entropy(const T* logits, int ld_logits, const int* labels, int64_t pixels, int channels, int ignore,
                                float* log_sum_exp, loss_counts* partial) {
    SUNET_SHARED float floats[staged_floats];
    const staged_tile staged(floats, channels);
    loss_counts own = {0.0, 0, 0};
    for (int64_t begin = static_cast<int64_t>(block_x()) * pixel_threads; begin < pixels;
         begin += static_cast<int64_t>(grid_dim_x()) * pixel_threads) {
        const int count = static_cast<int>(minimum(pixels - begin, static_cast<int64_t>(pixel_threads)));
        const bool inside = thread_x() < count;
        const int label = inside ? labels[begin + thread_x()] : ignore;
        const bool valid = label >= 0 && label < channels;
        log_sum sum = empty_log_sum();
        float logit = 0;
        for (int channel = 0; channel < channels; channel += staged_channels) {
            const int part = stage(logits + begin * ld_logits, ld_logits, count, channel, channels, staged);
            if (!inside) continue;
            sum.add(staged.row(), part);
            if (label >= channel && label < channel + part) logit = staged.row()[label - channel];
        }
        if (!inside) continue;
        const float rest = fast_log(sum.sum);
        log_sum_exp[begin + thread_x()] = sum.pivot() + rest;
        if (label == ignore) continue;
        if (valid) own.sum += static_cast<double>((sum.peak - logit) + rest);
        own.counted += valid ? 1 : 0;
        own.invalid += valid ? 0 : 1;
    }
    own = block_sum<pixel_threads / 32>(own);
    if (thread_x() == 0) partial[block_x()] = own;
}

SUNET_DEVICE void finish_loss(const loss_counts* partial, int count, float* loss, int* counted, int* invalid) {
    loss_counts own = {0.0, 0, 0};
    for (int i = thread_x(); i < count; i += block_threads) own.add(partial[i]);
    own = block_sum<block_threads / 32>(own);
    if (thread_x() != 0) return;
    *loss = own.counted == 0 ? 0.0f : static_cast<float>(own.sum / own.counted);
    *counted = own.counted;
    *invalid = own.invalid;
}

template <class T>
SUNET_DEVICE void cross_entropy_backward(const T* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp,
                                         const int* counted, float* dlogits, int ld_dlogits, int64_t pixels, int channels) {
    SUNET_SHARED float sums[loss_tile];
    SUNET_SHARED int classes[loss_tile];
    const float scale = *counted == 0 ? 0.0f : 1.0f / static_cast<float>(*counted);
    const int tile = loss_tile_pixels(channels);
    for (int64_t begin = static_cast<int64_t>(block_x()) * tile; begin < pixels; begin += static_cast<int64_t>(grid_dim_x()) * tile) {
        const int count = static_cast<int>(minimum(pixels - begin, static_cast<int64_t>(tile)));
        if (thread_x() < count) {
            const int label = labels[begin + thread_x()];
            sums[thread_x()] = log_sum_exp[begin + thread_x()];
            classes[thread_x()] = label == ignore || label < 0 || label >= channels ? -1 : label;
        }
        sync_threads();
        const T* from = logits + begin * ld_logits;
        float* to = dlogits + begin * ld_dlogits;
        for (tile_walk at(count, channels, block_threads); at.inside(); at.next()) {
            const int label = classes[at.pixel];
            const float probability = fast_exp(to_float(from[static_cast<int64_t>(at.pixel) * ld_logits + at.channel]) - sums[at.pixel]);
            const float gradient = (label == at.channel ? probability - 1.0f : probability) * scale;
            to[static_cast<int64_t>(at.pixel) * ld_dlogits + at.channel] = label < 0 ? 0.0f : gradient;
        }
        sync_threads();
    }
}

} // namespace

#define SUNET_CROSS_ENTROPY(T, suffix)                                                                                                 \
    SUNET_KERNEL(cross_entropy_##suffix, pixel_threads)                                                                                \
    (const T* logits, int ld_logits, const int* labels, int64_t pixels, int channels, int ignore, float* log_sum_exp, void* partial) { \
        cross_entropy(logits, ld_logits, labels, pixels, channels, ignore, log_sum_exp, static_cast<loss_counts*>(partial));           \
    }                                                                                                                                  \
    SUNET_KERNEL(cross_entropy_backward_##suffix, block_threads)                                                                       \
    (const T* logits, int ld_logits, const int* labels, int ignore, const float* log_sum_exp, const int* counted, float* dlogits,      \
     int ld_dlogits, int64_t pixels, int channels) {                                                                                   \
        cross_entropy_backward(logits, ld_logits, labels, ignore, log_sum_exp, counted, dlogits, ld_dlogits, pixels, channels);        \
    }

SUNET_CROSS_ENTROPY(float, f32)
SUNET_CROSS_ENTROPY(bf16, bf16)

SUNET_KERNEL(cross_entropy_finish, block_threads)(const void* partial, int count, float* loss, int* counted, int* invalid) {
    finish_loss(static_cast<const loss_counts*>(partial), count, loss, counted, invalid);
}

/* A label that is ignored takes no part; neither does a pair out of range, which is counted. */
SUNET_KERNEL(confusion_matrix, block_threads)
(const int* labels, const uint8_t* predictions, int64_t pixels, int classes, int ignore, int* counts, int* invalid) {
    SUNET_SHARED int local[counted_classes * counted_classes];
    const int cells = classes * classes;
    const bool fits = classes <= counted_classes;
    for (int cell = thread_x(); fits && cell < cells; cell += block_threads) local[cell] = 0;
    sync_threads();
    int* to = fits ? local : counts;
    const int64_t step = static_cast<int64_t>(grid_dim_x()) * block_threads;
    for (int64_t pixel = static_cast<int64_t>(block_x()) * block_threads + thread_x(); pixel < pixels; pixel += step) {
        const int label = labels[pixel], prediction = predictions[pixel];
        if (label == ignore) continue;
        if (label < 0 || label >= classes || prediction >= classes)
            atomic_add(invalid, 1);
        else
            atomic_add(to + label * classes + prediction, 1);
    }
    sync_threads();
    for (int cell = thread_x(); fits && cell < cells; cell += block_threads)
        if (local[cell] != 0) atomic_add(counts + cell, local[cell]);
}

} // namespace sunet
