#include "walk.hpp"

namespace sunet {

/* The parameters of a layer, each [C]. */
struct norm_parameters {
    const float *mean, *variance, *gamma, *beta;
    float epsilon;

    SUNET_DEVICE bool vectors() const { return aligned(mean) && aligned(variance) && aligned(gamma) && aligned(beta); }
};

/* The parameters of some channels, in registers. */
template <int N>
struct normalizer {
    lane_values<N> mean, scale, beta;

    SUNET_DEVICE normalizer(const norm_parameters& affine, int channel)
        : mean(load<N>(affine.mean + channel)), scale(load<N>(affine.gamma + channel)), beta(load<N>(affine.beta + channel)) {
        const lane_values<N> variance = load<N>(affine.variance + channel);
        for (int i = 0; i < N; ++i) scale.at[i] *= inverse_square_root(variance.at[i] + affine.epsilon);
    }

    /* Both directions must agree on this to the bit: the gradient's mask is its sign. */
    SUNET_DEVICE float operator()(float x, int lane) const { return multiply_add(x - mean.at[lane], scale.at[lane], beta.at[lane]); }

    /* The output's gradient after the ReLU's. */
    SUNET_DEVICE float passed(float dy, float x, int lane, int relu) const { return relu == 0 || (*this)(x, lane) > 0.0f ? dy : 0.0f; }
};

/* Computes for each chunk and channel a pivot, which is the first pixel, the mean of the differences from it, and the sum of squared
 * deviations from the mean. A thread updates the last two pixel by pixel: sums of squares would lose the variance where the mean is large,
 * or, taken about the pivot, where that is far from the mean. */
template <int N, class T>
SUNET_DEVICE void statistics_lanes(pixel_view<const T> x, float* partial, int64_t pixels, int channels, float* shared) {
    const channel_tile tile(channels / N);
    const pixel_chunk chunk(pixels, grid_dim_x(), block_x());
    const float inverse = chunk.pixels() > 0 ? 1.0f / static_cast<float>(chunk.pixels()) : 0.0f;
    for (int t = block_y(); t < tile.tiles; t += grid_dim_y()) {
        const bool works = tile.works(t);
        const int channel = tile.group(t) * N;
        const int64_t end = works ? chunk.end : 0;
        lane_values<N> pivot = {}, mean = {}, squares = {}, sum = {};
        if (chunk.begin < end) pivot = load<N>(x.at(chunk.begin, channel));
        float count = 0.0f;
        SUNET_UNROLL_PAIRS
        for (int64_t pixel = chunk.begin + tile.row; pixel < end; pixel += tile.rows) {
            const lane_values<N> lanes = load<N>(x.at(pixel, channel));
            count += 1.0f;
            const float share = 1.0f / count;
            for (int i = 0; i < N; ++i) {
                const float shifted = lanes.at[i] - pivot.at[i], difference = shifted - mean.at[i];
                mean.at[i] += difference * share;
                squares.at[i] += difference * (shifted - mean.at[i]);
            }
        }
        for (int i = 0; i < N; ++i) sum.at[i] = mean.at[i] * count * inverse;
        sum_rows(tile, sum.at, shared);
        /* Chan's formula for all rows at once: each row adds its own squares and those of its mean about the common mean. */
        for (int i = 0; i < N; ++i) {
            const float difference = mean.at[i] - sum.at[i];
            squares.at[i] += difference * difference * count;
        }
        sum_rows(tile, squares.at, shared);
        if (works && tile.row == 0) {
            const int64_t at = static_cast<int64_t>(block_x()) * channels + channel, plane = static_cast<int64_t>(grid_dim_x()) * channels;
            store<N>(partial + at, pivot);
            store<N>(partial + plane + at, sum);
            store<N>(partial + 2 * plane + at, squares);
        }
    }
}

template <class T>
SUNET_DEVICE void statistics(pixel_view<const T> x, float* partial, int64_t pixels, int channels) {
    SUNET_SHARED float shared[vector_lanes<T> * block_threads];
    if (x.vectors() && aligned(partial) && channels % vector_lanes<T> == 0)
        statistics_lanes<vector_lanes<T>>(x, partial, pixels, channels, shared);
    else
        statistics_lanes<1>(x, partial, pixels, channels, shared);
}

template <int N, class T>
SUNET_DEVICE void apply_lanes(pixel_view<const T> x, const norm_parameters& affine, int relu, pixel_view<T> y, int64_t pixels,
                              int channels) {
    const channel_tile tile(channels / N);
    for (int t = block_y(); t < tile.tiles; t += grid_dim_y()) {
        if (!tile.works(t)) continue;
        const int channel = tile.group(t) * N;
        const normalizer<N> normalized(affine, channel);
        for (int64_t pixel = static_cast<int64_t>(block_x()) * tile.rows + tile.row; pixel < pixels; pixel += grid_dim_x() * tile.rows) {
            lane_values<N> lanes = load<N>(x.at(pixel, channel));
            for (int i = 0; i < N; ++i) {
                lanes.at[i] = normalized(lanes.at[i], i);
                lanes.at[i] = relu != 0 && lanes.at[i] < 0.0f ? 0.0f : lanes.at[i];
            }
            store<N>(y.at(pixel, channel), lanes);
        }
    }
}

template <class T>
SUNET_DEVICE void apply(pixel_view<const T> x, const norm_parameters& affine, int relu, pixel_view<T> y, int64_t pixels, int channels) {
    if (x.vectors() && y.vectors() && affine.vectors() && channels % vector_lanes<T> == 0)
        apply_lanes<vector_lanes<T>>(x, affine, relu, y, pixels, channels);
    else
        apply_lanes<1>(x, affine, relu, y, pixels, channels);
}

/* Computes for each chunk and channel the sums of the gradient and of its product with the deviation from the mean. */
template <int N, class T>
SUNET_DEVICE void gradient_sums_lanes(pixel_view<const T> x, pixel_view<const T> dy, const norm_parameters& affine, int relu,
                                      float* partial, int64_t pixels, int channels, float* shared) {
    const channel_tile tile(channels / N);
    const pixel_chunk chunk(pixels, grid_dim_x(), block_x());
    for (int t = block_y(); t < tile.tiles; t += grid_dim_y()) {
        const bool works = tile.works(t);
        const int channel = tile.group(t) * N;
        lane_values<N> sums = {}, products = {};
        if (works) {
            const normalizer<N> normalized(affine, channel);
            SUNET_UNROLL_PAIRS
            for (int64_t pixel = chunk.begin + tile.row; pixel < chunk.end; pixel += tile.rows) {
                const lane_values<N> values = load<N>(x.at(pixel, channel)), gradients = load<N>(dy.at(pixel, channel));
                for (int i = 0; i < N; ++i) {
                    const float gradient = normalized.passed(gradients.at[i], values.at[i], i, relu);
                    sums.at[i] += gradient;
                    products.at[i] += gradient * (values.at[i] - normalized.mean.at[i]);
                }
            }
        }
        sum_rows(tile, sums.at, shared);
        sum_rows(tile, products.at, shared);
        if (works && tile.row == 0) {
            store<N>(partial + static_cast<int64_t>(block_x()) * channels + channel, sums);
            store<N>(partial + static_cast<int64_t>(grid_dim_x() + block_x()) * channels + channel, products);
        }
    }
}

template <class T>
SUNET_DEVICE void gradient_sums(pixel_view<const T> x, pixel_view<const T> dy, const norm_parameters& affine, int relu, float* partial,
                                int64_t pixels, int channels) {
    SUNET_SHARED float shared[vector_lanes<T> * block_threads];
    if (x.vectors() && dy.vectors() && affine.vectors() && aligned(partial) && channels % vector_lanes<T> == 0)
        gradient_sums_lanes<vector_lanes<T>>(x, dy, affine, relu, partial, pixels, channels, shared);
    else
        gradient_sums_lanes<1>(x, dy, affine, relu, partial, pixels, channels, shared);
}

template <class T>
struct input_gradient_call {
    pixel_view<const T> x, dy, addend;
    pixel_view<T> dx;
    norm_parameters affine;
    const float *dgamma, *dbeta;
    int relu, batch_statistics;
    int64_t pixels;
    int channels;

