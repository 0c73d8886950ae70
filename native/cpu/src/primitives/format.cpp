#include "primitives/format.hpp"

#include <oneapi/dnnl/dnnl_debug.h>

namespace sunet {
namespace {

using tag = memory::format_tag;

memory::data_type type_of_tensor(const sunet_tensor& tensor) {
    switch (tensor.type) {
        case SUNET_F32: return memory::data_type::f32;
        case SUNET_BF16: return memory::data_type::bf16;
        case SUNET_S32: return memory::data_type::s32;
        case SUNET_U8: return memory::data_type::u8;
        default: throw failure(SUNET_INVALID_ARGUMENT, "The element type " + std::to_string(tensor.type) + " does not exist.");
    }
}

tag plain_tag(int32_t rank) {
    constexpr tag tags[] = {tag::a, tag::ab, tag::abc, tag::abcd};
    return tags[rank - 1];
}

tag activation_tag(const sunet_tensor& tensor) {
    if (tensor.layout == SUNET_ANY) return tag::any;
    if (tensor.layout == SUNET_PLAIN) return plain_tag(tensor.rank);
    require(tensor.rank == 4, "Blocked and NHWC layouts are for tensors of rank 4.");
    switch (tensor.layout) {
        case SUNET_BLOCKED_8: return tag::nChw8c;
        case SUNET_BLOCKED_16: return tag::nChw16c;
        case SUNET_NHWC: return tag::nhwc;
        case SUNET_WEIGHTS_16: return tag::ABcd16b16a;
        default: throw failure(SUNET_INVALID_ARGUMENT, "The layout " + std::to_string(tensor.layout) + " does not exist.");
    }
}

} // namespace

bool is_slice(const sunet_tensor& tensor) {
    return tensor.channel_offset != 0 || (tensor.channel_total != 0 && tensor.rank > 1 && tensor.channel_total != tensor.dims[1]);
}

void check_tensor(const sunet_tensor& tensor, const char* name) {
    if (tensor.rank < 1 || tensor.rank > 4)
        throw failure(SUNET_INVALID_ARGUMENT, std::string("The ") + name + " has rank " + std::to_string(tensor.rank) + "; 1 to 4 exist.");
    for (int32_t i = 0; i < tensor.rank; ++i) {
        if (tensor.dims[i] < 1)
            throw failure(SUNET_INVALID_ARGUMENT, std::string("The ") + name + " " + shape_text(tensor) + " has a dimension below 1.");
    }
    if (!is_slice(tensor)) return;
    const int64_t end = int64_t{tensor.channel_offset} + (tensor.rank > 1 ? tensor.dims[1] : 0);
    if (tensor.rank != 4 || tensor.layout == SUNET_ANY || tensor.channel_offset < 0 || end > tensor.channel_total)
        throw failure(SUNET_INVALID_ARGUMENT, std::string("The ") + name + " " + shape_text(tensor) +
                                                  " is no channel slice of a tensor with " + std::to_string(tensor.channel_total) +
                                                  " channels.");
}

channel_layout layout_of(const sunet_tensor& tensor) {
    const int64_t total = tensor.channel_total != 0 ? tensor.channel_total : tensor.dims[1];
    const int64_t block = tensor.layout == SUNET_BLOCKED_8    ? 8
                          : tensor.layout == SUNET_BLOCKED_16 ? 16
                          : tensor.layout == SUNET_NHWC       ? total
                                                              : 1;
    const int64_t rounded = (total + block - 1) / block * block;
    return {tensor.dims[0], tensor.dims[1], tensor.dims[2], tensor.dims[3], block, rounded, tensor.channel_offset};
}

desc activation_desc(const sunet_tensor& tensor) {
    const memory::dims dims(tensor.dims, tensor.dims + tensor.rank);
    const auto type = type_of_tensor(tensor);
    const tag layout = activation_tag(tensor);
    if (!is_slice(tensor)) return {dims, type, layout};
    memory::dims enclosing = dims;
    enclosing[1] = tensor.channel_total;
    return desc(enclosing, type, layout).submemory_desc(dims, {0, tensor.channel_offset, 0, 0});
}

desc vector_desc(memory::dim channels) { return {{channels}, memory::data_type::f32, memory::format_tag::x}; }

desc weights_desc(const sunet_tensor& tensor) {
    require(tensor.layout == SUNET_PLAIN || tensor.layout == SUNET_ANY, "Weights are PLAIN, or ANY to let oneDNN choose their order.");
    const memory::dims dims(tensor.dims, tensor.dims + tensor.rank);
    return {dims, type_of_tensor(tensor), tensor.layout == SUNET_ANY ? tag::any : plain_tag(tensor.rank)};
}

desc row_major_weights(sunet_tensor weights) {
    weights.type = SUNET_F32;
    weights.layout = SUNET_PLAIN;
    return weights_desc(weights);
}

std::string shape_text(const sunet_tensor& tensor) {
    std::string text = "[";
    for (int32_t i = 0; i < tensor.rank && i < 4; ++i) text += (i == 0 ? "" : ", ") + std::to_string(tensor.dims[i]);
    return text + "]";
}

} // namespace sunet

extern "C" {

sunet_status sunet_format_create(const sunet_tensor* tensor, sunet_format** out, sunet_message* message) {
    return sunet::guarded(message, [&] {
        sunet::require(out != nullptr, "The format needs a place to be returned to.");
        *out = nullptr;
        sunet::require(tensor != nullptr, "A format is made from a tensor.");
        sunet::check_tensor(*tensor, "tensor");
        sunet::require(tensor->layout != SUNET_ANY, "A format says where data lies, so its layout cannot be ANY.");
        *out = new sunet_format({sunet::activation_desc(*tensor)});
    });
}

void sunet_format_destroy(sunet_format* format) { delete format; }

size_t sunet_format_bytes(const sunet_format* format) { return format->data.bytes(); }

int32_t sunet_format_equal(const sunet_format* a, const sunet_format* b) { return a->data == b->data ? 1 : 0; }

void sunet_format_describe(const sunet_format* format, sunet_message* out) {
    sunet::copy_text("strided", out);
    sunet::guarded(out, [&] {
        const sunet::desc& desc = format->data.desc;
        const std::string transformed = format->data.packed ? format->data.packed_name() : sunet::winograd_name(desc);
        if (!transformed.empty()) {
            sunet::copy_text(transformed.c_str(), out);
            return;
        }
        const auto dims = sunet::dims_of(desc);
        const auto type = sunet::type_of(desc);
        /* oneDNN keeps no name with a description, so every name it has is tried. */
        for (int tag = dnnl_format_tag_any + 1; tag < dnnl_format_tag_last; ++tag) {
            const sunet::desc candidate(dims, type, static_cast<sunet::memory::format_tag>(tag), true);
            if (candidate == desc) {
                const std::string name = dnnl_fmt_tag2str(static_cast<dnnl_format_tag_t>(tag));
                sunet::copy_text((type == sunet::memory::data_type::bf16 ? name + " bf16" : name).c_str(), out);
                return;
            }
        }
    });
}

} // extern "C"
