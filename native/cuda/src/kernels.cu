// All kernels as one translation unit, which becomes one PTX file.
#include "elementwise.cu"
#include "batch_norm.cu"
#include "transfer.cu"
#include "update.cu"
#include "pooling.cu"
#include "resize.cu"
#include "softmax.cu"
#include "cross_entropy.cu"
