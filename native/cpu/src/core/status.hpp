/* The exceptions of the library, and the one place that turns them into a status and a message. */
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <utility>

#include "sunet_cpu.h"

namespace sunet {

/* An error with the status that the caller receives. */
class failure : public std::exception {
public:
    failure(sunet_status status, std::string text) : status_(status), text_(std::move(text)) {}
    const char* what() const noexcept override { return text_.c_str(); }
    sunet_status status() const noexcept { return status_; }

private:
    sunet_status status_;
    std::string text_;
};

/* Copies as much of the text as fits, cut between two characters and always zero-terminated. */
void copy_text(const char* text, sunet_message* out) noexcept;

/* Translates the exception that is being handled; must be called in a catch block. */
sunet_status report_current(sunet_message* message) noexcept;

inline void require(bool condition, const char* sentence) {
    if (!condition) throw failure(SUNET_INVALID_ARGUMENT, sentence);
}

template <typename Body>
sunet_status guarded(sunet_message* message, Body&& body) noexcept {
    try {
        body();
        return SUNET_OK;
    } catch (...) {
        return report_current(message);
    }
}

} // namespace sunet
