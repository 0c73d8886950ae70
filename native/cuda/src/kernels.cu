// All kernels as one translation unit, which becomes one PTX file.
#include "elementwise.cu"
