#include "walk.hpp"

namespace sunet {

template <int N, class T>
SUNET_DEVICE void relu_lanes(const T* x, int ld_x, T* y, int ld_y, int64_t pixels, int channels)
{
    for (Walk at(pixels, channels / N); at.inside(); at.next()) {
        Lanes<N> lanes = load<N>(x + at.pixel * ld_x + at.group * N);
        for (int i = 0; i < N; i++)
            lanes.at[i] = lanes.at[i] < 0.0f ? 0.0f : lanes.at[i];
        store<N>(y + at.pixel * ld_y + at.group * N, lanes);
    }
}

template <class T>
SUNET_DEVICE void relu(const T* x, int ld_x, T* y, int ld_y, int64_t pixels, int channels)
{
    if (aligned(x, ld_x) && aligned(y, ld_y) && channels % vector_lanes<T> == 0)
        relu_lanes<vector_lanes<T>>(x, ld_x, y, ld_y, pixels, channels);
    else
        relu_lanes<1>(x, ld_x, y, ld_y, pixels, channels);
}

SUNET_KERNEL(relu_f32, block_threads)(const float* x, int ld_x, float* y, int ld_y, int64_t pixels, int channels)
{
    relu(x, ld_x, y, ld_y, pixels, channels);
}

SUNET_KERNEL(relu_bf16, block_threads)(const bf16* x, int ld_x, bf16* y, int ld_y, int64_t pixels, int channels)
{
    relu(x, ld_x, y, ld_y, pixels, channels);
}

} // namespace sunet
