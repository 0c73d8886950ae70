#pragma once

#include "onednn.hpp"
#include "status.hpp"

struct sunet_format {
    explicit sunet_format(sunet::desc description) : desc(std::move(description)) {}

    sunet::desc desc;
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
/* PLAIN or ANY only: any other order of weights is oneDNN's to choose. */
desc weights_desc(const sunet_tensor& tensor);

std::string shape_text(const sunet_tensor& tensor);

} // namespace sunet
