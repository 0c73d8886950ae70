#include "core/instruction_sets.hpp"

#include <omp.h>
#include <oneapi/dnnl/dnnl_debug.h>

#include <oneapi/dnnl/dnnl.hpp>

#include "core/status.hpp"

namespace {

/* oneDNN numbers instruction sets by bits, each set containing those it builds on. */
bool isa_includes(dnnl::cpu_isa isa, dnnl::cpu_isa part) {
    const auto bits = static_cast<unsigned>(part);
    return (static_cast<unsigned>(isa) & bits) == bits;
}

bool multiplies_float16() {
#ifdef SUNET_HAS_FLOAT16_CODE
    return __builtin_cpu_supports("avx512fp16") != 0 && __builtin_cpu_supports("avx512bf16") != 0;
#else
    return false;
#endif
}

} // namespace

namespace sunet {

bool multiplies_tiles() noexcept { return isa_includes(dnnl::get_effective_cpu_isa(), dnnl::cpu_isa::avx512_core_amx); }

bool prefers_float16() noexcept {
    return multiplies_float16() && isa_includes(dnnl::get_effective_cpu_isa(), dnnl::cpu_isa::avx512_core_bf16) && !multiplies_tiles();
}

} // namespace sunet

extern "C" void sunet_library_query(sunet_library_info* out) {
    if (out == nullptr) return;
    const dnnl_version_t* version = dnnl_version();
    const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
    *out = {};
    out->abi = SUNET_CPU_ABI;
    out->onednn_major = version->major;
    out->onednn_minor = version->minor;
    out->onednn_patch = version->patch;
    out->channel_block = isa_includes(isa, dnnl::cpu_isa::avx512_core) ? 16 : 8;
    out->bf16 = isa_includes(isa, dnnl::cpu_isa::avx512_core_bf16) ? 1 : 0;
    out->float16 = sunet::prefers_float16() ? 1 : 0;
    out->max_threads = omp_get_num_procs();
    sunet_message isa_text{out->isa, sizeof out->isa};
    sunet::copy_text(dnnl_cpu_isa2str(static_cast<dnnl_cpu_isa_t>(isa)), &isa_text);
    sunet_message hash_text{out->onednn_hash, sizeof out->onednn_hash};
    sunet::copy_text(version->hash, &hash_text);
}
