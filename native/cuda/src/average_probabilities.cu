#include "pixel_tile.hpp"
#include "resize_axis.hpp"

namespace sunet {
namespace {

/* A pixel of the network's size: where its logits are interpolated between four, and what its probabilities count. */
template <class T>
struct sampled_pixel {
    const T *upper, *under; /* at the lower column */
    int step;               /* elements to the higher column; 0 where that has no weight */
    float vertical, horizontal, weight;
    float peak, factor; /* of the softmax: its probabilities are exp(logit - peak) * factor */

    SUNET_DEVICE float logit(int channel) const {
        const float low = mix(to_float(upper[channel]), to_float(under[channel]), vertical);
        const float high = mix(to_float(upper[step + channel]), to_float(under[step + channel]), vertical);
        return mix(low, high, horizontal);
    }

    SUNET_DEVICE void sum_exponentials(int channels) {
        peak = -__builtin_inff();
        for (int channel = 0; channel < channels; ++channel) peak = maximum(logit(channel), peak);
        if (!(peak > -__builtin_inff())) peak = 0.0f;
        float sum = 0;
        for (int channel = 0; channel < channels; ++channel) sum += fast_exp(logit(channel) - peak);
        factor = weight / sum;
    }
};

/* Adds a share of the probabilities of one scale to their average, or begins it. Each thread takes a pixel of the average, whose
 * probabilities lie between those of up to four pixels of the network's size. */
template <class T>
SUNET_DEVICE void add_probabilities(const T* x, int ld_x, int images, int channels, const resize_axis& up_rows,
                                    const resize_axis& up_columns, int mirrored, float share, int begins, float* y, int ld_y,
                                    const resize_axis& rows, const resize_axis& columns) {
    SUNET_SHARED float floats[staged_floats];
    const staged_tile staged(floats, channels);
    const int tiles = pieces(columns.output, pixel_threads), units = images * rows.output * tiles;
    for (int unit = block_x(); unit < units; unit += grid_dim_x()) {
        const int begin = unit % tiles * pixel_threads, count = lower(pixel_threads, columns.output - begin);
        const int row = unit / tiles % rows.output, image = unit / tiles / rows.output;
        const int column = begin + lower(thread_x(), count - 1);
        const axis_tap vertical = tap(rows, row), horizontal = tap(columns, mirrored != 0 ? columns.output - 1 - column : column);
        const T* first = x + static_cast<int64_t>(image) * up_rows.input * up_columns.input * ld_x;
        /* Indices that are known when the loops are unrolled, so that the four stay in registers. */
        sampled_pixel<T> pixels[4];
        SUNET_UNROLL
        for (int corner = 0; corner < 4; ++corner) {
            const bool under = corner / 2 != 0, right = corner % 2 != 0;
            const float weight =
                (under ? vertical.fraction : 1.0f - vertical.fraction) * (right ? horizontal.fraction : 1.0f - horizontal.fraction);
            const axis_tap up = tap(up_rows, under ? vertical.high() : vertical.low);
            const axis_tap across = tap(up_columns, right ? horizontal.high() : horizontal.low);
            pixels[corner] = {first + (static_cast<int64_t>(up.low) * up_columns.input + across.low) * ld_x,
                              first + (static_cast<int64_t>(up.high()) * up_columns.input + across.low) * ld_x,
                              (across.high() - across.low) * ld_x,
                              up.fraction,
                              across.fraction,
                              weight * share,
                              0.0f,
                              0.0f};
            if (weight > 0.0f && thread_x() < count) pixels[corner].sum_exponentials(channels);
        }
        float* to = y + ((static_cast<int64_t>(image) * rows.output + row) * columns.output + begin) * ld_y;
        for (int channel = 0; channel < channels; channel += staged_channels) {
            const int part = lower(staged.channels, channels - channel);
            for (int i = 0; thread_x() < count && i < part; ++i) {
                float sum = 0;
                SUNET_UNROLL
                for (int k = 0; k < 4; ++k)
                    if (pixels[k].weight > 0.0f)
                        sum = multiply_add(fast_exp(pixels[k].logit(channel + i) - pixels[k].peak), pixels[k].factor, sum);
                staged.row()[i] = sum;
            }
            sync_threads();
            for (tile_walk at(count, part, pixel_threads); at.inside(); at.next()) {
                float& value = to[static_cast<int64_t>(at.pixel) * ld_y + channel + at.channel];
                const float added = floats[at.pixel * staged.stride + at.channel];
                value = begins != 0 ? added : value + added;
            }
            sync_threads();
        }
    }
}

} // namespace

#define SUNET_ADD_PROBABILITIES(T, suffix)                                                                                          \
    SUNET_KERNEL(add_probabilities_##suffix, pixel_threads)                                                                         \
    (const T* x, int ld_x, int images, int channels, int in_height, int in_width, int height, int width, int mirrored, float share, \
     int begins, float* y, int ld_y, int out_height, int out_width) {                                                               \
        add_probabilities(x, ld_x, images, channels, {in_height, height}, {in_width, width}, mirrored, share, begins, y, ld_y,      \
                          {height, out_height}, {width, out_width});                                                                \
    }

SUNET_ADD_PROBABILITIES(float, f32)
SUNET_ADD_PROBABILITIES(bf16, bf16)

#undef SUNET_ADD_PROBABILITIES

} // namespace sunet
