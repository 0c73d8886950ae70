#include "convolution/onednn/convolution.hpp"

#include <cstring>
#include <optional>

#include "convolution/onednn/staging.hpp"

namespace sunet::onednn {
namespace {

desc weights_of(const dnnl::convolution_forward::primitive_desc& pd) { return pd.weights_desc(); }
desc weights_of(const dnnl::convolution_backward_data::primitive_desc& pd) { return pd.weights_desc(); }
desc weights_of(const dnnl::convolution_backward_weights::primitive_desc& pd) { return pd.diff_weights_desc(); }

/* A primitive descriptor. It may include channels that only fill up the last block in memory, which are zero; the format of the weights
 * does not. */
template <typename Pd>
struct choice {
    choice(const Pd& made, std::optional<phases> of) : pd(made), split(of), weights(weights_of(made)) {}

    Pd pd;
    std::optional<phases> split; /* set where it computes on copies of tensors; 1 x 1 where those are only slices */
    desc weights;
};

memory::dims pair(const int32_t* values) { return {values[0], values[1]}; }

desc bias_desc(const sunet_convolution& a, const sunet_tensor& to, bool wanted) {
    if (!wanted || a.has_bias == 0) return {};
    return vector_desc(to.dims[1]);
}

convolution_problem natural_problem(const convolution_request& request, bool with_bias) {
    const sunet_convolution& a = request.attributes;
    return {activation_desc(request.large()),
            weights_desc(a.weights),
            bias_desc(a, request.small(), with_bias),
            activation_desc(request.small()),
            pair(a.stride),
            {a.dilation[0] - 1, a.dilation[1] - 1},
            pair(a.padding_begin),
            pair(a.padding_end)};
}

/* The problem over tensors that are split into phases, or gathered from slices. */
convolution_problem split_problem(const convolution_request& request, phases p, bool with_bias) {
    const sunet_convolution& a = request.attributes;
    convolution_problem problem = natural_problem(request, with_bias);
    const sunet_tensor large = split_tensor(request.large(), p), small = split_tensor(request.small(), p);
    problem.source = activation_desc(large);
    problem.destination = activation_desc(small);
    if (!is_split(p)) return problem;
    problem.dilates = {0, 0};
    for (int i = 0; i < 2; ++i) {
        problem.padding_begin[i] /= a.dilation[i];
        problem.padding_end[i] = small.dims[2 + i] - 1 + a.weights.dims[2 + i] - large.dims[2 + i] - problem.padding_begin[i];
    }
    return problem;
}

void round_up_channels(sunet_tensor& tensor) {
    if (tensor.layout == SUNET_BLOCKED_8 || tensor.layout == SUNET_BLOCKED_16)
        tensor.dims[1] = static_cast<int32_t>(layout_of(tensor).channels_total);
}

/* The convolution of all channels in memory, with those that only fill up the last block. */
sunet_convolution over_whole_blocks(const convolution_request& request) {
    sunet_convolution a = request.attributes;
    round_up_channels(a.source);
    round_up_channels(a.destination);
    a.weights.dims[0] = (request.transposed ? a.source : a.destination).dims[1];
    a.weights.dims[1] = (request.transposed ? a.destination : a.source).dims[1];
    return a;
}

template <typename Pd>
bool is_reference(const Pd& pd) {
    return std::strncmp(pd.impl_info_str(), "ref", 3) == 0;
}

int64_t pixels_of(const sunet_tensor& tensor) { return int64_t{tensor.dims[0]} * tensor.dims[2] * tensor.dims[3]; }

/* Winograd's algorithm takes about half the time of a direct convolution in every direction, if the image fills its tiles. Weights that are
 * trained are transformed in every call, which is worth it only for enough pixels. */
bool wants_winograd(const convolution_request& request) {
    constexpr int32_t tile = 4;
    constexpr int64_t enough_pixels = 32 * 32;
    const sunet_convolution& a = request.attributes;
    if (a.winograd == 0 || a.source.type != SUNET_F32 || is_slice(request.large()) || is_slice(request.small())) return false;
    const sunet_tensor& small = request.small();
    for (int i = 0; i < 2; ++i) {
        if (a.weights.dims[2 + i] != 3 || a.stride[i] != 1 || a.dilation[i] != 1 || small.dims[2 + i] < tile) return false;
        /* With uneven padding oneDNN 2.6 computes wrong gradients of data. */
        if (a.padding_begin[i] != a.padding_end[i]) return false;
    }
    return a.inference != 0 || pixels_of(small) >= enough_pixels;
}

/* Returns oneDNN's Winograd implementation for float32, or nothing where it has none. Transformed weights take 16/9 of the memory for the
 * small tile and four times as much for the large tile. The large tile is preferred from 64 x 64 pixels on, and taken from 32 x 32 on where
 * oneDNN, which decides by the sizes of the caches, offers no other. */
template <typename Make>
auto winograd(const convolution_request& request, bool with_bias, Make make)
    -> std::optional<decltype(make(std::declval<const convolution_problem&>()))> {
    constexpr int64_t much = 64 * 64, enough = 32 * 32;
    const int64_t pixels = pixels_of(request.small());
    convolution_problem problem = natural_problem(request, with_bias);
    problem.algorithm = dnnl::algorithm::convolution_winograd;
    problem.largest_tile = pixels >= much;
    try {
        const auto pd = make(problem);
        const size_t plain_bytes = desc(dims_of(problem.weights), memory::data_type::f32, memory::format_tag::abcd).get_size();
        if (pixels < enough && weights_of(pd).get_size() > 2 * plain_bytes) return {};
        return pd;
    } catch (const dnnl::error& error) {
        if (error.status != dnnl_unimplemented) throw;
        return {};
    }
}

/* Returns oneDNN's implementation of a problem if it is a fast one. It computes on copies where `split` is set, and may include channels
 * that `weights` does not have. */
template <typename Make>
auto fast_choice(const convolution_request& request, const std::optional<phases>& split, bool with_bias, const sunet_tensor& weights,
                 Make make) -> std::optional<choice<decltype(make(std::declval<const convolution_problem&>()))>> {
    choice<decltype(make(std::declval<const convolution_problem&>()))> result(
        make(split ? split_problem(request, *split, with_bias) : natural_problem(request, with_bias)), split);
    const auto format = narrowed(result.weights, memory::dims(weights.dims, weights.dims + weights.rank));
    if (is_reference(result.pd) || !format) return {};
    result.weights = *format;
    return result;
}

/* Chooses Winograd's algorithm where it is faster, else the natural implementation if it is a fast one, else the first fast one of these:
 * over whole blocks of channels, because oneDNN is slow for less than a block; over slices that are copied out of their tensors; and of the
 * split problem. */
template <typename Make>
auto choose(const convolution_request& request, bool with_bias, Make make)
    -> choice<decltype(make(std::declval<const convolution_problem&>()))> {
    const sunet_convolution& a = request.attributes;
    if (wants_winograd(request)) {
        if (const auto pd = winograd(request, with_bias, make)) return {*pd, {}};
    }
    auto natural = make(natural_problem(request, with_bias));
    if (!is_reference(natural)) return {natural, {}};
    const bool sliced = is_slice(request.large()) || is_slice(request.small());
    const sunet_convolution whole_blocks = sliced ? a : over_whole_blocks(request);
    const convolution_request whole{request.context, whole_blocks, request.transposed};
    if (const auto fast = fast_choice(whole, sliced ? std::optional(phases{1, 1}) : std::nullopt, with_bias, a.weights, make)) return *fast;
    if (can_split(a, request.large(), request.small())) {
        const phases p{a.dilation[0], a.dilation[1]};
        for (const convolution_request& either : {request, whole}) {
            if (const auto fast = fast_choice(either, p, with_bias, a.weights, make)) return *fast;
        }
    }
    return {natural, {}};
}

template <typename Primitive, typename Pd>
std::unique_ptr<sunet_primitive> make_primitive(const convolution_request& request, const Pd& pd) {
    return std::make_unique<sunet_primitive>(request.context, Primitive(pd), pd.impl_info_str(), pd.scratchpad_desc().get_size());
}

enum class access { read, write, update };

/* Adds a bias or its gradient to the primitive. Where oneDNN expects whole blocks of channels, a copy of the vector lies in the scratch
 * memory. */
void add_bias(sunet_primitive& primitive, int onednn_argument, int32_t channels, const desc& format, access use) {
    if (dims_of(format)[0] == channels) {
        primitive.add_argument(SUNET_ARG_BIAS, onednn_argument, format);
        return;
    }
    const desc own = vector_desc(channels);
    const size_t offset = primitive.add_staged_argument(SUNET_ARG_BIAS, onednn_argument, format, own), bytes = own.get_size();
    const auto staged = [offset](bindings data) { return static_cast<char*>(data[SUNET_ARG_SCRATCH]) + offset; };
    if (use == access::write) {
        primitive.add_after([=](bindings data) { std::memcpy(data[SUNET_ARG_BIAS], staged(data), bytes); });
        return;
    }
    primitive.add_before([=, whole = format.get_size()](bindings data) {
        std::memcpy(staged(data), data[SUNET_ARG_BIAS], bytes);
        std::memset(staged(data) + bytes, 0, whole - bytes);
    });
}

/* Adds an activation to the primitive: as it is or, where oneDNN computes on a copy, through the scratch memory. */
void add_activation(sunet_primitive& primitive, sunet_argument argument, int onednn_argument, const sunet_tensor& tensor,
                    const desc& format, const std::optional<phases>& split, access use) {
    if (!split || (!is_split(*split) && !is_slice(tensor))) {
        primitive.add_argument(argument, onednn_argument, format, tensor.layout == SUNET_ANY ? format : activation_desc(tensor));
        return;
    }
    const size_t offset = primitive.add_staged_argument(argument, onednn_argument, format, activation_desc(tensor));
    const phases p = *split;
    if (use != access::write) {
        primitive.add_before(
            [=](bindings data) { split_phases(tensor, p, data[argument], static_cast<char*>(data[SUNET_ARG_SCRATCH]) + offset); });
    }
    if (use != access::read) {
        primitive.add_after(
            [=](bindings data) { join_phases(tensor, p, static_cast<const char*>(data[SUNET_ARG_SCRATCH]) + offset, data[argument]); });
    }
}

dnnl::primitive_attr forward_attributes(const convolution_request& request) {
    dnnl::primitive_attr attributes = with_user_scratchpad();
    if (request.transposed) return attributes;
    dnnl::post_ops operations;
    if (request.attributes.accumulate != 0) operations.append_sum(1.0f);
    if (request.attributes.fused_relu != 0) append_relu(operations);
    attributes.set_post_ops(operations);
    return attributes;
}

/* Returns the forward primitive that oneDNN asks for with a gradient. Its weights have the type of the source, which the weights of a
 * gradient need not have. */
dnnl::convolution_forward::primitive_desc forward_hint(const convolution_request& request, convolution_problem problem) {
    if (type_of(problem.weights) != type_of(problem.source))
        problem.weights = {dims_of(problem.weights), type_of(problem.source), memory::format_tag::any};
    return forward_pd(request.context.engine, dnnl::prop_kind::forward_training, problem, with_user_scratchpad());
}

} // namespace

std::unique_ptr<sunet_primitive> build_forward(const convolution_request& request) {
    const bool inference = request.attributes.inference != 0 && !request.transposed;
    const auto kind = inference ? dnnl::prop_kind::forward_inference : dnnl::prop_kind::forward_training;
    const dnnl::primitive_attr attributes = forward_attributes(request);
    const auto chosen = choose(request, !request.transposed,
                               [&](const convolution_problem& p) { return forward_pd(request.context.engine, kind, p, attributes); });
    auto primitive = make_primitive<dnnl::convolution_forward>(request, chosen.pd);
    const bool accumulates = request.attributes.accumulate != 0 && !request.transposed;
    add_activation(*primitive, request.large_argument(), DNNL_ARG_SRC, request.large(), chosen.pd.src_desc(), chosen.split, access::read);
    primitive->add_argument(SUNET_ARG_WEIGHTS, DNNL_ARG_WEIGHTS, chosen.pd.weights_desc(), chosen.weights);
    if (request.attributes.has_bias != 0 && !request.transposed)
        add_bias(*primitive, DNNL_ARG_BIAS, request.small().dims[1], chosen.pd.bias_desc(), access::read);
    add_activation(*primitive, request.small_argument(), DNNL_ARG_DST, request.small(), chosen.pd.dst_desc(), chosen.split,
                   accumulates ? access::update : access::write);
    return primitive;
}

std::unique_ptr<sunet_primitive> build_backward_data(const convolution_request& request) {
    const auto chosen = choose(request, false, [&](const convolution_problem& p) {
        return backward_data_pd(request.context.engine, p, with_user_scratchpad(), forward_hint(request, p));
    });
    auto primitive = make_primitive<dnnl::convolution_backward_data>(request, chosen.pd);
    add_activation(*primitive, request.small_argument(), DNNL_ARG_DIFF_DST, request.small(), chosen.pd.diff_dst_desc(), chosen.split,
                   access::read);
    primitive->add_argument(SUNET_ARG_WEIGHTS, DNNL_ARG_WEIGHTS, chosen.pd.weights_desc(), chosen.weights);
    add_activation(*primitive, request.large_argument(), DNNL_ARG_DIFF_SRC, request.large(), chosen.pd.diff_src_desc(), chosen.split,
                   access::write);
    return primitive;
}

std::unique_ptr<sunet_primitive> build_backward_weights(const convolution_request& request) {
    const auto chosen = choose(request, !request.transposed, [&](const convolution_problem& p) {
        return backward_weights_pd(request.context.engine, p, with_user_scratchpad(), forward_hint(request, p));
    });
    auto primitive = make_primitive<dnnl::convolution_backward_weights>(request, chosen.pd);
    add_activation(*primitive, request.large_argument(), DNNL_ARG_SRC, request.large(), chosen.pd.src_desc(), chosen.split, access::read);
    add_activation(*primitive, request.small_argument(), DNNL_ARG_DIFF_DST, request.small(), chosen.pd.diff_dst_desc(), chosen.split,
                   access::read);
    primitive->add_argument(SUNET_ARG_WEIGHTS, DNNL_ARG_DIFF_WEIGHTS, chosen.pd.diff_weights_desc(), chosen.weights);
    if (request.attributes.has_bias != 0 && !request.transposed)
        add_bias(*primitive, DNNL_ARG_DIFF_BIAS, request.small().dims[1], chosen.pd.diff_bias_desc(), access::write);
    return primitive;
}

} // namespace sunet::onednn
