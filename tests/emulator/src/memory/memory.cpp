/* Two reservations of the same size a constant distance apart: the one whose addresses are given out can never be accessed, the
 * other holds the bytes. Every block has pages of its own at a fresh place, ends where its last page does, and is NaN at first. */
#include "memory/memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>

#include "core/control.hpp"

namespace emulator {
namespace {

constexpr size_t page = 4096;
constexpr size_t granule = 256;
constexpr size_t gap = 64 * 1024; /* inaccessible bytes between two blocks */
constexpr unsigned char poison = 0xff;
/* Beyond this, only both ends of a block are poisoned, so that a test of large sizes does not commit them. */
constexpr size_t large_pages_from = size_t{4} << 20;
constexpr size_t poisoned_whole = size_t{256} << 20;

struct memory_state {
    uintptr_t addresses = 0, backing = 0;
    size_t reserved = 0;
    size_t next = 0;
    uint64_t total = uint64_t{8} << 30;
    std::map<int, uint64_t> used, pool_used, pool_high;
    std::map<CUdeviceptr, device_block> blocks;
    std::map<CUdeviceptr, size_t> released; /* for explanations */
    std::map<uintptr_t, pinned_block> pinned;
};

memory_state& state() {
    static memory_state& instance = *new memory_state;
    return instance;
}

size_t round_up(size_t value, size_t to) { return (value + to - 1) / to * to; }

void* reserve(size_t bytes) {
    void* at = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return at == MAP_FAILED ? nullptr : at;
}

bool reserve_addresses(memory_state& s) {
    if (s.reserved != 0) return true;
    for (size_t bytes = size_t{4} << 40; bytes >= size_t{64} << 30; bytes /= 2) {
        void* addresses = reserve(bytes);
        void* backing = addresses == nullptr ? nullptr : reserve(bytes);
        if (backing != nullptr) {
            s.addresses = reinterpret_cast<uintptr_t>(addresses);
            s.backing = reinterpret_cast<uintptr_t>(backing);
            s.reserved = bytes;
            return true;
        }
        if (addresses != nullptr) munmap(addresses, bytes);
    }
    return false;
}

/* The first fresh place; when the reservation has been walked to its end, places are taken again from its beginning. */
bool place(memory_state& s, size_t page_bytes, size_t* offset) {
    bool wrapped = false;
    size_t at = s.next;
    for (;;) {
        if (at + page_bytes + 2 * gap > s.reserved) {
            if (wrapped) return false;
            wrapped = true;
            at = 0;
        }
        const size_t begin = at + gap;
        const CUdeviceptr from = s.addresses + begin;
        const auto after = s.blocks.lower_bound(from + page_bytes + gap);
        if (after == s.blocks.begin()) break;
        const device_block& before = std::prev(after)->second;
        if (before.pages + before.page_bytes + gap <= from) break;
        at = before.pages + before.page_bytes - s.addresses;
    }
    *offset = at + gap;
    s.next = at + gap + page_bytes;
    return true;
}

/* Not a number in float32 and in bf16, wherever it is read, and unlike the poison. */
unsigned char canary_at(uintptr_t address) { return address % 2 == 0 ? 0xc5 : 0xff; }

void write_canary(uintptr_t from, uintptr_t to) {
    for (uintptr_t at = from; at < to; ++at) *reinterpret_cast<unsigned char*>(at) = canary_at(at);
}

/* The first byte of [from, to) that is no canary any more, or null; there are less than two pages. */
const unsigned char* find_damage(uintptr_t from, uintptr_t to) {
    static const auto& intact = *[] {
        auto* bytes = new std::array<unsigned char, 2 * page>;
        for (size_t i = 0; i < bytes->size(); ++i) (*bytes)[i] = canary_at(i);
        return bytes;
    }();
    if (std::memcmp(reinterpret_cast<const void*>(from), &intact[from % 2], to - from) == 0) return nullptr;
    for (uintptr_t at = from; at < to; ++at)
        if (*reinterpret_cast<const unsigned char*>(at) != canary_at(at)) return reinterpret_cast<const unsigned char*>(at);
    return nullptr;
}

void check_block(const device_block& block) {
    const uintptr_t first = reinterpret_cast<uintptr_t>(backing_of(block.pages));
    const uintptr_t begin = reinterpret_cast<uintptr_t>(backing_of(block.begin));
    const uintptr_t end = begin + block.bytes, last = first + block.page_bytes;
    if (const unsigned char* damage = find_damage(end, last)) {
        violation("memory was written %zu bytes past the end of the allocation of %zu bytes at 0x%llx",
                  static_cast<size_t>(reinterpret_cast<uintptr_t>(damage) - end), block.bytes,
                  static_cast<unsigned long long>(block.begin));
        write_canary(end, last);
    }
    if (find_damage(first, begin) != nullptr) {
        violation("memory was written before the beginning of the allocation of %zu bytes at 0x%llx", block.bytes,
                  static_cast<unsigned long long>(block.begin));
        write_canary(first, begin);
    }
}

void drop_pages(const device_block& block) {
    void* backing = backing_of(block.pages);
    madvise(backing, block.page_bytes, MADV_DONTNEED);
    mprotect(backing, block.page_bytes, PROT_NONE);
}

void reset() {
    memory_state& s = state();
    for (const auto& entry : s.blocks) drop_pages(entry.second);
    count_outstanding(kind::device_bytes, -outstanding(kind::device_bytes));
    count_outstanding(kind::device_allocations, -outstanding(kind::device_allocations));
    s.blocks.clear();
    s.released.clear();
    s.used.clear();
    s.pool_used.clear();
    s.pool_high.clear();
    s.total = uint64_t{8} << 30;
    while (!s.pinned.empty()) release_pinned(reinterpret_cast<void*>(s.pinned.begin()->first));
}

const on_reset registered(reset);

} // namespace

std::map<uintptr_t, pinned_block>& pinned_blocks() { return state().pinned; }
std::map<CUdeviceptr, device_block>& device_blocks() { return state().blocks; }
uint64_t device_bytes_used(int device) { return state().used[device]; }
uint64_t device_bytes_total() { return state().total; }
uint64_t pool_bytes_used(int device) { return state().pool_used[device]; }
uint64_t pool_bytes_high(int device) { return state().pool_high[device]; }

bool is_backing_address(const void* address) {
    const memory_state& s = state();
    const uintptr_t at = reinterpret_cast<uintptr_t>(address);
    return at >= s.backing && at < s.backing + s.reserved;
}

bool is_device_address(CUdeviceptr address) {
    const memory_state& s = state();
    return address >= s.addresses && address < s.addresses + s.reserved;
}

CUdeviceptr device_address(const void* backing) { return reinterpret_cast<uintptr_t>(backing) - state().backing + state().addresses; }
void* backing_of(CUdeviceptr address) { return reinterpret_cast<void*>(address - state().addresses + state().backing); }

CUresult allocate_device(size_t bytes, CUcontext context, int device, device_block** out) {
    memory_state& s = state();
    const size_t rounded = round_up(bytes, granule);
    if (rounded < bytes || s.used[device] + rounded > s.total) return CUDA_ERROR_OUT_OF_MEMORY;
    const size_t page_bytes = round_up(rounded, page);
    size_t offset;
    if (!reserve_addresses(s) || !place(s, page_bytes, &offset)) return CUDA_ERROR_OUT_OF_MEMORY;

    device_block block = {};
    block.pages = s.addresses + offset;
    block.page_bytes = page_bytes;
    block.begin = block.pages + page_bytes - rounded;
    block.bytes = bytes;
    block.context = context;
    block.device = device;
    block.usable = true;
    unsigned char* backing = static_cast<unsigned char*>(backing_of(block.pages));
    if (mprotect(backing, page_bytes, PROT_READ | PROT_WRITE) != 0) return CUDA_ERROR_OUT_OF_MEMORY;
    /* Poison touches every page, and the first touch of a small page costs more than its poison. */
    if (page_bytes >= large_pages_from) madvise(backing, page_bytes, MADV_HUGEPAGE);
    unsigned char* begin = static_cast<unsigned char*>(backing_of(block.begin));
    if (bytes <= poisoned_whole) {
        std::memset(begin, poison, bytes);
    } else {
        std::memset(begin, poison, poisoned_whole / 2);
        std::memset(begin + bytes - poisoned_whole / 2, poison, poisoned_whole / 2);
    }
    write_canary(reinterpret_cast<uintptr_t>(backing), reinterpret_cast<uintptr_t>(begin));
    write_canary(reinterpret_cast<uintptr_t>(begin) + bytes, reinterpret_cast<uintptr_t>(backing) + page_bytes);

    s.used[device] += rounded;
    count_outstanding(kind::device_bytes, static_cast<int64_t>(bytes));
    count_outstanding(kind::device_allocations, 1);
    *out = &s.blocks.insert_or_assign(block.begin, block).first->second;
    return CUDA_SUCCESS;
}

void release_device(CUdeviceptr begin) {
    memory_state& s = state();
    const auto found = s.blocks.find(begin);
    if (found == s.blocks.end()) return;
    const device_block block = found->second;
    check_block(block);
    drop_pages(block);
    s.blocks.erase(found);
    s.released[begin] = block.bytes;
    if (s.released.size() > 65536) s.released.erase(s.released.begin());
    s.used[block.device] -= round_up(block.bytes, granule);
    if (block.pooled) s.pool_used[block.device] -= round_up(block.bytes, granule);
    count_outstanding(kind::device_bytes, -static_cast<int64_t>(block.bytes));
    count_outstanding(kind::device_allocations, -1);
}

void mark_pooled(device_block& block) {
    memory_state& s = state();
    block.pooled = true;
    uint64_t& used = s.pool_used[block.device];
    used += round_up(block.bytes, granule);
    s.pool_high[block.device] = std::max(s.pool_high[block.device], used);
}

device_block* block_at(CUdeviceptr begin) {
    const auto found = state().blocks.find(begin);
    return found == state().blocks.end() ? nullptr : &found->second;
}

device_block* block_of(CUdeviceptr address) {
    auto& blocks = state().blocks;
    auto after = blocks.upper_bound(address);
    if (after == blocks.begin()) return nullptr;
    device_block& block = std::prev(after)->second;
    return address < block.begin + block.bytes ? &block : nullptr;
}

std::string explain_address(CUdeviceptr address) {
    memory_state& s = state();
    char text[256];
    const unsigned long long shown = address;
    const auto describe = [&](const char* format, unsigned long long distance, size_t bytes, unsigned long long begin) {
        std::snprintf(text, sizeof text, format, shown, distance, bytes, begin);
        return std::string(text);
    };
    const auto released = s.released.upper_bound(address);
    if (released != s.released.begin()) {
        const auto& [begin, bytes] = *std::prev(released);
        if (address < begin + bytes)
            return describe("0x%llx is %llu bytes into the released allocation of %zu bytes at 0x%llx", address - begin, bytes, begin);
    }
    if (pinned_holding(reinterpret_cast<const void*>(address), 1) != nullptr)
        std::snprintf(text, sizeof text, "0x%llx is pinned host memory that is not mapped for the device", shown);
    else if (!is_device_address(address))
        std::snprintf(text, sizeof text, "0x%llx is no device address", shown);
    else if (const auto after = s.blocks.upper_bound(address); after != s.blocks.begin()) {
        const device_block& block = std::prev(after)->second;
        return describe("0x%llx is %llu bytes past the end of the allocation of %zu bytes at 0x%llx", address - (block.begin + block.bytes),
                        block.bytes, block.begin);
    } else
        std::snprintf(text, sizeof text, "0x%llx is in no allocation", shown);
    return text;
}

void check_canaries() {
    for (const auto& entry : state().blocks) check_block(entry.second);
}

CUresult allocate_pinned(size_t bytes, unsigned flags, CUcontext context, void** out) {
    const size_t mapped = round_up(bytes, page) + page; /* the last page stays inaccessible */
    void* at = reserve(mapped);
    if (at == nullptr) return CUDA_ERROR_OUT_OF_MEMORY;
    if (mprotect(at, mapped - page, PROT_READ | PROT_WRITE) != 0) {
        munmap(at, mapped);
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    std::memset(at, poison, bytes);
    state().pinned[reinterpret_cast<uintptr_t>(at)] = {bytes, mapped, flags, context};
    count_outstanding(kind::pinned_bytes, static_cast<int64_t>(bytes));
    count_outstanding(kind::pinned_allocations, 1);
    *out = at;
    return CUDA_SUCCESS;
}

void release_pinned(void* begin) {
    const auto found = state().pinned.find(reinterpret_cast<uintptr_t>(begin));
    if (found == state().pinned.end()) return;
    count_outstanding(kind::pinned_bytes, -static_cast<int64_t>(found->second.bytes));
    count_outstanding(kind::pinned_allocations, -1);
    munmap(begin, found->second.mapped_bytes);
    state().pinned.erase(found);
}

pinned_block* pinned_holding(const void* address, size_t bytes) {
    const uintptr_t at = reinterpret_cast<uintptr_t>(address);
    auto& pinned = state().pinned;
    const auto after = pinned.upper_bound(at);
    if (after == pinned.begin()) return nullptr;
    auto& [begin, block] = *std::prev(after);
    return at - begin <= block.bytes && bytes <= block.bytes - (at - begin) ? &block : nullptr;
}

} // namespace emulator

extern "C" EMULATOR_CONTROL void sunet_emulator_set_memory(uint64_t bytes) {
    const std::lock_guard<std::recursive_mutex> hold(emulator::global_lock());
    emulator::state().total = bytes;
}
