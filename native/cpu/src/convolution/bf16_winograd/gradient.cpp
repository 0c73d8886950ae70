/* The gradient of the weights of a 3x3 convolution by the transpose of Winograd's algorithm, which sums over tiles in place of pixels. */
#include <omp.h>

#include <algorithm>

#include "convolution/bf16_winograd/convolution.hpp"
#include "convolution/bf16_winograd/patches.hpp"
#include "convolution/bf16_winograd/weights.hpp"

namespace sunet::bf16_winograd {
namespace {

/* With fewer tiles, adding the sums of the parts takes too much of the time. */
constexpr std::int64_t fewest_tiles = 48;

/* The number of tiles whose operands leave room for the sums in the second-level cache. */
std::int64_t tiles_of_area(std::int64_t channels) {
    constexpr std::int64_t operand_bytes = 256 * 1024, fewest = 16;
    const std::int64_t tiles = operand_bytes / (products * channels * std::int64_t{sizeof(bf16)});
    return std::max(fewest, tiles / 2 * 2);
}

class weight_gradient {
public:
    explicit weight_gradient(const convolution_request& request)
        : large_argument_(request.large_argument()), small_argument_(request.small_argument()), threads_(request.context.threads),
          top_(request.attributes.padding_begin[0]), left_(request.attributes.padding_begin[1]), large_(request.large()),
          small_(request.small()), layout_{request.small().dims[1], request.large().dims[1], true},
          areas_(request.small().dims[2], request.small().dims[3], tiles_of_area(large_.channels() + small_.channels())),
          group_shares_(shares_of_groups()), parts_(threads_ / group_shares_) {
        patch_bytes_ = bytes_of<bf16>(areas_.patch_pixels(tile_overlap) * channel_block);
        source_bytes_ = bytes_of<bf16>(products * most_pairs() * 2 * large_.channels());
        gradient_bytes_ = bytes_of<bf16>(products * most_pairs() * 2 * small_.channels());
        sum_bytes_ = whole_lines(layout_.elements() * sizeof(float));
    }

    std::size_t scratch_bytes() const {
        return sum_bytes_ * static_cast<std::size_t>(parts_) + thread_bytes() * static_cast<std::size_t>(threads_);
    }

    void run(bindings data) const {
#pragma omp parallel num_threads(static_cast<int>(threads_))
        {
            for (std::int64_t thread = omp_get_thread_num(); thread < threads_; thread += omp_get_num_threads()) sum_share(data, thread);
#pragma omp barrier
#pragma omp for schedule(static)
            for (std::int64_t block = 0; block < layout_.blocks(); ++block)
                write_block(data, block / large_.blocks(), block % large_.blocks());
        }
    }

private:
    /* The work and memory of one thread: some groups of outputs over a part of the areas. */
    struct worker {
        bindings data;
        std::int64_t part, first_group, end_group;
        bf16* patch;
        hardware_bf16 *sources, *gradients;
        float* sums;
    };

    template <class T>
    static std::size_t bytes_of(std::int64_t elements) {
        return whole_lines(static_cast<std::size_t>(elements) * sizeof(T));
    }

    std::size_t thread_bytes() const { return patch_bytes_ + source_bytes_ + gradient_bytes_; }
    std::int64_t most_pairs() const { return (areas_.most() + 1) / 2; }

    /* Into how many shares the groups of outputs are divided. Threads that share groups each transform all sources; threads that share
     * areas each have sums of their own, which are added at the end. The smaller amount of work decides. */
    std::int64_t shares_of_groups() const {
        const std::int64_t transformed = large_.images() * areas_.tiles() * (large_.channels() + small_.channels());
        const std::int64_t added = large_.channels() * small_.channels();
        std::int64_t shares = 1;
        while (added > transformed && threads_ % (2 * shares) == 0 && layout_.groups() >= 2 * shares) shares *= 2;
        return shares;
    }

    worker make_worker(bindings data, std::int64_t thread) const {
        const std::int64_t share = thread / parts_;
        char* sums = static_cast<char*>(data[SUNET_ARG_SCRATCH]);
        char* memory = sums + sum_bytes_ * static_cast<std::size_t>(parts_) + thread_bytes() * static_cast<std::size_t>(thread);
        worker own{};
        own.data = data;
        own.part = thread % parts_;
        own.first_group = layout_.groups() * share / group_shares_;
        own.end_group = layout_.groups() * (share + 1) / group_shares_;
        own.patch = reinterpret_cast<bf16*>(memory);
        own.sources = reinterpret_cast<hardware_bf16*>(memory + patch_bytes_);
        own.gradients = reinterpret_cast<hardware_bf16*>(memory + patch_bytes_ + source_bytes_);
        own.sums = reinterpret_cast<float*>(sums + sum_bytes_ * static_cast<std::size_t>(own.part));
        return own;
    }

