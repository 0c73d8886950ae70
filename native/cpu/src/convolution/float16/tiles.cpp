#include "convolution/float16/tiles.hpp"

#include <algorithm>

namespace sunet::float16::winograd {
namespace {

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

} // namespace

patch_reader::patch_reader(const sunet_tensor& tensor)
    : layout_(layout_of(tensor)), depth_(divided_up(layout_.channels, channel_block) * channel_block),
      tile_stride_(std::min<std::int64_t>(chain_depth, divided_up(depth_, lanes) * lanes)) {}

std::uint16_t patch_reader::read(const bf16* data, std::int64_t image, const area& pixels, const normalization* norm, bf16* patch) const {
    const std::int64_t top = std::max<std::int64_t>(0, -pixels.row), left = std::max<std::int64_t>(0, -pixels.column);
    const std::int64_t rows = std::min(pixels.rows, layout_.height - pixels.row) - top;
    const std::int64_t columns = std::min(pixels.columns, layout_.width - pixels.column) - left;
    const std::int64_t row_stride = layout_.width * channel_block, patch_stride = pixels.columns * channel_block;
    if (rows < pixels.rows || columns < pixels.columns) std::fill_n(patch, patch_elements(pixels.count()), bf16{0});
    if (rows <= 0 || columns <= 0) return 0;
    std::uint16_t largest = 0;
    for (std::int64_t channel = 0; channel < depth_; channel += channel_block) {
        const std::int64_t plane = image * layout_.channels_total + layout_.channel_offset + channel;
        const std::int64_t pixel = (pixels.row + top) * layout_.width + pixels.column + left;
        const bf16* x = data + plane * layout_.height * layout_.width + pixel * channel_block;
        bf16* to = patch + channel * pixels.count() + top * patch_stride + left * channel_block;
        if (norm == nullptr) {
            largest = copy_block(x, row_stride, rows, columns, to, patch_stride, largest);
            continue;
        }
        for (std::int64_t row = 0; row < rows; ++row)
            largest = normalize_block(x + row * row_stride, columns, norm->mean + channel, norm->scale + channel, norm->beta + channel,
                                      norm->relu, to + row * patch_stride, largest);
    }
    return largest;
}

void patch_reader::add_channels_of(const bf16* patch, const area& pixels, double* sums) const {
    for (std::int64_t channel = 0; channel < depth_; channel += channel_block)
        add_channels(patch + channel * pixels.count(), pixels.count(), sums + channel);
}

void patch_reader::apply(transform to_apply, const bf16* patch, const area& pixels, const area& tiles, scaling by, half* to,
                         std::int64_t room) const {
    const std::int64_t plane = pixels.count() * channel_block;
    for (std::int64_t channel = 0; channel < depth_; channel += lanes) {
        const bf16* first = patch + channel / channel_block * plane;
        const bf16* second = channel + channel_block < depth_ ? first + plane : nullptr;
        half* begin = to + channel / chain_depth * block_stride(room) + channel % chain_depth;
        to_apply({first, second, pixels.columns * channel_block, tiles.rows, tiles.columns}, by,
                 {begin, product_stride(room), tile_stride_});
    }
}

} // namespace sunet::float16::winograd