    SUNET_DEVICE bool vectors() const {
        return x.vectors() && dy.vectors() && addend.vectors() && dx.vectors() && affine.vectors() && aligned(dgamma) && aligned(dbeta) &&
               channels % vector_lanes<T> == 0;
    }
};

template <bool Adds, int N, class T>
SUNET_DEVICE void input_gradient_lanes(const input_gradient_call<T>& call) {
    const channel_tile tile(call.channels / N);
    for (int t = block_y(); t < tile.tiles; t += grid_dim_y()) {
        if (!tile.works(t)) continue;
        const int channel = tile.group(t) * N;
        const normalizer<N> normalized(call.affine, channel);
        lane_values<N> gradient_mean = {}, slope = {};
        if (call.batch_statistics != 0) {
            const float share = 1.0f / static_cast<float>(call.pixels);
            gradient_mean = load<N>(call.dbeta + channel);
            slope = load<N>(call.dgamma + channel);
            const lane_values<N> variance = load<N>(call.affine.variance + channel);
            for (int i = 0; i < N; ++i) {
                gradient_mean.at[i] *= share;
                slope.at[i] *= share * inverse_square_root(variance.at[i] + call.affine.epsilon);
            }
        }
        for (int64_t pixel = static_cast<int64_t>(block_x()) * tile.rows + tile.row; pixel < call.pixels;
             pixel += grid_dim_x() * tile.rows) {
            const lane_values<N> values = load<N>(call.x.at(pixel, channel)), gradients = load<N>(call.dy.at(pixel, channel));
            lane_values<N> result = {};
            if constexpr (Adds) result = load<N>(call.addend.at(pixel, channel));
            for (int i = 0; i < N; ++i) {
                const float gradient = normalized.passed(gradients.at[i], values.at[i], i, call.relu) - gradient_mean.at[i];
                result.at[i] += normalized.scale.at[i] * (gradient - (values.at[i] - normalized.mean.at[i]) * slope.at[i]);
            }
            store<N>(call.dx.at(pixel, channel), result);
        }
    }
}

template <class T>
SUNET_DEVICE void input_gradient(const input_gradient_call<T>& call) {
    constexpr int lanes = vector_lanes<T>;
    if (call.vectors())
        call.addend.first != nullptr ? input_gradient_lanes<true, lanes>(call) : input_gradient_lanes<false, lanes>(call);
    else
        call.addend.first != nullptr ? input_gradient_lanes<true, 1>(call) : input_gradient_lanes<false, 1>(call);
}

#define SUNET_BATCH_NORM(type, suffix)                                                                                                    \
    SUNET_RESIDENT_KERNEL(batch_norm_statistics_##suffix, block_threads, 3)                                                               \
    (const type* x, int ld_x, float* partial, int64_t pixels, int channels) {                                                             \
        statistics(pixel_view<const type>{x, ld_x}, partial, pixels, channels);                                                           \
    }                                                                                                                                     \
    SUNET_RESIDENT_KERNEL(batch_norm_apply_##suffix, block_threads, 4)                                                                    \
    (const type* x, int ld_x, const float* mean, const float* variance, const float* gamma, const float* beta, float epsilon, int relu,   \
     type* y, int ld_y, int64_t pixels, int channels) {                                                                                   \
        apply(pixel_view<const type>{x, ld_x}, norm_parameters{mean, variance, gamma, beta, epsilon}, relu, pixel_view<type>{y, ld_y},    \
              pixels, channels);                                                                                                          \
    }                                                                                                                                     \
    SUNET_RESIDENT_KERNEL(batch_norm_gradient_sums_##suffix, block_threads, 3)                                                            \
    (const type* x, int ld_x, const type* dy, int ld_dy, const float* mean, const float* variance, const float* gamma, const float* beta, \
     float epsilon, int relu, float* partial, int64_t pixels, int channels) {                                                             \
        gradient_sums(pixel_view<const type>{x, ld_x}, pixel_view<const type>{dy, ld_dy},                                                 \
                      norm_parameters{mean, variance, gamma, beta, epsilon}, relu, partial, pixels, channels);                            \
    }                                                                                                                                     \
    SUNET_KERNEL(batch_norm_input_gradient_##suffix, block_threads)                                                                       \
    (const type* x, int ld_x, const type* dy, int ld_dy, const type* addend, int ld_addend, const float* mean, const float* variance,     \
     const float* gamma, const float* beta, const float* dgamma, const float* dbeta, float epsilon, int relu, int batch_statistics,       \
     type* dx, int ld_dx, int64_t pixels, int channels) {                                                                                 \
        const norm_parameters affine = {mean, variance, gamma, beta, epsilon};                                                            \
        input_gradient(input_gradient_call<type>{                                                                                         \
            {x, ld_x}, {dy, ld_dy}, {addend, ld_addend}, {dx, ld_dx}, affine, dgamma, dbeta, relu, batch_statistics, pixels, channels});  \
    }

SUNET_BATCH_NORM(float, f32)
SUNET_BATCH_NORM(bf16, bf16)

/* Chan's formula for all chunks at once, as for the rows of a block. */
SUNET_KERNEL(batch_norm_statistics_finish, block_threads)
(const float* partial, int chunks, int64_t pixels, int channels, float* mean, float* variance) {
    SUNET_SHARED double shared[block_threads];
    const int channel = finish_channel(), own = channel < channels ? chunks : 0;
    const int64_t plane = static_cast<int64_t>(chunks) * channels;
    double sum = 0, squares = 0;
    for (int chunk = finish_row(); chunk < own; chunk += finish_rows) {
        const float* at = partial + static_cast<int64_t>(chunk) * channels + channel;
        sum += (static_cast<double>(at[0]) + static_cast<double>(at[plane])) *
               static_cast<double>(pixel_chunk(pixels, chunks, chunk).pixels());
    }
    const double common = finish_sum(sum, shared) / static_cast<double>(pixels);
    for (int chunk = finish_row(); chunk < own; chunk += finish_rows) {
        const float* at = partial + static_cast<int64_t>(chunk) * channels + channel;
        const double difference = static_cast<double>(at[0]) - common + static_cast<double>(at[plane]);
        squares +=
            static_cast<double>(at[2 * plane]) + difference * difference * static_cast<double>(pixel_chunk(pixels, chunks, chunk).pixels());
    }
    squares = finish_sum(squares, shared);
    if (finish_row() == 0 && channel < channels) {
        mean[channel] = static_cast<float>(common);
        variance[channel] = static_cast<float>(squares / static_cast<double>(pixels));
    }
}

SUNET_KERNEL(batch_norm_gradient_finish, block_threads)
(const float* partial, int chunks, int channels, const float* variance, float epsilon, float* dgamma, float* dbeta) {
    SUNET_SHARED double shared[block_threads];
    const double sum = finish_chunks(partial, chunks, channels, shared);
    const double product = finish_chunks(partial + static_cast<int64_t>(chunks) * channels, chunks, channels, shared);
    const int channel = finish_channel();
    if (finish_row() == 0 && channel < channels) {
        dbeta[channel] = static_cast<float>(sum);
        dgamma[channel] = static_cast<float>(product * static_cast<double>(inverse_square_root(variance[channel] + epsilon)));
    }
}

SUNET_KERNEL(running_statistics_update, block_threads)
(const float* mean, const float* variance, int64_t count, float momentum, float* running_mean, float* running_variance, int channels,
 const int* guard) {
    if (*guard != 0) return;
    const float unbiased = static_cast<float>(static_cast<double>(count) / static_cast<double>(count - 1)), kept = 1.0f - momentum;
    for (int channel = block_x() * block_threads + thread_x(); channel < channels; channel += grid_dim_x() * block_threads) {
        running_mean[channel] = multiply_add(kept, running_mean[channel], momentum * mean[channel]);
        running_variance[channel] = multiply_add(kept, running_variance[channel], momentum * (variance[channel] * unbiased));
    }
}

} // namespace sunet
