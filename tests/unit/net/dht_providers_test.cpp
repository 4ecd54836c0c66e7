// Who provides what: for how long, and who can push out whom.
#include "net/dht/memory_providers.hpp"

#include "must.hpp"
#include "network_vectors.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace codex::net::dht::providers_test {
namespace {

using codex::test::must;

constexpr std::uint64_t kNow = 1'700'000'000;
constexpr std::uint64_t kLater = kNow + kProviderSeconds;

Id content(std::uint32_t number) {
    Id id;
    for (std::size_t i = 0; i < 4; ++i)
        id.bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    return id;
}
Source source(std::uint32_t number) {
    Source of;
    of.size = 4;
    of.bytes = {5};
    for (std::size_t i = 0; i < 3; ++i)
        of.bytes[i + 1] = static_cast<std::uint8_t>(number >> (16 - 8 * i));
    return of;
}
/// A peer that nobody has the key of: signatures are no matter of what keeps records.
PeerId peer(std::uint32_t number) {
    Bytes bytes = {0x12, 0x20}; // the SHA-256 of a key
    bytes.resize(34);
    for (std::size_t i = 0; i < 4; ++i)
        bytes[i + 2] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
    return must(PeerId::from_bytes(bytes));
}
NodeRecord record_of(std::uint32_t number, std::uint64_t sequence = 1,
                     std::vector<Multiaddr> addresses = {}) {
    static const PublicKey key = [] {
        SeededSecrets secrets(1);
        return must(SecretKey::generate(secrets)).public_key();
    }();
    const PeerId id = peer(number);
    Bytes envelope(100, static_cast<std::uint8_t>(sequence));
    std::ranges::copy(id.bytes(), envelope.begin());
    return {Id::of_peer(id), {id, sequence, std::move(addresses)}, key, envelope};
}
/// One whose record names where it says things from.
NodeRecord at_home(std::uint32_t number, const Source& where, std::uint64_t sequence = 1) {
    return record_of(number, sequence, {Multiaddr::tcp(BytesView(where.bytes).first(4), 8070)});
}

class DhtProviders : public testing::Test {
protected:
    std::set<PeerId> found(ProviderStore& of, const Id& what, std::uint64_t now = kNow) {
        std::set<PeerId> peers;
        for (const Provider& one : of.find(what, SIZE_MAX, now))
            EXPECT_TRUE(peers.insert(one.peer).second);
        return peers;
    }
    SeededRandom random{1};
    MemoryProviders providers{random};
};

TEST_F(DhtProviders, AreFoundAsTheyCameUntilTheirTimeIsOver) {
    EXPECT_TRUE(providers.add(content(1), record_of(1), source(1), kLater, kNow));
    const auto first = providers.find(content(1), 10, kNow);
    ASSERT_EQ(first.size(), 1U);
    EXPECT_EQ(first[0], (Provider{peer(1), 1, record_of(1).envelope, kLater}));
    EXPECT_TRUE(providers.find(content(2), 10, kNow).empty());
    EXPECT_EQ(found(providers, content(1), kLater - 1).size(), 1U);
    // It is said once more, and counts from then on.
    EXPECT_TRUE(providers.add(content(1), record_of(1), source(1), kLater + 10, kNow + 10));
    EXPECT_EQ(found(providers, content(1), kLater + 9).size(), 1U);
    EXPECT_TRUE(found(providers, content(1), kLater + 10).empty());
    EXPECT_EQ(providers.held().entries + providers.held().peers + providers.held().bytes, 0U);
    EXPECT_FALSE(providers.add(content(1), record_of(1), source(1), kNow, kNow)); // it is over
    // What nobody asks for goes as well.
    providers.add(content(1), record_of(1), source(1), kLater, kNow);
    providers.add(content(2), record_of(1), source(1), kLater + 1, kNow + 1);
    providers.expire(kLater);
    EXPECT_EQ(providers.held().entries, 1U);
    EXPECT_EQ(found(providers, content(2), kLater).size(), 1U);
}

TEST_F(DhtProviders, LastNoLongerThanADayWhereTheClockIsSetBack) {
    constexpr std::uint64_t kAhead = kNow + 365UL * 24 * 3600;
    EXPECT_TRUE(providers.add(content(1), record_of(1), source(1), kAhead + 60, kAhead));
    EXPECT_TRUE(providers.add(content(2), record_of(1), source(1), kAhead + 70, kAhead));
    const auto kept = providers.find(content(1), 10, kNow);
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0].until, kLater);
    EXPECT_TRUE(found(providers, content(1), kLater).empty());
    EXPECT_EQ(found(providers, content(2), kLater - 1).size(), 1U);
    EXPECT_TRUE(found(providers, content(2), kLater).empty());
    EXPECT_EQ(providers.held().entries, 0U);
    // Nor does what is said to be for longer.
    EXPECT_TRUE(providers.add(content(3), record_of(1), source(1), kAhead, kNow));
    EXPECT_TRUE(found(providers, content(3), kLater).empty());
}

