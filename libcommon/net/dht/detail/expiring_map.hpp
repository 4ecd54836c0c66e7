// What is waited for, for a time that is the same for all of a kind, and no more of it than there
// is room for.
#pragma once

#include "base/clock.hpp"
#include "base/error.hpp"

#include <list>
#include <map>
#include <optional>

namespace codex::net::dht::detail {

/// A map whose entries live equally long. Where it is full the oldest goes, so that whoever makes
/// many pushes out his own.
/// Threads: one at a time.
template <class Key, class Value> class ExpiringMap {
public:
    /// `most` is not 0.
    ExpiringMap(std::size_t most, Clock::Duration lifetime) : most_(most), lifetime_(lifetime) {
        CODEX_ASSERT(most != 0);
    }

    /// Replaces an entry of that key; `now` is not before that of earlier calls.
    void put(const Key& key, Value value, Clock::Instant now) {
        erase(key);
        if (by_key_.size() == most_)
            erase(Key(entries_.front().key));
        std::list<Entry> made; // joined when nothing can fail any more
        made.push_back({key, std::move(value), now + lifetime_});
        by_key_.emplace(key, made.begin());
        entries_.splice(entries_.end(), made);
    }
    /// Valid until the next call; null, when it is not there, or over.
    [[nodiscard]] Value* find(const Key& key, Clock::Instant now) {
        const auto found = by_key_.find(key);
        return found == by_key_.end() || found->second->end <= now ? nullptr
                                                                   : &found->second->value;
    }
    void erase(const Key& key) { static_cast<void>(take(key)); }
    /// Takes it out, over or not.
    std::optional<Value> take(const Key& key) {
        const auto found = by_key_.find(key);
        if (found == by_key_.end())
            return std::nullopt;
        std::optional<Value> taken(std::move(found->second->value));
        entries_.erase(found->second);
        by_key_.erase(found);
        return taken;
    }
    /// Takes out one that is over, the oldest first; nothing, when none is.
    [[nodiscard]] std::optional<Value> take_over(Clock::Instant now) {
        if (entries_.empty() || entries_.front().end > now)
            return std::nullopt;
        return take(Key(entries_.front().key));
    }
    /// When the oldest is over.
    [[nodiscard]] std::optional<Clock::Instant> next_end() const {
        return entries_.empty() ? std::nullopt : std::optional(entries_.front().end);
    }
    [[nodiscard]] std::size_t size() const { return by_key_.size(); }

private:
    struct Entry {
        Key key;
        Value value;
        Clock::Instant end;
    };
    std::size_t most_;
    Clock::Duration lifetime_;
    std::list<Entry> entries_; // in the order of their ends
    std::map<Key, typename std::list<Entry>::iterator> by_key_;
};

} // namespace codex::net::dht::detail
