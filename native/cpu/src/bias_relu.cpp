#include "bias_relu.hpp"

#include <algorithm>

namespace sunet {
namespace {

/* NaN stays NaN, as in oneDNN's own ReLU fusion of a sum. */
inline float clamp(float value, float floor) { return value < floor ? floor : value; }

void one_channel(float* x, int64_t pixels, float bias, float floor) {
    for (int64_t i = 0; i < pixels; ++i) x[i] = clamp(x[i] + bias, floor);
}

template <int Block>
void one_block(float* x, int64_t pixels, const float* bias, float floor) {
    for (int64_t i = 0; i < pixels; ++i) {
        for (int lane = 0; lane < Block; ++lane) x[i * Block + lane] = clamp(x[i * Block + lane] + bias[lane], floor);
    }
}

void side_by_side(float* x, int64_t channels, const float* bias, float floor) {
    if (bias == nullptr) {
        one_channel(x, channels, 0.0f, floor);
        return;
    }
    for (int64_t c = 0; c < channels; ++c) x[c] = clamp(x[c] + bias[c], floor);
}

void nhwc(const channel_layout& layout, float* x, const float* bias, float floor) {
    const int64_t pixels = layout.batch * layout.height * layout.width;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < pixels; ++i)
        side_by_side(x + i * layout.channels_total + layout.channel_offset, layout.channels, bias, floor);
}

void channel_blocks(const channel_layout& layout, float* x, const float* bias, float floor) {
    constexpr int widest = 16;
    const int64_t pixels = layout.height * layout.width, block = layout.block;
    const int64_t blocks = (layout.channels + block - 1) / block, blocks_total = layout.channels_total / block;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t n = 0; n < layout.batch; ++n) {
        for (int64_t c = 0; c < blocks; ++c) {
            float lanes[widest] = {};
            if (bias != nullptr) std::copy_n(bias + c * block, std::min(block, layout.channels - c * block), lanes);
            float* plane = x + (n * blocks_total + layout.channel_offset / block + c) * pixels * block;
            if (block == 16)
                one_block<16>(plane, pixels, lanes, floor);
            else if (block == 8)
                one_block<8>(plane, pixels, lanes, floor);
            else
                one_channel(plane, pixels, lanes[0], floor);
        }
    }
}

} // namespace

void add_bias_relu(const sunet_tensor& tensor, float* x, const float* bias, bool relu) {
    const channel_layout layout = layout_of(tensor);
    const float floor = relu ? 0.0f : -__builtin_inff();
    if (tensor.layout == SUNET_NHWC)
        nhwc(layout, x, bias, floor);
    else
        channel_blocks(layout, x, bias, floor);
}

} // namespace sunet
