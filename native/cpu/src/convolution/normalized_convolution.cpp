/* Batch normalisation, ReLU and a 1x1 convolution in one pass. The normalised activation, which is the widest of a network, is never
 * written to memory: each thread computes it strip by strip in its cache, where the convolution reads it. */
#include <omp.h>

#include <atomic>
#include <cstring>

#include "convolution/shared/request.hpp"
#include "convolution/float16/convolution.hpp"
#include "kernels/vectors.hpp"
#include "kernels/norm.hpp"

namespace sunet {
namespace {

constexpr int64_t strip_bytes = 512 * 1024; /* of normalised pixels: a part of a second-level cache */
constexpr int64_t fewest_pixels = 32;

/* Makes oneDNN prepare primitives for one thread for as long as the scope lives, because each thread runs a primitive of its own. */
class single_thread_scope {
public:
    single_thread_scope() noexcept : previous_(omp_get_max_threads()) { omp_set_num_threads(1); }
    ~single_thread_scope() { omp_set_num_threads(previous_); }
    single_thread_scope(const single_thread_scope&) = delete;
    single_thread_scope& operator=(const single_thread_scope&) = delete;

private:
    int previous_;
};

struct affine {
    const float *mean, *scale, *beta; /* of one block of channels */
};

template <class V, bool Relu>
SUNET_INLINE void normalize_lanes(const float* x, float* y, int64_t pixels, const affine& a) {
    const V mean = load<V>(a.mean), scale = load<V>(a.scale), beta = load<V>(a.beta);
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
        V value = normalized(load<V>(x + pixel * lanes_of<V>), mean, scale, beta);
        if (Relu) value = rectified(value);
        store<V>(y + pixel * lanes_of<V>, value);
    }
}

SUNET_CLONES void normalize_16(const float* x, float* y, int64_t pixels, const affine& a, bool relu) {
    relu ? normalize_lanes<sixteen, true>(x, y, pixels, a) : normalize_lanes<sixteen, false>(x, y, pixels, a);
}

SUNET_CLONES void normalize_8(const float* x, float* y, int64_t pixels, const affine& a, bool relu) {
    relu ? normalize_lanes<eight, true>(x, y, pixels, a) : normalize_lanes<eight, false>(x, y, pixels, a);
}

/* The convolution of a strip of `pixels` pixels. */
struct strip_kernel {
    int64_t pixels = 0;
    dnnl::convolution_forward::primitive_desc pd;
    dnnl::convolution_forward primitive;
};

class normalized_convolution {
public:
    normalized_convolution(sunet_context& context, const sunet_convolution& a, float epsilon, bool relu)
        : context_(context), threads_(context.threads), images_(a.source.dims[0]), inputs_(a.source.dims[1]),
          outputs_(a.destination.dims[1]), pixels_(int64_t{a.source.dims[2]} * a.source.dims[3]),
          block_(a.source.layout == SUNET_BLOCKED_16 ? 16 : 8), epsilon_(epsilon), relu_(relu), has_bias_(a.has_bias != 0) {
        const int64_t most = std::max(fewest_pixels, strip_bytes / (inputs_ * int64_t{sizeof(float)}));
        const int64_t wanted = std::max((pixels_ + most - 1) / most, (int64_t{threads_} + images_ - 1) / images_);
        const int64_t strip = (pixels_ + wanted - 1) / wanted;
        strips_ = (pixels_ + strip - 1) / strip;
        prepare(a, strip, whole_);
        if (pixels_ % strip != 0) prepare(a, pixels_ % strip, last_);
        layout_scratch();
        for (int thread = 0; thread < threads_; ++thread) workers_.push_back(worker(*this));
    }

    const dnnl::convolution_forward::primitive_desc& pd() const { return whole_.pd; }
    size_t scratch_bytes() const { return scale_bytes_ + thread_bytes_ * static_cast<size_t>(threads_); }

    void run(bindings data) {
        auto* scratch = static_cast<char*>(data[SUNET_ARG_SCRATCH]);
        auto* scale = reinterpret_cast<float*>(scratch);
        const auto* variance = static_cast<const float*>(data[SUNET_ARG_VARIANCE]);
        const auto* gamma = static_cast<const float*>(data[SUNET_ARG_GAMMA]);
        fill_norm_scales(variance, gamma, epsilon_, inputs_, scale);
        std::atomic<int> failed{dnnl_success};
#pragma omp parallel num_threads(threads_)
        {
            const int thread = omp_get_thread_num();
            worker& own = workers_[static_cast<size_t>(thread)];
            own.bind(*this, data, scratch + scale_bytes_ + thread_bytes_ * static_cast<size_t>(thread));
#pragma omp for schedule(static)
            for (int64_t item = 0; item < images_ * strips_; ++item) {
                const dnnl_status_t status = strip(own, data, scale, item / strips_, item % strips_);
                if (status != dnnl_success) failed = status;
            }
        }
        require_executed(static_cast<dnnl_status_t>(failed.load()));
    }

private:
    /* The oneDNN stream of one thread and its part of the scratch memory. */
    struct worker {
        explicit worker(const normalized_convolution& owner)
            : stream(owner.context_.engine), whole(owner, owner.whole_), last(owner, owner.last_) {}

