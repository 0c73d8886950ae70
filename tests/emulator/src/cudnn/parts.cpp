/* What tensors, convolutions, pointwise modes and the like mean, and what cuDNN does not take for one. */
#include <algorithm>
#include <limits>

#include "cudnn/descriptors.hpp"

namespace emulator::cudnn {
namespace {

element_type data_type(const descriptor_state& descriptor, attribute_name name) {
    const int type = descriptor.value<int>(name);
    if (type < 0 || type >= DATA_TYPES) refuse(STATUS_BAD_PARAM, "%d is no data type", type);
    return static_cast<element_type>(type);
}

void check_strides(const tensor_info& tensor) {
    int order[4] = {0, 1, 2, 3};
    std::sort(order, order + 4, [&](int a, int b) { return tensor.strides[a] < tensor.strides[b]; });
    std::int64_t reach = 1; /* elements that the dimensions so far take */
    for (const int axis : order) {
        if (tensor.dims[axis] == 1) continue;
        if (tensor.strides[axis] < reach) refuse(STATUS_BAD_PARAM, "the tensor %s overlaps itself", tensor.text().c_str());
        reach = tensor.strides[axis] * (tensor.dims[axis] - 1) + reach;
    }
}

/* Two numbers, one for each spatial dimension, none below `least`. */
void spatial(const descriptor_state& descriptor, attribute_name name, std::int64_t least, std::int64_t (&to)[2]) {
    const std::vector<std::int64_t> values = descriptor.values<std::int64_t>(name);
    const char* text = find_rule(descriptor.type, name)->text;
    if (values.size() != 2) refuse(STATUS_BAD_PARAM, "%s has %zu elements for 2 spatial dimensions", text, values.size());
    for (int axis = 0; axis < 2; ++axis) {
        if (values[static_cast<size_t>(axis)] < least)
            refuse(STATUS_BAD_PARAM, "%s holds %lld", text, static_cast<long long>(values[static_cast<size_t>(axis)]));
        to[axis] = values[static_cast<size_t>(axis)];
    }
}

void whole_fractions(const descriptor_state& descriptor, attribute_name name, std::int64_t least, std::int64_t (&to)[2]) {
    struct fraction {
        std::int64_t numerator, denominator;
    };
    const std::vector<fraction> values = descriptor.values<fraction>(name);
    const char* text = find_rule(descriptor.type, name)->text;
    if (values.size() != 2) refuse(STATUS_BAD_PARAM, "%s has %zu elements for 2 spatial dimensions", text, values.size());
    for (int axis = 0; axis < 2; ++axis) {
        const fraction value = values[static_cast<size_t>(axis)];
        if (value.denominator < 1) refuse(STATUS_BAD_PARAM, "%s has the denominator %lld", text, static_cast<long long>(value.denominator));
        if (value.numerator % value.denominator != 0) unsupported(STATUS_NOT_SUPPORTED, "%s is no whole number", text);
        to[axis] = value.numerator / value.denominator;
        if (to[axis] < least) refuse(STATUS_BAD_PARAM, "%s holds %lld", text, static_cast<long long>(to[axis]));
    }
}

void two_spatial_dimensions(const descriptor_state& descriptor, attribute_name name) {
    const std::int64_t count = descriptor.value<std::int64_t>(name);
    if (count < 1 || count > 6) refuse(STATUS_BAD_PARAM, "%lld spatial dimensions", static_cast<long long>(count));
    if (count != 2) unsupported(STATUS_NOT_SUPPORTED, "%lld spatial dimensions", static_cast<long long>(count));
}

} // namespace

std::int64_t tensor_info::extent() const {
    std::int64_t last = 0;
    for (int axis = 0; axis < 4; ++axis) last += (dims[axis] - 1) * strides[axis];
    return last + 1;
}

/* Of the first axis that has neighbours; without any, the channels. */
std::int64_t tensor_info::pixel_stride() const {
    if (dims[3] > 1) return strides[3];
    if (dims[2] > 1) return strides[2] / dims[3];
    if (dims[0] > 1) return strides[0] / (dims[2] * dims[3]);
    return dims[1];
}

bool tensor_info::is_channels_last() const {
    const std::int64_t pixel = pixel_stride();
    if (dims[1] > 1 && strides[1] != 1) return false;
    if (pixel < dims[1]) return false;
    if (dims[3] > 1 && strides[3] != pixel) return false;
    if (dims[2] > 1 && strides[2] != pixel * dims[3]) return false;
    return dims[0] == 1 || strides[0] == pixel * dims[3] * dims[2];
}

bool tensor_info::operator==(const tensor_info& other) const {
    return uid == other.uid && std::equal(dims, dims + 4, other.dims) && std::equal(strides, strides + 4, other.strides) &&
           alignment == other.alignment && type == other.type&& is_virtual == other.is_virtual && by_value == other.by_value;
}

std::string tensor_info::text() const {
    const auto list = [](const std::int64_t(&values)[4]) {
        std::string text = "[";
        for (int axis = 0; axis < 4; ++axis) text += (axis == 0 ? "" : ",") + std::to_string(values[axis]);
        return text + "]";
    };
    return "uid " + std::to_string(uid) + " " + list(dims) + " strides " + list(strides) + " type " + std::to_string(type);
}

tensor_info make_tensor(const descriptor_state& descriptor) {
    const auto dims = descriptor.values<std::int64_t>(TENSOR_DIMENSIONS), strides = descriptor.values<std::int64_t>(TENSOR_STRIDES);
    if (dims.size() != strides.size())
        refuse(STATUS_BAD_PARAM, "a tensor with %zu dimensions and %zu strides", dims.size(), strides.size());
    if (dims.size() != 4) unsupported(STATUS_NOT_SUPPORTED_SHAPE, "a tensor of rank %zu", dims.size());
    tensor_info tensor{};
    tensor.uid = descriptor.value<std::int64_t>(TENSOR_UNIQUE_ID);
    tensor.type = data_type(descriptor, TENSOR_DATA_TYPE);
    tensor.alignment = descriptor.value<std::int64_t>(TENSOR_BYTE_ALIGNMENT);
    tensor.is_virtual = descriptor.value<unsigned char>(TENSOR_IS_VIRTUAL, 0) != 0;
    tensor.by_value = descriptor.value<unsigned char>(TENSOR_IS_BY_VALUE, 0) != 0;
    std::copy_n(dims.begin(), 4, tensor.dims);
    std::copy_n(strides.begin(), 4, tensor.strides);
    for (int axis = 0; axis < 4; ++axis)
        if (tensor.dims[axis] < 1 || tensor.strides[axis] < 1)
            refuse(STATUS_BAD_PARAM, "a dimension or stride below 1 in the tensor %s", tensor.text().c_str());
    check_strides(tensor);
    if (tensor.alignment < 1 || (tensor.alignment & (tensor.alignment - 1)) != 0)
        refuse(STATUS_BAD_PARAM, "the byte alignment %lld is no power of two", static_cast<long long>(tensor.alignment));
    if (tensor.alignment < static_cast<std::int64_t>(tensor.element()) && !tensor.is_virtual)
        refuse(STATUS_BAD_PARAM, "the byte alignment %lld is less than an element of the tensor %s",
               static_cast<long long>(tensor.alignment), tensor.text().c_str());
    if (tensor.is_virtual && tensor.by_value) refuse(STATUS_BAD_PARAM, "the tensor %s is virtual and by value", tensor.text().c_str());
    if (tensor.by_value && tensor.shape().count() != 1)
        refuse(STATUS_BAD_PARAM, "the tensor %s is by value but no scalar", tensor.text().c_str());
    return tensor;
}

convolution_info make_convolution(const descriptor_state& descriptor) {
    two_spatial_dimensions(descriptor, CONVOLUTION_SPATIAL_DIMS);
    convolution_info made{};
    made.compute = data_type(descriptor, CONVOLUTION_COMP_TYPE);
    made.mode = static_cast<convolution_mode>(descriptor.value<int>(CONVOLUTION_CONV_MODE));
    if (made.mode != CONVOLUTION && made.mode != CROSS_CORRELATION) refuse(STATUS_BAD_PARAM, "%d is no convolution mode", made.mode);
    spatial(descriptor, CONVOLUTION_DILATIONS, 1, made.window.dilation);
    spatial(descriptor, CONVOLUTION_FILTER_STRIDES, 1, made.window.stride);
    spatial(descriptor, CONVOLUTION_PRE_PADDINGS, 0, made.window.pre);
    spatial(descriptor, CONVOLUTION_POST_PADDINGS, 0, made.window.post);
    return made;
}

pointwise_info make_pointwise(const descriptor_state& descriptor) {
    pointwise_info made{};
    made.mode = static_cast<pointwise_mode>(descriptor.value<int>(POINTWISE_MODE));
    made.compute = data_type(descriptor, POINTWISE_MATH_PREC);
    made.lower_clip = descriptor.value<double>(POINTWISE_RELU_LOWER_CLIP, 0.0);
    made.upper_clip = descriptor.value<double>(POINTWISE_RELU_UPPER_CLIP, std::numeric_limits<double>::infinity());
    made.lower_slope = descriptor.value<double>(POINTWISE_RELU_LOWER_CLIP_SLOPE, 0.0);
    if (made.mode < 0 || made.mode > 601) refuse(STATUS_BAD_PARAM, "%d is no pointwise mode", made.mode);
    return made;
}

reduction_info make_reduction(const descriptor_state& descriptor) {
    const reduction_info made{static_cast<reduction_operator>(descriptor.value<int>(REDUCTION_OPERATOR)),
                              data_type(descriptor, REDUCTION_COMP_TYPE)};
    if (made.operation < 0 || made.operation > 8) refuse(STATUS_BAD_PARAM, "%d is no reduction", made.operation);
    return made;
}

resample_info make_resample(const descriptor_state& descriptor) {
    two_spatial_dimensions(descriptor, RESAMPLE_SPATIAL_DIMS);
    resample_info made{};
    made.mode = static_cast<resample_mode>(descriptor.value<int>(RESAMPLE_MODE));
    made.compute = data_type(descriptor, RESAMPLE_COMP_TYPE);
    made.padding = static_cast<padding_mode>(descriptor.value<int>(RESAMPLE_PADDING_MODE));
    if (made.mode < 0 || made.mode > 4) refuse(STATUS_BAD_PARAM, "%d is no resample mode", made.mode);
    if (made.padding < 0 || made.padding > 2) refuse(STATUS_BAD_PARAM, "%d is no padding mode", made.padding);
    made.window.dilation[0] = made.window.dilation[1] = 1;
    whole_fractions(descriptor, RESAMPLE_WINDOW_DIMS, 1, made.window.size);
    whole_fractions(descriptor, RESAMPLE_STRIDES, 1, made.window.stride);
    whole_fractions(descriptor, RESAMPLE_PRE_PADDINGS, 0, made.window.pre);
    whole_fractions(descriptor, RESAMPLE_POST_PADDINGS, 0, made.window.post);
    return made;
}

variant_pack make_variant_pack(const descriptor_state& descriptor) {
    const auto uids = descriptor.values<std::int64_t>(VARIANT_PACK_UNIQUE_IDS);
    const auto pointers = descriptor.values<std::uint64_t>(VARIANT_PACK_DATA_POINTERS);
    if (uids.size() != pointers.size())
        refuse(STATUS_BAD_PARAM, "a variant pack with %zu unique ids and %zu pointers", uids.size(), pointers.size());
    variant_pack pack;
    for (size_t i = 0; i < uids.size(); ++i)
        if (!pack.pointers.emplace(uids[i], pointers[i]).second)
            refuse(STATUS_BAD_PARAM_DUPLICATED_ENTRIES, "the unique id %lld is twice in the variant pack", static_cast<long long>(uids[i]));
    pack.workspace = descriptor.value<CUdeviceptr>(VARIANT_PACK_WORKSPACE, 0);
    return pack;
}

} // namespace emulator::cudnn
