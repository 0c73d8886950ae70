// All kernels as one translation unit, which becomes one PTX file.
#include "elementwise.cu"
#include "batch_norm.cu"
#include "transfer.cu"
#include "update.cu"
