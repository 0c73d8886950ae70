/* What every gradient of weights needs: its operands, how threads share it, and the memory of their sums. */
#pragma once

#include <omp.h>

#include "convolution/float16/direction.hpp"

namespace sunet::float16 {

/* The work of one thread: some groups of outputs over a part of the pixels. */
struct gradient_share {
    const bf16 *large, *small;
    normalization norm; /* of the large side */
    float* sums;        /* of its part, for all groups */
    double* bias;       /* sums of its part; NULL where no bias is wanted, and for all but one of the threads that share a part */
    std::int64_t part, parts;
    std::int64_t first_group, end_group;
    char* memory; /* of its own */
};

/* Divides a gradient of weights among threads by groups of outputs and by parts of the pixels. Threads that share groups each convert all
 * pixels; threads that share pixels each have sums of their own, which are cleared and added at the end. The smaller amount of work
 * decides. */
class gradient_sharing {
public:
    /* Sums are laid out like weights of the format, with `row_elements` for the outputs of a group. */
    gradient_sharing(const convolution_request& request, std::optional<source_norm> norm, const packed_weights& format,
                     std::int64_t row_elements);

    void set_thread_bytes(std::size_t bytes) { thread_bytes_ = bytes; }
    std::size_t scratch_bytes() const;

    bool has_norm() const { return read_.norm.has_value(); }
    std::int64_t group_sums() const { return group_sums_; }
    std::int64_t parts() const { return parts_; }
    /* Elements from the sums of a part to those of the next. */
    std::int64_t part_stride() const { return static_cast<std::int64_t>(sums_bytes_ / sizeof(float)); }
    /* The sums of the first part, from a channel of a group on. */
    const float* sums_from(bindings data, std::int64_t channel) const;

    /* Calls `sum(share)` for every share, then `write(channel)` for every block of 16 outputs, and writes the gradient of the bias. */
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

/* Calls multiply_gradients for up to 64 channels and any number of pixels. */
void multiply_block(const gradient_tile& all, int vectors, std::int64_t channels);

} // namespace sunet::float16
