#include "convolution/float16/winograd_gradient.hpp"

#include <algorithm>

#include "convolution/float16/winograd.hpp"

namespace sunet::float16::winograd {
namespace {

/* The number of tiles in an area: the most products that may be summed in float16, or fewer where their operands would leave no room for
 * the sums in the second-level cache. */
std::int64_t tiles_of_area(const convolution_request& request) {
    constexpr std::int64_t operand_bytes = 512 * 1024;
    const std::int64_t channels = std::int64_t{request.large().dims[1]} + request.small().dims[1];
    return most_depth * products * channels * std::int64_t{sizeof(half)} <= operand_bytes ? most_depth : chain_depth;
}

/* With fewer tiles, adding the sums of the parts takes too much of the time. */
constexpr std::int64_t fewest_tiles = 32;

/* Rounds a number of tiles up to what is multiplied at once. */
std::int64_t room_for(std::int64_t tiles) { return (tiles + depth_step - 1) / depth_step * depth_step; }

/* Clears tiles that only round up their number. */
void clear_rest(const patch_reader& reader, std::int64_t tiles, half* operands) {
    const std::int64_t room = room_for(tiles), planes = reader.blocks() * products;
    for (std::int64_t plane = 0; plane < planes && room > tiles; ++plane)
        std::fill_n(operands + plane * reader.product_stride(room) + tiles * reader.tile_stride(), (room - tiles) * reader.tile_stride(),
                    half{0});
}

} // namespace

bool takes_gradient(const convolution_request& request) {
    const std::int64_t tiles = tile_areas(request.small().dims[2], request.small().dims[3], 1).count();
    return is_possible(request.attributes) && !is_planes(request.large()) && tiles >= fewest_tiles;
}

weight_gradient::weight_gradient(const convolution_request& request, std::optional<source_norm> norm)
    : images_(request.large().dims[0]), top_(request.attributes.padding_begin[0]), left_(request.attributes.padding_begin[1]),
      format_{request.small().dims[1], request.large().dims[1], kernel_size, kernel_size, false, false, true},
      areas_(request.small().dims[2], request.small().dims[3], tiles_of_area(request)), large_(request.large()), small_(request.small()),
      sharing_(request, norm, format_, small_.tile_stride()) {
    const std::int64_t patch =
        std::max(large_.patch_elements(areas_.patch_pixels(tile_overlap)), small_.patch_elements(areas_.patch_pixels(0)));
    patch_bytes_ = whole_lines(static_cast<std::size_t>(patch) * sizeof(bf16));
    source_bytes_ = whole_lines(static_cast<std::size_t>(large_.elements(areas_.most())) * sizeof(half));
    sharing_.set_thread_bytes(patch_bytes_ + source_bytes_ +
                              whole_lines(static_cast<std::size_t>(small_.elements(areas_.most())) * sizeof(half)));
}

void weight_gradient::run(bindings data) const {
    sharing_.run(data, [&](const gradient_share& share) { sum_share(share); }, [&](std::int64_t channel) { write_block(data, channel); });
}

weight_gradient::worker weight_gradient::make_worker(const gradient_share& share) const {
    worker own{};
    static_cast<gradient_share&>(own) = share;
    own.patch = reinterpret_cast<bf16*>(share.memory);
    own.sources = reinterpret_cast<half*>(share.memory + patch_bytes_);
    own.gradients = reinterpret_cast<half*>(share.memory + patch_bytes_ + source_bytes_);
    return own;
}

/* Sums the groups of one thread over its part of all areas of all images. */
void weight_gradient::sum_share(const gradient_share& share) const {
    const worker own = make_worker(share);
    const std::int64_t all = images_ * areas_.count(), group_sums = sharing_.group_sums();
    const std::int64_t begin = all * share.part / share.parts, end = all * (share.part + 1) / share.parts;
    if (begin == end) {
        std::fill(own.sums + own.first_group * group_sums, own.sums + own.end_group * group_sums, 0.0f);
        return;
    }
    for (std::int64_t item = begin; item < end; ++item) {
        const area tiles = areas_.at(item % areas_.count());
        const float scale = prepare(own, item / areas_.count(), tiles);
        sum_area(own, tiles.count(), scale, item == begin);
    }
}

float weight_gradient::prepare(const worker& own, std::int64_t image, const area& tiles) const {
    const std::int64_t room = room_for(tiles.count());
    area pixels{tiles.row * tile_outputs, tiles.column * tile_outputs, tiles.rows * tile_outputs, tiles.columns * tile_outputs};
    const scaling small = scaling_for(small_.read(own.small, image, pixels, nullptr, own.patch), gradient_exponent);
    if (own.bias != nullptr) small_.add_channels_of(own.patch, pixels, own.bias);
    small_.apply(transform_gradient, own.patch, pixels, tiles, small, own.gradients, room);
    clear_rest(small_, tiles.count(), own.gradients);
    pixels = {pixels.row - top_, pixels.column - left_, pixels.rows + tile_overlap, pixels.columns + tile_overlap};
    const scaling large =
        scaling_for(large_.read(own.large, image, pixels, sharing_.has_norm() ? &own.norm : nullptr, own.patch), source_exponent);
    large_.apply(transform_source, own.patch, pixels, tiles, large, own.sources, room);
    clear_rest(large_, tiles.count(), own.sources);
    return small.scale * large.scale;
}

void weight_gradient::sum_area(const worker& own, std::int64_t tiles, float scale, bool first) const {
    const std::int64_t room = room_for(tiles);
    const half* source = nullptr;
    gradient_tile t{};
    t.a = &source;
    t.rows = 1;
    t.pixel_stride = large_.tile_stride();
    t.pixels = room;
    t.scale = scale;
    t.first = first;
    for (std::int64_t group = own.first_group; group < own.end_group; ++group) {
        for (std::int64_t product = 0; product < products; ++product) {
            float* sums = own.sums + group * sharing_.group_sums() + product * product_sums();
            t.gradients = own.gradients + group * small_.block_stride(room) + product * small_.product_stride(room);
            for (std::int64_t block = 0; block < format_.blocks(); ++block) {
                source = own.sources + block * large_.block_stride(room) + product * large_.product_stride(room);
                t.sums = sums + block * chain_depth * small_.tile_stride();
                multiply_block(t, static_cast<int>(small_.tile_stride() / lanes), format_.depth(block));
            }
        }
    }
}

void weight_gradient::write_block(bindings data, std::int64_t channel) const {
    constexpr std::int64_t taps = kernel_size * kernel_size;
    gradient_block block{};
    block.product_stride = product_sums();
    block.parts = sharing_.parts();
    block.part_stride = sharing_.part_stride();
    block.output_stride = format_.inputs * taps;
    block.outputs = static_cast<int>(std::min<std::int64_t>(channel_block, format_.outputs - channel));
    for (std::int64_t input = 0; input < format_.inputs; ++input) {
        block.sums = sharing_.sums_from(data, channel) + input * small_.tile_stride();
        block.w = static_cast<float*>(data[SUNET_ARG_WEIGHTS]) + channel * block.output_stride + input * taps;
        transform_sums(block);
    }
}

} // namespace sunet::float16::winograd
