#include "bias_relu.hpp"

#include <algorithm>

#include "kernel.hpp"

namespace sunet {
namespace {

/* NaN stays NaN, as in oneDNN's own ReLU fusion of a sum. */
inline float clamp(float value, float floor) { return value < floor ? floor : value; }

template <class S>
inline void add(S* x, float bias, float floor) {
    store<float>(x, clamp(load<float>(x) + bias, floor));
}

template <class S>
void one_channel(S* x, int64_t pixels, float bias, float floor) {
    for (int64_t i = 0; i < pixels; ++i) add(x + i, bias, floor);
}

template <int Block, class S>
void one_block(S* x, int64_t pixels, const float* bias, float floor) {
    for (int64_t i = 0; i < pixels; ++i) {
        for (int lane = 0; lane < Block; ++lane) add(x + i * Block + lane, bias[lane], floor);
    }
}

template <class S>
void side_by_side(S* x, int64_t channels, const float* bias, float floor) {
    if (bias == nullptr) {
        one_channel(x, channels, 0.0f, floor);
        return;
    }
    for (int64_t c = 0; c < channels; ++c) add(x + c, bias[c], floor);
}

template <class S>
void nhwc(const channel_layout& layout, S* x, const float* bias, float floor) {
    const int64_t pixels = layout.batch * layout.height * layout.width;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < pixels; ++i)
        side_by_side(x + i * layout.channels_total + layout.channel_offset, layout.channels, bias, floor);
}

template <class S>
void channel_blocks(const channel_layout& layout, S* x, const float* bias, float floor) {
    constexpr int widest = 16;
    const int64_t pixels = layout.height * layout.width, block = layout.block;
    const int64_t blocks = (layout.channels + block - 1) / block, blocks_total = layout.channels_total / block;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t n = 0; n < layout.batch; ++n) {
        for (int64_t c = 0; c < blocks; ++c) {
            float lanes[widest] = {};
            if (bias != nullptr) std::copy_n(bias + c * block, std::min(block, layout.channels - c * block), lanes);
            S* plane = x + (n * blocks_total + layout.channel_offset / block + c) * pixels * block;
            if (block == 16)
                one_block<16>(plane, pixels, lanes, floor);
            else if (block == 8)
                one_block<8>(plane, pixels, lanes, floor);
            else
                one_channel(plane, pixels, lanes[0], floor);
        }
    }
}

template <class S>
void add_in_layout(const sunet_tensor& tensor, S* x, const float* bias, float floor) {
    const channel_layout layout = layout_of(tensor);
    if (tensor.layout == SUNET_NHWC)
        nhwc(layout, x, bias, floor);
    else
        channel_blocks(layout, x, bias, floor);
}

} // namespace

void add_bias_relu(const sunet_tensor& tensor, void* x, const float* bias, bool relu) {
    const float floor = relu ? 0.0f : -__builtin_inff();
    if (tensor.type == SUNET_BF16)
        add_in_layout(tensor, static_cast<Bf16*>(x), bias, floor);
    else
        add_in_layout(tensor, static_cast<float*>(x), bias, floor);
}

} // namespace sunet
