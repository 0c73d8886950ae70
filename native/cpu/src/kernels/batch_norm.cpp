#include "kernels/channels.hpp"
#include "kernels/kernel.hpp"
#include "kernels/norm.hpp"

namespace sunet {
namespace {

constexpr int row = channel_partition::room;

/* A run of pixels of up to sixteen channels; parameters are rows of `row` floats, one float for each lane. */
struct pixel_run {
    int lanes;
    bool one_channel;
    std::int64_t pixels;
    const float* parameters;
    const void *x, *dy, *addend;
    void* y;
    std::int64_t x_stride, dy_stride, addend_stride, y_stride;
    double* sums;
    bool relu, addend_given, is_bf16;

    bool has_pairs() const { return lie_in_pairs(lanes, pixels, {x_stride, dy_stride, addend_stride, y_stride}); }
    pixel_run pairs() const {
        pixel_run twice = *this;
        twice.pixels /= 2;
        for (std::int64_t* stride : {&twice.x_stride, &twice.dy_stride, &twice.addend_stride, &twice.y_stride}) *stride *= 2;
        return twice;
    }
};

template <class V>
SUNET_INLINE V parameter(const pixel_run& run, int index) {
    const float* from = run.parameters + index * row;
    return run.one_channel ? broadcast<V>(*from) : load_lanes<V>(from);
}

template <class V, class S>
struct statistics_kernel {
    static SUNET_INLINE void run(const pixel_run& run) {
        const V pivot = parameter<V>(run, 0);
        V first = broadcast<V>(0.0f), second = first, first_odd = first, second_odd = first;
        std::int64_t pixel = 0;
        const S* x = static_cast<const S*>(run.x);
        for (; pixel + 2 <= run.pixels; pixel += 2, x += 2 * run.x_stride) {
            const V even = load<V>(x) - pivot, odd = load<V>(x + run.x_stride) - pivot;
            first = first + even;
            first_odd = first_odd + odd;
            second = second + even * even;
            second_odd = second_odd + odd * odd;
        }
        if (pixel < run.pixels) {
            const V even = load<V>(x) - pivot;
            first = first + even;
            second = second + even * even;
        }
        flush(first + first_odd, run.one_channel, run.sums);
        flush(second + second_odd, run.one_channel, run.sums + row);
    }
};

template <class V, class S>
struct apply_kernel {
    template <bool Relu>
    static SUNET_INLINE void lanes(const pixel_run& run) {
        const V mean = parameter<V>(run, 0), scale = parameter<V>(run, 1), beta = parameter<V>(run, 2);
        const S* x = static_cast<const S*>(run.x);
        S* y = static_cast<S*>(run.y);
        for (std::int64_t pixel = 0; pixel < run.pixels; ++pixel) {
            V value = normalized(load<V>(x + pixel * run.x_stride), mean, scale, beta);
            if (Relu) value = rectified(value);
            store<V>(y + pixel * run.y_stride, value);
        }
    }

    static SUNET_INLINE void run(const pixel_run& run) { run.relu ? lanes<true>(run) : lanes<false>(run); }
};

template <class V, class S>
struct gradient_sums_kernel {
    template <bool Relu>
    static SUNET_INLINE void lanes(const pixel_run& run) {
        const V mean = parameter<V>(run, 0), scale = parameter<V>(run, 1), beta = parameter<V>(run, 2);
        const S *from = static_cast<const S*>(run.x), *dy = static_cast<const S*>(run.dy);
        V sum = broadcast<V>(0.0f), product = sum;
        for (std::int64_t pixel = 0; pixel < run.pixels; ++pixel) {
            const V x = load<V>(from + pixel * run.x_stride);
            V gradient = load<V>(dy + pixel * run.dy_stride);
            if (Relu) gradient = passed(normalized(x, mean, scale, beta), gradient);
            sum = sum + gradient;
            product = product + gradient * (x - mean);
        }
        flush(sum, run.one_channel, run.sums);
        flush(product, run.one_channel, run.sums + row);
    }

