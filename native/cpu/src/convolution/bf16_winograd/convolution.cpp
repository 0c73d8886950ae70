#include "convolution/bf16_winograd/convolution.hpp"

#include <omp.h>

#include <algorithm>

#include "convolution/bf16_winograd/patches.hpp"
#include "convolution/bf16_winograd/weights.hpp"
#include "convolution/shared/work_sharing.hpp"
#include "core/instruction_sets.hpp"

namespace sunet::bf16_winograd {
namespace {

/* The number of tiles that save about as much time as it takes to transform weights that are trained. */
constexpr std::int64_t fewest_tiles = 48;

class convolution {
public:
    convolution(const convolution_request& request, bool from_large)
        : attributes_(request.attributes), from_large_(from_large), has_extras_(from_large != request.transposed),
          source_argument_(from_large ? request.large_argument() : request.small_argument()),
          destination_argument_(from_large ? request.small_argument() : request.large_argument()), threads_(request.context.threads),
          layout_(layout_of(from_large ? request.small() : request.large())),
          weights_{attributes_.weights.dims[0], attributes_.weights.dims[1], from_large},
          source_(from_large ? request.large() : request.small()), destination_(from_large ? request.small() : request.large()),
          areas_(layout_.height, layout_.width, most_rows) {
        const std::int64_t patch_elements = areas_.patch_pixels(tile_overlap) * channel_block;
        patch_bytes_ = whole_lines(static_cast<std::size_t>(patch_elements) * sizeof(bf16));
        operand_bytes_ = whole_lines(static_cast<std::size_t>(products * most_rows * source_.channels()) * sizeof(bf16));
        const std::size_t sum_bytes = products * most_rows * group_outputs * sizeof(float);
        thread_bytes_ = patch_bytes_ + operand_bytes_ + sum_bytes;
        transformed_bytes_ = is_packed() ? 0 : whole_lines(weights_.elements() * sizeof(bf16));
    }

    std::size_t scratch_bytes() const { return transformed_bytes_ + thread_bytes_ * static_cast<std::size_t>(threads_); }
    bool has_bias() const { return has_extras_ && attributes_.has_bias != 0; }
    /* Weights that do not change are transformed once. */
    data_format weight_format() const {
        if (!is_packed()) return {blocked_weights(attributes_.weights)};
        return {row_major_weights(attributes_.weights), std::make_shared<weight_packing>(weights_)};
    }

