/* Runs a graph on the memory its variant pack names. */
#include <algorithm>

#include "cudnn/descriptors.hpp"
#include "numerics/numerics.hpp"

namespace emulator::cudnn {
namespace {

/* body(position in the packed image, position in memory); channels often lie side by side, which a loop of their own makes fast. */
template <class Body>
void walk(const tensor_info& tensor, const Body& body) {
    const image_shape shape = tensor.shape();
    const std::int64_t step = tensor.strides[1];
    std::int64_t packed = 0;
    for (std::int64_t n = 0; n < shape.n; ++n)
        for (std::int64_t h = 0; h < shape.h; ++h)
            for (std::int64_t w = 0; w < shape.w; ++w, packed += shape.c) {
                const std::int64_t pixel = n * tensor.strides[0] + h * tensor.strides[2] + w * tensor.strides[3];
                if (step == 1)
                    for (std::int64_t c = 0; c < shape.c; ++c) body(packed + c, pixel + c);
                else
                    for (std::int64_t c = 0; c < shape.c; ++c) body(packed + c, pixel + c * step);
            }
}

float_vector load(const tensor_info& tensor, CUdeviceptr address) {
    float_vector values(static_cast<size_t>(tensor.shape().count()));
    const std::string text = tensor.text();
    if (tensor.type == DATA_BFLOAT16) {
        const std::uint16_t* from = device<std::uint16_t>(address, static_cast<size_t>(tensor.extent()), text.c_str());
        walk(tensor, [&](std::int64_t packed, std::int64_t at) { values[static_cast<size_t>(packed)] = bf16_to_float(from[at]); });
    } else {
        const float* from = device<float>(address, static_cast<size_t>(tensor.extent()), text.c_str());
        walk(tensor, [&](std::int64_t packed, std::int64_t at) { values[static_cast<size_t>(packed)] = from[at]; });
    }
    return values;
}

void store(const tensor_info& tensor, CUdeviceptr address, const float_vector& values) {
    const std::string text = tensor.text();
    if (tensor.type == DATA_BFLOAT16) {
        std::uint16_t* to = device<std::uint16_t>(address, static_cast<size_t>(tensor.extent()), text.c_str());
        walk(tensor, [&](std::int64_t packed, std::int64_t at) { to[at] = float_to_bf16(values[static_cast<size_t>(packed)]); });
    } else {
        float* to = device<float>(address, static_cast<size_t>(tensor.extent()), text.c_str());
        walk(tensor, [&](std::int64_t packed, std::int64_t at) { to[at] = values[static_cast<size_t>(packed)]; });
    }
}

/* Calls body(element of a full image, the value for it) with values repeated along the axes where there is one for all. */
template <class Body>
void broadcast(const float_vector& values, const image_shape& from, float_vector& result, const image_shape& to, const Body& body) {
    const auto step = [](std::int64_t extent, std::int64_t stride) { return extent == 1 ? 0 : stride; };
    const std::int64_t step_c = step(from.c, 1), step_w = step(from.w, from.c), step_h = step(from.h, from.w * from.c);
    const std::int64_t step_n = step(from.n, from.h * from.w * from.c);
    float* at = result.data();
    for (std::int64_t n = 0; n < to.n; ++n)
        for (std::int64_t h = 0; h < to.h; ++h)
            for (std::int64_t w = 0; w < to.w; ++w, at += to.c) {
                const float* row = values.data() + n * step_n + h * step_h + w * step_w;
                for (std::int64_t c = 0; c < to.c; ++c) body(at[c], row[c * step_c]);
            }
}

float_vector reduce(const reduction_info& reduction, const float_vector& values, const image_shape& from, const image_shape& to) {
    const bool add = reduction.operation == REDUCE_ADD, most = reduction.operation == REDUCE_MAX;
    const double start = add ? 0.0 : most ? -INFINITY : INFINITY;
    std::vector<double> result(static_cast<size_t>(to.count()), start);
    const auto pick = [](std::int64_t index, std::int64_t extent) { return extent == 1 ? 0 : index; };
    for (std::int64_t i = 0; i < from.count(); ++i) {
        const std::int64_t c = i % from.c, w = i / from.c % from.w, h = i / (from.c * from.w) % from.h, n = i / (from.c * from.w * from.h);
        double& sum = result[static_cast<size_t>(((pick(n, to.n) * to.h + pick(h, to.h)) * to.w + pick(w, to.w)) * to.c + pick(c, to.c))];
        const double value = values[static_cast<size_t>(i)];
        sum = add ? sum + value : most ? std::max(sum, value) : std::min(sum, value);
    }
    return float_vector(result.begin(), result.end());
}

class graph_run {
public:
    graph_run(const graph_info& graph, const engine_info& engine, const variant_pack& pack, const std::map<std::int64_t, double>& scalars)
        : graph_(graph), engine_(engine), pack_(pack), scalars_(scalars) {}

