#include "convolution/bf16_winograd/weights.hpp"

namespace sunet::bf16_winograd {
namespace {

/* A pair of blocks of outputs and of summed channels, numbered by outputs first. */
struct block_pair {
    block_pair(const weight_layout& layout, std::int64_t block)
        : output(block / layout.summed_blocks()), summed(block % layout.summed_blocks()), a(layout.over_b ? output : summed),
          b(layout.over_b ? summed : output) {}

    std::int64_t output, summed, a, b;
};

void transform(const weight_layout& layout, const block_pair& at, const float* w, hardware_bf16* to) {
    const std::int64_t group = at.output / most_vectors, pair_stride = layout.vectors(group) * pair_elements;
    transform_weights(w, layout.over_b,
                      to + layout.offset(group) + at.summed * block_pairs * pair_stride + at.output % most_vectors * pair_elements,
                      layout.summed_blocks() * block_pairs * pair_stride, pair_stride);
}

} // namespace

void transform_block(const weight_layout& layout, const float* blocked, std::int64_t block, hardware_bf16* to) {
    const block_pair at(layout, block);
    transform(layout, at, blocked + (at.a * blocks_of(layout.b) + at.b) * block_weights, to);
}

std::string weight_packing::name() const {
    return "bf16_wino_" + std::to_string(layout_.b) + "i" + std::to_string(layout_.a) + "o" + (layout_.over_b ? "" : "_turned");
}

void weight_packing::run(const float* from, void* to) const {
#pragma omp parallel for schedule(static)
    for (std::int64_t block = 0; block < layout_.blocks(); ++block) {
        const block_pair at(layout_, block);
        alignas(64) float w[block_weights];
        gather(from, at.a, at.b, w);
        transform(layout_, at, w, static_cast<hardware_bf16*>(to));
    }
}

void weight_packing::gather(const float* from, std::int64_t a_block, std::int64_t b_block, float* block) const {
    const std::int64_t first_a = a_block * channel_block, first_b = b_block * channel_block;
    std::fill_n(block, block_weights, 0.0f);
    for (std::int64_t a = first_a; a < std::min(first_a + channel_block, layout_.a); ++a) {
        for (std::int64_t b = first_b; b < std::min(first_b + channel_block, layout_.b); ++b) {
            for (int tap = 0; tap < taps; ++tap)
                block[(tap * channel_block + b - first_b) * channel_block + a - first_a] = from[(a * layout_.b + b) * taps + tap];
        }
    }
}

} // namespace sunet::bf16_winograd
