#include "convolution/float16/gradient_sharing.hpp"

#include <algorithm>

namespace sunet::float16 {
namespace {

std::int64_t whole_blocks(std::int64_t channels) { return (channels + channel_block - 1) / channel_block * channel_block; }

/* Into how many shares the groups of outputs are divided. */
std::int64_t group_shares_of(const convolution_request& request, const packed_weights& sums) {
    const sunet_tensor& small = request.small();
    const std::int64_t threads = request.context.threads, pixels = std::int64_t{small.dims[0]} * small.dims[2] * small.dims[3];
    const std::int64_t converted = pixels * (sums.inputs + sums.outputs);
    const std::int64_t added = 2 * sums.groups() * group_outputs * sums.taps() * sums.depth();
    std::int64_t shares = 1;
    while (added > converted && threads % (2 * shares) == 0 && sums.groups() >= 2 * shares) shares *= 2;
    return shares;
}

} // namespace

gradient_sharing::gradient_sharing(const convolution_request& request, std::optional<source_norm> norm, const packed_weights& format,
                                   std::int64_t row_elements)
    : read_(request, true, norm), small_argument_(request.small_argument()), threads_(request.context.threads), outputs_(format.outputs),
      groups_(format.groups()), group_sums_(format.taps() * format.depth() * row_elements),
      bias_elements_(request.attributes.has_bias != 0 && !request.transposed ? whole_blocks(outputs_) : 0),
      group_shares_(group_shares_of(request, format)), parts_(threads_ / group_shares_),
      sums_bytes_(whole_lines(static_cast<std::size_t>(groups_ * group_sums_) * sizeof(float))) {}

std::size_t gradient_sharing::scratch_bytes() const {
    return read_.norm_bytes() + bias_bytes() + sums_bytes_ * static_cast<std::size_t>(parts_) +
           thread_bytes_ * static_cast<std::size_t>(threads_);
}

const float* gradient_sharing::sums_from(bindings data, std::int64_t channel) const {
    return sums_of(data, 0) + channel / group_outputs * group_sums_ + channel % group_outputs;
}

gradient_share gradient_sharing::begin(bindings data, std::int64_t thread) const {
    const std::int64_t part = thread % parts_, share = thread / parts_;
    gradient_share own{};
    own.large = read_.input(data);
    own.small = static_cast<const bf16*>(data[small_argument_]);
    own.norm = read_.norm_of(data);
    own.sums = sums_of(data, part);
    own.part = part;
    own.parts = parts_;
    own.first_group = groups_ * share / group_shares_;
    own.end_group = groups_ * (share + 1) / group_shares_;
    own.memory = reinterpret_cast<char*>(sums_of(data, parts_)) + thread_bytes_ * static_cast<std::size_t>(thread);
    if (bias_elements_ > 0 && share == 0) {
        own.bias = bias_of(data, part);
        std::fill_n(own.bias, bias_elements_, 0.0);
    }
    return own;
}

void gradient_sharing::write_bias(bindings data, std::int64_t channel) const {
    if (bias_elements_ == 0) return;
    auto* bias = static_cast<float*>(data[SUNET_ARG_BIAS]);
    const std::int64_t end = std::min<std::int64_t>(channel + channel_block, outputs_);
    for (std::int64_t c = channel; c < end; ++c) {
        double sum = 0;
        for (std::int64_t part = 0; part < parts_; ++part) sum += bias_of(data, part)[c];
        bias[c] = static_cast<float>(sum);
    }
}

double* gradient_sharing::bias_of(bindings data, std::int64_t part) const {
    return reinterpret_cast<double*>(static_cast<char*>(data[SUNET_ARG_SCRATCH]) + read_.norm_bytes()) + part * bias_elements_;
}

float* gradient_sharing::sums_of(bindings data, std::int64_t part) const {
    return reinterpret_cast<float*>(static_cast<char*>(data[SUNET_ARG_SCRATCH]) + read_.norm_bytes() + bias_bytes() +
                                    sums_bytes_ * static_cast<std::size_t>(part));
}

void multiply_block(const gradient_tile& all, int vectors, std::int64_t channels) {
    const std::int64_t row_elements = vectors * lanes, tiles = (channels + most_pixels - 1) / most_pixels;
    gradient_tile t = all;
    for (std::int64_t tile = 0; tile < tiles; ++tile) {
        const std::int64_t begin = channels * tile / tiles, end = channels * (tile + 1) / tiles;
        t.sums = all.sums + begin * row_elements;
        for (std::int64_t pixel = 0; pixel < all.pixels; pixel += most_depth) {
            t.pixels = std::min<std::int64_t>(most_depth, all.pixels - pixel);
            t.gradients = all.gradients + pixel * row_elements;
            t.offset = all.offset + begin + pixel * t.pixel_stride;
            t.first = all.first && pixel == 0;
            multiply_gradients(t, vectors, static_cast<int>(end - begin));
        }
    }
}

} // namespace sunet::float16