        void bind(const normalized_convolution& owner, bindings data, char* scratch) {
            normalized = reinterpret_cast<float*>(scratch);
            result = reinterpret_cast<float*>(scratch + owner.source_bytes_);
            for (strip_arguments* arguments : {&whole, &last}) arguments->bind(owner, data, scratch);
        }

        struct strip_arguments {
            strip_arguments(const normalized_convolution& owner, const strip_kernel& kernel) {
                if (kernel.pixels == 0) return;
                const dnnl::engine& engine = owner.context_.engine;
                source = dnnl::memory(kernel.pd.src_desc(), engine, DNNL_MEMORY_NONE);
                weights = dnnl::memory(kernel.pd.weights_desc(), engine, DNNL_MEMORY_NONE);
                destination = dnnl::memory(kernel.pd.dst_desc(), engine, DNNL_MEMORY_NONE);
                library = dnnl::memory(kernel.pd.scratchpad_desc(), engine, DNNL_MEMORY_NONE);
                execution = {{DNNL_ARG_SRC, source.get()},
                             {DNNL_ARG_WEIGHTS, weights.get()},
                             {DNNL_ARG_DST, destination.get()},
                             {DNNL_ARG_SCRATCHPAD, library.get()}};
                if (!owner.has_bias_) return;
                bias = dnnl::memory(kernel.pd.bias_desc(), engine, DNNL_MEMORY_NONE);
                execution.push_back({DNNL_ARG_BIAS, bias.get()});
            }

            void bind(const normalized_convolution& owner, bindings data, char* scratch) {
                if (execution.empty()) return;
                source.set_data_handle(scratch);
                destination.set_data_handle(scratch + owner.source_bytes_);
                library.set_data_handle(scratch + owner.source_bytes_ + owner.destination_bytes_);
                weights.set_data_handle(data[SUNET_ARG_WEIGHTS]);
                if (owner.has_bias_) bias.set_data_handle(data[SUNET_ARG_BIAS]);
            }

            dnnl::memory source, weights, bias, destination, library;
            std::vector<dnnl_exec_arg_t> execution;
        };

        dnnl::stream stream;
        strip_arguments whole, last;
        float *normalized = nullptr, *result = nullptr;
    };

    void prepare(const sunet_convolution& a, int64_t pixels, strip_kernel& kernel) {
        const single_thread_scope single;
        sunet_tensor source = a.source, destination = a.destination;
        for (sunet_tensor* tensor : {&source, &destination}) {
            tensor->dims[0] = tensor->dims[2] = 1;
            tensor->dims[3] = static_cast<int32_t>(pixels);
        }
        dnnl::primitive_attr attributes = with_user_scratchpad();
        dnnl::post_ops operations;
        if (a.fused_relu != 0) append_relu(operations);
        attributes.set_post_ops(operations);
        const desc bias = has_bias_ ? vector_desc(outputs_) : desc();
        const desc weights = whole_.pixels != 0 ? whole_.pd.weights_desc() : weights_desc(a.weights);
        const convolution_problem problem = {
            activation_desc(source), weights, bias, activation_desc(destination), {1, 1}, {0, 0}, {0, 0}, {0, 0}};
        kernel.pixels = pixels;
        kernel.pd = forward_pd(context_.engine, dnnl::prop_kind::forward_inference, problem, attributes);
        kernel.primitive = dnnl::convolution_forward(kernel.pd);
    }

    void layout_scratch() {
        scale_bytes_ = whole_lines(static_cast<size_t>(inputs_) * sizeof(float));
        source_bytes_ = whole_lines(whole_.pd.src_desc().get_size());
        destination_bytes_ = whole_lines(whole_.pd.dst_desc().get_size());
        size_t library = whole_.pd.scratchpad_desc().get_size();
        if (last_.pixels != 0) library = std::max(library, last_.pd.scratchpad_desc().get_size());
        thread_bytes_ = source_bytes_ + destination_bytes_ + whole_lines(library);
    }

