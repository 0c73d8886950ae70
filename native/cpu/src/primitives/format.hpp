#pragma once

#include <memory>

#include "core/counters.hpp"
#include "core/status.hpp"
#include "primitives/onednn.hpp"
#include "primitives/packing.hpp"

namespace sunet {

/* How data lies in memory. Of weights that are packed for the library's own kernels, the oneDNN description says only the dimensions. */
struct data_format {
    sunet::desc desc;
    std::shared_ptr<const packing> packed = {};

    size_t bytes() const { return packed ? packed->bytes() : desc.get_size(); }
    bool operator==(const data_format& other) const { return desc == other.desc && packed_name() == other.packed_name(); }
    /* Empty where data is not packed. */
    std::string packed_name() const { return packed ? packed->name() : std::string(); }
};

} // namespace sunet

struct sunet_format {
    explicit sunet_format(sunet::data_format described) : data(std::move(described)) {}

    sunet::data_format data;
    sunet::counted_handle counted;
};

namespace sunet {

/* How a layout places the channels of a tensor within those of the enclosing tensor. */
struct channel_layout {
    int64_t batch, channels, height, width;
    int64_t block;          /* channels that lie side by side */
    int64_t channels_total; /* of the enclosing tensor, rounded up to whole blocks */
    int64_t channel_offset;
};

/* Throws where the tensor is invalid: a rank outside 1 to 4, a dimension below 1, or a slice beyond its enclosing tensor. */
void check_tensor(const sunet_tensor& tensor, const char* name);

bool is_slice(const sunet_tensor& tensor);

/* The layout of an activation [N, C, H, W] that is not ANY. */
channel_layout layout_of(const sunet_tensor& tensor);

desc activation_desc(const sunet_tensor& tensor);
/* The format of a bias or of statistics: one float32 for each channel. */
desc vector_desc(memory::dim channels);
/* The format of weights, which are PLAIN or, where oneDNN may choose their order, ANY. */
desc weights_desc(const sunet_tensor& tensor);
/* The format of weights as the caller has them: float32 and row-major. */
desc row_major_weights(sunet_tensor weights);

std::string shape_text(const sunet_tensor& tensor);

} // namespace sunet
