#include "cudnn/rules.hpp"

#include "core/emulator.hpp"

namespace emulator::cudnn {
namespace {

constexpr std::int64_t many = 4096;

#define NAMED(name) name, #name

constexpr attribute_rule one(descriptor_type of, attribute_name name, const char* text, attribute_type type, attribute_use use) {
    return {of, name, text, type, 1, 1, use, ANY_DESCRIPTOR};
}

constexpr attribute_rule several(descriptor_type of, attribute_name name, const char* text, attribute_type type, std::int64_t most,
                                 attribute_use use) {
    return {of, name, text, type, 1, most, use, ANY_DESCRIPTOR};
}

constexpr attribute_rule child(descriptor_type of, attribute_name name, const char* text, descriptor_type type,
                               attribute_use use = attribute_use::required) {
    return {of, name, text, TYPE_BACKEND_DESCRIPTOR, 1, 1, use, type};
}

constexpr attribute_rule tensor(descriptor_type of, attribute_name name, const char* text, attribute_use use) {
    return child(of, name, text, TENSOR_DESCRIPTOR, use);
}

const attribute_rule rules[] = {
    one(POINTWISE_DESCRIPTOR, NAMED(POINTWISE_MODE), TYPE_POINTWISE_MODE, attribute_use::required),
    one(POINTWISE_DESCRIPTOR, NAMED(POINTWISE_MATH_PREC), TYPE_DATA_TYPE, attribute_use::required),
    one(POINTWISE_DESCRIPTOR, NAMED(POINTWISE_NAN_PROPAGATION), TYPE_NAN_PROPOGATION, attribute_use::optional),
    one(POINTWISE_DESCRIPTOR, NAMED(POINTWISE_RELU_LOWER_CLIP), TYPE_DOUBLE, attribute_use::optional),
    one(POINTWISE_DESCRIPTOR, NAMED(POINTWISE_RELU_UPPER_CLIP), TYPE_DOUBLE, attribute_use::optional),
    one(POINTWISE_DESCRIPTOR, NAMED(POINTWISE_RELU_LOWER_CLIP_SLOPE), TYPE_DOUBLE, attribute_use::optional),

    one(CONVOLUTION_DESCRIPTOR, NAMED(CONVOLUTION_COMP_TYPE), TYPE_DATA_TYPE, attribute_use::required),
    one(CONVOLUTION_DESCRIPTOR, NAMED(CONVOLUTION_CONV_MODE), TYPE_CONVOLUTION_MODE, attribute_use::required),
    several(CONVOLUTION_DESCRIPTOR, NAMED(CONVOLUTION_DILATIONS), TYPE_INT64, 6, attribute_use::required),
    several(CONVOLUTION_DESCRIPTOR, NAMED(CONVOLUTION_FILTER_STRIDES), TYPE_INT64, 6, attribute_use::required),
    several(CONVOLUTION_DESCRIPTOR, NAMED(CONVOLUTION_POST_PADDINGS), TYPE_INT64, 6, attribute_use::required),
    several(CONVOLUTION_DESCRIPTOR, NAMED(CONVOLUTION_PRE_PADDINGS), TYPE_INT64, 6, attribute_use::required),
    one(CONVOLUTION_DESCRIPTOR, NAMED(CONVOLUTION_SPATIAL_DIMS), TYPE_INT64, attribute_use::required),

    one(ENGINEHEUR_DESCRIPTOR, NAMED(ENGINEHEUR_MODE), TYPE_HEUR_MODE, attribute_use::required),
    child(ENGINEHEUR_DESCRIPTOR, NAMED(ENGINEHEUR_OPERATION_GRAPH), OPERATIONGRAPH_DESCRIPTOR),
    one(ENGINEHEUR_DESCRIPTOR, NAMED(ENGINEHEUR_SM_COUNT_TARGET), TYPE_INT32, attribute_use::optional),
    {ENGINEHEUR_DESCRIPTOR, NAMED(ENGINEHEUR_RESULTS), TYPE_BACKEND_DESCRIPTOR, 0, many, attribute_use::computed, ENGINECFG_DESCRIPTOR},

    child(ENGINECFG_DESCRIPTOR, NAMED(ENGINECFG_ENGINE), ENGINE_DESCRIPTOR),
    {ENGINECFG_DESCRIPTOR, NAMED(ENGINECFG_KNOB_CHOICES), TYPE_BACKEND_DESCRIPTOR, 0, many, attribute_use::optional,
     KNOB_CHOICE_DESCRIPTOR},
    one(ENGINECFG_DESCRIPTOR, NAMED(ENGINECFG_WORKSPACE_SIZE), TYPE_INT64, attribute_use::computed),

    child(ENGINE_DESCRIPTOR, NAMED(ENGINE_OPERATION_GRAPH), OPERATIONGRAPH_DESCRIPTOR),
    one(ENGINE_DESCRIPTOR, NAMED(ENGINE_GLOBAL_INDEX), TYPE_INT64, attribute_use::required),
    {ENGINE_DESCRIPTOR, NAMED(ENGINE_KNOB_INFO), TYPE_BACKEND_DESCRIPTOR, 0, many, attribute_use::computed, KNOB_INFO_DESCRIPTOR},
    {ENGINE_DESCRIPTOR, NAMED(ENGINE_NUMERICAL_NOTE), TYPE_NUMERICAL_NOTE, 0, many, attribute_use::computed, ANY_DESCRIPTOR},
    {ENGINE_DESCRIPTOR, NAMED(ENGINE_BEHAVIOR_NOTE), TYPE_BEHAVIOR_NOTE, 0, many, attribute_use::computed, ANY_DESCRIPTOR},

    one(EXECUTION_PLAN_DESCRIPTOR, NAMED(EXECUTION_PLAN_HANDLE), TYPE_HANDLE, attribute_use::required),
    child(EXECUTION_PLAN_DESCRIPTOR, NAMED(EXECUTION_PLAN_ENGINE_CONFIG), ENGINECFG_DESCRIPTOR),
    one(EXECUTION_PLAN_DESCRIPTOR, NAMED(EXECUTION_PLAN_WORKSPACE_SIZE), TYPE_INT64, attribute_use::computed),

    one(OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_FORWARD_ALPHA), TYPE_FLOAT, attribute_use::required),
    one(OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_FORWARD_BETA), TYPE_FLOAT, attribute_use::required),
    child(OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_FORWARD_CONV_DESC), CONVOLUTION_DESCRIPTOR),
    tensor(OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_FORWARD_W), attribute_use::input),
    tensor(OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_FORWARD_X), attribute_use::input),
    tensor(OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_FORWARD_Y), attribute_use::output),

    one(OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_DATA_ALPHA), TYPE_FLOAT, attribute_use::required),
    one(OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_DATA_BETA), TYPE_FLOAT, attribute_use::required),
    child(OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC), CONVOLUTION_DESCRIPTOR),
    tensor(OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_DATA_W), attribute_use::input),
    tensor(OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_DATA_DX), attribute_use::output),
    tensor(OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_DATA_DY), attribute_use::input),

    one(OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_FILTER_ALPHA), TYPE_FLOAT,
        attribute_use::required),
    one(OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_FILTER_BETA), TYPE_FLOAT,
        attribute_use::required),
    child(OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC), CONVOLUTION_DESCRIPTOR),
    tensor(OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_FILTER_DW), attribute_use::output),
    tensor(OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_FILTER_X), attribute_use::input),
    tensor(OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR, NAMED(OPERATION_CONVOLUTION_BWD_FILTER_DY), attribute_use::input),

    child(OPERATION_POINTWISE_DESCRIPTOR, NAMED(OPERATION_POINTWISE_PW_DESCRIPTOR), POINTWISE_DESCRIPTOR),
    tensor(OPERATION_POINTWISE_DESCRIPTOR, NAMED(OPERATION_POINTWISE_XDESC), attribute_use::input),
    tensor(OPERATION_POINTWISE_DESCRIPTOR, NAMED(OPERATION_POINTWISE_BDESC), attribute_use::optional_input),
    tensor(OPERATION_POINTWISE_DESCRIPTOR, NAMED(OPERATION_POINTWISE_YDESC), attribute_use::optional_output),
    tensor(OPERATION_POINTWISE_DESCRIPTOR, NAMED(OPERATION_POINTWISE_DXDESC), attribute_use::optional_output),
    tensor(OPERATION_POINTWISE_DESCRIPTOR, NAMED(OPERATION_POINTWISE_DYDESC), attribute_use::optional_input),
    one(OPERATION_POINTWISE_DESCRIPTOR, NAMED(OPERATION_POINTWISE_ALPHA1), TYPE_FLOAT, attribute_use::optional),
    one(OPERATION_POINTWISE_DESCRIPTOR, NAMED(OPERATION_POINTWISE_ALPHA2), TYPE_FLOAT, attribute_use::optional),

    one(OPERATIONGRAPH_DESCRIPTOR, NAMED(OPERATIONGRAPH_HANDLE), TYPE_HANDLE, attribute_use::required),
    {OPERATIONGRAPH_DESCRIPTOR, NAMED(OPERATIONGRAPH_OPS), TYPE_BACKEND_DESCRIPTOR, 1, many, attribute_use::required, ANY_DESCRIPTOR},
    one(OPERATIONGRAPH_DESCRIPTOR, NAMED(OPERATIONGRAPH_ENGINE_GLOBAL_COUNT), TYPE_INT64, attribute_use::computed),

    one(TENSOR_DESCRIPTOR, NAMED(TENSOR_BYTE_ALIGNMENT), TYPE_INT64, attribute_use::required),
    one(TENSOR_DESCRIPTOR, NAMED(TENSOR_DATA_TYPE), TYPE_DATA_TYPE, attribute_use::required),
    several(TENSOR_DESCRIPTOR, NAMED(TENSOR_DIMENSIONS), TYPE_INT64, 8, attribute_use::required),
    several(TENSOR_DESCRIPTOR, NAMED(TENSOR_STRIDES), TYPE_INT64, 8, attribute_use::required),
    one(TENSOR_DESCRIPTOR, NAMED(TENSOR_UNIQUE_ID), TYPE_INT64, attribute_use::required),
    one(TENSOR_DESCRIPTOR, NAMED(TENSOR_IS_VIRTUAL), TYPE_BOOLEAN, attribute_use::optional),
    one(TENSOR_DESCRIPTOR, NAMED(TENSOR_IS_BY_VALUE), TYPE_BOOLEAN, attribute_use::optional),
    one(TENSOR_DESCRIPTOR, NAMED(TENSOR_REORDERING_MODE), TYPE_TENSOR_REORDERING_MODE, attribute_use::optional),

    several(VARIANT_PACK_DESCRIPTOR, NAMED(VARIANT_PACK_UNIQUE_IDS), TYPE_INT64, many, attribute_use::required),
    several(VARIANT_PACK_DESCRIPTOR, NAMED(VARIANT_PACK_DATA_POINTERS), TYPE_VOID_PTR, many, attribute_use::required),
    one(VARIANT_PACK_DESCRIPTOR, NAMED(VARIANT_PACK_WORKSPACE), TYPE_VOID_PTR, attribute_use::optional),

    one(REDUCTION_DESCRIPTOR, NAMED(REDUCTION_OPERATOR), TYPE_REDUCTION_OPERATOR_TYPE, attribute_use::required),
    one(REDUCTION_DESCRIPTOR, NAMED(REDUCTION_COMP_TYPE), TYPE_DATA_TYPE, attribute_use::required),
    tensor(OPERATION_REDUCTION_DESCRIPTOR, NAMED(OPERATION_REDUCTION_XDESC), attribute_use::input),
    tensor(OPERATION_REDUCTION_DESCRIPTOR, NAMED(OPERATION_REDUCTION_YDESC), attribute_use::output),
    child(OPERATION_REDUCTION_DESCRIPTOR, NAMED(OPERATION_REDUCTION_DESC), REDUCTION_DESCRIPTOR),

    one(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_MODE), TYPE_RESAMPLE_MODE, attribute_use::required),
    one(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_COMP_TYPE), TYPE_DATA_TYPE, attribute_use::required),
    one(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_SPATIAL_DIMS), TYPE_INT64, attribute_use::required),
    several(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_POST_PADDINGS), TYPE_FRACTION, 6, attribute_use::required),
    several(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_PRE_PADDINGS), TYPE_FRACTION, 6, attribute_use::required),
    several(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_STRIDES), TYPE_FRACTION, 6, attribute_use::required),
    several(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_WINDOW_DIMS), TYPE_FRACTION, 6, attribute_use::required),
    one(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_NAN_PROPAGATION), TYPE_NAN_PROPOGATION, attribute_use::optional),
    one(RESAMPLE_DESCRIPTOR, NAMED(RESAMPLE_PADDING_MODE), TYPE_PADDING_MODE, attribute_use::required),

    tensor(OPERATION_RESAMPLE_FWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_FWD_XDESC), attribute_use::input),
    tensor(OPERATION_RESAMPLE_FWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_FWD_YDESC), attribute_use::output),
    one(OPERATION_RESAMPLE_FWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_FWD_ALPHA), TYPE_DOUBLE, attribute_use::optional),
    one(OPERATION_RESAMPLE_FWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_FWD_BETA), TYPE_DOUBLE, attribute_use::optional),
    child(OPERATION_RESAMPLE_FWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_FWD_DESC), RESAMPLE_DESCRIPTOR),

    tensor(OPERATION_RESAMPLE_BWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_BWD_DXDESC), attribute_use::output),
    tensor(OPERATION_RESAMPLE_BWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_BWD_DYDESC), attribute_use::input),
    one(OPERATION_RESAMPLE_BWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_BWD_ALPHA), TYPE_DOUBLE, attribute_use::optional),
    one(OPERATION_RESAMPLE_BWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_BWD_BETA), TYPE_DOUBLE, attribute_use::optional),
    child(OPERATION_RESAMPLE_BWD_DESCRIPTOR, NAMED(OPERATION_RESAMPLE_BWD_DESC), RESAMPLE_DESCRIPTOR),

    one(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_MODE), TYPE_NORM_MODE, attribute_use::required),
    one(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_PHASE), TYPE_NORM_FWD_PHASE, attribute_use::required),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_XDESC), attribute_use::input),
    /* Read in inference, written in training: the operation sorts these two itself. */
    child(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_MEAN_DESC), TENSOR_DESCRIPTOR),
    child(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_INV_VARIANCE_DESC), TENSOR_DESCRIPTOR),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_SCALE_DESC), attribute_use::input),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_BIAS_DESC), attribute_use::input),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_EPSILON_DESC), attribute_use::optional_input),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_EXP_AVG_FACTOR_DESC), attribute_use::optional_input),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_INPUT_RUNNING_MEAN_DESC), attribute_use::optional_input),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_INPUT_RUNNING_VAR_DESC), attribute_use::optional_input),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_OUTPUT_RUNNING_MEAN_DESC), attribute_use::optional_output),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_OUTPUT_RUNNING_VAR_DESC), attribute_use::optional_output),
    tensor(OPERATION_NORM_FORWARD_DESCRIPTOR, NAMED(OPERATION_NORM_FWD_YDESC), attribute_use::output),

    one(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_MODE), TYPE_NORM_MODE, attribute_use::required),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_XDESC), attribute_use::input),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_MEAN_DESC), attribute_use::input),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_INV_VARIANCE_DESC), attribute_use::input),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_DYDESC), attribute_use::input),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_SCALE_DESC), attribute_use::input),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_EPSILON_DESC), attribute_use::optional_input),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_DSCALE_DESC), attribute_use::output),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_DBIAS_DESC), attribute_use::output),
    tensor(OPERATION_NORM_BACKWARD_DESCRIPTOR, NAMED(OPERATION_NORM_BWD_DXDESC), attribute_use::output),
};

