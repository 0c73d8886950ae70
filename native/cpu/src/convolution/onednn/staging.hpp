/* Splits tensors into phases. oneDNN has no fast convolution where dilation and padding are larger than the pixels it keeps in registers.
 * With dilation d, a pixel is combined only with pixels whose row and column agree with its own modulo d, so the convolution is a dense
 * one over d x d times as many, smaller images. A channel slice, for which oneDNN has no fast convolution either, is copied as a single
 * phase. */
#pragma once

#include "primitives/format.hpp"

namespace sunet {

struct phases {
    int64_t rows, columns; /* the dilation in each direction */
};

inline bool is_split(phases p) { return p.rows != 1 || p.columns != 1; }

/* Whether the convolution can be split: its stride is 1 and its padding a multiple of its dilation. */
bool can_split(const sunet_convolution& attributes, const sunet_tensor& large, const sunet_tensor& small);

/* The split tensor: [N * rows * columns, C, ceil(H / rows), ceil(W / columns)] in the same layout. */
sunet_tensor split_tensor(const sunet_tensor& tensor, phases p);

/* Copies a tensor to the split tensor. Pixels that only round up a phase become zero. */
void split_phases(const sunet_tensor& tensor, phases p, const void* from, void* to);
/* Copies a split tensor back; pixels that only round up a phase are dropped. */
void join_phases(const sunet_tensor& tensor, phases p, const void* from, void* to);

} // namespace sunet
