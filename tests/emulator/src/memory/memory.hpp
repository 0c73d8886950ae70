/* Device and pinned memory of the emulator: who owns which bytes. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "core/emulator.hpp"

namespace emulator {

struct device_block {
    CUdeviceptr begin; /* a multiple of 256 */
    size_t bytes;      /* as asked for */
    CUdeviceptr pages; /* the first page; what lies before `begin` and after `bytes` is canary */
    size_t page_bytes;
    CUcontext context;
    int device;
    bool usable = true;  /* false until a stream-ordered allocation has run */
    bool doomed = false; /* a stream-ordered release is on its way */
    bool pooled = false;
};

struct pinned_block {
    size_t bytes;
    size_t mapped_bytes;
    unsigned flags;
    CUcontext context;
    int pending = 0; /* copies that are on a stream */
};

/* Adds a block full of NaN; CUDA_ERROR_OUT_OF_MEMORY beyond the device's memory. */
CUresult allocate_device(size_t bytes, CUcontext context, int device, device_block** out);
/* Counts the block as part of the stream-ordered pool. */
void mark_pooled(device_block& block);
/* Checks the canaries and takes the pages away. */
void release_device(CUdeviceptr begin);
/* The block that begins there, or null. */
device_block* block_at(CUdeviceptr begin);
/* The block that holds the address, or null. */
device_block* block_of(CUdeviceptr address);
/* "is 16 bytes past the end of the allocation of 64 bytes at 0x...", and so on. */
std::string explain_address(CUdeviceptr address);
/* A violation for every block whose surroundings were written to. */
void check_canaries();

/* Whether a host address belongs to the emulator's usable side of device memory; safe in a signal handler. */
bool is_backing_address(const void* address);
/* The device address of such a host address. */
CUdeviceptr device_address(const void* backing);
/* Whether it is an address that is, was or might be given out for device memory; safe in a signal handler. */
bool is_device_address(CUdeviceptr address);
/* The usable side of a device address, which need not be allocated. */
void* backing_of(CUdeviceptr address);

uint64_t device_bytes_used(int device);
uint64_t device_bytes_total();
uint64_t pool_bytes_used(int device);
uint64_t pool_bytes_high(int device);

CUresult allocate_pinned(size_t bytes, unsigned flags, CUcontext context, void** out);
void release_pinned(void* begin);
/* The pinned block that holds [address, address + bytes), or null. */
pinned_block* pinned_holding(const void* address, size_t bytes);
std::map<uintptr_t, pinned_block>& pinned_blocks();
std::map<CUdeviceptr, device_block>& device_blocks();

} // namespace emulator