    dnnl_status_t strip(worker& own, bindings data, const float* scale, int64_t image, int64_t index) {
        const bool is_last = last_.pixels != 0 && index == strips_ - 1;
        const strip_kernel& kernel = is_last ? last_ : whole_;
        const auto& arguments = is_last ? own.last : own.whole;
        const int64_t begin = index * whole_.pixels;
        const auto *x = static_cast<const float*>(data[SUNET_ARG_SOURCE]), *mean = static_cast<const float*>(data[SUNET_ARG_MEAN]),
                   *beta = static_cast<const float*>(data[SUNET_ARG_BETA]);
        auto* y = static_cast<float*>(data[SUNET_ARG_DESTINATION]);
        for (int64_t channel = 0; channel < inputs_; channel += block_) {
            const float* from = x + (image * inputs_ + channel) * pixels_ + begin * block_;
            float* to = own.normalized + channel * kernel.pixels;
            const affine lanes{mean + channel, scale + channel, beta + channel};
            block_ == 16 ? normalize_16(from, to, kernel.pixels, lanes, relu_) : normalize_8(from, to, kernel.pixels, lanes, relu_);
        }
        const auto count = static_cast<int>(arguments.execution.size());
        dnnl_status_t status = dnnl_primitive_execute(kernel.primitive.get(), own.stream.get(), count, arguments.execution.data());
        if (status == dnnl_success) status = dnnl_stream_wait(own.stream.get());
        for (int64_t channel = 0; channel < outputs_; channel += block_)
            std::memcpy(y + (image * outputs_ + channel) * pixels_ + begin * block_, own.result + channel * kernel.pixels,
                        static_cast<size_t>(block_ * kernel.pixels) * sizeof(float));
        return status;
    }

    sunet_context& context_;
    const int threads_;
    const int64_t images_, inputs_, outputs_, pixels_, block_;
    const float epsilon_;
    const bool relu_, has_bias_;
    int64_t strips_ = 0;
    strip_kernel whole_, last_;
    size_t scale_bytes_ = 0, source_bytes_ = 0, destination_bytes_ = 0, thread_bytes_ = 0;
    std::vector<worker> workers_;
};

void check(const sunet_convolution& a) {
    const sunet_tensor &x = a.source, &y = a.destination;
    const int32_t block = x.layout == SUNET_BLOCKED_16 ? 16 : x.layout == SUNET_BLOCKED_8 ? 8 : 0;
    const bool dense = a.stride[0] == 1 && a.stride[1] == 1 && a.weights.dims[2] == 1 && a.weights.dims[3] == 1;
    const bool padded = a.padding_begin[0] != 0 || a.padding_begin[1] != 0 || a.padding_end[0] != 0 || a.padding_end[1] != 0;
    if (!dense || padded || a.accumulate != 0 || block == 0 || y.layout != x.layout || is_slice(x) || is_slice(y) || x.type != SUNET_F32 ||
        y.type != SUNET_F32 || x.dims[1] % block != 0 || y.dims[1] % block != 0)
        throw failure(SUNET_UNSUPPORTED, "A normalised convolution is dense, 1x1, and goes between whole blocks of float32 channels.");
}

void check_float16(const sunet_convolution& a) {
    if (a.source.layout == SUNET_PLAIN || a.source.dims[1] % float16::channel_block != 0)
        throw failure(SUNET_UNSUPPORTED, "A normalised convolution in float16 has whole blocks of 16 input channels.");
}

} // namespace
} // namespace sunet

extern "C" {

sunet_status sunet_normalized_convolution_create(sunet_context* context, const sunet_convolution* attributes, float epsilon, int32_t relu,
                                                 sunet_primitive** out, sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(attributes != nullptr, "The convolution is NULL.");
        const sunet_convolution& a = *attributes;
        const sunet::convolution_request request{*context, a, false};
        sunet::check_convolution(request);
        if (sunet::float16::takes(request, true)) {
            sunet::check_float16(a);
            return sunet::float16::build(request, true, sunet::float16::source_norm{epsilon, relu != 0});
        }
        sunet::check(a);
        const auto work = std::make_shared<sunet::normalized_convolution>(*context, a, epsilon, relu != 0);
        auto primitive = std::make_unique<sunet_primitive>(
            *context, [work](sunet::bindings data) { work->run(data); }, std::string("normalised ") + work->pd().impl_info_str(),
            work->scratch_bytes());
        primitive->add_pass_argument(SUNET_ARG_SOURCE, {sunet::activation_desc(a.source)});
        primitive->add_pass_argument(SUNET_ARG_DESTINATION, {sunet::activation_desc(a.destination)});
        primitive->add_pass_argument(SUNET_ARG_WEIGHTS, {work->pd().weights_desc()});
        primitive->add_norm_arguments(a.source.dims[1]);
        if (a.has_bias != 0) primitive->add_pass_argument(SUNET_ARG_BIAS, {work->pd().bias_desc()});
        return primitive;
    });
}

sunet_status sunet_normalized_convolution_backward_weights_create(sunet_context* context, const sunet_convolution* attributes,
                                                                  float epsilon, int32_t relu, sunet_primitive** out,
                                                                  sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(attributes != nullptr, "The convolution is NULL.");
        const sunet::convolution_request request{*context, *attributes, false};
        sunet::check_convolution(request);
        if (!sunet::float16::takes_gradient(request))
            throw sunet::failure(SUNET_UNSUPPORTED, "The weights' gradient of a normalised convolution is made in float16 only.");
        sunet::check_float16(*attributes);
        return sunet::float16::build_gradient(request, sunet::float16::source_norm{epsilon, relu != 0});
    });
}

} // extern "C"