    static SUNET_INLINE void run(const pixel_run& run) { run.relu ? lanes<true>(run) : lanes<false>(run); }
};

template <class V, class S>
struct input_gradient_kernel {
    template <bool Relu, bool Addend>
    static SUNET_INLINE void lanes(const pixel_run& run) {
        const V mean = parameter<V>(run, 0), scale = parameter<V>(run, 1), beta = parameter<V>(run, 2);
        const V gradient_mean = parameter<V>(run, 3), slope = parameter<V>(run, 4);
        const S *from = static_cast<const S*>(run.x), *dy = static_cast<const S*>(run.dy), *addend = static_cast<const S*>(run.addend);
        S* y = static_cast<S*>(run.y);
        for (std::int64_t pixel = 0; pixel < run.pixels; ++pixel) {
            const V x = load<V>(from + pixel * run.x_stride);
            V gradient = load<V>(dy + pixel * run.dy_stride);
            if (Relu) gradient = passed(normalized(x, mean, scale, beta), gradient);
            V result = scale * (gradient - gradient_mean - (x - mean) * slope);
            if (Addend) result = result + load<V>(addend + pixel * run.addend_stride);
            store<V>(y + pixel * run.y_stride, result);
        }
    }

    static SUNET_INLINE void run(const pixel_run& run) {
        if (run.relu)
            run.addend_given ? lanes<true, true>(run) : lanes<true, false>(run);
        else
            run.addend_given ? lanes<false, true>(run) : lanes<false, false>(run);
    }
};

SUNET_KERNEL(statistics_run, statistics_kernel, pixel_run)

SUNET_KERNEL(apply_run, apply_kernel, pixel_run)

SUNET_KERNEL(gradient_sums_run, gradient_sums_kernel, pixel_run)

SUNET_KERNEL(input_gradient_run, input_gradient_kernel, pixel_run)

template <int N>
pixel_run run_of(const channel_piece<N>& piece, bool is_bf16, const float* parameters, double* sums, bool relu) {
    pixel_run run = {};
    run.is_bf16 = is_bf16;
    run.lanes = piece.lanes;
    run.one_channel = piece.one_channel;
    run.pixels = piece.pixels;
    run.parameters = parameters;
    run.sums = sums;
    run.relu = relu;
    return run;
}

/* Computes the mean of a few pixels of each channel. It is close enough to the channel's mean that squared differences from it keep their
 * precision. */
void pivots(const channel_view& tensor, const void* x, std::int64_t from, std::int64_t count, float* out) {
    const std::int64_t all = tensor.images * tensor.pixels(), samples = std::min<std::int64_t>(8, all);
    double sums[row] = {};
    for (std::int64_t sample = 0; sample < samples; ++sample) {
        const std::int64_t at = all * sample / samples, image = at / tensor.pixels(), pixel = at % tensor.pixels();
        for (std::int64_t channel = 0; channel < count;) {
            const std::int64_t first = tensor.offset(image, from + channel) + pixel * tensor.block;
            const std::int64_t adjacent = std::min(tensor.adjacent(from + channel), count - channel);
            for (std::int64_t lane = 0; lane < adjacent; ++lane)
                sums[channel + lane] += static_cast<double>(element(tensor.at(x, first + lane), tensor.is_bf16));
            channel += adjacent;
        }
    }
    for (std::int64_t channel = 0; channel < count; ++channel)
        out[channel] = static_cast<float>(sums[channel] / static_cast<double>(samples));
}

struct norm_parameters {
    const float *mean, *variance, *gamma, *beta;
    float epsilon;

    double inverse_deviation(std::int64_t channel) const { return sunet::inverse_deviation(variance[channel], epsilon); }

    void fill(std::int64_t from, std::int64_t count, float (*parameters)[row]) const {
        for (std::int64_t lane = 0; lane < count; ++lane) {
            parameters[0][lane] = mean[from + lane];
            parameters[1][lane] = norm_scale(variance[from + lane], gamma[from + lane], epsilon);
            parameters[2][lane] = beta[from + lane];
        }
    }
};

struct backward_pass {
    const sunet_batch_norm_gradient* call;
    channel_view x, dy, dx, addend;
    norm_parameters affine;
    float *dgamma, *dbeta;

