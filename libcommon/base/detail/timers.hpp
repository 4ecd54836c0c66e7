// Times that something waits for, the next one first. A pairing heap of members that hold their own
// links, so that nothing is allocated: waiting cannot fail for want of memory.
#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <utility>

namespace codex::detail {

/// A member of one Timers at most, which it leaves before it goes.
/// Threads: the loop's.
class Timed {
public:
    explicit Timed(Clock::Instant at) : at_(at) {}
    Timed(const Timed&) = delete;
    Timed& operator=(const Timed&) = delete;

    [[nodiscard]] Clock::Instant at() const { return at_; }

private:
    friend class Timers;
    [[nodiscard]] bool before(const Timed& other) const {
        return at_ != other.at_ ? at_ < other.at_ : order_ < other.order_;
    }

    Clock::Instant at_;
    std::uint64_t order_ = 0;
    Timed* child_ = nullptr; ///< the first of those that are later
    Timed* next_ = nullptr;  ///< of the same parent
    Timed* prior_ = nullptr; ///< of the same parent; of its first child, the parent
    bool added_ = false;
};

/// Of those with the same time, the one that was added first is first.
/// Threads: the loop's.
class Timers {
public:
    [[nodiscard]] Timed* first() const { return root_; }

    void add(Timed& timed) {
        timed.added_ = true;
        timed.order_ = next_order_++;
        root_ = merge(root_, &timed);
    }
    /// Nothing, when it is not there.
    void remove(Timed& timed) {
        if (!std::exchange(timed.added_, false))
            return;
        Timed* const later = merge_all(std::exchange(timed.child_, nullptr));
        if (&timed == root_) {
            root_ = later;
            return;
        }
        (timed.prior_->child_ == &timed ? timed.prior_->child_ : timed.prior_->next_) = timed.next_;
        if (timed.next_ != nullptr)
            timed.next_->prior_ = timed.prior_;
        timed.next_ = timed.prior_ = nullptr;
        root_ = merge(root_, later);
    }

private:
    /// Of two that have no parent, the later one becomes a child of the other.
    static Timed* merge(Timed* a, Timed* b) {
        if (a == nullptr || b == nullptr)
            return a == nullptr ? b : a;
        if (b->before(*a))
            std::swap(a, b);
        b->prior_ = a;
        b->next_ = a->child_;
        if (b->next_ != nullptr)
            b->next_->prior_ = b;
        a->child_ = b;
        return a;
    }
    /// All children of one that is no more: in pairs first, which keeps the heap flat.
    static Timed* merge_all(Timed* first) {
        Timed* pairs = nullptr; // the last pair is the first of them
        while (first != nullptr) {
            Timed* const a = first;
            Timed* const b = a->next_;
            first = b == nullptr ? nullptr : b->next_;
            cut(a);
            cut(b);
            Timed* const pair = merge(a, b);
            pair->next_ = pairs;
            pairs = pair;
        }
        Timed* all = nullptr;
        while (pairs != nullptr) {
            Timed* const pair = pairs;
            pairs = std::exchange(pair->next_, nullptr);
            all = merge(all, pair);
        }
        return all;
    }
    static void cut(Timed* timed) {
        if (timed != nullptr)
            timed->next_ = timed->prior_ = nullptr;
    }

    Timed* root_ = nullptr;
    std::uint64_t next_order_ = 0;
};

} // namespace codex::detail
