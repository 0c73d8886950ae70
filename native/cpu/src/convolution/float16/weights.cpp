#include "convolution/float16/weights.hpp"

#include <algorithm>
#include <cstring>
#include <string>

namespace sunet::float16 {

std::string packed_weights::name() const {
    return "f16_" + std::to_string(kernel_rows) + "x" + std::to_string(kernel_columns) + "_" + std::to_string(inputs) + "i" +
           std::to_string(outputs) + "o" + (swapped ? "_swapped" : "") + (merges_columns ? "_merged" : "") + (winograd ? "_winograd" : "");
}

weight_packing::weight_packing(const packed_weights& format) : format_(format) {
    if (format.winograd) return;
    const std::int64_t taps = format.kernel_rows * format.kernel_columns;
    for (std::int64_t input = 0; input < format.inputs; ++input) {
        for (std::int64_t tap = 0; tap < taps; ++tap)
            rows_.push_back(static_cast<std::int32_t>(format.merges_columns ? tap * few_channels + input : tap * format.depth() + input));
    }
}

void weight_packing::run(const float* from, void* to) const {
    auto* scales = static_cast<float*>(to);
    auto* weights = reinterpret_cast<half*>(scales + format_.scales());
    if (format_.merges_columns || format_.depth() != format_.inputs) std::memset(to, 0, format_.bytes());
#pragma omp parallel for schedule(static)
    for (std::int64_t first = 0; first < format_.outputs; first += lanes) {
        const std::int64_t group = first / group_outputs, row = format_.vectors(group) * lanes;
        half* packed = weights + format_.offset(group) + first % group_outputs;
        const weight_rows rows = rows_of(from, first);
        find_scales(rows, format_.winograd ? winograd::weight_exponent : weight_exponent, scales + first);
        if (format_.winograd)
            winograd::transform_weights(inputs_of(rows), format_.swapped, scales + first, packed, row, format_.depth() * row);
        else
            pack(rows, scales + first, rows_.data(), row, packed);
    }
}

weight_rows weight_packing::rows_of(const float* from, std::int64_t first) const {
    const std::int64_t taps = format_.kernel_rows * format_.kernel_columns;
    const auto outputs = static_cast<int>(std::min<std::int64_t>(lanes, format_.outputs - first));
    if (format_.swapped) return {from + first * taps, taps, outputs, taps, format_.inputs, format_.outputs * taps};
    return {from + first * format_.inputs * taps, format_.inputs * taps, outputs, format_.inputs * taps, 1, 0};
}

weight_rows weight_packing::inputs_of(weight_rows rows) const {
    if (format_.swapped) return rows;
    rows.elements = rows.repeat_stride = format_.kernel_rows * format_.kernel_columns;
    rows.repeats = format_.inputs;
    return rows;
}

} // namespace sunet::float16
