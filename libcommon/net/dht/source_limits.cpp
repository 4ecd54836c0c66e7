#include "net/dht/source_limits.hpp"

#include <algorithm>

namespace codex::net::dht {

namespace {

/// A full bucket has what comes in so many seconds.
constexpr std::size_t kBurstSeconds = 2;

} // namespace

SourceGate::SourceGate(const SourceLimits& limits, LimitCounts& counts) : counts_(counts) {
    set_limits(limits);
}

void SourceGate::set_limits(const SourceLimits& limits) {
    CODEX_ASSERT(limits.packets != 0 && limits.handshakes != 0 && limits.sources != 0);
    limits_ = limits;
    while (unproved_.size() > limits_.sources) {
        by_source_.erase(unproved_.front().source);
        unproved_.pop_front();
    }
}

bool SourceGate::allow(PacketCost cost, const SocketAddress& from, Clock::Instant now) {
    const Source source = Source::of(from);
    Bucket& bucket = bucket_of(source, now);
    const bool shared = &bucket == &others_;
    if (take(bucket, cost, shared || source.is_loopback() ? kTogether : 1, now))
        return true;
    const Limit limit = shared                       ? Limit::dht_sources
                        : cost == PacketCost::little ? Limit::dht_packets
                                                     : Limit::dht_handshakes;
    counts_.hit(limit, source.text());
    return false;
}

/// Each packet lets the bucket be full so much later, and none makes it later than the bucket is
/// deep: so no tokens have to be counted, and none is lost by rounding.
bool SourceGate::take(Bucket& bucket, PacketCost cost, std::size_t times, Clock::Instant now) {
    const std::size_t rate =
        times * (cost == PacketCost::little ? limits_.packets : limits_.handshakes);
    const Clock::Duration each =
        std::chrono::duration_cast<Clock::Duration>(std::chrono::seconds(1)) /
        static_cast<std::int64_t>(rate);
    Clock::Instant& full = bucket.full[static_cast<std::size_t>(cost)];
    const Clock::Instant then = std::max(full, now) + each;
    if (then - now > each * static_cast<std::int64_t>(kBurstSeconds * rate))
        return false;
    full = then;
    return true;
}

SourceGate::Bucket& SourceGate::bucket_of(const Source& source, Clock::Instant now) {
    if (const auto found = by_source_.find(source); found != by_source_.end()) {
        Buckets& of = found->second->proved ? proved_ : unproved_;
        of.splice(of.end(), of, found->second);
        return *found->second;
    }
    if (unproved_.size() >= limits_.sources) {
        // One that is full again is as one that was never seen. Others are not taken away, or who
        // comes from many addresses would have a full one each time.
        const Bucket& oldest = unproved_.front();
        if (std::ranges::any_of(oldest.full, [now](auto full) { return full > now; }))
            return others_;
        by_source_.erase(oldest.source);
        unproved_.pop_front();
    }
    Buckets made;
    made.push_back({source});
    by_source_.emplace(source, made.begin());
    unproved_.splice(unproved_.end(), made);
    return unproved_.back();
}

void SourceGate::proved(const SocketAddress& from, Clock::Instant now) {
    Bucket* bucket = &bucket_of(Source::of(from), now);
    if (bucket == &others_) { // he has none, and is to have one
        by_source_.erase(unproved_.front().source);
        unproved_.pop_front();
        bucket = &bucket_of(Source::of(from), now);
    }
    if (bucket->proved)
        return;
    if (proved_.size() >= kMostProved) {
        by_source_.erase(proved_.front().source);
        proved_.pop_front();
    }
    bucket->proved = true;
    proved_.splice(proved_.end(), unproved_, by_source_.at(bucket->source));
}

} // namespace codex::net::dht
