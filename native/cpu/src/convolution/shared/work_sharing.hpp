#pragma once

#include <algorithm>
#include <cstdint>

namespace sunet {

/* Divides work among threads by parts of the source, such as rows, each of which is converted once. Where there are fewer parts than
 * threads, threads also share the groups of outputs, and a part is converted several times. */
class work_sharing {
public:
    work_sharing(std::int64_t parts, std::int64_t groups, std::int64_t threads)
        : parts_(parts), groups_(groups), shares_(std::clamp(threads / parts, std::int64_t{1}, groups)) {}

    /* Calls `use(part, first_group, end_group)` for all the work of one thread of a team. */
    template <typename Use>
    void for_each(std::int64_t thread, std::int64_t team, const Use& use) const {
        const std::int64_t items = parts_ * shares_;
        for (std::int64_t item = items * thread / team; item < items * (thread + 1) / team; ++item) {
            const std::int64_t share = item / parts_;
            use(item % parts_, groups_ * share / shares_, groups_ * (share + 1) / shares_);
        }
    }

private:
    std::int64_t parts_, groups_, shares_;
};

} // namespace sunet
