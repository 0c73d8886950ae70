#include "float16_weights.hpp"

#include <omp.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace sunet::float16 {

bool packed_weights::operator==(const packed_weights& other) const {
    return outputs == other.outputs && inputs == other.inputs && kernel_rows == other.kernel_rows &&
           kernel_columns == other.kernel_columns && swapped == other.swapped &&
           merges_columns == other.merges_columns;
}

std::string packed_weights::name() const {
    return "f16_" + std::to_string(kernel_rows) + "x" + std::to_string(kernel_columns) + "_" + std::to_string(inputs) + "i" +
           std::to_string(outputs) + "o" + (swapped ? "_swapped" : "") + (merges_columns ? "_merged" : "");
}

weight_packing::weight_packing(const packed_weights& format) : format_(format) {
    const std::int64_t taps = format.kernel_rows * format.kernel_columns;
    for (std::int64_t input = 0; input < format.inputs; ++input) {
        for (std::int64_t tap = 0; tap < taps; ++tap)
            rows_.push_back(static_cast<std::int32_t>(format.merges_columns ? tap * few_channels + input : tap * format.depth() + input));
    }
}

void weight_packing::run(const float* from, void* to) const {
    auto* scales = static_cast<float*>(to);
    auto* weights = reinterpret_cast<half*>(scales + format_.scales());
    const bool padded = format_.merges_columns || format_.depth() != format_.inputs || format_.outputs % lanes != 0;
    if (padded) std::memset(to, 0, format_.bytes());
    if (format_.swapped)
        pack_swapped(from, scales, weights);
    else
        pack_in_order(from, scales, weights);
}

void weight_packing::pack_in_order(const float* from, float* scales, half* to) const {
    const std::int64_t elements = format_.inputs * format_.kernel_rows * format_.kernel_columns;
#pragma omp parallel for schedule(static)
    for (std::int64_t first = 0; first < format_.outputs; first += channel_block) {
        const std::int64_t group = first / group_outputs, outputs = std::min<std::int64_t>(channel_block, format_.outputs - first);
        const weight_rows all{from + first * elements, elements, static_cast<int>(outputs), elements};
        find_scales(all, scales + first);
        pack(all, scales + first, rows_.data(), format_.vectors(group) * lanes, to + format_.offset(group) + first % group_outputs);
    }
}

/* Every thread reads some outputs' part of one input's weights after the other. */
void weight_packing::pack_swapped(const float* from, float* scales, half* to) const {
    const std::int64_t taps = format_.kernel_rows * format_.kernel_columns, groups = format_.groups();
    const auto outputs_of = [&](std::int64_t group) { return std::min(group_outputs, format_.outputs - group * group_outputs); };
#pragma omp parallel
    {
        const std::int64_t thread = omp_get_thread_num(), team = omp_get_num_threads();
        const std::int64_t begin = groups * thread / team, end = groups * (thread + 1) / team;
        std::fill(scales + begin * group_outputs, scales + end * group_outputs, 0.0f);
        for (std::int64_t row = 0; row < format_.inputs; ++row) {
            for (std::int64_t group = begin; group < end; ++group) {
                const float* w = from + (row * format_.outputs + group * group_outputs) * taps;
                for (std::int64_t tap = 0; tap < taps; ++tap)
                    raise_largest(w + tap, taps, outputs_of(group), scales + group * group_outputs);
            }
        }
        finish_scales((end - begin) * group_outputs, scales + begin * group_outputs);
        for (std::int64_t row = 0; row < format_.inputs; ++row) {
            for (std::int64_t group = begin; group < end; ++group) {
                const float* w = from + (row * format_.outputs + group * group_outputs) * taps;
                half* packed = to + format_.offset(group) + row * format_.vectors(group) * lanes;
                for (std::int64_t tap = 0; tap < taps; ++tap)
                    pack_outputs(w + tap, taps, outputs_of(group), scales + group * group_outputs,
                                 packed + tap * format_.depth() * format_.vectors(group) * lanes);
            }
        }
    }
}

} // namespace sunet::float16
