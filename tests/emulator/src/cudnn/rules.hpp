/* Which attributes every descriptor has: of what type, how many elements, and whether they may or must be set. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cudnn/types.hpp"

namespace emulator::cudnn {

enum class attribute_use {
    optional,
    required,
    computed, /* may be asked for, not set */
    input,    /* a tensor an operation reads; required */
    optional_input,
    output, /* a tensor an operation writes; required */
    optional_output
};

struct attribute_rule {
    descriptor_type descriptor;
    attribute_name name;
    const char* text;
    attribute_type type;
    std::int64_t least, most; /* elements */
    attribute_use use;
    descriptor_type child; /* what a BACKEND_DESCRIPTOR has to be */

    bool is_required() const { return use == attribute_use::required || use == attribute_use::input || use == attribute_use::output; }
    bool is_input() const { return use == attribute_use::input || use == attribute_use::optional_input; }
    bool is_output() const { return use == attribute_use::output || use == attribute_use::optional_output; }
};

const attribute_rule* find_rule(descriptor_type descriptor, int name);
std::vector<const attribute_rule*> rules_of(descriptor_type descriptor);

/* Null for a type that the emulator does not know. */
const char* descriptor_text(int type);
const char* attribute_type_text(int type);
size_t element_size(attribute_type type);

} // namespace emulator::cudnn
