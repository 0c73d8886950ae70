/* The one place that knows how oneDNN 2.x and 3.x differ: in 2.x a primitive descriptor is made from an operation descriptor, which 3.x
 * does not have. */
#pragma once

#include <optional>
#include <string>

#include <oneapi/dnnl/dnnl.hpp>

namespace sunet {

using desc = dnnl::memory::desc;
using dnnl::memory;

/* The parameters of a oneDNN convolution. A bias without dimensions means that there is none. */
struct convolution_problem {
    desc source, weights, bias, destination;
    memory::dims strides, dilates, padding_begin, padding_end; /* dilates: 0 = dense */
    dnnl::algorithm algorithm = dnnl::algorithm::convolution_direct;
    bool largest_tile = false; /* of several Winograd implementations */
};

inline dnnl::primitive_attr with_user_scratchpad() {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attributes;
}

/* Returns the last of several Winograd implementations, which has the largest tile, where that is wanted. Whatever `pd` was made from must
 * still exist. */
template <typename Pd>
Pd preferred(Pd pd, const convolution_problem& p) {
    while (p.largest_tile && pd.next_impl()) {}
    return pd;
}

#if DNNL_VERSION_MAJOR >= 3

/* oneDNN 3.x has no way to change the dimensions of a description. */
inline std::optional<desc> narrowed(const desc&, const memory::dims&) { return {}; }

/* oneDNN 3.x has no weights that are transformed for Winograd's algorithm. */
inline std::string winograd_name(const desc&) { return {}; }

inline memory::dims dims_of(const desc& d) { return d.get_dims(); }
inline memory::data_type type_of(const desc& d) { return d.get_data_type(); }

inline void append_relu(dnnl::post_ops& operations) { operations.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0f, 0.0f); }

inline dnnl::convolution_forward::primitive_desc forward_pd(const dnnl::engine& engine, dnnl::prop_kind kind, const convolution_problem& p,
                                                            const dnnl::primitive_attr& attributes) {
    return preferred(dnnl::convolution_forward::primitive_desc(engine, kind, p.algorithm, p.source, p.weights, p.bias, p.destination,
                                                               p.strides, p.dilates, p.padding_begin, p.padding_end, attributes),
                     p);
}

inline dnnl::convolution_backward_data::primitive_desc backward_data_pd(const dnnl::engine& engine, const convolution_problem& p,
                                                                        const dnnl::primitive_attr& attributes,
                                                                        const dnnl::convolution_forward::primitive_desc& hint) {
    return {engine,    p.algorithm,     p.source,      p.weights, p.destination, p.strides,
            p.dilates, p.padding_begin, p.padding_end, hint,      attributes};
}

inline dnnl::convolution_backward_weights::primitive_desc backward_weights_pd(const dnnl::engine& engine, const convolution_problem& p,
                                                                              const dnnl::primitive_attr& attributes,
                                                                              const dnnl::convolution_forward::primitive_desc& hint) {
    return {engine,    p.algorithm, p.source,        p.weights,     p.bias, p.destination,
            p.strides, p.dilates,   p.padding_begin, p.padding_end, hint,   attributes};
}

inline dnnl::matmul::primitive_desc matmul_pd(const dnnl::engine& engine, const desc& source, const desc& weights, const desc& bias,
                                              const desc& destination, const dnnl::primitive_attr& attributes) {
    return {engine, source, weights, bias, destination, attributes};
}

#else

/* Describes memory of more channels as memory of `dims`, where the others only fill up the last block, as in any tensor that ends within a
 * block. Returns nothing where they do more than that. */
inline std::optional<desc> narrowed(const desc& whole, const memory::dims& dims) {
    const dnnl_blocking_desc_t& blocking = whole.data.format_desc.blocking;
    if (whole.data.format_kind != dnnl_blocked) return {};
    memory::dims blocks(dims.size(), 1);
    for (int i = 0; i < blocking.inner_nblks; ++i) blocks[static_cast<size_t>(blocking.inner_idxs[i])] *= blocking.inner_blks[i];
    desc part = whole;
    for (size_t i = 0; i < dims.size(); ++i) {
        if ((dims[i] + blocks[i] - 1) / blocks[i] * blocks[i] != whole.data.padded_dims[i]) return {};
        part.data.dims[i] = dims[i];
    }
    return part;
}

/* Names weights that are transformed for Winograd's algorithm by output tile, order of the parts, and blocks of input and output channels;
 * empty for other weights. */
inline std::string winograd_name(const desc& d) {
    if (d.data.format_kind != dnnl_format_kind_wino) return {};
    const dnnl_wino_desc_t& w = d.data.format_desc.wino_desc;
    const auto blocks = [](int inner, int outer) { return std::to_string(inner) + "x" + std::to_string(outer); };
    return "wino" + std::to_string(w.alpha - w.r + 1) + "x" + std::to_string(w.r) + "_" + std::to_string(w.wino_format) + "_" +
           blocks(w.ic_block, w.ic2_block) + "i" + blocks(w.oc_block, w.oc2_block) + "o";
}

inline memory::dims dims_of(const desc& d) { return d.dims(); }
inline memory::data_type type_of(const desc& d) { return d.data_type(); }

inline void append_relu(dnnl::post_ops& operations) { operations.append_eltwise(1.0f, dnnl::algorithm::eltwise_relu, 0.0f, 0.0f); }

inline dnnl::convolution_forward::primitive_desc forward_pd(const dnnl::engine& engine, dnnl::prop_kind kind, const convolution_problem& p,
                                                            const dnnl::primitive_attr& attributes) {
    const dnnl::convolution_forward::desc operation(kind, p.algorithm, p.source, p.weights, p.bias, p.destination, p.strides, p.dilates,
                                                    p.padding_begin, p.padding_end);
    return preferred(dnnl::convolution_forward::primitive_desc(operation, attributes, engine), p);
}

inline dnnl::convolution_backward_data::primitive_desc backward_data_pd(const dnnl::engine& engine, const convolution_problem& p,
                                                                        const dnnl::primitive_attr& attributes,
                                                                        const dnnl::convolution_forward::primitive_desc& hint) {
    const dnnl::convolution_backward_data::desc operation(p.algorithm, p.source, p.weights, p.destination, p.strides, p.dilates,
                                                          p.padding_begin, p.padding_end);
    return {operation, attributes, engine, hint};
}

inline dnnl::convolution_backward_weights::primitive_desc backward_weights_pd(const dnnl::engine& engine, const convolution_problem& p,
                                                                              const dnnl::primitive_attr& attributes,
                                                                              const dnnl::convolution_forward::primitive_desc& hint) {
    const dnnl::convolution_backward_weights::desc operation(p.algorithm, p.source, p.weights, p.bias, p.destination, p.strides, p.dilates,
                                                             p.padding_begin, p.padding_end);
    return {operation, attributes, engine, hint};
}

inline dnnl::matmul::primitive_desc matmul_pd(const dnnl::engine& engine, const desc& source, const desc& weights, const desc& bias,
                                              const desc& destination, const dnnl::primitive_attr& attributes) {
    return {dnnl::matmul::desc(source, weights, bias, destination), attributes, engine};
}

#endif

} // namespace sunet