TEST_F(DhtProviders, HaveTheirNewestRecordAndOlderOnesRenewOnly) {
    providers.add(content(1), record_of(1, 5), source(1), kLater, kNow);
    providers.add(content(2), record_of(1, 7), source(1), kLater, kNow);
    EXPECT_EQ(providers.find(content(1), 1, kNow)[0].sequence, 7U); // it is one peer
    providers.add(content(1), record_of(1, 6), source(1), kLater + 60, kNow + 60);
    const Provider one = providers.find(content(1), 1, kNow + 60)[0];
    EXPECT_EQ(one.envelope, record_of(1, 7).envelope);
    EXPECT_EQ(one.until, kLater + 60);
    EXPECT_EQ(providers.held().peers, 1U);
}

TEST_F(DhtProviders, ThatCannotBeReachedAreForgottenWithAllTheyProvide) {
    for (std::uint32_t i = 0; i < 10; ++i)
        for (std::uint32_t by = 0; by < 3; ++by)
            providers.add(content(i), record_of(by), source(by), kLater, kNow);
    providers.remove(peer(1));
    providers.remove(peer(9)); // is none
    for (std::uint32_t i = 0; i < 10; ++i)
        EXPECT_EQ(found(providers, content(i)), (std::set{peer(0), peer(2)}));
    EXPECT_EQ(providers.held().peers, 2U);
}

TEST_F(DhtProviders, AreChosenByChanceWhereThereAreMore) {
    for (std::uint32_t i = 0; i < 30; ++i)
        providers.add(content(1), record_of(i), source(i), kLater, kNow);
    std::set<PeerId> seen;
    for (int i = 0; i < 100; ++i) {
        const auto six = providers.find(content(1), 6, kNow);
        EXPECT_EQ(six.size(), 6U);
        for (const Provider& one : six)
            seen.insert(one.peer);
    }
    EXPECT_EQ(seen.size(), 30U);
}

TEST_F(DhtProviders, WithAHugeRecordAreRefused) {
    NodeRecord huge = record_of(1);
    huge.envelope.resize(1025);
    EXPECT_FALSE(providers.add(content(1), huge, source(1), kLater, kNow));
    EXPECT_EQ(providers.held().bytes, 0U);
}

