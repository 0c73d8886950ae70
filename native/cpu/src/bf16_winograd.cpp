#include "bf16_winograd.hpp"

#include <omp.h>

#include <algorithm>

#include "bf16_winograd_patches.hpp"
#include "work_sharing.hpp"

namespace sunet::bf16_winograd {
namespace {

constexpr std::int64_t group_outputs = most_vectors * channel_block;
constexpr std::int64_t block_weights = taps * channel_block * channel_block;

/* Transforming weights, which are trained, costs about as much as is saved by so many tiles. */
constexpr std::int64_t fewest_tiles = 48;

class convolution {
public:
    convolution(const convolution_request& request, bool from_large)
        : attributes_(request.attributes), from_large_(from_large), has_extras_(from_large != request.transposed),
          source_argument_(from_large ? request.large_argument() : request.small_argument()),
          destination_argument_(from_large ? request.small_argument() : request.large_argument()), threads_(request.context.threads),
          layout_(layout_of(from_large ? request.small() : request.large())), source_(from_large ? request.large() : request.small()),
          destination_(from_large ? request.small() : request.large()), areas_(layout_.height, layout_.width, most_rows) {
        const std::int64_t patch_elements = areas_.patch_pixels(tile_overlap) * channel_block;
        patch_bytes_ = whole_lines(static_cast<std::size_t>(patch_elements) * sizeof(Bf16));
        operand_bytes_ = whole_lines(static_cast<std::size_t>(products * most_rows * source_.channels()) * sizeof(Bf16));
        const std::size_t sum_bytes = products * most_rows * group_outputs * sizeof(float);
        thread_bytes_ = patch_bytes_ + operand_bytes_ + sum_bytes;
        weight_bytes_ = whole_lines(static_cast<std::size_t>(products * source_.channels() * destination_.channels()) * sizeof(Bf16));
    }

    std::size_t scratch_bytes() const { return weight_bytes_ + thread_bytes_ * static_cast<std::size_t>(threads_); }
    bool has_bias() const { return has_extras_ && attributes_.has_bias != 0; }

    void run(bindings data) const {
        const work_sharing shared(source_.images() * areas_.count(), groups(), threads_);
        const std::int64_t blocks = source_.blocks() * destination_.blocks();
#pragma omp parallel num_threads(static_cast<int>(threads_))
        {
#pragma omp for schedule(static)
            for (std::int64_t block = 0; block < blocks; ++block)
                prepare_weights(data, block / source_.blocks(), block % source_.blocks());
            const std::int64_t thread = omp_get_thread_num();
            const worker own = make_worker(data, thread);
            shared.for_each(thread, omp_get_num_threads(), [&](std::int64_t part, std::int64_t first_group, std::int64_t end_group) {
                const std::int64_t image = part / areas_.count();
                const area tiles = areas_.at(part % areas_.count());
                prepare_sources(own, image, tiles);
                for (std::int64_t group = first_group; group < end_group; ++group) make_group(own, image, tiles, group);
            });
        }
    }

private:
    /* What a thread works with. */
    struct worker {
        bindings data;
        Bf16* patch;
        HardwareBf16* sources;
        float* sums;
    };

    std::int64_t groups() const { return (destination_.channels() + group_outputs - 1) / group_outputs; }
    int vectors(std::int64_t group) const {
        return static_cast<int>(std::min<std::int64_t>(most_vectors, destination_.blocks() - group * most_vectors));
    }
    std::int64_t offset(std::int64_t group) const { return group * group_outputs * products * source_.channels(); }
    HardwareBf16* weights(bindings data) const { return static_cast<HardwareBf16*>(data[SUNET_ARG_SCRATCH]); }

    worker make_worker(bindings data, std::int64_t thread) const {
        char* memory = static_cast<char*>(data[SUNET_ARG_SCRATCH]) + weight_bytes_ + thread_bytes_ * static_cast<std::size_t>(thread);
        return {data, reinterpret_cast<Bf16*>(memory), reinterpret_cast<HardwareBf16*>(memory + patch_bytes_),
                reinterpret_cast<float*>(memory + patch_bytes_ + operand_bytes_)};
    }

    /* Those of a block of outputs, and one of the channels that are summed over. */
    void prepare_weights(bindings data, std::int64_t output, std::int64_t summed) const {
        const std::int64_t group = output / most_vectors, pair_stride = vectors(group) * pair_elements;
        const std::int64_t a = from_large_ ? output : summed, b = from_large_ ? summed : output;
        const std::int64_t all_b = from_large_ ? source_.blocks() : destination_.blocks();
        transform_weights(static_cast<const float*>(data[SUNET_ARG_WEIGHTS]) + (a * all_b + b) * block_weights, from_large_,
                          weights(data) + offset(group) + summed * block_pairs * pair_stride + output % most_vectors * pair_elements,
                          source_.blocks() * block_pairs * pair_stride, pair_stride);
    }