    void sums(const sunet_context* context) const {
        const channel_view tensors[] = {x, dy};
        reduce<3, 2>(
            context, tensors, [&](std::int64_t from, std::int64_t count, float(*parameters)[row]) { affine.fill(from, count, parameters); },
            [&](const channel_piece<2>& piece, const float* parameters, double* sums) {
                pixel_run run = run_of(piece, x.is_bf16, parameters, sums, call->relu != 0);
                run.x = x.at(call->x, piece.offset[0]);
                run.dy = dy.at(call->dy, piece.offset[1]);
                run.x_stride = piece.stride[0];
                run.dy_stride = piece.stride[1];
                gradient_sums_run(run);
            },
            [&](std::int64_t from, std::int64_t count, const double* sums) {
                for (std::int64_t lane = 0; lane < count; ++lane) {
                    dbeta[from + lane] = static_cast<float>(sums[lane]);
                    dgamma[from + lane] = static_cast<float>(sums[row + lane] * affine.inverse_deviation(from + lane));
                }
            });
    }

    void parameters_of(std::int64_t from, std::int64_t count, float (*parameters)[row]) const {
        affine.fill(from, count, parameters);
        const double pixels = static_cast<double>(x.images * x.pixels());
        for (std::int64_t lane = 0; call->batch_statistics != 0 && lane < count; ++lane) {
            parameters[3][lane] = static_cast<float>(static_cast<double>(dbeta[from + lane]) / pixels);
            parameters[4][lane] =
                static_cast<float>(static_cast<double>(dgamma[from + lane]) / pixels * affine.inverse_deviation(from + lane));
        }
    }

