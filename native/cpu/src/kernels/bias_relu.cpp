#include "kernels/bias_relu.hpp"

#include "kernels/channels.hpp"
#include "kernels/kernel.hpp"
#include "core/status.hpp"

namespace sunet {
namespace {

/* A run of pixels of up to sixteen channels, with a bias for each lane. */
struct pixel_run {
    int lanes;
    bool one_channel;
    std::int64_t pixels;
    const float* bias;
    void* x;
    std::int64_t stride;
    bool relu, is_bf16;

    bool has_pairs() const { return lie_in_pairs(lanes, pixels, {stride}); }
    pixel_run pairs() const {
        pixel_run twice = *this;
        twice.pixels /= 2;
        twice.stride *= 2;
        return twice;
    }
};

template <class V, class S>
struct add_bias_kernel {
    template <bool Relu>
    static SUNET_INLINE void lanes(const pixel_run& run) {
        const V bias = run.one_channel ? broadcast<V>(*run.bias) : load_lanes<V>(run.bias);
        S* x = static_cast<S*>(run.x);
        for (std::int64_t pixel = 0; pixel < run.pixels; ++pixel, x += run.stride) {
            const V value = load<V>(x) + bias;
            store<V>(x, Relu ? rectified(value) : value);
        }
    }

    static SUNET_INLINE void run(const pixel_run& run) { run.relu ? lanes<true>(run) : lanes<false>(run); }
};

SUNET_KERNEL(add_bias_run, add_bias_kernel, pixel_run)

} // namespace

void add_bias_relu(const sunet_context& context, const sunet_tensor& tensor, void* x, const float* bias, bool relu) {
    channel_view tensors[1];
    if (!describe(&tensor, &tensors[0]))
        throw failure(SUNET_INVALID_ARGUMENT, "A bias is added to a float32 or bf16 tensor of a fixed layout.");
    map<1>(
        &context, tensors, x,
        [&](std::int64_t from, std::int64_t count, float(*parameters)[channel_partition::room]) {
            if (bias != nullptr) std::copy_n(bias + from, count, parameters[0]);
        },
        [&](const channel_piece<1>& piece, const float* parameters) {
            add_bias_run({piece.lanes, piece.one_channel, piece.pixels, parameters, tensors[0].at(x, piece.offset[0]), piece.stride[0],
                          relu, tensors[0].is_bf16});
        });
}

} // namespace sunet
