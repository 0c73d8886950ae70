#include "convolution/shared/winograd_2x3.hpp"

#include <algorithm>

namespace sunet::winograd_2x3 {
namespace {

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

} // namespace

bool is_possible(const sunet_convolution& a) {
    const bool is_dense = a.stride[0] == 1 && a.stride[1] == 1 && a.dilation[0] == 1 && a.dilation[1] == 1;
    return a.winograd != 0 && is_dense && a.weights.dims[2] == kernel_size && a.weights.dims[3] == kernel_size;
}

tile_areas::tile_areas(std::int64_t height, std::int64_t width, std::int64_t most)
    : most_(most), rows_(divided_up(height, tile_outputs)), columns_(divided_up(width, tile_outputs)) {
    for (std::int64_t rows = 1; rows <= std::min(most, rows_); ++rows) {
        const std::int64_t columns = std::min(most / rows, columns_);
        const std::int64_t down = divided_up(rows_, rows), across = divided_up(columns_, columns);
        /* Square areas overlap least. */
        const auto length = [&](std::int64_t d, std::int64_t a) { return divided_up(rows_, d) + divided_up(columns_, a); };
        if (count() != 0 && down * across > count()) continue;
        if (count() == 0 || down * across < count() || length(down, across) < length(down_, across_)) {
            down_ = down;
            across_ = across;
        }
    }
}

area tile_areas::at(std::int64_t index) const {
    const std::int64_t down = index / across_, across = index % across_;
    const std::int64_t row = rows_ * down / down_, column = columns_ * across / across_;
    return {row, column, rows_ * (down + 1) / down_ - row, columns_ * (across + 1) / across_ - column};
}

std::int64_t tile_areas::patch_pixels(std::int64_t beyond) const {
    return (divided_up(rows_, down_) * tile_outputs + beyond) * (divided_up(columns_, across_) * tile_outputs + beyond);
}

} // namespace sunet::winograd_2x3
