#include "convolution/bf16_winograd/patches.hpp"

#include <algorithm>

namespace sunet::bf16_winograd {

bool has_patches(const sunet_tensor& tensor) {
    const bool is_whole = tensor.dims[1] % channel_block == 0 && tensor.channel_offset % channel_block == 0;
    return tensor.type == SUNET_BF16 && tensor.layout == SUNET_BLOCKED_16 && (is_whole || !is_slice(tensor));
}

std::int64_t patch_reader::plane(std::int64_t image, std::int64_t block) const {
    return (image * layout_.channels_total + layout_.channel_offset + block * channel_block) * layout_.height * layout_.width;
}

patch patch_reader::read(const void* data, std::int64_t image, std::int64_t block, const area& pixels, const area& tiles,
                         bf16* room) const {
    const bf16* x = static_cast<const bf16*>(data) + plane(image, block);
    const std::int64_t row_stride = layout_.width * channel_block, room_stride = pixels.columns * channel_block;
    const std::int64_t top = std::max<std::int64_t>(0, -pixels.row), left = std::max<std::int64_t>(0, -pixels.column);
    const std::int64_t rows = std::min(pixels.rows, layout_.height - pixels.row) - top;
    const std::int64_t columns = std::min(pixels.columns, layout_.width - pixels.column) - left;
    if (rows == pixels.rows && columns == pixels.columns)
        return {x + pixels.row * row_stride + pixels.column * channel_block, row_stride, tiles.rows, tiles.columns};
    std::fill_n(room, pixels.count() * channel_block, bf16{0});
    for (std::int64_t row = top; row < top + rows && columns > 0; ++row)
        std::copy_n(x + (pixels.row + row) * row_stride + (pixels.column + left) * channel_block, columns * channel_block,
                    room + row * room_stride + left * channel_block);
    return {room, room_stride, tiles.rows, tiles.columns};
}

} // namespace sunet::bf16_winograd
