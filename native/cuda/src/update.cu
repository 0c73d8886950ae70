#include "walk.hpp"

namespace sunet {

/* Calls body with the first index of every vector, then with every index that is left, or with every index where vectors are not possible.
 * The type of the second argument tells the number of elements. */
template <int N>
struct access_width {
    static constexpr int elements = N;
};

template <int Vector = 4, class Body>
SUNET_DEVICE void for_each_element(int64_t count, bool vectors, Body body) {
    const int64_t at = static_cast<int64_t>(block_x()) * block_threads + thread_x();
    const int64_t step = static_cast<int64_t>(grid_dim_x()) * block_threads;
    const int64_t whole = vectors ? count / Vector : 0;
    for (int64_t i = at; i < whole; i += step) body(i * Vector, access_width<Vector>());
    for (int64_t i = whole * Vector + at; i < count; i += step) body(i, access_width<1>());
}

/* bf16 copies are written four at a time, which is half of one 16-byte access. */
SUNET_DEVICE void store_copy(bf16* to, const lane_values<4>& lanes) {
    const uint32_t low = bf16_pair(lanes.at[0], lanes.at[1]), high = bf16_pair(lanes.at[2], lanes.at[3]);
    const uint64_t both = low | static_cast<uint64_t>(high) << 32;
    __builtin_memcpy(__builtin_assume_aligned(to, 8), &both, sizeof both);
}

SUNET_DEVICE void store_copy(bf16* to, const lane_values<1>& lanes) { *to = from_float<bf16>(lanes.at[0]); }

/* There is a velocity only where momentum is not 0; without it v = g, as in PyTorch. */
template <int N>
SUNET_DEVICE lane_values<N> sgd_step(const sgd_rates& rates, const lane_values<N>& gradient, float* velocity, lane_values<N> parameters) {
    lane_values<N> step, moved;
    for (int i = 0; i < N; ++i) step.at[i] = multiply_add(rates.weight_decay, parameters.at[i], rates.gradient_scale * gradient.at[i]);
    if (rates.momentum != 0.0f) {
        moved = load<N>(velocity);
        for (int i = 0; i < N; ++i) {
            moved.at[i] = multiply_add(rates.momentum, moved.at[i], (1.0f - rates.dampening) * step.at[i]);
            step.at[i] = rates.nesterov != 0 ? multiply_add(rates.momentum, moved.at[i], step.at[i]) : moved.at[i];
        }
        store<N>(velocity, moved);
    }
    for (int i = 0; i < N; ++i) parameters.at[i] = multiply_add(-rates.learning_rate, step.at[i], parameters.at[i]);
    return parameters;
}

/* Whether all bits of an exponent are set, which only infinities and NaN have. */
SUNET_DEVICE bool special(float value) { return (bits_of(value) & 0x7f800000u) == 0x7f800000u; }

/* Checks all elements without an early end, which would split the load. */
template <int N, class T>
SUNET_DEVICE int count_special(const T* x) {
    const lane_values<N> lanes = load<N>(x);
    int found = 0;
    for (int i = 0; i < N; ++i) found += special(lanes.at[i]) ? 1 : 0;
    return found;
}

template <class T>
SUNET_DEVICE void finite_check(const T* x, int64_t count, int* flag) {
    const int64_t at = static_cast<int64_t>(block_x()) * block_threads + thread_x();
    const int64_t step = static_cast<int64_t>(grid_dim_x()) * block_threads;
    const int64_t whole = aligned(x) ? count / vector_lanes<T> : 0;
    int found = 0;
    SUNET_UNROLL
    for (int64_t i = at; i < whole; i += step) found |= count_special<vector_lanes<T>>(x + i * vector_lanes<T>);
    for (int64_t i = whole * vector_lanes<T> + at; i < count; i += step) found |= count_special<1>(x + i);
    if (found != 0) atomic_or(flag, 1);
}

SUNET_KERNEL(sgd_update, block_threads)
(float* parameters, const float* gradients, float* velocity, bf16* copy, int64_t count, const sgd_rates* rates, const int* guard) {
    if (*guard != 0) return;
    const sgd_rates own = *rates;
    const bool vectors = aligned(parameters) && aligned(gradients) && aligned(velocity) && aligned(copy);
    for_each_element(count, vectors, [&](int64_t i, auto width) {
        constexpr int elements = decltype(width)::elements;
        const lane_values<elements> updated = sgd_step(own, load<elements>(gradients + i), velocity + i, load<elements>(parameters + i));
        store<elements>(parameters + i, updated);
        if (copy != nullptr) store_copy(copy + i, updated);
    });
}

SUNET_KERNEL(accumulate, block_threads)(const float* x, float* y, int64_t count) {
    for_each_element(count, aligned(x) && aligned(y), [&](int64_t i, auto width) {
        constexpr int elements = decltype(width)::elements;
        const lane_values<elements> added = load<elements>(x + i);
        lane_values<elements> sum = load<elements>(y + i);
        for (int lane = 0; lane < elements; ++lane) sum.at[lane] += added.at[lane];
        store<elements>(y + i, sum);
    });
}

/* In double, whose range holds the square of every float32. */
SUNET_KERNEL(sum_of_squares, block_threads)(const float* x, int64_t count, double* partial) {
    SUNET_SHARED double warps[block_threads / 32];
    double own = 0;
    for_each_element(count, aligned(x), [&](int64_t i, auto width) {
        const lane_values<decltype(width)::elements> lanes = load<decltype(width)::elements>(x + i);
        for (const float value : lanes.at) own += static_cast<double>(value) * static_cast<double>(value);
    });
    own = warp_sum(own);
    if (thread_x() % 32 == 0) warps[thread_x() / 32] = own;
    sync_threads();
    if (thread_x() != 0) return;
    for (int i = 1; i < block_threads / 32; ++i) own += warps[i];
    partial[block_x()] = own;
}

/* Every block adds the partial sums up in the same order. */
SUNET_KERNEL(clip_norm, block_threads)(float* x, int64_t count, const double* partial, int partials, float max_norm) {
    double sum = 0;
    for (int i = 0; i < partials; ++i) sum += partial[i];
    const double factor = static_cast<double>(max_norm) / (square_root(sum) + 1e-6);
    if (!(factor < 1.0)) return;
    const float scale = static_cast<float>(factor);
    for_each_element(count, aligned(x), [&](int64_t i, auto width) {
        constexpr int elements = decltype(width)::elements;
        lane_values<elements> lanes = load<elements>(x + i);
        for (int lane = 0; lane < elements; ++lane) lanes.at[lane] *= scale;
        store<elements>(x + i, lanes);
    });
}

SUNET_KERNEL(copy_to_bf16, block_threads)(const float* x, bf16* y, int64_t count) {
    for_each_element(count, aligned(x) && aligned(y),
                     [&](int64_t i, auto width) { store_copy(y + i, load<decltype(width)::elements>(x + i)); });
}

SUNET_KERNEL(copy_from_bf16, block_threads)(const bf16* x, float* y, int64_t count) {
    for_each_element<vector_lanes<bf16>>(count, aligned(x) && aligned(y), [&](int64_t i, auto width) {
        constexpr int elements = decltype(width)::elements;
        store<elements>(y + i, load<elements>(x + i));
    });
}

SUNET_KERNEL(finite_check_f32, block_threads)(const float* x, int64_t count, int* flag) { finite_check(x, count, flag); }

SUNET_KERNEL(finite_check_bf16, block_threads)(const bf16* x, int64_t count, int* flag) { finite_check(x, count, flag); }

SUNET_KERNEL(step_guard, 32)(const float* loss, const int* invalid, const int* special_gradients, int* guard, step_record* record) {
    if (thread_x() != 0 || block_x() != 0) return;
    const step_record found = {
        loss != nullptr ? *loss : 0.0f,
        invalid != nullptr ? *invalid : 0,
        (invalid != nullptr && *invalid > 0 ? 1 : 0) | (loss != nullptr && special(*loss) ? 2 : 0) |
            (special_gradients != nullptr && *special_gradients != 0 ? 4 : 0),
    };
    *guard = found.guard;
    *record = found;
}

} // namespace sunet
