/* Chooses the code of a kernel by the number of lanes and the element types of a run. */
#pragma once

#include <cstdint>

#include "kernels/vectors.hpp"

namespace sunet {

/* One element of a tensor of either type. */
SUNET_INLINE float element(const void* from, bool is_bf16) {
    return is_bf16 ? load<float>(static_cast<const bf16*>(from)) : load<float>(static_cast<const float*>(from));
}

/* Runs a kernel for the lanes of a run and the element types of its tensors. The kernel gets a copy of the run that none of its stores can
 * change, so that strides stay in registers. */
template <template <class...> class Kernel, class... Storage, class Run>
SUNET_INLINE void by_lanes(const Run& given) {
    const Run run = given;
    run.lanes == 16  ? Kernel<sixteen, Storage...>::run(run)
    : run.lanes == 8 ? Kernel<eight, Storage...>::run(run)
                     : Kernel<float, Storage...>::run(run);
}

/* Runs a kernel whose tensors are all of one element type. */
template <template <class...> class Kernel, class Run>
SUNET_INLINE void by_type(const Run& run) {
    run.is_bf16 ? by_lanes<Kernel, bf16>(run) : by_lanes<Kernel, float>(run);
}

/* Runs a kernel within a function that is marked SUNET_ROUNDS_BF16. */
template <template <class...> class Kernel, class... Storage, class Run>
SUNET_INLINE void by_wide_lanes(const Run& given) {
    const Run run = given;
    run.lanes == 16  ? Kernel<wide, Storage...>::run(run)
    : run.lanes == 8 ? Kernel<eight, Storage...>::run(run)
                     : Kernel<float, Storage...>::run(run);
}

/* Runs a kernel within a function that is marked SUNET_ROUNDS_BF16, over two runs of lanes at a time where they lie side by side. */
template <template <class...> class Kernel, class... Storage, class Run>
SUNET_INLINE void by_pairs(const Run& run) {
#ifdef SUNET_HAS_BF16_CODE
    if (run.has_pairs()) return Kernel<wide_pair, Storage...>::run(run.pairs());
#endif
    by_wide_lanes<Kernel, Storage...>(run);
}

/* Whether `count` runs of lanes lie side by side in pairs, in tensors where they are `strides` apart. A stride of 0 means that there is no
 * tensor. */
template <int N>
bool lie_in_pairs(int lanes, std::int64_t count, const std::int64_t (&strides)[N]) {
    bool adjacent = lanes == 16 && count % 2 == 0;
    for (const std::int64_t stride : strides) adjacent = adjacent && (stride == 16 || stride == 0);
    return adjacent;
}

/* Defines name(run) for runs whose tensors are all of one element type. */
#define SUNET_KERNEL(name, Kernel, Run)                                                          \
    SUNET_CLONES void name##_anywhere(const Run& run) { by_type<Kernel>(run); }                  \
    SUNET_ROUNDS_BF16 void name##_bf16(const Run& run) { by_pairs<Kernel, hardware_bf16>(run); } \
    void name(const Run& run) { (run.is_bf16 && rounds_to_bf16()) ? name##_bf16(run) : name##_anywhere(run); }

/* Runs a kernel that reads tensors of one element type and writes a tensor of another. */
template <template <class...> class Kernel, class Run>
SUNET_INLINE void by_types(const Run& run) {
    if (run.from_bf16)
        run.to_bf16 ? by_lanes<Kernel, bf16, bf16>(run) : by_lanes<Kernel, bf16, float>(run);
    else
        run.to_bf16 ? by_lanes<Kernel, float, bf16>(run) : by_lanes<Kernel, float, float>(run);
}

} // namespace sunet
