#include "core/status.hpp"

#include <oneapi/dnnl/dnnl.hpp>

#include <cstring>
#include <new>

namespace sunet {

void copy_text(const char* text, sunet_message* out) noexcept {
    if (out == nullptr || out->text == nullptr || out->capacity <= 0) return;
    size_t length = std::strlen(text);
    const auto room = static_cast<size_t>(out->capacity) - 1;
    if (length > room) {
        length = room;
        while (length > 0 && (static_cast<unsigned char>(text[length]) & 0xC0) == 0x80) --length;
    }
    std::memcpy(out->text, text, length);
    out->text[length] = '\0';
}

sunet_status report_current(sunet_message* message) noexcept {
    try {
        throw;
    } catch (const failure& error) {
        copy_text(error.what(), message);
        return error.status();
    } catch (const dnnl::error& error) {
        copy_text(error.what(), message);
        switch (error.status) {
            case dnnl_out_of_memory: return SUNET_OUT_OF_MEMORY;
            case dnnl_unimplemented: return SUNET_UNSUPPORTED;
            case dnnl_invalid_arguments: return SUNET_INVALID_ARGUMENT;
            default: return SUNET_LIBRARY;
        }
    } catch (const std::bad_alloc&) {
        copy_text("The host has not enough free memory for this request.", message);
        return SUNET_OUT_OF_MEMORY;
    } catch (const std::exception& error) {
        copy_text(error.what(), message);
        return SUNET_INTERNAL;
    } catch (...) {
        copy_text("An unknown failure in the CPU library.", message);
        return SUNET_INTERNAL;
    }
}

} // namespace sunet