    void prepare_sources(const worker& own, std::int64_t image, const area& tiles) const {
        /* A gradient meets the kernel turned by half a turn, from its other end. */
        const std::int64_t top = attributes_.padding_begin[0], left = attributes_.padding_begin[1];
        const area pixels{tiles.row * tile_outputs + (from_large_ ? -top : top - tile_overlap),
                          tiles.column * tile_outputs + (from_large_ ? -left : left - tile_overlap), tiles.rows * tile_outputs + tile_overlap,
                          tiles.columns * tile_outputs + tile_overlap};
        const std::int64_t block_elements = tiles.count() * channel_block;
        for (std::int64_t block = 0; block < source_.blocks(); ++block)
            transform_source(source_.read(own.data[source_argument_], image, block, pixels, tiles, own.patch),
                             own.sources + block * block_elements, source_.blocks() * block_elements);
    }

    void make_group(const worker& own, std::int64_t image, const area& tiles, std::int64_t group) const {
        const int outputs_vectors = vectors(group);
        multiply(tile_products{own.sources, weights(own.data) + offset(group), source_.blocks(), own.sums}, outputs_vectors,
                 static_cast<int>(tiles.count()));
        const std::int64_t row = tiles.row * tile_outputs, column = tiles.column * tile_outputs;
        bf16_winograd::destination to{};
        to.row_stride = layout_.width * channel_block;
        to.block_stride = layout_.height * to.row_stride;
        to.y = static_cast<HardwareBf16*>(own.data[destination_argument_]) + destination_.plane(image, group * most_vectors) +
               row * to.row_stride + column * channel_block;
        to.height = layout_.height - row;
        to.width = layout_.width - column;
        float bias[group_outputs] = {};
        if (has_bias()) {
            const std::int64_t first = group * group_outputs;
            std::copy_n(static_cast<const float*>(own.data[SUNET_ARG_BIAS]) + first, std::min(group_outputs, layout_.channels - first), bias);
            to.bias = bias;
        }
        to.accumulate = has_extras_ && attributes_.accumulate != 0;
        to.relu = has_extras_ && attributes_.fused_relu != 0;
        write(own.sums, outputs_vectors, tiles, to);
    }

    const sunet_convolution attributes_;
    const bool from_large_, has_extras_; /* the latter bias and ReLU; a gradient has none */
    const sunet_argument source_argument_, destination_argument_;
    const std::int64_t threads_;
    const channel_layout layout_; /* of the destination */
    const patch_reader source_, destination_;
    const tile_areas areas_;
    std::size_t patch_bytes_, operand_bytes_, thread_bytes_, weight_bytes_;
};

} // namespace

bool is_possible(const convolution_request& request) {
    const sunet_convolution& a = request.attributes;
    const bool is_dense = a.stride[0] == 1 && a.stride[1] == 1 && a.dilation[0] == 1 && a.dilation[1] == 1;
    return a.winograd != 0 && a.inference == 0 && is_dense && a.weights.dims[2] == kernel_size && a.weights.dims[3] == kernel_size &&
           a.weights.layout == SUNET_ANY && has_patches(a.source) && has_patches(a.destination) && rounds_to_bf16() && !multiplies_tiles();
}

std::int64_t tiles_of(const sunet_tensor& tensor) { return tensor.dims[0] * tile_areas(tensor.dims[2], tensor.dims[3], 1).tiles(); }

desc weight_format(const sunet_tensor& weights) {
    return {memory::dims(weights.dims, weights.dims + weights.rank), memory::data_type::f32, memory::format_tag::ABcd16b16a};
}

bool takes(const convolution_request& request) {
    return is_possible(request) && std::min(tiles_of(request.large()), tiles_of(request.small())) >= fewest_tiles;
}

std::unique_ptr<sunet_primitive> build(const convolution_request& request, bool from_large) {
    const auto work = std::make_shared<convolution>(request, from_large);
    auto primitive = std::make_unique<sunet_primitive>(
        request.context, [work](bindings data) { work->run(data); }, implementation, work->scratch_bytes());
    const sunet_convolution& a = request.attributes;
    primitive->add_pass_argument(SUNET_ARG_SOURCE, {activation_desc(a.source)});
    primitive->add_pass_argument(SUNET_ARG_DESTINATION, {activation_desc(a.destination)});
    primitive->add_pass_argument(SUNET_ARG_WEIGHTS, {weight_format(a.weights)});
    if (work->has_bias()) primitive->add_pass_argument(SUNET_ARG_BIAS, {vector_desc(a.destination.dims[1])});
    return primitive;
}

} // namespace sunet::bf16_winograd