    void sum_share(bindings data, std::int64_t thread) const {
        const worker own = make_worker(data, thread);
        const std::int64_t all = large_.images() * areas_.count();
        const std::int64_t begin = all * own.part / parts_, end = all * (own.part + 1) / parts_;
        if (begin == end) {
            const std::int64_t last = std::min(own.end_group * group_outputs, small_.channels());
            std::fill(own.sums + layout_.offset(own.first_group), own.sums + last * products * large_.channels(), 0.0f);
        }
        for (std::int64_t item = begin; item < end; ++item) {
            const area tiles = areas_.at(item % areas_.count());
            prepare(own, item / areas_.count(), tiles);
            sum_area(own, (tiles.count() + 1) / 2, item == begin);
        }
    }

    void prepare(const worker& own, std::int64_t image, const area& tiles) const {
        const std::int64_t pairs = (tiles.count() + 1) / 2, source_stride = large_.channels() * 2;
        area pixels{tiles.row * tile_outputs, tiles.column * tile_outputs, tiles.rows * tile_outputs, tiles.columns * tile_outputs};
        const std::int64_t last_block = std::min(own.end_group * most_vectors, small_.blocks());
        for (std::int64_t block = own.first_group * most_vectors; block < last_block; ++block) {
            const std::int64_t group = block / most_vectors, pair_stride = layout_.vectors(group) * pair_elements;
            hardware_bf16* to = gradients_of(own, group, pairs) + block % most_vectors * pair_elements;
            transform_gradient(small_.read(own.data[small_argument_], image, block, pixels, tiles, own.patch),
                               {to, pairs * pair_stride, pair_stride});
        }
        pixels = {pixels.row - top_, pixels.column - left_, pixels.rows + tile_overlap, pixels.columns + tile_overlap};
        for (std::int64_t block = 0; block < large_.blocks(); ++block)
            transform_source(large_.read(own.data[large_argument_], image, block, pixels, tiles, own.patch),
                             {own.sources + block * pair_elements, pairs * source_stride, source_stride});
    }

    hardware_bf16* gradients_of(const worker& own, std::int64_t group, std::int64_t pairs) const {
        return own.gradients + group * most_vectors * pair_elements * products * pairs;
    }

    void sum_area(const worker& own, std::int64_t pairs, bool first) const {
        const std::int64_t channels = large_.channels(), tiles = (channels + most_rows - 1) / most_rows;
        gradient_products of{};
        of.channels = channels;
        of.pairs = pairs;
        of.first = first;
        for (std::int64_t group = own.first_group; group < own.end_group; ++group) {
            const std::int64_t row_elements = layout_.vectors(group) * channel_block;
            for (std::int64_t product = 0; product < products; ++product) {
                of.gradients = gradients_of(own, group, pairs) + product * pairs * 2 * row_elements;
                float* sums = own.sums + layout_.offset(group) + product * channels * row_elements;
                for (std::int64_t tile = 0; tile < tiles; ++tile) {
                    const std::int64_t begin = channels * tile / tiles, end = channels * (tile + 1) / tiles;
                    of.sources = own.sources + (product * pairs * channels + begin) * 2;
                    of.sums = sums + begin * row_elements;
                    multiply(of, layout_.vectors(group), static_cast<int>(end - begin));
                }
            }
        }
    }

    void write_block(bindings data, std::int64_t output, std::int64_t channel) const {
        const std::int64_t group = output / most_vectors, row_elements = layout_.vectors(group) * channel_block;
        gradient_block block{};
        block.sums = static_cast<const float*>(data[SUNET_ARG_SCRATCH]) + layout_.offset(group) + channel * channel_block * row_elements +
                     output % most_vectors * channel_block;
        block.product_stride = large_.channels() * row_elements;
        block.row_stride = row_elements;
        block.parts = parts_;
        block.part_stride = static_cast<std::int64_t>(sum_bytes_ / sizeof(float));
        block.w = static_cast<float*>(data[SUNET_ARG_WEIGHTS]) + (output * large_.blocks() + channel) * block_weights;
        transform_sums(block);
    }

    const sunet_argument large_argument_, small_argument_;
    const std::int64_t threads_, top_, left_; /* the latter padding */
    const patch_reader large_, small_;
    const weight_layout layout_; /* of a part's sums */
    const tile_areas areas_;
    const std::int64_t group_shares_, parts_;
    std::size_t patch_bytes_, source_bytes_, gradient_bytes_, sum_bytes_; /* the latter of a part */
};

} // namespace

bool takes_gradient(const convolution_request& request) {
    return is_fast(request) && request.attributes.weights.type == SUNET_F32 && tiles_of(request.small()) >= fewest_tiles;
}

std::unique_ptr<sunet_primitive> build_gradient(const convolution_request& request) {
    const sunet_convolution& a = request.attributes;
    auto primitive = own_primitive(request, std::make_shared<weight_gradient>(request), implementation, {blocked_weights(a.weights)});
    if (a.has_bias != 0 && !request.transposed) add_bias_gradient(*primitive, request.context, a.destination);
    return primitive;
}

} // namespace sunet::bf16_winograd
