#include "float16_winograd_gradient.hpp"

#include <omp.h>

#include <algorithm>

#include "float16_winograd.hpp"

namespace sunet::float16::winograd {
namespace {

constexpr std::int64_t beyond = tile_inputs - tile_outputs;

/* Two sums of as many products as float16 takes follow each other while the result is in the nearest cache, where the operands of so many
 * leave room for the sums in the next one. */
std::int64_t tiles_of_area(const convolution_request& request) {
    constexpr std::int64_t operand_bytes = 512 * 1024, two_sums = 2 * most_depth;
    const std::int64_t channels = std::int64_t{request.large().dims[1]} + request.small().dims[1];
    return two_sums * products * channels * std::int64_t{sizeof(half)} <= operand_bytes ? two_sums : most_depth;
}

/* Sums of fewer tiles are added too often. */
constexpr std::int64_t fewest_tiles = 32;

/* As many as are multiplied in one go. */
std::int64_t room_for(std::int64_t tiles) { return (tiles + depth_step - 1) / depth_step * depth_step; }

/* Tiles that only fill the room up. */
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
    : read_(request, true, norm), small_argument_(request.small_argument()),
      threads_(request.context.threads), images_(request.large().dims[0]),
      format_{request.small().dims[1], request.large().dims[1], kernel_size, kernel_size, false, false, true},
      shares_(share(request, format_)), bias_(request, shares_.pixels), areas_(request.small().dims[2], request.small().dims[3], tiles_of_area(request)), large_(request.large()),
      small_(request.small()) {
    const std::int64_t patch =
        std::max(large_.patch_elements(areas_.patch_pixels(beyond)), small_.patch_elements(areas_.patch_pixels(0)));
    sums_bytes_ = whole_lines(static_cast<std::size_t>(format_.groups() * group_sums()) * sizeof(float));
    patch_bytes_ = whole_lines(static_cast<std::size_t>(patch) * sizeof(bf16));
    source_bytes_ = whole_lines(static_cast<std::size_t>(large_.elements(areas_.most())) * sizeof(half));
    thread_bytes_ = patch_bytes_ + source_bytes_ + whole_lines(static_cast<std::size_t>(small_.elements(areas_.most())) * sizeof(half));
}

void weight_gradient::run(bindings data) const {
    read_.prepare_norm(data);
#pragma omp parallel num_threads(threads_)
    {
        for (std::int64_t thread = omp_get_thread_num(); thread < threads_; thread += omp_get_num_threads()) sum_share(data, thread);
#pragma omp barrier
#pragma omp for schedule(static)
        for (std::int64_t channel = 0; channel < format_.outputs; channel += channel_block) write_block(data, channel);
    }
}

char* weight_gradient::bias_memory(bindings data) const { return static_cast<char*>(data[SUNET_ARG_SCRATCH]) + read_.norm_bytes(); }

float* weight_gradient::sums_of(bindings data, std::int64_t part) const {
    return reinterpret_cast<float*>(bias_memory(data) + bias_.bytes() + sums_bytes_ * static_cast<std::size_t>(part));
}

weight_gradient::worker weight_gradient::make_worker(bindings data, std::int64_t thread) const {
    const std::int64_t part = thread % shares_.pixels, share = thread / shares_.pixels, groups = format_.groups();
    char* scratch = reinterpret_cast<char*>(sums_of(data, shares_.pixels)) + thread_bytes_ * static_cast<std::size_t>(thread);
    worker own{};
    own.large = read_.input(data);
    own.small = static_cast<const bf16*>(data[small_argument_]);
    own.sums = sums_of(data, part);
    own.bias = share == 0 ? bias_.begin(bias_memory(data), part) : nullptr;
    own.norm = read_.norm_of(data);
    own.patch = reinterpret_cast<bf16*>(scratch);
    own.sources = reinterpret_cast<half*>(scratch + patch_bytes_);
    own.gradients = reinterpret_cast<half*>(scratch + patch_bytes_ + source_bytes_);
    own.first_group = groups * share / shares_.groups;
    own.end_group = groups * (share + 1) / shares_.groups;
    return own;
}

/* One thread's groups over its part of all areas of all images. */
void weight_gradient::sum_share(bindings data, std::int64_t thread) const {
    const worker own = make_worker(data, thread);
    const std::int64_t part = thread % shares_.pixels, all = images_ * areas_.count();
    const std::int64_t begin = all * part / shares_.pixels, end = all * (part + 1) / shares_.pixels;
    if (begin == end) {
        std::fill(own.sums + own.first_group * group_sums(), own.sums + own.end_group * group_sums(), 0.0f);
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
    const int32_t* padding = read_.attributes.padding_begin;
    pixels = {pixels.row - padding[0], pixels.column - padding[1], pixels.rows + beyond, pixels.columns + beyond};
    const scaling large = scaling_for(large_.read(own.large, image, pixels, read_.norm ? &own.norm : nullptr, own.patch), source_exponent);
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
            float* sums = own.sums + group * group_sums() + product * product_sums();
            t.gradients = own.gradients + group * small_.block_stride(room) + product * small_.product_stride(room);
            for (std::int64_t block = 0; block < format_.blocks(); ++block) {
                source = own.sources + block * large_.block_stride(room) + product * large_.product_stride(room);
                t.sums = sums + block * most_depth * small_.tile_stride();
                multiply_block(t, static_cast<int>(small_.tile_stride() / lanes), format_.depth(block));
            }
        }
    }
}

void weight_gradient::write_block(bindings data, std::int64_t channel) const {
    constexpr std::int64_t taps = kernel_size * kernel_size;
    gradient_block block{};
    block.product_stride = product_sums();
    block.parts = shares_.pixels;
    block.part_stride = static_cast<std::int64_t>(sums_bytes_ / sizeof(float));
    block.output_stride = format_.inputs * taps;
    block.outputs = static_cast<int>(std::min<std::int64_t>(channel_block, format_.outputs - channel));
    for (std::int64_t input = 0; input < format_.inputs; ++input) {
        block.sums = sums_of(data, 0) + channel / group_outputs * group_sums() + input * small_.tile_stride() + channel % group_outputs;
        block.w = static_cast<float*>(data[SUNET_ARG_WEIGHTS]) + channel * block.output_stride + input * taps;
        transform_sums(block);
    }
    bias_.write(bias_memory(data), channel, data);
}

} // namespace sunet::float16::winograd
