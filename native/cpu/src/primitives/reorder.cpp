#include <memory>

#include "primitives/blocked_weights.hpp"
#include "primitives/primitive.hpp"

namespace sunet {
namespace {

/* Weights can be packed only from row-major float32, and not converted back. */
std::unique_ptr<sunet_primitive> pack_weights(sunet_context& context, const data_format& from, const data_format& to) {
    if (from.packed || from.desc != desc(dims_of(from.desc), memory::data_type::f32, memory::format_tag::abcd))
        throw failure(SUNET_UNSUPPORTED, "Weights are packed from row-major float32 ones.");
    auto primitive = std::make_unique<sunet_primitive>(
        context,
        [packing = to.packed](bindings data) {
            packing->run(static_cast<const float*>(data[SUNET_ARG_SOURCE]), data[SUNET_ARG_DESTINATION]);
        },
        to.packed->implementation(), 0);
    primitive->add_pass_argument(SUNET_ARG_SOURCE, from);
    primitive->add_pass_argument(SUNET_ARG_DESTINATION, to);
    return primitive;
}

/* Returns nothing where the copy is left to oneDNN. */
std::unique_ptr<sunet_primitive> copy_weights(sunet_context& context, const desc& from, const desc& to) {
    const auto copy = bf16_copy(from, to);
    if (!copy) return nullptr;
    auto primitive = std::make_unique<sunet_primitive>(
        context, [copy = *copy](bindings data) { copy(static_cast<const float*>(data[SUNET_ARG_SOURCE]), data[SUNET_ARG_DESTINATION]); },
        "blocks:avx512_bf16", 0);
    primitive->add_pass_argument(SUNET_ARG_SOURCE, {from});
    primitive->add_pass_argument(SUNET_ARG_DESTINATION, {to});
    return primitive;
}

} // namespace
} // namespace sunet

extern "C" sunet_status sunet_reorder_create(sunet_context* context, const sunet_format* from, const sunet_format* to,
                                             sunet_primitive** out, sunet_message* message) {
    return sunet::create_primitive(context, out, message, [&] {
        sunet::require(from != nullptr && to != nullptr, "A reorder leads from one format to another; one is NULL.");
        const sunet::data_format &source = from->data, &destination = to->data;
        sunet::require(sunet::dims_of(source.desc) == sunet::dims_of(destination.desc),
                       "A reorder's two formats have the same dimensions.");
        if (destination.packed) return sunet::pack_weights(*context, source, destination);
        if (source.packed) throw sunet::failure(SUNET_UNSUPPORTED, "Weights that are packed cannot be read back.");
        if (auto copy = sunet::copy_weights(*context, source.desc, destination.desc)) return copy;
        const dnnl::reorder::primitive_desc pd(context->engine, source.desc, context->engine, destination.desc,
                                               sunet::with_user_scratchpad());
        auto primitive =
            std::make_unique<sunet_primitive>(*context, dnnl::reorder(pd), pd.impl_info_str(), pd.scratchpad_desc().get_size());
        primitive->add_argument(SUNET_ARG_SOURCE, DNNL_ARG_FROM, source.desc);
        primitive->add_argument(SUNET_ARG_DESTINATION, DNNL_ARG_TO, destination.desc);
        return primitive;
    });
}
