#include "convolution/float16/winograd.hpp"

#include <omp.h>

#include <algorithm>

namespace sunet::float16::winograd {

namespace {

/* The number of tiles that save about as much time as it takes to transform weights that are trained. */
constexpr std::int64_t fewest_tiles = 48;

} // namespace

bool takes(const direction& d) {
    const std::int64_t tiles = d.layout.batch * tile_areas(d.layout.height, d.layout.width, 1).count();
    return is_possible(d.attributes) && !is_planes(d.source) && (d.attributes.inference != 0 || tiles >= fewest_tiles);
}

convolution::convolution(const direction& d)
    : d_(d), weights_{d.destination.dims[1], d.source.dims[1], kernel_size, kernel_size, !d.from_large, false, true},
      areas_(d.layout.height, d.layout.width, most_pixels), reader_(d.source) {
    patch_bytes_ = whole_lines(static_cast<std::size_t>(reader_.patch_elements(areas_.patch_pixels(tile_overlap))) * sizeof(bf16));
    operand_bytes_ = whole_lines(static_cast<std::size_t>(reader_.elements(most_pixels)) * sizeof(half));
    product_bytes_ = whole_lines(products * tile_sums * sizeof(half));
    thread_bytes_ = patch_bytes_ + operand_bytes_ + product_bytes_ + whole_lines(outputs * tile_sums * sizeof(float));
}

void convolution::run(bindings data) const {
    const work_sharing shared(d_.layout.batch * areas_.count(), weights_.groups(), d_.threads);
    d_.prepare_norm(data);
#pragma omp parallel num_threads(static_cast<int>(d_.threads))
    {
        const std::int64_t thread = omp_get_thread_num();
        const worker own = make_worker(data, thread);
        shared.for_each(thread, omp_get_num_threads(), [&](std::int64_t part, std::int64_t first_group, std::int64_t end_group) {
            const std::int64_t image = part / areas_.count();
            const area tiles = areas_.at(part % areas_.count());
            const float scale = prepare(own, image, tiles);
            for (std::int64_t group = first_group; group < end_group; ++group) make_group(own, image, tiles, group, scale);
        });
    }
}

convolution::worker convolution::make_worker(bindings data, std::int64_t thread) const {
    char* scratch = static_cast<char*>(data[SUNET_ARG_SCRATCH]) + d_.norm_bytes() + thread_bytes_ * static_cast<std::size_t>(thread);
    worker own{};
    own.data = data;
    own.norm = d_.norm_of(data);
    own.patch = reinterpret_cast<bf16*>(scratch);
    own.operands = reinterpret_cast<half*>(scratch + patch_bytes_);
    own.products = reinterpret_cast<half*>(scratch + patch_bytes_ + operand_bytes_);
    own.sums = reinterpret_cast<float*>(scratch + patch_bytes_ + operand_bytes_ + product_bytes_);
    return own;
}

float convolution::prepare(const worker& own, std::int64_t image, const area& tiles) const {
    /* A gradient of data is a convolution with the kernel rotated by half a turn. */
    const std::int64_t top = d_.attributes.padding_begin[0], left = d_.attributes.padding_begin[1];
    const area pixels{tiles.row * tile_outputs + (d_.from_large ? -top : top - tile_overlap),
                      tiles.column * tile_outputs + (d_.from_large ? -left : left - tile_overlap), tiles.rows * tile_outputs + tile_overlap,
                      tiles.columns * tile_outputs + tile_overlap};
    const std::uint16_t largest = reader_.read(d_.input(own.data), image, pixels, d_.norm ? &own.norm : nullptr, own.patch);
    const scaling by = scaling_for(largest, source_exponent);
    reader_.apply(transform_source, own.patch, pixels, tiles, by, own.operands, tiles.count());
    return by.scale;
}

void convolution::make_group(const worker& own, std::int64_t image, const area& tiles, std::int64_t group, float scale) const {
    const int vectors = weights_.vectors(group);
    const std::int64_t row_elements = vectors * lanes;
    const half* weights = weights_of(weights_, own.data[SUNET_ARG_WEIGHTS]) + weights_.offset(group);
    tile t{};
    t.pixel_stride = reader_.tile_stride();
    t.product_stride = reader_.product_stride(tiles.count());
    t.chain_stride = reader_.block_stride(tiles.count());
    t.weight_stride = weights_.depth() * row_elements;
    t.products = own.products;
    t.scale = scale;
    t.sums = own.sums;
    for (std::int64_t channel = 0; channel < weights_.depth(); channel += most_depth) {
        t.a = own.operands + channel / chain_depth * t.chain_stride;
        t.weights = weights + channel * row_elements;
        t.depth = std::min<std::int64_t>(most_depth, weights_.depth() - channel);
        t.first = channel == 0;
        multiply(t, vectors, static_cast<int>(tiles.count()));
    }
    write_area(own, image, tiles, group);
}

void convolution::write_area(const worker& own, std::int64_t image, const area& tiles, std::int64_t group) const {
    const int vectors = weights_.vectors(group);
    const std::int64_t row_elements = vectors * lanes, width = d_.layout.width;
    destination to = d_.output(own.data, weights_, image, group);
    bf16* y = to.y;
    to.pixel_stride = tile_outputs * channel_block;
    for (std::int64_t r = 0; r < tiles.rows * tile_outputs; ++r) {
        const std::int64_t row = tiles.row * tile_outputs + r;
        if (row >= d_.layout.height) break;
        for (std::int64_t c = 0; c < tile_outputs; ++c) {
            /* The last tile may reach beyond the image. */
            const std::int64_t there = (width - c + tile_outputs - 1) / tile_outputs - tiles.column;
            const std::int64_t output = r % tile_outputs * tile_outputs + c, first = r / tile_outputs * tiles.columns;
            to.y = y + (row * width + tiles.column * tile_outputs + c) * channel_block;
            write(own.sums + (output * tiles.count() + first) * row_elements, vectors, static_cast<int>(std::min(there, tiles.columns)),
                  to);
        }
    }
}

} // namespace sunet::float16::winograd
