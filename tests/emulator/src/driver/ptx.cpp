/* Reads from PTX what a driver checks first, and the names of its kernels. */
#include <cctype>
#include <cstdlib>
#include <cstring>

#include "driver/contexts.hpp"
#include "driver/modules.hpp"

namespace emulator {
namespace {

/* The text after the directive, up to the line's end; empty if there is none. */
std::string directive(const std::string& text, const char* name) {
    const size_t at = text.find(name);
    if (at == std::string::npos) return {};
    size_t from = at + std::strlen(name);
    while (from < text.size() && (text[from] == ' ' || text[from] == '\t')) from++;
    size_t to = from;
    while (to < text.size() && std::isspace(static_cast<unsigned char>(text[to])) == 0 && text[to] != ',') to++;
    return text.substr(from, to - from);
}

bool is_identifier(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '%'; }

std::string without_comments(const char* image) {
    std::string text;
    for (const char* at = image; *at != 0;) {
        if (at[0] == '/' && at[1] == '/') {
            while (*at != 0 && *at != '\n') at++;
        } else if (at[0] == '/' && at[1] == '*') {
            const char* end = std::strstr(at + 2, "*/");
            at = end == nullptr ? at + std::strlen(at) : end + 2;
        } else {
            text += *at++;
        }
    }
    return text;
}

void find_entries(const std::string& text, std::set<std::string>* entries) {
    static const char word[] = ".entry";
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        size_t from = at + sizeof word - 1;
        while (from < text.size() && std::isspace(static_cast<unsigned char>(text[from])) != 0) from++;
        size_t to = from;
        while (to < text.size() && is_identifier(text[to])) to++;
        if (to > from) entries->insert(text.substr(from, to - from));
    }
}

} // namespace

CUresult read_ptx(const char* image, ptx_text* out, std::string* reason) {
    const std::string text = without_comments(image);
    const std::string version = directive(text, ".version"), target = directive(text, ".target");
    const size_t dot = version.find('.');
    if (dot == std::string::npos || target.compare(0, 3, "sm_") != 0) {
        *reason = "the image is no PTX: it has no .version or no .target";
        return CUDA_ERROR_INVALID_IMAGE;
    }
    out->version = std::atoi(version.c_str()) * 10 + std::atoi(version.c_str() + dot + 1);
    out->target = std::atoi(target.c_str() + 3);
    if (directive(text, ".address_size") != "64") {
        *reason = "ptxas fatal   : .address_size 64 is missing";
        return CUDA_ERROR_INVALID_PTX;
    }
    constexpr int newest_version = 90;
    if (out->version > newest_version) {
        *reason = "ptxas fatal   : Unsupported .version " + version + "; current version is '9.0'";
        return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
    }
    const int device = compute_major * 10 + compute_minor;
    const bool exact = target.back() == 'a';
    if (out->target > device || (exact && out->target != device)) {
        *reason = "ptxas fatal   : SM version specified by .target " + target + " is higher than the device's";
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    find_entries(text, &out->entries);
    return CUDA_SUCCESS;
}

} // namespace emulator