    void operator()(std::uint64_t run) {
        for (const operation_info& operation : graph_.operations) compute(operation);
        for (const operation_info& operation : graph_.operations) {
            for (const auto& named : operation.outputs) {
                const tensor_info& tensor = named.second;
                if (tensor.is_virtual) continue;
                float_vector& values = values_.at(tensor.uid);
                if (!engine_.is_deterministic()) perturb(values.data(), tensor.shape().count(), run);
                store(tensor, pack_.pointers.at(tensor.uid), values);
            }
        }
    }

private:
    const float_vector& values(const operation_info& operation, attribute_name name) {
        const tensor_info& tensor = operation.tensor(name);
        const auto known = values_.find(tensor.uid);
        return known != values_.end() ? known->second
                                      : values_.emplace(tensor.uid, load(tensor, pack_.pointers.at(tensor.uid))).first->second;
    }

    /* What a convolution multiplies, as the engine takes it. */
    const float_vector& operand(const operation_info& operation, attribute_name name) {
        const float_vector& given = values(operation, name);
        if (!engine_.rounds_inputs()) return given;
        float_vector& result = rounded_[name];
        result = given;
        for (float& value : result) value = round_tf32(value);
        return result;
    }

    double scalar(const operation_info& operation, attribute_name name) const { return scalars_.at(operation.tensor(name).uid); }

    void write(const tensor_info& tensor, float_vector values) {
        if (tensor.is_virtual && tensor.type == DATA_BFLOAT16)
            for (float& value : values) value = bf16_to_float(float_to_bf16(value));
        values_[tensor.uid] = std::move(values);
    }

    void compute(const operation_info& operation) {
        if (operation.is_convolution()) return compute_convolution(operation);
        if (std::holds_alternative<pointwise_info>(operation.what)) return compute_pointwise(operation);
        if (std::holds_alternative<resample_info>(operation.what)) return compute_resample(operation);
        if (const reduction_info* reduction = std::get_if<reduction_info>(&operation.what)) {
            const tensor_info &x = operation.tensor(OPERATION_REDUCTION_XDESC), &y = operation.tensor(OPERATION_REDUCTION_YDESC);
            return write(y, reduce(*reduction, values(operation, OPERATION_REDUCTION_XDESC), x.shape(), y.shape()));
        }
        if (operation.kind == OPERATION_NORM_BACKWARD_DESCRIPTOR) return compute_norm_backward(operation);
        compute_norm_forward(operation);
    }

    void compute_convolution(const operation_info& operation) {
        const convolution_attributes& names = convolution_names(operation.kind);
        const window_shape& window = std::get<convolution_info>(operation.what).window;
        const image_shape x = operation.tensor(names.x).shape(), y = operation.tensor(names.y).shape();
        const tensor_info& to = operation.only_output();
        float_vector result;
        if (operation.kind == OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR)
            result = convolution_forward(x, y, window, operand(operation, names.x), operand(operation, names.w));
        else if (operation.kind == OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR)
            result = convolution_backward_data(x, y, window, operand(operation, names.y), operand(operation, names.w));
        else
            result = convolution_backward_filter(x, y, window, operand(operation, names.x), operand(operation, names.y));
        const float alpha = static_cast<float>(operation.alpha), beta = static_cast<float>(operation.beta);
        if (alpha != 1.0f)
            for (float& value : result) value *= alpha;
        if (beta != 0.0f) {
            const float_vector before = load(to, pack_.pointers.at(to.uid));
            for (size_t i = 0; i < result.size(); ++i) result[i] += beta * before[i];
        }
        write(to, std::move(result));
    }

    void compute_pointwise(const operation_info& operation) {
        const pointwise_info& pointwise = std::get<pointwise_info>(operation.what);
        const tensor_info& to = operation.only_output();
        float_vector result = values(operation, OPERATION_POINTWISE_XDESC);
        const auto combine = [&](attribute_name name, const auto& body) {
            broadcast(values(operation, name), operation.tensor(name).shape(), result, to.shape(), body);
        };
        switch (pointwise.mode) {
            case POINTWISE_RELU_FWD: {
                const float upper = static_cast<float>(pointwise.upper_clip);
                for (float& value : result) value = value < 0.0f ? 0.0f : std::min(value, upper); /* a NaN passes, as in cuDNN 9 */
                break;
            }
            case POINTWISE_RELU_BWD:
                combine(OPERATION_POINTWISE_DYDESC, [](float& y, float gradient) { y = y > 0.0f ? gradient : 0.0f; });
                break;
            case POINTWISE_ADD: combine(OPERATION_POINTWISE_BDESC, [](float& x, float term) { x += term; }); break;
            case POINTWISE_MUL: combine(OPERATION_POINTWISE_BDESC, [](float& x, float factor) { x *= factor; }); break;
            case POINTWISE_IDENTITY: break;
        }
        write(to, std::move(result));
    }

