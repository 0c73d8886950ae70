#include "convolution/onednn/staging.hpp"

#include <cstring>

namespace sunet {
namespace {

size_t element_bytes(const sunet_tensor& tensor) { return tensor.type == SUNET_BF16 ? 2 : 4; }

/* Copies or, without a source, clears `count` channels that lie side by side. */
void move_pixel(char* to, const char* from, size_t bytes) {
    if (from == nullptr)
        std::memset(to, 0, bytes);
    else if (bytes == 64)
        std::memcpy(to, from, 64);
    else
        std::memcpy(to, from, bytes);
}

/* The addresses of a tensor's runs of channels, in bytes. */
struct addressing {
    explicit addressing(const sunet_tensor& tensor)
        : layout(layout_of(tensor)), element(element_bytes(tensor)),
          /* A slice of NHWC is a part of one run; in other layouts it is a range of whole runs. */
          within(layout.channel_offset % layout.block), run(tensor.layout == SUNET_NHWC ? layout.channels : layout.block),
          runs((layout.channels + layout.block - 1) / layout.block), first_run(layout.channel_offset / layout.block) {}

    size_t offset(int64_t n, int64_t channel_run, int64_t y, int64_t x) const {
        const int64_t row = (n * (layout.channels_total / layout.block) + first_run + channel_run) * layout.height + y;
        return static_cast<size_t>((row * layout.width + x) * layout.block + within) * element;
    }
    size_t run_bytes() const { return static_cast<size_t>(run) * element; }

    channel_layout layout;
    size_t element;
    int64_t within, run, runs, first_run;
};

/* Visits every pixel of the split tensor with its position there and its position in the whole tensor, or -1 where it has none. */
template <typename Visit>
void for_each_pixel(const sunet_tensor& tensor, phases p, Visit visit) {
    const addressing whole(tensor), split(split_tensor(tensor, p));
    const int64_t images = split.layout.batch, per_image = p.rows * p.columns;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t image = 0; image < images; ++image) {
        for (int64_t run = 0; run < whole.runs; ++run) {
            const int64_t phase = image % per_image, n = image / per_image;
            for (int64_t row = 0; row < split.layout.height; ++row) {
                const int64_t y = row * p.rows + phase / p.columns;
                for (int64_t column = 0; column < split.layout.width; ++column) {
                    const int64_t x = column * p.columns + phase % p.columns;
                    const bool inside = y < whole.layout.height && x < whole.layout.width;
                    visit(split.offset(image, run, row, column), whole.offset(n, run, y, x), inside);
                }
            }
        }
    }
}

bool direction_splits(int64_t dilation, int64_t padding, int64_t kernel, int64_t large, int64_t small) {
    if (padding % dilation != 0) return false;
    const int64_t large_rows = (large + dilation - 1) / dilation, small_rows = (small + dilation - 1) / dilation;
    return small_rows - 1 + kernel - large_rows - padding / dilation >= 0;
}

} // namespace

bool can_split(const sunet_convolution& a, const sunet_tensor& large, const sunet_tensor& small) {
    if (large.layout == SUNET_ANY || small.layout == SUNET_ANY) return false;
    if (a.stride[0] != 1 || a.stride[1] != 1 || (a.dilation[0] == 1 && a.dilation[1] == 1)) return false;
    for (int i = 0; i < 2; ++i) {
        if (!direction_splits(a.dilation[i], a.padding_begin[i], a.weights.dims[2 + i], large.dims[2 + i], small.dims[2 + i])) return false;
    }
    return true;
}

sunet_tensor split_tensor(const sunet_tensor& tensor, phases p) {
    sunet_tensor split = tensor;
    split.dims[0] = static_cast<int32_t>(tensor.dims[0] * p.rows * p.columns);
    split.dims[2] = static_cast<int32_t>((tensor.dims[2] + p.rows - 1) / p.rows);
    split.dims[3] = static_cast<int32_t>((tensor.dims[3] + p.columns - 1) / p.columns);
    split.channel_total = 0;
    split.channel_offset = 0;
    return split;
}

void split_phases(const sunet_tensor& tensor, phases p, const void* from, void* to) {
    const size_t bytes = addressing(tensor).run_bytes();
    const auto* source = static_cast<const char*>(from);
    auto* destination = static_cast<char*>(to);
    for_each_pixel(tensor, p, [=](size_t in_split, size_t in_whole, bool inside) {
        move_pixel(destination + in_split, inside ? source + in_whole : nullptr, bytes);
    });
}

void join_phases(const sunet_tensor& tensor, phases p, const void* from, void* to) {
    const size_t bytes = addressing(tensor).run_bytes();
    const auto* source = static_cast<const char*>(from);
    auto* destination = static_cast<char*>(to);
    for_each_pixel(tensor, p, [=](size_t in_split, size_t in_whole, bool inside) {
        if (inside) move_pixel(destination + in_whole, source + in_split, bytes);
    });
}

} // namespace sunet
