// All kernels as one translation unit, which becomes one PTX file.
#include "elementwise.cu"
#include "pooling.cu"
#include "resize.cu"
#include "softmax.cu"
#include "cross_entropy.cu"
