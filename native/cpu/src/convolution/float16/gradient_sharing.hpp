/* What a gradient of weights needs however its products are made: what it reads, how threads share it, and where they sum. */
#pragma once

#include <omp.h>

#include "convolution/float16/direction.hpp"

namespace sunet::float16 {

/* What one thread reads and adds to: some groups of outputs over a part of the pixels. */
struct gradient_share {
    const bf16 *large, *small;
    normalization norm; /* of the large side */
    float* sums;        /* of its part, for all groups */
    double* bias;       /* of its part; NULL but for one of the threads that share the groups, and where no bias is wanted */
    std::int64_t part, parts;
    std::int64_t first_group, end_group;
    char* memory; /* of its own */
};

/* Some threads have groups of outputs of their own, others parts of the pixels, whose sums are added at the end. Sharing the groups makes
 * every thread convert all pixels, sharing the pixels makes sums for every thread that are to be cleared and added: which is more decides. */
class gradient_sharing {
public:
    /* Sums lie like weights of the format, `row_elements` for a group's outputs. */
    gradient_sharing(const convolution_request& request, std::optional<source_norm> norm, const packed_weights& format,
                     std::int64_t row_elements);

    void set_thread_bytes(std::size_t bytes) { thread_bytes_ = bytes; }
    std::size_t scratch_bytes() const;

    bool has_norm() const { return read_.norm.has_value(); }
    std::int64_t group_sums() const { return group_sums_; }
    std::int64_t parts() const { return parts_; }
    /* From a part's sums to the next one's. */
    std::int64_t part_stride() const { return static_cast<std::int64_t>(sums_bytes_ / sizeof(float)); }
    /* The first part's, of a group that a channel is in, from that channel on. */
    const float* sums_from(bindings data, std::int64_t channel) const;

    /* Calls `sum(share)` for every share, then `write(channel)` for every block of 16 outputs, whose bias is written, too. */
    template <typename Sum, typename Write>
    void run(bindings data, const Sum& sum, const Write& write) const {
        read_.prepare_norm(data);
#pragma omp parallel num_threads(threads_)
        {
            for (std::int64_t thread = omp_get_thread_num(); thread < threads_; thread += omp_get_num_threads()) sum(begin(data, thread));
#pragma omp barrier
#pragma omp for schedule(static)
            for (std::int64_t channel = 0; channel < outputs_; channel += channel_block) {
                write(channel);
                write_bias(data, channel);
            }
        }
    }

private:
    gradient_share begin(bindings data, std::int64_t thread) const;
    void write_bias(bindings data, std::int64_t channel) const;

    double* bias_of(bindings data, std::int64_t part) const;
    float* sums_of(bindings data, std::int64_t part) const;
    std::size_t bias_bytes() const { return whole_lines(static_cast<std::size_t>(bias_elements_ * parts_) * sizeof(double)); }

    const direction read_; /* which reads the large side */
    const sunet_argument small_argument_;
    const int threads_;
    const std::int64_t outputs_, groups_, group_sums_;
    const std::int64_t bias_elements_; /* of a part; 0 where no bias is wanted */
    const std::int64_t group_shares_, parts_;
    const std::size_t sums_bytes_; /* of a part */
    std::size_t thread_bytes_ = 0;
};

/* multiply_gradients for up to 64 channels and any number of pixels. */
void multiply_block(const gradient_tile& all, int vectors, std::int64_t channels);

} // namespace sunet::float16
