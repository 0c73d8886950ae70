#include "kernels/channels.hpp"
#include "kernels/vectors.hpp"

namespace sunet {
namespace {

constexpr std::int64_t colours = 3;
constexpr std::int32_t max_classes = 256;

/* The normalised value of every byte of every colour. There are fewer of these than pixels, so each can be computed in double and rounded
 * once. */
struct level_table {
    float of[colours][256];

    level_table(const float* mean, const float* deviation) {
        for (std::int64_t colour = 0; colour < colours; ++colour)
            for (int value = 0; value < 256; ++value)
                of[colour][value] =
                    static_cast<float>((value / 255.0 - static_cast<double>(mean[colour])) / static_cast<double>(deviation[colour]));
    }
};

/* `step` is the distance between the pixels that are read. */
template <class To>
void write_row(const std::uint8_t* from, std::int64_t step, const float* levels, std::int64_t width, void* first, std::int64_t stride) {
    To* to = static_cast<To*>(first);
    for (std::int64_t column = 0; column < width; ++column) store<float>(to + column * stride, levels[from[column * step]]);
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_normalize_images(sunet_context* context, const uint8_t* x, const float* mean, const float* deviation, int32_t mirrored,
                                    const sunet_tensor* y_tensor, void* y) {
    channel_view view;
    if (context == nullptr || x == nullptr || mean == nullptr || deviation == nullptr || y == nullptr || !describe(y_tensor, &view) ||
        view.channels != colours)
        return SUNET_INVALID_ARGUMENT;
    const level_table levels(mean, deviation);
    const std::int64_t rows = view.images * view.height, step = mirrored != 0 ? -colours : colours;
#pragma omp parallel for schedule(static) num_threads(sunet_context_threads(context))
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t image = row / view.height, begin = row % view.height * view.width;
        for (std::int64_t colour = 0; colour < colours; ++colour) {
            const std::uint8_t* from = x + (row * view.width + (mirrored != 0 ? view.width - 1 : 0)) * colours + colour;
            void* to = view.at(y, view.offset(image, colour) + begin * view.block);
            view.is_bf16 ? write_row<bf16>(from, step, levels.of[colour], view.width, to, view.block)
                         : write_row<float>(from, step, levels.of[colour], view.width, to, view.block);
        }
        clear_padding(view, y, image, colours, begin, view.width);
    }
    return SUNET_OK;
}

sunet_status sunet_widen_labels(sunet_context* context, int64_t count, const uint8_t* x, int32_t* y) {
    if (context == nullptr || count < 0 || x == nullptr || y == nullptr) return SUNET_INVALID_ARGUMENT;
#pragma omp parallel for schedule(static) num_threads(sunet_context_threads(context))
    for (std::int64_t i = 0; i < count; ++i) y[i] = x[i];
    return SUNET_OK;
}

sunet_status sunet_confusion_counts(sunet_context* context, int64_t pixels, const int32_t* labels, const uint8_t* predictions,
                                    int32_t classes, int32_t ignore, int32_t* counts, int32_t* invalid) {
    if (context == nullptr || pixels < 0 || pixels > INT32_MAX || labels == nullptr || predictions == nullptr || classes < 1 ||
        classes > max_classes || counts == nullptr || invalid == nullptr)
        return SUNET_INVALID_ARGUMENT;
    /* One thread counts: counters for each thread would need memory, and counting takes little time beside the network that made the
     * predictions. */
    std::fill(counts, counts + static_cast<std::int64_t>(classes) * classes, 0);
    std::int32_t lost = 0;
    for (std::int64_t pixel = 0; pixel < pixels; ++pixel) {
        const std::int32_t label = labels[pixel], prediction = predictions[pixel];
        if (label == ignore) continue;
        if (label < 0 || label >= classes || prediction >= classes)
            lost++;
        else
            counts[label * classes + prediction]++;
    }
    *invalid = lost;
    return SUNET_OK;
}
