// The innermost layers of the transforms of row_transform.hpp, as a template over a vector type, to
// be instantiated with one of an anonymous namespace only; see matrix_kernel.hpp.
//
// The turn. What is wanted is always a polynomial at other positions: an inverse transform, then a
// forward one. Their innermost layers, three at most, are one linear map of eight rows, and not
// any: it takes row i to row j by K(i ^ j), for evaluating elsewhere commutes with moving all
// positions. So it is a product in the ring of sums of t^i, where t^i x t^j = t^(i ^ j). With t = 1
// + z the squares of z vanish: a row is a set of bits, and a product adds row S times k(T) to row S
// + T for each T without elements in common. k of the empty set is 1, for constants are what they
// are everywhere. That takes 19 products of 7 rows where butterflies take 17 of 17, and a row that
// is multiplied is taken apart once. Where the last data are one or two rows of a second group, as
// they are of many small codes, these are turned in the same pass.
#pragma once

#include "erasure/detail/fetch_ahead.hpp"
#include "erasure/detail/kernels.hpp"
#include "erasure/detail/row_passes.hpp"
#include "erasure/detail/strips.hpp"

#include <bit>
#include <type_traits>

namespace codex::erasure::detail {

/// Calls work(std::integral_constant) with `number`, which is in [kFrom, kTo].
template <unsigned kFrom, unsigned kTo, class Work>
[[gnu::always_inline]] inline void with_number(unsigned number, Work work) {
    if constexpr (kFrom == kTo) {
        work(std::integral_constant<unsigned, kFrom>{});
    } else {
        if (number == kFrom)
            work(std::integral_constant<unsigned, kFrom>{});
        else
            with_number<kFrom + 1, kTo>(number, work);
    }
}

/// What a transform and its turn have in common, and the turn.
template <class V> class RowTurns {
protected:
    using Work = typename Strips<V>::Work;

    explicit RowTurns(const TransformJob& job)
        : job_(job), size_(std::size_t{1} << job.log_size), turn_layers_(turn_layers(job.log_size)),
          lowest_(job.log_size - turn_layers_),
          ahead_(job.ahead, job.ahead_count, job.stretch, job.stretch / 64) {}

    static constexpr unsigned kMostMore = 1; ///< rows of a second group in a turn, power of two

    [[nodiscard]] Work work(unsigned number) const {
        return {job_.work + number * size_ * bytes_, bytes_};
    }

    /// Whether the turn to and from `position` has but factors below 256.
    [[nodiscard]] bool small_turn(std::size_t position) const {
        return !V::kHasSubfield || position >> job_.log_size << turn_layers_ < 256;
    }

    /// How many rows of a turn, as a power of two, have something else than zeros.
    [[nodiscard]] unsigned used_rows(std::size_t count, std::size_t position) const {
        unsigned used = small_turn(position) ? 0 : turn_layers_;
        while (count > std::size_t{1} << (lowest_ + used))
            ++used;
        return used;
    }

    /// From position `position` to 0 or from 0 there: the sum of rows so turned is in `to` after
    /// the last call, in `sum` in between. Rows of `from` from `count` on are zeros.
    template <class From, class To>
    void turn(From from, std::size_t count, std::size_t position, bool added, bool last, Work sum,
              To to) {
        with_number<1, 3>(turn_layers_, [&](auto all) {
            constexpr unsigned kLayers = all();
            if constexpr (V::kHasSubfield && !From::kBuffers && !To::kBuffers)
                if (!small_turn(position)) {
                    run_turn<TurnPass<WordOps<V, 1>, kLayers>, kLayers>(position, from, sum, to,
                                                                        added, last);
                    return;
                }
            with_number<0, kLayers>(used_rows(count, position), [&](auto used) {
                run_turn<TurnPass<ByteOps<V>, kLayers>, used()>(position, from, sum, to, added,
                                                                last);
            });
        });
    }

    /// turn() to position 0 of all rows of `from`, and of those of `more` with something, of the
    /// group `next`, with the sum in work(0).
    template <class From, class To>
    void turn_two(From from, std::size_t position, From more, const InputGroup& next, bool added,
                  bool last, To to) {
        with_number<1, 3>(turn_layers_, [&](auto all) {
            with_number<0, kMostMore>(used_rows(next.count, next.position), [&](auto used) {
                run_turn_two<all(), used()>(position, from, more, next.position, added, last, to);
            });
        });
    }

    /// Calls work(begin, end, on the way) for the bytes that rows of `layer` have side by side, of
    /// one buffer to ask for at a time.
    template <class Work> void pieces(unsigned layer, Work work) {
        const std::size_t all = bytes_ << layer;
        for (std::size_t begin = 0; begin < all; begin += ahead_.stretch()) {
            const std::size_t end = all - begin < ahead_.stretch() ? all : begin + ahead_.stretch();
            work(begin, end, ahead_.on_the_way(begin, end, job_.work));
        }
    }

    const TransformJob& job_;
    std::size_t size_;
    unsigned turn_layers_;
    unsigned lowest_; ///< layer of the turn
    FetchAhead<V> ahead_;
    std::size_t at_ = 0;
    std::size_t bytes_ = 0;

private:
    template <class Turn, unsigned kUsed, class From, class To>
    void run_turn(std::size_t position, From from, Work sum, To to, bool added, bool last) {
        constexpr unsigned kLayers = std::countr_zero(Turn::kRows);
        const unsigned layer = lowest_;
        const std::uint8_t* records = turn_records(position);
        const auto in = from.template group<kLayers>(0, layer);
        const auto middle = sum.template group<kLayers>(0, layer);
        const auto out = to.template group<kLayers>(0, layer);
        constexpr bool kStreamed = To::kStreamed;
        pieces(layer, [&](std::size_t begin, std::size_t end, OnTheWay way) {
            if (added && last)
                Turn::template run<kUsed, true, true, kStreamed>(in, middle, out, begin, end,
                                                                 records, way);
            else if (added)
                Turn::template run<kUsed, true, false, false>(in, middle, middle, begin, end,
                                                              records, way);
            else if (last)
                Turn::template run<kUsed, false, true, kStreamed>(in, middle, out, begin, end,
                                                                  records, way);
            else
                Turn::template run<kUsed, false, false, false>(in, middle, middle, begin, end,
                                                               records, way);
        });
    }
    [[nodiscard]] const std::uint8_t* turn_records(std::size_t position) const {
        return job_.turns + ((position >> job_.log_size) - 1) * kTurnFactors * V::kFactorBytes;
    }

    template <unsigned kLayers, unsigned kMore, class From, class To>
    void run_turn_two(std::size_t position, From from, From more, std::size_t more_position,
                      bool added, bool last, To to) {
        using Turn = TurnPass<ByteOps<V>, kLayers>;
        const unsigned layer = lowest_;
        const std::uint8_t* records = turn_records(position);
        const std::uint8_t* more_records = turn_records(more_position);
        const auto in = from.template group<kLayers>(0, layer);
        const auto others = more.template group<kMore>(0, layer);
        const auto middle = work(0).template group<kLayers>(0, layer);
        const auto out = to.template group<kLayers>(0, layer);
        constexpr bool kStreamed = To::kStreamed;
        pieces(layer, [&](std::size_t begin, std::size_t end, OnTheWay way) {
            if (added && last)
                Turn::template run_two<kMore, true, true, kStreamed>(
                    in, others, middle, out, begin, end, records, more_records, way);
            else if (added)
                Turn::template run_two<kMore, true, false, false>(in, others, middle, middle, begin,
                                                                  end, records, more_records, way);
            else if (last)
                Turn::template run_two<kMore, false, true, kStreamed>(
                    in, others, middle, out, begin, end, records, more_records, way);
            else
                Turn::template run_two<kMore, false, false, false>(
                    in, others, middle, middle, begin, end, records, more_records, way);
        });
    }
};

} // namespace codex::erasure::detail