/// Poisoning: one address says of one content that 10000 peers provide it.
TEST_F(DhtProviders, InventedNamesPushOutNobodyElse) {
    for (std::uint32_t i = 0; i < 150; ++i)
        providers.add(content(1), record_of(i), source(i), kLater, kNow);
    for (std::uint32_t i = 0; i < 10'000; ++i)
        providers.add(content(1), record_of(1000 + i), source(999), kLater, kNow);
    const auto peers = found(providers, content(1));
    EXPECT_EQ(peers.size(), 200U);
    for (std::uint32_t i = 0; i < 150; ++i)
        EXPECT_TRUE(peers.contains(peer(i))) << i;
    // Who comes now finds room, on the account of the flood.
    EXPECT_TRUE(providers.add(content(1), record_of(500), source(500), kLater, kNow));
    EXPECT_TRUE(found(providers, content(1)).contains(peer(500)));
}

/// Poisoning: one address names content without end, of one peer or of many.
TEST_F(DhtProviders, InventedContentPushesOutNobodyElse) {
    for (std::uint32_t by = 0; by < 100; ++by)
        for (std::uint32_t i = 0; i < 20; ++i)
            providers.add(content(i), record_of(by), source(by), kLater, kNow);
    std::size_t most = 0;
    for (std::uint32_t i = 0; i < 120'000; ++i) {
        providers.add(content(1000 + i), record_of(1000 + i % 2 * i), source(999), kLater, kNow);
        most = std::max(most, providers.held().bytes);
    }
    EXPECT_LE(most, ProviderLimits{}.bytes);
    EXPECT_LE(providers.held().entries, ProviderLimits{}.entries);
    for (std::uint32_t i = 0; i < 20; ++i)
        EXPECT_EQ(found(providers, content(i)).size(), 100U);
}

TEST_F(DhtProviders, WhoRepeatsWhatOthersSayGetsNoHoldOfTheirEntries) {
    MemoryProviders small(random, {.entries = 100});
    small.add(content(1), record_of(1), source(1), kLater, kNow);
    small.add(content(1), record_of(1), source(9), kLater, kNow); // has the record from us
    EXPECT_EQ(small.entry(content(1), peer(1))->source, source(1));
    // Nor by being the first to say it, once the peer says it itself.
    small.add(content(2), at_home(1, source(1)), source(9), kLater, kNow);
    EXPECT_EQ(small.entry(content(2), peer(1))->source, source(9));
    small.add(content(2), at_home(1, source(1)), source(1), kLater, kNow);
    EXPECT_EQ(small.entry(content(2), peer(1))->source, source(1));
    small.add(content(2), at_home(1, source(1)), source(9), kLater, kNow);
    EXPECT_EQ(small.entry(content(2), peer(1))->source, source(1));
    for (std::uint32_t i = 0; i < 1000; ++i)
        small.add(content(10 + i), record_of(2), source(9), kLater, kNow);
    EXPECT_EQ(found(small, content(1)).size() + found(small, content(2)).size(), 2U);
}

/// Whatever is done: it is as a plain list says, and where something has to go for which there is
/// no room, it is of a source that has more than an equal share.
TEST_F(DhtProviders, KeepWhatAPlainListHasButOfThoseThatHaveMoreThanTheirShare) {
    struct Plain {
        std::uint64_t until;
        Source source;
    };
    std::size_t pushed_out = 0;
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        SeededRandom steps(seed);
        const auto below = [&](std::uint64_t bound) {
            return static_cast<std::uint32_t>(must(steps.below(bound)));
        };
        ProviderLimits limits;
        limits.per_content = 1 + below(8);
        limits.entries = 4 + below(40);
        MemoryProviders tested(random, limits);
        std::map<std::pair<Id, PeerId>, Plain> plain;
        const auto of_source = [&](const Source& of, const Id* what) {
            return std::ranges::count_if(plain, [&](const auto& one) {
                return one.second.source == of && (what == nullptr || one.first.first == *what);
            });
        };
        const auto sources = [&](const Id* what) {
            std::set<Source> all;
            for (const auto& [key, one] : plain)
                if (what == nullptr || key.first == *what)
                    all.insert(one.source);
            return all.size();
        };
        std::uint64_t now = kNow;
        for (int step = 0; step < 2000; ++step) {
            if (below(20) == 0)
                now += below(kProviderSeconds / 8);
            const Id what = content(below(12));
            const std::uint32_t who = below(12);
            if (below(40) == 0) {
                tested.remove(peer(who));
                std::erase_if(plain,
                              [&](const auto& one) { return one.first.second == peer(who); });
            }
            std::erase_if(plain, [&](const auto& one) { return one.second.until <= now; });
            tested.expire(now);
            const Source from = source(below(5));
            const auto there = plain.find({what, peer(who)});
            const std::uint64_t until = now + 1 + below(kProviderSeconds);
            tested.add(what, record_of(who), from, until, now);
            if (there != plain.end())
                there->second.until = std::max(there->second.until, until);
            else
                plain[{what, peer(who)}] = {until, from};
            // What has gone had to.
            for (auto one = plain.begin(); one != plain.end();) {
                const auto kept = tested.entry(one->first.first, one->first.second);
                if (kept) {
                    ASSERT_EQ(kept->until, one->second.until);
                    ASSERT_EQ(kept->source, one->second.source);
                    ++one;
                    continue;
                }
                const Id& id = one->first.first;
                const auto here = static_cast<std::size_t>(of_source(one->second.source, &id));
                const auto all = static_cast<std::size_t>(of_source(one->second.source, nullptr));
                ASSERT_TRUE(here * sources(&id) > limits.per_content ||
                            all * sources(nullptr) > limits.entries)
                    << "seed " << seed << ", step " << step;
                ++pushed_out;
                one = plain.erase(one);
            }
            ASSERT_EQ(tested.held().entries, plain.size());
            ASSERT_LE(plain.size(), limits.entries);
            ASSERT_LE(found(tested, what, now).size(), limits.per_content);
        }
    }
    EXPECT_GT(pushed_out, 1000U);
}

} // namespace
} // namespace codex::net::dht::providers_test