    void run(bindings data) const {
        const work_sharing shared(source_.images() * areas_.count(), weights_.groups(), threads_);
        const std::int64_t transformed = is_packed() ? 0 : weights_.blocks();
#pragma omp parallel num_threads(static_cast<int>(threads_))
        {
#pragma omp for schedule(static)
            for (std::int64_t block = 0; block < transformed; ++block)
                transform_block(weights_, static_cast<const float*>(data[SUNET_ARG_WEIGHTS]), block, transformed_weights(data));
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
    /* The memory of one thread. */
    struct worker {
        bindings data;
        bf16* patch;
        hardware_bf16* sources;
        float* sums;
    };

    bool is_packed() const { return attributes_.inference != 0; }
    hardware_bf16* transformed_weights(bindings data) const {
        return static_cast<hardware_bf16*>(data[is_packed() ? SUNET_ARG_WEIGHTS : SUNET_ARG_SCRATCH]);
    }

    worker make_worker(bindings data, std::int64_t thread) const {
        char* memory = static_cast<char*>(data[SUNET_ARG_SCRATCH]) + transformed_bytes_ + thread_bytes_ * static_cast<std::size_t>(thread);
        return {data, reinterpret_cast<bf16*>(memory), reinterpret_cast<hardware_bf16*>(memory + patch_bytes_),
                reinterpret_cast<float*>(memory + patch_bytes_ + operand_bytes_)};
    }

    void prepare_sources(const worker& own, std::int64_t image, const area& tiles) const {
        /* A gradient of data is a convolution with the kernel rotated by half a turn. */
        const std::int64_t top = attributes_.padding_begin[0], left = attributes_.padding_begin[1];
        const area pixels{tiles.row * tile_outputs + (from_large_ ? -top : top - tile_overlap),
                          tiles.column * tile_outputs + (from_large_ ? -left : left - tile_overlap),
                          tiles.rows * tile_outputs + tile_overlap, tiles.columns * tile_outputs + tile_overlap};
        const std::int64_t block_elements = tiles.count() * channel_block;
        for (std::int64_t block = 0; block < source_.blocks(); ++block)
            transform_source(source_.read(own.data[source_argument_], image, block, pixels, tiles, own.patch),
                             own.sources + block * block_elements, source_.blocks() * block_elements);
    }

    void make_group(const worker& own, std::int64_t image, const area& tiles, std::int64_t group) const {
        const int vectors = weights_.vectors(group);
        multiply(tile_products{own.sources, transformed_weights(own.data) + weights_.offset(group), source_.blocks(), own.sums}, vectors,
                 static_cast<int>(tiles.count()));
        const std::int64_t row = tiles.row * tile_outputs, column = tiles.column * tile_outputs;
        bf16_winograd::destination to{};
        to.row_stride = layout_.width * channel_block;
        to.block_stride = layout_.height * to.row_stride;
        to.y = static_cast<hardware_bf16*>(own.data[destination_argument_]) + destination_.plane(image, group * most_vectors) +
               row * to.row_stride + column * channel_block;
        to.height = layout_.height - row;
        to.width = layout_.width - column;
        float bias[group_outputs] = {};
        if (has_bias()) {
            const std::int64_t first = group * group_outputs;
            std::copy_n(static_cast<const float*>(own.data[SUNET_ARG_BIAS]) + first, std::min(group_outputs, layout_.channels - first),
                        bias);
            to.bias = bias;
        }
        to.accumulate = has_extras_ && attributes_.accumulate != 0;
        to.relu = has_extras_ && attributes_.fused_relu != 0;
        write(own.sums, vectors, tiles, to);
    }

    const sunet_convolution attributes_;
    const bool from_large_, has_extras_; /* the latter bias and ReLU; a gradient has none */
    const sunet_argument source_argument_, destination_argument_;
    const std::int64_t threads_;
    const channel_layout layout_; /* of the destination */
    const weight_layout weights_;
    const patch_reader source_, destination_;
    const tile_areas areas_;
    std::size_t patch_bytes_, operand_bytes_, thread_bytes_, transformed_bytes_;
};

} // namespace

bool is_fast(const convolution_request& request) {
    const sunet_convolution& a = request.attributes;
    return is_possible(a) && a.weights.layout == SUNET_ANY && has_patches(a.source) && has_patches(a.destination) && rounds_to_bf16() &&
           !multiplies_tiles();
}

std::int64_t tiles_of(const sunet_tensor& tensor) { return tensor.dims[0] * tile_areas(tensor.dims[2], tensor.dims[3], 1).tiles(); }

desc blocked_weights(const sunet_tensor& weights) {
    return {memory::dims(weights.dims, weights.dims + weights.rank), memory::data_type::f32, memory::format_tag::ABcd16b16a};
}

bool takes(const convolution_request& request) {
    const std::int64_t tiles = std::min(tiles_of(request.large()), tiles_of(request.small()));
    return is_fast(request) && (request.attributes.inference != 0 || tiles >= fewest_tiles);
}

std::unique_ptr<sunet_primitive> build(const convolution_request& request, bool from_large) {
    const auto work = std::make_shared<convolution>(request, from_large);
    auto primitive = own_primitive(request, work, implementation, work->weight_format());
    if (work->has_bias()) primitive->add_pass_argument(SUNET_ARG_BIAS, {vector_desc(request.attributes.destination.dims[1])});
    return primitive;
}

} // namespace sunet::bf16_winograd