#undef NAMED

} // namespace

const attribute_rule* find_rule(descriptor_type descriptor, int name) {
    for (const attribute_rule& rule : rules)
        if (rule.descriptor == descriptor && rule.name == name) return &rule;
    return nullptr;
}

std::vector<const attribute_rule*> rules_of(descriptor_type descriptor) {
    std::vector<const attribute_rule*> found;
    for (const attribute_rule& rule : rules)
        if (rule.descriptor == descriptor) found.push_back(&rule);
    return found;
}

const char* descriptor_text(int type) {
    switch (type) {
        case POINTWISE_DESCRIPTOR: return "POINTWISE";
        case CONVOLUTION_DESCRIPTOR: return "CONVOLUTION";
        case ENGINE_DESCRIPTOR: return "ENGINE";
        case ENGINECFG_DESCRIPTOR: return "ENGINECFG";
        case ENGINEHEUR_DESCRIPTOR: return "ENGINEHEUR";
        case EXECUTION_PLAN_DESCRIPTOR: return "EXECUTION_PLAN";
        case OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR: return "OPERATION_CONVOLUTION_FORWARD";
        case OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR: return "OPERATION_CONVOLUTION_BACKWARD_FILTER";
        case OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR: return "OPERATION_CONVOLUTION_BACKWARD_DATA";
        case OPERATION_POINTWISE_DESCRIPTOR: return "OPERATION_POINTWISE";
        case OPERATIONGRAPH_DESCRIPTOR: return "OPERATIONGRAPH";
        case VARIANT_PACK_DESCRIPTOR: return "VARIANT_PACK";
        case TENSOR_DESCRIPTOR: return "TENSOR";
        case REDUCTION_DESCRIPTOR: return "REDUCTION";
        case OPERATION_REDUCTION_DESCRIPTOR: return "OPERATION_REDUCTION";
        case RESAMPLE_DESCRIPTOR: return "RESAMPLE";
        case OPERATION_RESAMPLE_FWD_DESCRIPTOR: return "OPERATION_RESAMPLE_FWD";
        case OPERATION_RESAMPLE_BWD_DESCRIPTOR: return "OPERATION_RESAMPLE_BWD";
        case OPERATION_NORM_FORWARD_DESCRIPTOR: return "OPERATION_NORM_FORWARD";
        case OPERATION_NORM_BACKWARD_DESCRIPTOR: return "OPERATION_NORM_BACKWARD";
        default: return nullptr;
    }
}

