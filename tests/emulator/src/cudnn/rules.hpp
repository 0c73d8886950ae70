/* Which attributes every descriptor has: of what type, how many elements, and whether they may or must be set. */
#ifndef SUNET_EMULATOR_CUDNN_RULES_HPP
#define SUNET_EMULATOR_CUDNN_RULES_HPP

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cudnn/types.hpp"

namespace emulator::cudnn {

enum class Use {
    optional,
    required,
    computed, /* may be asked for, not set */
    input,    /* a tensor an operation reads; required */
    optional_input,
    output, /* a tensor an operation writes; required */
    optional_output
};

struct Rule {
    DescriptorType descriptor;
    AttributeName name;
    const char* text;
    AttributeType type;
    std::int64_t least, most; /* elements */
    Use use;
    DescriptorType child; /* what a BACKEND_DESCRIPTOR has to be */

    bool is_required() const { return use == Use::required || use == Use::input || use == Use::output; }
    bool is_input() const { return use == Use::input || use == Use::optional_input; }
    bool is_output() const { return use == Use::output || use == Use::optional_output; }
};

const Rule* find_rule(DescriptorType descriptor, int name);
std::vector<const Rule*> rules_of(DescriptorType descriptor);

/* Null for a type that the emulator does not know. */
const char* descriptor_text(int type);
const char* attribute_type_text(int type);
size_t element_size(AttributeType type);

} // namespace emulator::cudnn

#endif
