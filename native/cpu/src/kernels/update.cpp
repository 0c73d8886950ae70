#include <cmath>

#include "kernels/channels.hpp"
#include "kernels/vectors.hpp"

namespace sunet {
namespace {

/* There is a velocity only where momentum is not 0; without it v = g, as in PyTorch. */
SUNET_CLONES void sgd_range(const sunet_sgd& sgd, float* p, const float* gradients, float* v, std::int64_t begin, std::int64_t end) {
    const float rate = sgd.learning_rate, momentum = sgd.momentum, taken = 1.0f - sgd.dampening, decay = sgd.weight_decay;
    const float scale = sgd.gradient_scale;
    if (momentum == 0.0f) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) p[i] -= rate * (scale * gradients[i] + decay * p[i]);
    } else if (sgd.nesterov != 0) {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) {
            const float g = scale * gradients[i] + decay * p[i];
            v[i] = momentum * v[i] + taken * g;
            p[i] -= rate * (g + momentum * v[i]);
        }
    } else {
#pragma omp simd
        for (std::int64_t i = begin; i < end; ++i) {
            v[i] = momentum * v[i] + taken * (scale * gradients[i] + decay * p[i]);
            p[i] -= rate * v[i];
        }
    }
}

SUNET_CLONES void accumulate_range(const float* x, float* y, std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) y[i] += x[i];
}

/* In double, whose range holds the square of every float32. */
SUNET_CLONES double squares_range(const float* x, std::int64_t begin, std::int64_t end) {
    double sum = 0.0;
#pragma omp simd reduction(+ : sum)
    for (std::int64_t i = begin; i < end; ++i) sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
    return sum;
}

SUNET_CLONES void scale_range(float factor, float* x, std::int64_t begin, std::int64_t end) {
#pragma omp simd
    for (std::int64_t i = begin; i < end; ++i) x[i] *= factor;
}

/* The sum of squares over parts of one size, so that it does not depend on the number of threads. */
double sum_of_squares(const sunet_context* context, std::int64_t count, const float* x) {
    double partial[max_reduction_items] = {};
#pragma omp parallel for schedule(static) num_threads(sunet_context_threads(context))
    for (std::int64_t part = 0; part < max_reduction_items; ++part)
        partial[part] = squares_range(x, count * part / max_reduction_items, count * (part + 1) / max_reduction_items);
    double sum = 0.0;
    for (const double own : partial) sum += own;
    return sum;
}

/* Whether any element's exponent has all bits set, as only infinities and NaN have. */
template <class Bits>
SUNET_INLINE bool any_exponent(const void* x, Bits exponent, std::int64_t begin, std::int64_t end) {
    const char* elements = static_cast<const char*>(x);
    std::uint32_t found = 0;
#pragma omp simd reduction(| : found)
    for (std::int64_t i = begin; i < end; ++i) {
        Bits bits;
        std::memcpy(&bits, elements + i * static_cast<std::int64_t>(sizeof bits), sizeof bits);
        found |= (bits & exponent) == exponent ? 1u : 0u;
    }
    return found != 0;
}

SUNET_CLONES bool any_special(const void* x, bool is_bf16, std::int64_t begin, std::int64_t end) {
    return is_bf16 ? any_exponent<std::uint16_t>(x, 0x7f80u, begin, end) : any_exponent<std::uint32_t>(x, 0x7f800000u, begin, end);
}

} // namespace
} // namespace sunet

using namespace sunet;

sunet_status sunet_sgd_update(sunet_context* context, int64_t count, const sunet_sgd* sgd, float* parameters, const float* gradients,
                              float* velocity) {
    if (context == nullptr || count < 0 || sgd == nullptr || parameters == nullptr || gradients == nullptr ||
        (velocity == nullptr && sgd->momentum != 0.0f))
        return SUNET_INVALID_ARGUMENT;
    map_range(context, count, [&](std::int64_t begin, std::int64_t end) { sgd_range(*sgd, parameters, gradients, velocity, begin, end); });
    return SUNET_OK;
}

sunet_status sunet_accumulate(sunet_context* context, int64_t count, const float* x, float* y) {
    if (context == nullptr || count < 0 || x == nullptr || y == nullptr) return SUNET_INVALID_ARGUMENT;
    map_range(context, count, [&](std::int64_t begin, std::int64_t end) { accumulate_range(x, y, begin, end); });
    return SUNET_OK;
}

sunet_status sunet_clip_norm(sunet_context* context, int64_t count, float max_norm, float* x) {
    if (context == nullptr || count < 0 || x == nullptr || !(max_norm > 0.0f)) return SUNET_INVALID_ARGUMENT;
    const double factor = static_cast<double>(max_norm) / (std::sqrt(sum_of_squares(context, count, x)) + 1e-6);
    if (factor < 1.0)
        map_range(context, count, [&](std::int64_t begin, std::int64_t end) { scale_range(static_cast<float>(factor), x, begin, end); });
    return SUNET_OK;
}

sunet_status sunet_all_finite(sunet_context* context, int64_t count, sunet_type type, const void* x, int32_t* finite) {
    if (context == nullptr || count < 0 || x == nullptr || finite == nullptr || (type != SUNET_F32 && type != SUNET_BF16))
        return SUNET_INVALID_ARGUMENT;
    int special = 0;
    map_range(context, count, [&](std::int64_t begin, std::int64_t end) {
        if (any_special(x, type == SUNET_BF16, begin, end)) {
#pragma omp atomic write
            special = 1;
        }
    });
    *finite = special == 0 ? 1 : 0;
    return SUNET_OK;
}
