#include "primitives/blocked_weights.hpp"

#include "kernels/weight_pairs.hpp"

namespace sunet {
namespace {

using tag = memory::format_tag;

/* Weights are [A, B, kH, kW]. A block of float32 has 16 rows, one for each b, of 16 values of a. */
struct blocks {
    int64_t a, b, taps;
    bool b_first; /* the copy has blocks of B outside those of A */

    int64_t all() const { return a * b * taps; }
    int64_t copied(int64_t source) const {
        if (!b_first) return source;
        const int64_t tap = source % taps, in_b = source / taps % b, in_a = source / taps / b;
        return (in_b * a + in_a) * taps + tap;
    }
};

#ifdef SUNET_HAS_BF16_CODE

template <class Order>
SUNET_ROUNDS_BF16 void copy_range(const blocks& all, const float* from, char* to, int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index)
        Order::copy(from + index * weight_block_elements,
                    reinterpret_cast<two_halves*>(to + all.copied(index) * weight_block_elements * 2));
}

template <class Order>
weight_copy copy_of(const blocks& all) {
    return [all](const float* from, void* to) {
        constexpr int64_t stretch = 16;
#pragma omp parallel for schedule(static)
        for (int64_t begin = 0; begin < all.all(); begin += stretch)
            copy_range<Order>(all, from, static_cast<char*>(to), begin, std::min(begin + stretch, all.all()));
    };
}

#endif

} // namespace

std::optional<weight_copy> bf16_copy(const desc& from, const desc& to) {
#ifdef SUNET_HAS_BF16_CODE
    const memory::dims dims = dims_of(from);
    if (!rounds_to_bf16() || dims.size() != 4 || from != desc(dims, memory::data_type::f32, tag::ABcd16b16a)) return {};
    const auto is = [&](tag order) { return to == desc(dims, memory::data_type::bf16, order); };
    const auto whole = [](int64_t channels) { return (channels + weight_block - 1) / weight_block; };
    blocks all{whole(dims[0]), whole(dims[1]), dims[2] * dims[3], false};
    if (is(tag::ABcd8b16a2b)) return copy_of<pairs_of_rows>(all);
    if (is(tag::ABcd8a16b2a)) return copy_of<pairs_in_rows>(all);
    all.b_first = true;
    if (is(tag::BAcd8a16b2a)) return copy_of<pairs_in_rows>(all);
#endif
    return {};
}

} // namespace sunet
