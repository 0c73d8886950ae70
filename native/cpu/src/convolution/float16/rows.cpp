#include "convolution/float16/rows.hpp"

#include <algorithm>
#include <cstring>

namespace sunet::float16 {

bool is_planes(const sunet_tensor& tensor) {
    return tensor.layout == SUNET_PLAIN && tensor.dims[1] <= few_channels && tensor.dims[2] * tensor.dims[3] > 1;
}

bool has_rows(const sunet_tensor& tensor, bool planes) {
    if (tensor.type != SUNET_BF16 || tensor.rank != 4) return false;
    if (planes && is_planes(tensor) && !is_slice(tensor)) return true;
    const bool to_the_end = tensor.channel_total == 0 || tensor.channel_offset + tensor.dims[1] == tensor.channel_total;
    return tensor.layout == SUNET_BLOCKED_16 && tensor.channel_offset % channel_block == 0 &&
           (tensor.dims[1] % channel_block == 0 || to_the_end);
}

row_converter::row_converter(const sunet_tensor& tensor, std::int64_t width, std::int64_t left, std::int64_t columns, std::int64_t granule)
    : width_(width), left_(left), columns_(columns) {
    const channel_layout layout = layout_of(tensor);
    pixels_ = layout.height * layout.width;
    planes_ = is_planes(tensor) ? tensor.dims[1] : 0;
    depth_ = planes_ != 0 ? few_channels : (layout.channels + channel_block - 1) / channel_block * channel_block;
    pixel_stride_ = planes_ != 0 ? few_channels : std::min<std::int64_t>(chain_depth, (depth_ + granule - 1) / granule * granule);
    channel_stride_ = pixels_ * layout.block;
    image_stride_ = layout.channels_total * pixels_;
    first_ = layout.channel_offset * pixels_;
}

std::uint16_t row_converter::largest_of(const bf16* data, std::int64_t image, std::int64_t row, std::uint16_t so_far) const {
    const bf16* first = first_of(data, image, row);
    const std::int64_t blocks = planes_ != 0 ? planes_ : depth_ / channel_block;
    const std::int64_t elements = width(row) * (planes_ != 0 ? 1 : channel_block);
    for (std::int64_t block = 0; block < blocks; ++block) so_far = largest(first + block * channel_stride_, elements, so_far);
    return so_far;
}

void row_converter::convert(const bf16* data, std::int64_t image, std::int64_t row, scaling by, half* to) const {
    const std::int64_t width = this->width(row);
    const bf16* first = first_of(data, image, row);
    if (planes_ == 0) {
        convert_blocks_of(first, channel_stride_, width, by, to);
        return;
    }
    const bf16* planes[few_channels];
    for (int p = 0; p < planes_; ++p) planes[p] = first + p * channel_stride_;
    clear_sides(width, to);
    convert_planes(planes, planes_, width, by, to + left_ * pixel_stride_);
}

void row_converter::add_channels_of(const bf16* data, std::int64_t image, std::int64_t row, double* sums) const {
    const bf16* first = first_of(data, image, row);
    for (std::int64_t channel = 0; channel < depth_; channel += channel_block)
        add_channels(first + channel / channel_block * channel_stride_, width(row), sums + channel);
}

std::uint16_t row_converter::normalize(const bf16* data, std::int64_t image, std::int64_t row, const normalization& by, bf16* to) const {
    const bf16* first = first_of(data, image, row);
    std::uint16_t most = 0;
    for (std::int64_t channel = 0; channel < depth_; channel += channel_block) {
        most = normalize_block(first + channel / channel_block * channel_stride_, width(row), by.mean + channel, by.scale + channel,
                               by.beta + channel, by.relu, to + channel * width(row), most);
    }
    return most;
}

void row_converter::convert_normalized(const bf16* normalized, std::int64_t row, scaling by, half* to) const {
    convert_blocks_of(normalized, width(row) * channel_block, width(row), by, to);
}

void row_converter::convert_blocks_of(const bf16* first, std::int64_t channel_stride, std::int64_t width, scaling by, half* to) const {
    clear_sides(width, to);
    to += left_ * pixel_stride_;
    for (std::int64_t channel = 0; channel < depth_; channel += 2 * channel_block) {
        const bf16* block = first + channel / channel_block * channel_stride;
        convert_blocks(block, channel + channel_block < depth_ ? block + channel_stride : nullptr, width, by,
                       to + channel / chain_depth * block_stride() + channel % chain_depth, pixel_stride_);
    }
}

const bf16* row_converter::first_of(const bf16* data, std::int64_t image, std::int64_t row) const {
    return data + image * image_stride_ + first_ + row * width_ * (planes_ != 0 ? 1 : channel_block);
}

void row_converter::clear_sides(std::int64_t width, half* to) const {
    for (std::int64_t block = 0; block < blocks(); ++block, to += block_stride()) {
        std::fill_n(to, left_ * pixel_stride_, half{0});
        std::fill_n(to + (left_ + width) * pixel_stride_, (columns_ - left_ - width) * pixel_stride_, half{0});
    }
}

} // namespace sunet::float16
