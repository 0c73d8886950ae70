#pragma once

#include <memory>

#include "core/counters.hpp"
#include "core/status.hpp"
#include "primitives/onednn.hpp"
#include "primitives/packing.hpp"

namespace sunet {

/* Where data lies: as oneDNN says or, if they are packed for our own kernels, weights whose dimensions alone it says. */
struct data_format {
    sunet::desc desc;
    std::shared_ptr<const packing> packed = {};

    size_t bytes() const { return packed ? packed->bytes() : desc.get_size(); }
    bool operator==(const data_format& other) const { return desc == other.desc && packed_name() == other.packed_name(); }
    /* Empty where they are not packed. */
    std::string packed_name() const { return packed ? packed->name() : std::string(); }
};

} // namespace sunet

struct sunet_format {
    explicit sunet_format(sunet::data_format described) : data(std::move(described)) {}

    sunet::data_format data;
    sunet::counted_handle counted;
};

namespace sunet {

/* Where a layout puts channel c of a tensor, with C of the enclosing tensor rounded up to whole blocks. */
struct channel_layout {
    int64_t batch, channels, height, width;
    int64_t block;          /* channels that lie side by side */
    int64_t channels_total; /* of the enclosing tensor, rounded up to whole blocks */
    int64_t channel_offset;
};

/* Refuses what is no tensor: rank outside 1..4, dimensions below 1, a slice that leaves its tensor. */
void check_tensor(const sunet_tensor& tensor, const char* name);

bool is_slice(const sunet_tensor& tensor);

/* The layout of an activation [N, C, H, W] that is not ANY. */
channel_layout layout_of(const sunet_tensor& tensor);

desc activation_desc(const sunet_tensor& tensor);
/* A bias or statistics: float32, one a channel. */
desc vector_desc(memory::dim channels);
/* PLAIN or ANY only: any other order of weights is oneDNN's to choose. */
desc weights_desc(const sunet_tensor& tensor);
/* Weights as the caller has them: float32, row-major. */
desc row_major_weights(sunet_tensor weights);

std::string shape_text(const sunet_tensor& tensor);

} // namespace sunet
