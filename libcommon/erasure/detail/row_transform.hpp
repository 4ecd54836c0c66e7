// The additive Fourier transforms as a template over a vector type, for the kernel files
// (codex-erasure(5), THE TRANSFORM). Instantiate with a type of an anonymous namespace only; see
// matrix_kernel.hpp.
//
// A few bytes of every buffer are taken through all their transforms before the next, in work rows
// that stay in cache. A pass does a few layers at once on rows held in registers: the first reads
// the buffers themselves, the last writes the results.
#pragma once

#include "erasure/detail/kernels.hpp"
#include "erasure/detail/row_turns.hpp"

#include <cstring>

namespace codex::erasure::detail {

template <class V> class RowTransform : RowTurns<V> {
public:
    static void run(const TransformJob& job, std::size_t begin, std::size_t end) {
        RowTransform kernel(job);
        for (std::size_t at = begin; at < end; at += job.row_bytes) {
            if ((at - begin) % kernel.ahead_.stretch() == 0)
                kernel.ahead_.aim(at + kernel.ahead_.stretch(), end);
            kernel.at_ = at;
            kernel.bytes_ = end - at < job.row_bytes ? end - at : job.row_bytes;
            if (job.known == nullptr)
                kernel.encode();
            else
                kernel.decode();
        }
        // Stores past the caches are ordered with nothing, not even with a release, without this.
        if (job.streamed)
            V::order_streams();
    }

private:
    using Base = RowTurns<V>;
    using Base::ahead_;
    using Base::at_;
    using Base::bytes_;
    using Base::job_;
    using Base::kMostMore;
    using Base::lowest_;
    using Base::pieces;
    using Base::size_;
    using Base::small_turn;
    using Base::turn;
    using Base::turn_layers_;
    using Base::turn_two;
    using Base::used_rows;
    using Base::work;
    using Work = typename Base::Work;
    using Sources = typename Strips<V>::Sources;
    template <bool kStreamed> using Results = typename Strips<V>::template Results<kStreamed>;

    explicit RowTransform(const TransformJob& job) : Base(job) {
        // As few passes as possible, as even as possible; the larger ones last.
        const unsigned layers = lowest_;
        passes_ = (layers + kMaxLayers - 1) / kMaxLayers;
        if constexpr (V::kHasSubfield)
            if (layers > 0)
                passes_ = 1 + (layers > V::kWordLayers
                                   ? (layers - V::kWordLayers + kMaxLayers - 1) / kMaxLayers
                                   : 0);
        unsigned layer = 0;
        for (unsigned i = 0; i < passes_; ++i) {
            first_layer_[i] = layer;
            const unsigned here = (layers - layer) / (passes_ - i);
            layer += here;
            if constexpr (V::kHasSubfield) // the first pass goes from and to buffers
                if (i == 0 && layer > V::kWordLayers)
                    layer = V::kWordLayers;
        }
        first_layer_[passes_] = layer;
    }

    static constexpr unsigned kMaxLayers = V::kByteLayers;

    [[nodiscard]] std::uint8_t* spare() const { return job_.work + 2 * size_ * job_.row_bytes; }
    /// Whether the innermost pass may read and write buffers: in GF(2^16) these have other
    /// coordinates.
    [[nodiscard]] bool direct() const { return !V::kHasSubfield && passes_ == 0; }

    void encode() {
        if (job_.streamed)
            encode_to(Results<true>{job_.outputs[0].rows, at_, spare()});
        else
            encode_to(Results<false>{job_.outputs[0].rows, at_, spare()});
    }

    template <class To> void encode_to(To to) {
        if constexpr (!V::kHasSubfield)
            if (direct())
                return parity(to);
        parity(work(0));
        forward_all(work(0), to, 0, job_.outputs[0].count);
    }

    void decode() {
        const Work sum = work(0);
        const Sources known{job_.known, at_};
        if (job_.undisturbed && passes_ > 0)
            return interpolate(known);
        const bool added = job_.input_count > 0;
        if (added) {
            parity(sum);
            forward_all(sum, sum, 0, job_.known_count);
            locate_all<true>(sum, known);
        } else {
            locate_all<false>(sum, known);
        }
        for (std::size_t i = 0; i < job_.output_count; ++i) {
            const OutputGroup& output = job_.outputs[i];
            const Work rows = output_rows(i);
            turn(sum, job_.known_count, output.position, false, true, sum, rows);
            if (job_.streamed)
                finish_all<true>(rows, output);
            else
                finish_all<false>(rows, output);
        }
    }

    /// Where output i is computed from what all are computed from, which the last may take the
    /// place of.
    [[nodiscard]] Work output_rows(std::size_t i) const {
        return work(i + 1 == job_.output_count ? 0 : 1);
    }

    /// The layers below the turn of what the received parity says of the lost data.
    template <bool kAdded> void locate_all(Work sum, Sources known) {
        using Located = typename Strips<V>::template Located<kAdded>;
        if (passes_ > 0)
            return inverse_all(Located{known, sum, job_.locator}, sum, 0, {0, job_.known_count});
        for (std::size_t row = 0; row < job_.known_count; ++row)
            locate<V, kAdded>(sum.row(row), known.row(row), bytes_,
                              job_.locator + row * V::kFactorBytes,
                              ahead_.on_the_way(0, bytes_, job_.work));
        clear(sum, job_.known_count, size_);
    }

    /// The polynomial through what was received, at the positions of the outputs.
    void interpolate(Sources known) {
        inverse_all(known, work(0), 0, {0, size_});
        for (std::size_t i = 0; i < job_.output_count; ++i) {
            const OutputGroup& output = job_.outputs[i];
            const Work rows = output_rows(i);
            turn(work(0), size_, output.position, false, true, work(0), rows);
            if (job_.streamed)
                forward_all(rows, Results<true>{output.rows, at_, spare()}, output.position,
                            output.count);
            else
                forward_all(rows, Results<false>{output.rows, at_, spare()}, output.position,
                            output.count);
        }
    }

    /// Results: those layers at their positions, and their factors.
    template <bool kStreamed> void finish_all(Work rows, const OutputGroup& output) {
        using Finished = typename Strips<V>::template Finished<kStreamed>;
        if (passes_ > 0)
            return forward_all(rows, Finished{{output.rows, at_, spare()}, output.factors},
                               output.position, output.count);
        for (std::size_t row = 0; row < output.count; ++row)
            if (output.rows[row] != nullptr)
                finish<V, kStreamed>(rows.row(row), output.rows[row] + at_, bytes_,
                                     output.factors + row * V::kFactorBytes,
                                     ahead_.on_the_way(0, bytes_, job_.work));
    }

    /// The sum of all input groups, turned to position 0.
    template <class To> void parity(To to) {
        for (std::size_t i = 0; i < job_.input_count; ++i) {
            const InputGroup& input = job_.inputs[i];
            const Sources source{input.rows, at_};
            const bool two = with_next(i);
            const bool last = i + 1 + (two ? 1 : 0) == job_.input_count;
            const InputGroup& next = job_.inputs[two ? ++i : i];
            const Sources next_source{next.rows, at_};
            const bool added = i > (two ? 1U : 0U);
            if constexpr (!V::kHasSubfield)
                if (direct()) {
                    if (two)
                        turn_two(source, input.position, next_source, next, added, last, to);
                    else
                        turn(source, input.count, input.position, added, last, work(0), to);
                    continue;
                }
            if constexpr (!To::kBuffers) {
                const Work rows = work(job_.input_count > 1 && !two ? 1 : 0);
                inverse_all(source, rows, input.position, {input.first, input.count});
                if (two) {
                    inverse_all(next_source, work(1), next.position, {next.first, next.count});
                    turn_two(rows, input.position, work(1), next, added, last, to);
                } else {
                    turn(rows, input.count, input.position, added, last, work(0), to);
                }
            }
        }
    }

    /// Whether group i and the next are turned in one pass: all rows of it, and few of the next.
    [[nodiscard]] bool with_next(std::size_t i) const {
        if (i + 1 == job_.input_count || (!direct() && job_.input_count > 2))
            return false;
        const InputGroup& input = job_.inputs[i];
        const InputGroup& next = job_.inputs[i + 1];
        return small_turn(input.position) && small_turn(next.position) &&
               used_rows(input.count, input.position) == turn_layers_ &&
               used_rows(next.count, next.position) <= kMostMore;
    }

    /// The rows that may have something else than zeros.
    struct Used {
        std::size_t begin;
        std::size_t end;
    };

    /// The layers of the inverse transform below the turn.
    template <class From> void inverse_all(From from, Work rows, std::size_t position, Used used) {
        const std::size_t block = std::size_t{1} << lowest_;
        std::size_t start = 0;
        if (passes_ > 0) {
            for (; start < used.end; start += block)
                inverse(from, rows, passes_, start, position, used);
        } else if constexpr (From::kBuffers && V::kHasSubfield) {
            for (; start < used.end; ++start)
                layers<true, 0>(0, start, position, from, rows);
        } else {
            return;
        }
        const std::size_t read = block << used_rows(used.end, position);
        if (start < read)
            clear(rows, start, read);
    }

    void clear(Work rows, std::size_t begin, std::size_t end) {
        std::memset(rows.row(begin), 0, (end - begin) * bytes_);
    }

    /// The first `passes` passes on the rows from `start` on that they mix. Depth first: what is
    /// near is finished before what is far, in whatever cache holds it.
    template <class From>
    void inverse(From from, Work rows, unsigned passes, std::size_t start, std::size_t position,
                 Used used) {
        const std::size_t end = start + (std::size_t{1} << first_layer_[passes]);
        if (end <= used.begin)
            return clear(rows, start, end);
        if (passes == 1)
            return pass<true>(0, start, position, from, rows);
        const std::size_t block = std::size_t{1} << first_layer_[passes - 1];
        std::size_t at = start;
        for (; at < end && at < used.end; at += block)
            inverse(from, rows, passes - 1, at, position, used);
        if (at < end)
            clear(rows, at, end);
        pass<true>(passes - 1, start, position, rows, rows);
    }

    /// The layers of the transform below the turn; rows from `count` on are not needed.
    template <class To>
    void forward_all(Work rows, To to, std::size_t position, std::size_t count) {
        const std::size_t block = std::size_t{1} << lowest_;
        if (passes_ > 0) {
            for (std::size_t start = 0; start < count; start += block)
                forward(rows, to, passes_, start, position, count);
        } else if constexpr (To::kBuffers) {
            for (std::size_t row = 0; row < count; ++row)
                layers<false, 0>(0, row, position, rows, to);
        }
    }

    template <class To>
    void forward(Work rows, To to, unsigned passes, std::size_t start, std::size_t position,
                 std::size_t count) {
        if (passes == 1)
            return pass<false>(0, start, position, rows, to);
        pass<false>(passes - 1, start, position, rows, rows);
        const std::size_t end = start + (std::size_t{1} << first_layer_[passes]);
        const std::size_t block = std::size_t{1} << first_layer_[passes - 1];
        for (std::size_t at = start; at < end && at < count; at += block)
            forward(rows, to, passes - 1, at, position, count);
    }

    /// Pass i on the rows from `start` on that it mixes.
    template <bool kInverse, class From, class To>
    void pass(unsigned i, std::size_t start, std::size_t position, From from, To to) {
        const unsigned first = first_layer_[i];
        with_number<1, kMaxLayers>(first_layer_[i + 1] - first, [&](auto count) {
            this->template layers<kInverse, count()>(first, start, position, from, to);
        });
    }

    /// kLayers layers from `layer` on, of the rows from `start` on that these mix.
    template <bool kInverse, unsigned kLayers, class From, class To>
    void layers(unsigned layer, std::size_t start, std::size_t position, From from, To to) {
        constexpr bool kBuffers = From::kBuffers || To::kBuffers;
        const unsigned large = large_layers(kLayers, layer, position + start);
        if constexpr (!V::kHasSubfield)
            run_layers<ByteOps<V>, kInverse, kLayers>(layer, start, position, from, to);
        else if constexpr (kBuffers && kLayers <= V::kWordLayers) {
            with_number<0, kLayers>(large, [&](auto count) {
                this->template run_layers<WordOps<V, count(), From::kBuffers, To::kBuffers>,
                                          kInverse, kLayers>(layer, start, position, from, to);
            });
        } else if constexpr (!kBuffers) {
            if (large == 0)
                run_layers<ByteOps<V>, kInverse, kLayers>(layer, start, position, from, to);
            else if constexpr (kLayers <= V::kWordLayers)
                with_number<1, kLayers>(large, [&](auto count) {
                    this->template run_layers<WordOps<V, count()>, kInverse, kLayers>(
                        layer, start, position, from, to);
                });
            else
                split<kInverse, kLayers>(layer, start, position, to);
        }
    }
    template <class Ops, bool kInverse, unsigned kLayers, class From, class To>
    void run_layers(unsigned layer, std::size_t start, std::size_t position, From from, To to) {
        const std::uint8_t* skews[kLayers + 1];
#pragma GCC unroll 4
        for (unsigned u = 0; u < kLayers; ++u)
            skews[u] = job_.skews + ((position + start) >> (layer + u + 1)) * V::kFactorBytes;
        const auto in = from.template group<kLayers>(start, layer);
        const auto out = [&] {
            if constexpr (From::kBuffers || To::kBuffers)
                return to.template group<kLayers>(start, layer);
            else
                return InPlace{};
        }();
        pieces(layer, [&](std::size_t begin, std::size_t end, OnTheWay way) {
            LayersPass<Ops, kLayers>::template run<kInverse, To::kStreamed>(in, out, begin, end,
                                                                            skews, way);
        });
    }

    /// The same in two passes, in place.
    template <bool kInverse, unsigned kLayers>
    void split(unsigned layer, std::size_t start, std::size_t position, Work rows) {
        constexpr unsigned kLower = V::kWordLayers;
        const std::size_t end = start + (std::size_t{1} << (layer + kLayers));
        if (!kInverse)
            layers<kInverse, kLayers - kLower>(layer + kLower, start, position, rows, rows);
        for (std::size_t at = start; at < end; at += std::size_t{1} << (layer + kLower))
            layers<kInverse, kLower>(layer, at, position, rows, rows);
        if (kInverse)
            layers<kInverse, kLayers - kLower>(layer + kLower, start, position, rows, rows);
    }

    /// How many of so many layers from `layer` on have factors from 256 on in the group at
    /// `position`: factor i is word 2 i, and those of the lowest layer are the largest.
    static unsigned large_layers(unsigned layers, unsigned layer, std::size_t position) {
        unsigned large = 0;
        while (large < layers &&
               (position >> (layer + large + 1)) + (std::size_t{1} << (layers - large)) / 2 > 128)
            ++large;
        return large;
    }

    unsigned passes_ = 0;
    unsigned first_layer_[17] = {};
};

} // namespace codex::erasure::detail
