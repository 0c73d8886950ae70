#include <memory>

#include "primitive.hpp"

extern "C" sunet_status sunet_reorder_create(sunet_context* context, const sunet_format* from, const sunet_format* to,
                                             sunet_primitive** out, sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(from != nullptr && to != nullptr, "A reorder leads from one format to another; one is NULL.");
        sunet::require(sunet::dims_of(from->desc) == sunet::dims_of(to->desc), "A reorder's two formats have the same dimensions.");
        const dnnl::reorder::primitive_desc pd(context->engine, from->desc, context->engine, to->desc, sunet::with_user_scratchpad());
        auto primitive =
            std::make_unique<sunet_primitive>(*context, dnnl::reorder(pd), pd.impl_info_str(), pd.scratchpad_desc().get_size());
        primitive->add_argument(SUNET_ARG_SOURCE, DNNL_ARG_FROM, from->desc);
        primitive->add_argument(SUNET_ARG_DESTINATION, DNNL_ARG_TO, to->desc);
        return primitive;
    });
}