const char* attribute_type_text(int type) {
    static const char* const names[] = {"HANDLE",
                                        "DATA_TYPE",
                                        "BOOLEAN",
                                        "INT64",
                                        "FLOAT",
                                        "DOUBLE",
                                        "VOID_PTR",
                                        "CONVOLUTION_MODE",
                                        "HEUR_MODE",
                                        "KNOB_TYPE",
                                        "NAN_PROPOGATION",
                                        "NUMERICAL_NOTE",
                                        "LAYOUT_TYPE",
                                        "ATTRIB_NAME",
                                        "POINTWISE_MODE",
                                        "BACKEND_DESCRIPTOR",
                                        "GENSTATS_MODE",
                                        "BN_FINALIZE_STATS_MODE",
                                        "REDUCTION_OPERATOR_TYPE",
                                        "BEHAVIOR_NOTE",
                                        "TENSOR_REORDERING_MODE",
                                        "RESAMPLE_MODE",
                                        "PADDING_MODE",
                                        "INT32",
                                        "CHAR",
                                        "SIGNAL_MODE",
                                        "FRACTION",
                                        "NORM_MODE",
                                        "NORM_FWD_PHASE",
                                        "RNG_DISTRIBUTION"};
    constexpr int count = sizeof names / sizeof *names;
    return type >= 0 && type < count ? names[type] : "unknown";
}

size_t element_size(attribute_type type) {
    switch (type) {
        case TYPE_HANDLE:
        case TYPE_VOID_PTR:
        case TYPE_BACKEND_DESCRIPTOR: return sizeof(void*);
        case TYPE_BOOLEAN: return 1;
        case TYPE_INT64:
        case TYPE_DOUBLE: return 8;
        case TYPE_FRACTION: return 16;
        default: return 4; /* enumerations, INT32, FLOAT */
    }
}

} // namespace emulator::cudnn