    void input_gradient(const sunet_context* context) const {
        const channel_view tensors[] = {dx, x, dy, addend};
        map<5>(
            context, tensors, call->dx,
            [&](std::int64_t from, std::int64_t count, float(*parameters)[row]) { parameters_of(from, count, parameters); },
            [&](const channel_piece<4>& piece, const float* parameters) {
                pixel_run run = run_of(piece, x.is_bf16, parameters, nullptr, call->relu != 0);
                run.y = dx.at(call->dx, piece.offset[0]);
                run.x = x.at(call->x, piece.offset[1]);
                run.dy = dy.at(call->dy, piece.offset[2]);
                run.y_stride = piece.stride[0];
                run.x_stride = piece.stride[1];
                run.dy_stride = piece.stride[2];
                run.addend_given = call->addend != nullptr;
                run.addend = run.addend_given ? addend.at(call->addend, piece.offset[3]) : nullptr;
                run.addend_stride = piece.stride[3];
                input_gradient_run(run);
            });
    }
};

/* Fills in everything but dgamma and dbeta; returns false where the arguments are invalid. */
bool prepare_backward(const sunet_batch_norm_gradient* call, backward_pass* out) {
    if (call == nullptr || call->x == nullptr || call->dy == nullptr || call->mean == nullptr || call->variance == nullptr) return false;
    if (call->gamma == nullptr || call->beta == nullptr) return false;
    if (!describe(&call->x_tensor, &out->x) || !describe(&call->dy_tensor, &out->dy) || !out->x.same_extent(out->dy)) return false;
    out->dx = out->addend = out->dy;
    if (call->dx != nullptr && (!describe(&call->dx_tensor, &out->dx) || !out->dx.same_extent(out->x))) return false;
    if (call->addend != nullptr && (!describe(&call->addend_tensor, &out->addend) || !out->addend.same_extent(out->x))) return false;
    if (out->dy.is_bf16 != out->x.is_bf16 || out->dx.is_bf16 != out->x.is_bf16 || out->addend.is_bf16 != out->x.is_bf16) return false;
    out->call = call;
    out->affine = {call->mean, call->variance, call->gamma, call->beta, call->epsilon};
    return true;
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_batch_norm_statistics(sunet_context* context, const sunet_tensor* x_tensor, const void* x, float* mean,
                                         float* variance) {
    channel_view tensors[1];
    if (context == nullptr || x == nullptr || mean == nullptr || variance == nullptr || !describe(x_tensor, &tensors[0]))
        return SUNET_INVALID_ARGUMENT;
    const channel_view& tensor = tensors[0];
    reduce<1, 2>(
        context, tensors,
        [&](std::int64_t from, std::int64_t count, float(*parameters)[row]) { pivots(tensor, x, from, count, parameters[0]); },
        [&](const channel_piece<1>& piece, const float* parameters, double* sums) {
            pixel_run run = run_of(piece, tensor.is_bf16, parameters, sums, false);
            run.x = tensor.at(x, piece.offset[0]);
            run.x_stride = piece.stride[0];
            statistics_run(run);
        },
        [&](std::int64_t from, std::int64_t count, const double* sums) {
            const double pixels = static_cast<double>(tensor.images * tensor.pixels());
            float pivot[row];
            pivots(tensor, x, from, count, pivot);
            for (std::int64_t lane = 0; lane < count; ++lane) {
                const double offset = sums[lane] / pixels, spread = sums[row + lane] / pixels - offset * offset;
                mean[from + lane] = static_cast<float>(static_cast<double>(pivot[lane]) + offset);
                variance[from + lane] = static_cast<float>(spread < 0 ? 0 : spread);
            }
        });
    return SUNET_OK;
}

sunet_status sunet_batch_norm_apply(sunet_context* context, const sunet_tensor* x_tensor, const void* x, const float* mean,
                                    const float* variance, const float* gamma, const float* beta, float epsilon, int32_t relu,
                                    const sunet_tensor* y_tensor, void* y) {
    channel_view tensors[2];
    if (context == nullptr || x == nullptr || y == nullptr || mean == nullptr || variance == nullptr || gamma == nullptr ||
        beta == nullptr || !describe(y_tensor, &tensors[0]) || !describe(x_tensor, &tensors[1]) || !tensors[0].same_extent(tensors[1]) ||
        tensors[0].is_bf16 != tensors[1].is_bf16)
        return SUNET_INVALID_ARGUMENT;
    const norm_parameters affine = {mean, variance, gamma, beta, epsilon};
    map<3>(
        context, tensors, y, [&](std::int64_t from, std::int64_t count, float(*parameters)[row]) { affine.fill(from, count, parameters); },
        [&](const channel_piece<2>& piece, const float* parameters) {
            pixel_run run = run_of(piece, tensors[1].is_bf16, parameters, nullptr, relu != 0);
            run.y = tensors[0].at(y, piece.offset[0]);
            run.x = tensors[1].at(x, piece.offset[1]);
            run.y_stride = piece.stride[0];
            run.x_stride = piece.stride[1];
            apply_run(run);
        });
    return SUNET_OK;
}

sunet_status sunet_batch_norm_backward(sunet_context* context, const sunet_batch_norm_gradient* call) {
    backward_pass backward;
    if (context == nullptr || !prepare_backward(call, &backward)) return SUNET_INVALID_ARGUMENT;
    const bool wanted = call->dgamma != nullptr || call->dbeta != nullptr;
    const bool needed = wanted || (call->batch_statistics != 0 && call->dx != nullptr);
    if (needed && call->scratch == nullptr && (call->dgamma == nullptr || call->dbeta == nullptr)) return SUNET_INVALID_ARGUMENT;
    if (needed) {
        backward.dgamma = call->dgamma != nullptr ? call->dgamma : call->scratch;
        backward.dbeta = call->dbeta != nullptr ? call->dbeta : call->scratch + backward.x.channels;
        backward.sums(context);
    }
    if (call->dx != nullptr) backward.input_gradient(context);
    return SUNET_OK;
}

sunet_status sunet_running_statistics_update(sunet_context* context, int32_t channels, int64_t count, float momentum, const float* mean,
                                             const float* variance, float* running_mean, float* running_variance) {
    if (context == nullptr || channels < 1 || count < 1 || mean == nullptr || variance == nullptr || running_mean == nullptr ||
        running_variance == nullptr)
        return SUNET_INVALID_ARGUMENT;
    /* A single value has no unbiased variance; PyTorch refuses to train on it too. */
    if (count == 1) return SUNET_INVALID_ARGUMENT;
    const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1), kept = 1.0 - static_cast<double>(momentum);
    for (std::int32_t channel = 0; channel < channels; ++channel) {
        const double m = static_cast<double>(mean[channel]), v = static_cast<double>(variance[channel]) * unbiased;
        const double taken = static_cast<double>(momentum);
        running_mean[channel] = static_cast<float>(kept * static_cast<double>(running_mean[channel]) + taken * m);
        running_variance[channel] = static_cast<float>(kept * static_cast<double>(running_variance[channel]) + taken * v);
    }
    return SUNET_OK;
}