    void compute_resample(const operation_info& operation) {
        const resample_attributes& names = resample_names(operation.kind);
        const resample_info& resample = std::get<resample_info>(operation.what);
        const image_shape x = operation.tensor(names.x).shape(), y = operation.tensor(names.y).shape();
        const padding_rule padding = resample.mode == RESAMPLE_AVGPOOL_INCLUDE_PADDING ? padding_rule::include : padding_rule::exclude;
        write(operation.only_output(), operation.kind == OPERATION_RESAMPLE_FWD_DESCRIPTOR
                                           ? average_pool_forward(x, y, resample.window, padding, values(operation, names.x))
                                           : average_pool_backward(x, y, resample.window, padding, values(operation, names.y)));
    }

    void compute_norm_forward(const operation_info& operation) {
        const tensor_info& x = operation.tensor(OPERATION_NORM_FWD_XDESC);
        const float_vector& image = values(operation, OPERATION_NORM_FWD_XDESC);
        if (operation.phase == NORM_TRAINING) {
            norm_statistics statistics = batch_statistics(x.shape(), image, scalar(operation, OPERATION_NORM_FWD_EPSILON_DESC));
            if (operation.find_input(OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC) != nullptr) {
                advance(operation, OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC, OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC,
                        statistics.mean);
                advance(operation, OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC, OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC,
                        statistics.variance);
            }
            write(operation.tensor(OPERATION_NORM_FWD_MEAN_DESC), std::move(statistics.mean));
            write(operation.tensor(OPERATION_NORM_FWD_INV_VARIANCE_DESC), std::move(statistics.inverse_deviation));
        }
        write(operation.tensor(OPERATION_NORM_FWD_YDESC),
              normalize(x.shape(), image, values(operation, OPERATION_NORM_FWD_MEAN_DESC),
                        values(operation, OPERATION_NORM_FWD_INV_VARIANCE_DESC), values(operation, OPERATION_NORM_FWD_SCALE_DESC),
                        values(operation, OPERATION_NORM_FWD_BIAS_DESC)));
    }

    /* A running statistic one step on, with the factor as the batch's share. */
    void advance(const operation_info& operation, attribute_name from, attribute_name to, const float_vector& batch) {
        const float factor = static_cast<float>(scalar(operation, OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC));
        float_vector running = values(operation, from);
        for (size_t i = 0; i < running.size(); ++i) running[i] = (1.0f - factor) * running[i] + factor * batch[i];
        write(operation.tensor(to), std::move(running));
    }

    void compute_norm_backward(const operation_info& operation) {
        const image_shape shape = operation.tensor(OPERATION_NORM_BWD_XDESC).shape();
        norm_gradients gradients =
            normalize_backward(shape, values(operation, OPERATION_NORM_BWD_XDESC), values(operation, OPERATION_NORM_BWD_DYDESC),
                               values(operation, OPERATION_NORM_BWD_MEAN_DESC), values(operation, OPERATION_NORM_BWD_INV_VARIANCE_DESC),
                               values(operation, OPERATION_NORM_BWD_SCALE_DESC));
        write(operation.tensor(OPERATION_NORM_BWD_DXDESC), std::move(gradients.dx));
        write(operation.tensor(OPERATION_NORM_BWD_DSCALE_DESC), std::move(gradients.dscale));
        write(operation.tensor(OPERATION_NORM_BWD_DBIAS_DESC), std::move(gradients.dbias));
    }

    const graph_info& graph_;
    const engine_info& engine_;
    const variant_pack& pack_;
    const std::map<std::int64_t, double>& scalars_;
    std::map<attribute_name, float_vector> rounded_;
    std::map<std::int64_t, float_vector> values_; /* by unique id; a map, so that references stay good while it grows */
};

} // namespace

void run_graph(const graph_info& graph, const engine_info& engine, const variant_pack& pack, const std::map<std::int64_t, double>& scalars,
               std::uint64_t run) {
    /* No engine promises anything about its workspace: what lay there is gone. */
    if (engine.workspace > 0)
        std::memset(device<unsigned char>(pack.workspace, static_cast<size_t>(engine.workspace), "the workspace"), 0xFF,
                    static_cast<size_t>(engine.workspace));
    graph_run(graph, engine, pack, scalars)(run);
}

} // namespace emulator::cudnn
