/* oneDNN has no fast convolution where dilation and padding exceed a row's register block. With dilation d, the pixels whose row and
 * column agree modulo d only ever meet each other, so such a convolution is a dense one over d x d times as many, smaller images.
 * Channel slices, which have no fast convolution either, are the case of one phase: a copy. */
#pragma once

#include "primitives/format.hpp"

namespace sunet {

struct phases {
    int64_t rows, columns; /* the dilation in each direction */
};

inline bool is_split(phases p) { return p.rows != 1 || p.columns != 1; }

/* Whether the convolution falls apart into phases: stride 1 and a padding that is a multiple of the dilation. */
bool can_split(const sunet_convolution& attributes, const sunet_tensor& large, const sunet_tensor& small);

/* [N * rows * columns, C, ceil(H / rows), ceil(W / columns)] in the same layout. */
sunet_tensor split_tensor(const sunet_tensor& tensor, phases p);

/* Pixels beyond H and W, which only round a phase up, become zero in `to`. */
void split_phases(const sunet_tensor& tensor, phases p, const void* from, void* to);
/* The inverse; pixels that only round a phase up are dropped. */
void join_phases(const sunet_tensor& tensor, phases p, const void* from, void* to);

} // namespace sunet
