/* How Winograd's algorithm sees bf16 activations: areas of tiles, and the patches of an image that these read. */
#pragma once

#include "float16_rows.hpp"
#include "float16_winograd_kernels.hpp"

namespace sunet::float16::winograd {

/* Of an image's tiles, or pixels. */
struct area {
    std::int64_t row, column, rows, columns;
    std::int64_t count() const { return rows * columns; }
};

/* An image's tiles in areas of up to so many: as few of them as can be, and about as large as each other. */
class tile_areas {
public:
    tile_areas(std::int64_t height, std::int64_t width, std::int64_t most);

    std::int64_t count() const { return down_ * across_; }
    area at(std::int64_t index) const;
    /* Tiles of an area. */
    std::int64_t most() const { return most_; }
    /* Pixels of the largest patch that an area reads, where its tiles read so many more pixels each way than they have. */
    std::int64_t patch_pixels(std::int64_t beyond) const;

private:
    std::int64_t most_, rows_, columns_;     /* tiles */
    std::int64_t down_ = 0, across_ = 0;     /* areas */
};

/* A tensor's patches, and the products' operands that are made of one: [blocks of up to 64 channels][products][tiles][channels]. */
class patch_reader {
public:
    explicit patch_reader(const sunet_tensor& tensor);

    std::int64_t blocks() const { return (depth_ + chain_depth - 1) / chain_depth; }
    std::int64_t tile_stride() const { return tile_stride_; }
    std::int64_t product_stride(std::int64_t tiles) const { return tiles * tile_stride_; }
    std::int64_t block_stride(std::int64_t tiles) const { return products * product_stride(tiles); }
    std::int64_t elements(std::int64_t tiles) const { return blocks() * block_stride(tiles); }
    std::int64_t patch_elements(std::int64_t pixels) const { return depth_ * pixels; }

    /* Fills a patch, with zeros for pixels beside the image, with the tensor's elements, or those normalised; returns the largest
     * magnitude's bits. */
    std::uint16_t read(const bf16* data, std::int64_t image, const area& pixels, const normalization* norm, bf16* patch) const;

    /* Adds a patch's channels to as many sums; zeros beside the image do not matter to them. */
    void add_channels_of(const bf16* patch, const area& pixels, double* sums) const;

    using transform = void (*)(const tiles& from, scaling by, const operands& out) noexcept;
    /* There may be room for more tiles than the area has; those stay as they are. */
    void apply(transform to_apply, const bf16* patch, const area& pixels, const area& tiles, scaling by, half* to,
               std::int64_t room) const;

private:
    channel_layout layout_;
    std::int64_t depth_, tile_stride_; /* channels, rounded up to blocks, and to vectors */
};

} // namespace sunet::float16::winograd
