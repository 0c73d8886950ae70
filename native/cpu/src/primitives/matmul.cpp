#include <memory>

#include "primitives/primitive.hpp"

namespace sunet {
namespace {

desc matrix_desc(int32_t rows, int32_t columns, bool transposed) {
    using tag = memory::format_tag;
    return {{rows, columns}, memory::data_type::f32, transposed ? tag::ba : tag::ab};
}

} // namespace
} // namespace sunet

extern "C" sunet_status sunet_matmul_create(sunet_context* context, int32_t m, int32_t k, int32_t n, int32_t transpose_source,
                                            int32_t transpose_weights, int32_t has_bias, sunet_primitive** out, sunet_message* message) {
    using sunet::matrix_desc;
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(m > 0 && k > 0 && n > 0, "A matrix product's dimensions are at least 1.");
        const sunet::desc bias = has_bias != 0 ? matrix_desc(1, n, false) : sunet::desc();
        const sunet::desc source = matrix_desc(m, k, transpose_source != 0), weights = matrix_desc(k, n, transpose_weights != 0);
        const auto pd = sunet::matmul_pd(context->engine, source, weights, bias, matrix_desc(m, n, false), sunet::with_user_scratchpad());
        auto primitive = std::make_unique<sunet_primitive>(*context, dnnl::matmul(pd), pd.impl_info_str(), pd.scratchpad_desc().get_size());
        primitive->add_argument(SUNET_ARG_SOURCE, DNNL_ARG_SRC, pd.src_desc());
        primitive->add_argument(SUNET_ARG_WEIGHTS, DNNL_ARG_WEIGHTS, pd.weights_desc());
        if (has_bias != 0) primitive->add_argument(SUNET_ARG_BIAS, DNNL_ARG_BIAS, bias);
        primitive->add_argument(SUNET_ARG_DESTINATION, DNNL_ARG_DST, pd.dst_desc());
        return primitive;
    });
}
