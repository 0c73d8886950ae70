/* What a test may ask of the emulated CUDA driver, cuDNN and cuBLASLt. These functions take part in no counting and cannot fail
 * other than by their answers; they may be called from any thread. */
#ifndef SUNET_EMULATOR_H
#define SUNET_EMULATOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Back to the state of a fresh process: every handle and allocation is dropped without complaint, counters, violations and injected
 * failures are forgotten, the device has its default size. No pointer or handle from before may be used again. */
void sunet_emulator_reset(void);

/* The adversary: its order of streams, graph nodes, blocks and threads follows from the seed and the sequence of calls. */
void sunet_emulator_seed(uint64_t seed);

/* The order of work on streams that nothing orders: -1 drawn anew for every synchronisation (default), 0 only what is needed,
 * 1 other streams first, 2 other streams last, 3 interleaved. */
void sunet_emulator_order(int order);

/* The n-th counted call from now (1 is the next one) fails with an error typical of it; with persistent != 0 so do all later ones.
 * n <= 0 takes the request back. Entry points that only ask, release or destroy are not counted. */
void sunet_emulator_fail_call(int64_t n, int persistent);

/* Counted calls since the last reset, and the name of the n-th (from 1), null beyond. */
int64_t sunet_emulator_calls(void);
const char* sunet_emulator_call_name(int64_t n);

/* Mistakes of the caller since the last reset. The text is cut to `size` and zero-terminated; returns its full length, or -1. */
int sunet_emulator_violations(void);
int sunet_emulator_violation(int index, char* text, int size);
void sunet_emulator_clear_violations(void);

/* Living objects or bytes by kind: 0 device bytes, 1 pinned bytes, 2 streams, 3 events, 4 modules, 5 graphs, 6 executable graphs,
 * 7 retained contexts, 8 cuDNN handles, 9 cuDNN descriptors, 10 cuBLASLt handles, 11 cuBLASLt descriptors, 12 NVTX domains,
 * 13 device allocations, 14 pinned allocations. -1 for another number. */
int64_t sunet_emulator_outstanding(int kind);
/* The kind's name, null for another number. */
const char* sunet_emulator_kind_name(int kind);

/* Bytes of device memory (default 8 GiB) and number of devices (default 1; 0 makes cuInit answer CUDA_ERROR_NO_DEVICE). */
void sunet_emulator_set_memory(uint64_t bytes);
void sunet_emulator_set_devices(int count);

/* What the version queries of the driver, cuDNN and cuBLASLt answer from now on (defaults 13000, 91900, 130100); 0 leaves one as it is. */
void sunet_emulator_versions(int driver, int cudnn, int cublas);

/* Whether cuDNN has engines for convolutions whose kernels come compiled (default 1). */
void sunet_emulator_set_precompiled(int has);

/* Parameters of a kernel as its source declares them: returns their number, writes the size in bytes of the first `max`, negative
 * for a pointer. -1 if there is no such kernel. */
int sunet_emulator_kernel_parameters(const char* name, int* sizes, int max);
/* The launch bound of a kernel, or -1; and the name of the index-th kernel, null beyond. */
int sunet_emulator_kernel_block(const char* name);
const char* sunet_emulator_kernel_name(int index);

/* Times that the kernel of this name ran since the last reset; of all kernels if the name is null. */
int64_t sunet_emulator_kernels_run(const char* name);

/* Reads device memory as it is now, without running anything: 0, or -1 if the range is not in one allocation. */
int sunet_emulator_peek(uint64_t address, void* to, size_t bytes);

/* Bytes copied from the host to a device since the last reset. */
int64_t sunet_emulator_bytes_to_device(void);

/* Bytes copied from a device to the host since the last reset. */
int64_t sunet_emulator_bytes_to_host(void);

/* Times that plans of this cuDNN engine ran since the last reset; of all engines if the index is negative. */
int64_t sunet_emulator_cudnn_runs(int64_t engine);

/* NVTX ranges opened since the last reset, in order of opening: their number, the text of one (as sunet_emulator_violation) with how
 * many ranges of its thread and domain were open around it, and how many are open now. Likewise the texts of marks. */
int sunet_emulator_ranges(void);
int sunet_emulator_range(int index, char* text, int size, int* depth);
int64_t sunet_emulator_open_ranges(void);
int sunet_emulator_mark(int index, char* text, int size);

#ifdef __cplusplus
}
#endif

#endif
