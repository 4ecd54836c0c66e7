// Lookups over networks of hundreds of nodes, against a search of all of them; and what is taken
// of an answer.
#include "dht_fixture.hpp"
#include "dht_table_fixture.hpp"
#include "net/dht/lookup.hpp"

#include <algorithm>

namespace codex::net::dht {
namespace {

using test::must;

/// Nodes with tables of each other, that all answer as they should but those that do not.
class World {
public:
    World(std::uint64_t seed, std::uint32_t count) : random(seed) {
        for (std::uint32_t i = 0; i < count; ++i)
            records.push_back(unsigned_record(random_id(random), in_net(i, 1)));
        for (std::uint32_t i = 0; i < count; ++i) {
            tables.push_back(std::make_unique<Table>(records[i].id));
            by_id.emplace(records[i].id, i);
        }
        std::vector<std::uint32_t> order(count);
        for (std::uint32_t i = 0; i < count; ++i)
            order[i] = i;
        for (auto& table : tables) {
            for (std::uint32_t i = count - 1; i > 0; --i)
                std::swap(order[i], order[below(random, i + 1)]);
            for (const std::uint32_t other : order)
                table->proved(records[other], {});
        }
    }

    /// Those that are nearest, of those that would answer.
    [[nodiscard]] std::vector<Id> truth(const Id& target, const Id& asker) const {
        std::vector<Id> ids;
        for (const NodeRecord& record : records)
            if (record.id != asker && !dead.contains(record.id))
                ids.push_back(record.id);
        std::sort(ids.begin(), ids.end(),
                  [&target](const Id& a, const Id& b) { return is_nearer(target, a, b); });
        ids.resize(std::min<std::size_t>(ids.size(), 16));
        return ids;
    }

    [[nodiscard]] std::vector<NodeRecord> answer(const Id& of, const Body& question) {
        if (liars.contains(of))
            return lies(question);
        const Table& table = *tables[by_id.at(of)];
        std::vector<NodeRecord> told;
        const auto* by_distances = std::get_if<FindNode>(&question);
        const auto nodes =
            by_distances != nullptr
                ? table.to_tell_at(by_distances->distances, kMaxNodesTold, below(random, 1000))
                : table.closest_to_tell(std::get<FindNodeFast>(question).target, kMaxNodesToldFast);
        for (const TableNode* node : nodes)
            told.push_back(node->record);
        return told;
    }

    /// Nodes that do not exist, as near to what is asked for as a liar can afford.
    [[nodiscard]] std::vector<NodeRecord> lies(const Body& question) {
        std::vector<NodeRecord> told;
        const auto* fast = std::get_if<FindNodeFast>(&question);
        const std::size_t count = fast != nullptr ? kMaxNodesToldFast : kMaxNodesTold;
        for (std::size_t i = 0; i < count; ++i) {
            const Id id = random_id_near(random, near, near_bits);
            told.push_back(unsigned_record(id, in_net(40000, static_cast<std::uint32_t>(i))));
            dead.insert(id);
        }
        return told;
    }

    /// Walks from node 0, and gives whom it found. Questions are answered in any order.
    std::vector<Id> walk(const Id& target, Asking asking, unsigned lost_percent) {
        near = target;
        std::vector<NodeRecord> known;
        for (const TableNode* node : tables[0]->closest(target, LookupLimits().candidates))
            known.push_back(node->record);
        Lookup lookup(target, records[0].id, known, asking);
        std::vector<Lookup::Question> under_way;
        for (;;) {
            while (auto question = lookup.next())
                under_way.push_back(std::move(*question));
            EXPECT_LE(under_way.size(), 3u + slow);
            if (lookup.is_done())
                break;
            if (under_way.empty()) {
                ADD_FAILURE() << "it waits for nothing";
                break;
            }
            const std::size_t which = below(random, under_way.size());
            const Lookup::Question question = under_way[which];
            if (below(random, 5) == 0 && !slowed.contains(question.to.id)) {
                lookup.slow(question.to.id);
                slowed.insert(question.to.id);
                ++slow;
                continue;
            }
            under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(which));
            slow -= slowed.erase(question.to.id);
            const Id& asked = question.to.id;
            EXPECT_TRUE(asked_once.insert(asked).second) << "asked twice";
            if (dead.contains(asked) || below(random, 100) < lost_percent) {
                lookup.failed(asked);
                failed.insert(asked);
            } else {
                lookup.answered(asked, answer(asked, question.body));
            }
        }
        questions = lookup.asked();
        std::vector<Id> found;
        for (const NodeRecord& record : lookup.closest())
            found.push_back(record.id);
        return found;
    }

    SeededRandom random;
    std::vector<NodeRecord> records;
    std::vector<std::unique_ptr<Table>> tables;
    std::map<Id, std::uint32_t> by_id;
    std::set<Id> dead;
    std::set<Id> liars;
    std::set<Id> failed;
    std::set<Id> asked_once;
    std::set<Id> slowed;
    std::size_t slow = 0;
    std::size_t questions = 0;
    Id near;
    unsigned near_bits = 12; ///< of what liars tell of
};

std::size_t in_both(const std::vector<Id>& a, const std::vector<Id>& b) {
    return static_cast<std::size_t>(std::count_if(a.begin(), a.end(), [&b](const Id& id) {
        return std::find(b.begin(), b.end(), id) != b.end();
    }));
}

TEST(DhtLookup, FindsTheNearestOfAll) {
    for (std::uint64_t seed = 0; seed < 6; ++seed)
        for (const Asking asking : {Asking::by_distances, Asking::fast}) {
            World world(seed, seed < 2 ? 20 : 300);
            const Id target = random_id(world.random);
            const auto found = world.walk(target, asking, 0);
            const auto truth = world.truth(target, world.records[0].id);
            // Six of an answer may leave out the last of those that are looked for.
            if (asking == Asking::by_distances)
                EXPECT_EQ(found, truth) << seed;
            else
                EXPECT_GE(in_both(found, truth), truth.size() - 2) << seed;
            EXPECT_LE(world.questions, 40u);
        }
}

TEST(DhtLookup, FindsThemThoughHalfOfAllAreGone) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        World world(seed, 250);
        for (std::size_t i = 1; i < world.records.size(); i += 2)
            world.dead.insert(world.records[i].id);
        const Id target = random_id(world.random);
        const auto truth = world.truth(target, world.records[0].id);
        const auto found = world.walk(target, Asking::by_distances, 0);
        EXPECT_EQ(found.size(), 16u) << seed;
        EXPECT_GE(in_both(found, truth), 15u) << seed;
    }
}

TEST(DhtLookup, LossesCostThoseAloneThatWereLost) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        World world(seed, 250);
        const Id target = random_id(world.random);
        const auto found = world.walk(target, Asking::by_distances, 20);
        world.dead.insert(world.failed.begin(), world.failed.end());
        const auto truth = world.truth(target, world.records[0].id);
        EXPECT_EQ(found.size(), 16u) << seed;
        EXPECT_GE(in_both(found, truth), 15u) << seed;
    }
}

TEST(DhtLookup, LiarsCostQuestionsAndHideNobodyWhoIsNear) {
    for (std::uint64_t seed = 0; seed < 3; ++seed) {
        World world(seed, 250);
        const Id target = random_id(world.random);
        const auto truth = world.truth(target, world.records[0].id);
        for (std::size_t i = 1; i < world.records.size(); i += 10)
            world.liars.insert(world.records[i].id);
        const auto found = world.walk(target, Asking::by_distances, 0);
        EXPECT_LE(world.questions, 96u);
        EXPECT_GE(in_both(found, truth), 12u) << seed;
    }
}

TEST(DhtLookup, EndsWhateverOthersTell) {
    World world(5, 50);
    for (const NodeRecord& record : world.records)
        world.liars.insert(record.id);
    const Id target = random_id(world.random);
    world.near = target;
    // They exist, too, and answer with more of their kind.
    Lookup lookup(target, random_id(world.random), world.records, Asking::by_distances);
    std::size_t questions = 0;
    while (const auto question = lookup.next()) {
        ++questions;
        ++world.near_bits; // each of them knows some that are nearer
        lookup.answered(question->to.id, world.lies(question->body));
    }
    EXPECT_EQ(questions, 96u);
    EXPECT_TRUE(lookup.is_done());
    EXPECT_LE(lookup.closest().size(), 16u);
}

TEST(DhtLookup, OfNobodyFindsNobody) {
    SeededRandom random(1);
    Lookup lookup(random_id(random), random_id(random), {}, Asking::by_distances);
    EXPECT_TRUE(lookup.is_done());
    EXPECT_FALSE(lookup.next());
    EXPECT_TRUE(lookup.closest().empty());
}

TEST(DhtLookup, WhoIsSlowHoldsUpNobodyElse) {
    World world(7, 100);
    const Id target = random_id(world.random);
    Lookup lookup(target, world.records[0].id, world.records, Asking::by_distances);
    std::vector<Id> asked;
    while (const auto question = lookup.next())
        asked.push_back(question->to.id);
    EXPECT_EQ(asked.size(), 3u);
    lookup.slow(asked[0]);
    const auto fourth = lookup.next();
    ASSERT_TRUE(fourth);
    EXPECT_FALSE(lookup.next());
    lookup.failed(asked[1]);
    lookup.failed(asked[1]);
    EXPECT_TRUE(lookup.next());
    EXPECT_FALSE(lookup.next());
    // Its answer is taken all the same.
    lookup.answered(asked[0], {});
    ASSERT_EQ(lookup.closest().size(), 1u);
    EXPECT_EQ(lookup.closest()[0].id, asked[0]);
}

TEST(DhtLookup, AsksForDistancesAroundThatOfTheTarget) {
    const auto distances = [](std::uint16_t distance, std::size_t most) {
        Id node;
        if (distance > 0)
            node.bytes[31 - (distance - 1) / 8] =
                static_cast<std::uint8_t>(1u << (distance - 1) % 8);
        return distances_to_ask(Id{}, node, most);
    };
    using List = std::vector<std::uint16_t>;
    EXPECT_EQ(distances(200, 3), (List{200, 201, 199}));
    EXPECT_EQ(distances(256, 3), (List{256, 255, 254}));
    EXPECT_EQ(distances(255, 3), (List{255, 256, 254}));
    EXPECT_EQ(distances(1, 3), (List{1, 2, 3}));
    EXPECT_EQ(distances(2, 3), (List{2, 3, 1}));
    EXPECT_EQ(distances(200, 1), (List{200}));
    EXPECT_EQ(distances(9, 1000).size(), 256u);

    // The node whose id is the target is not asked for itself.
    const NodeRecord node = unsigned_record(Id{}, in_net(1, 1));
    Lookup lookup(Id{}, Id::from_bytes(Bytes(32, 1)), {&node, 1}, Asking::by_distances);
    const auto question = lookup.next();
    ASSERT_TRUE(question);
    EXPECT_EQ(std::get<FindNode>(question->body).distances, (List{1, 2}));
    EXPECT_EQ(lookup.target_record(), node);
}

/// Records of real nodes at these addresses.
std::vector<NodeRecord> sealed_records(const std::vector<std::string>& addresses) {
    std::vector<NodeRecord> records;
    std::uint64_t seed = 100;
    for (const std::string& address : addresses) {
        SeededSecrets random(seed++);
        const SecretKey key = must(SecretKey::generate(random));
        std::vector<Multiaddr> list;
        if (!address.empty())
            list.push_back(must(Multiaddr::from_text(address)));
        records.push_back(must(open_node_record(seal_peer_record(key, 1, list))));
    }
    return records;
}

std::vector<Bytes> envelopes_of(const std::vector<NodeRecord>& records) {
    std::vector<Bytes> envelopes;
    for (const NodeRecord& record : records)
        envelopes.push_back(record.envelope);
    return envelopes;
}

TEST(DhtAnswers, OnlyWhatCanBeTrueIsTaken) {
    const auto records = sealed_records({"/ip4/9.9.9.1/udp/1", "/ip4/9.9.9.2/udp/1", "",
                                         "/ip4/9.9.9.3/tcp/1", "/ip4/9.9.9.4/udp/0"});
    std::vector<Bytes> envelopes = envelopes_of(records);
    envelopes.push_back(envelopes[0]);
    envelopes.push_back(Bytes(100, 7));
    Bytes forged = envelopes[1];
    forged.back() ^= 1;
    envelopes.insert(envelopes.begin(), forged);
    const Endpoint teller{Id::from_bytes(Bytes(32, 1)), address_of(0x08080808)};
    RecordCache opened;
    const auto usable = [&](const Body& asked, const Id& own) {
        std::vector<Id> ids;
        for (const NodeRecord& record : usable_records(envelopes, teller, asked, own, opened))
            ids.push_back(record.id);
        return ids;
    };
    const Body fast = FindNodeFast{Id{}};
    EXPECT_EQ(usable(fast, Id{}), (std::vector<Id>{records[0].id, records[1].id}));
    EXPECT_EQ(usable(fast, records[1].id), (std::vector<Id>{records[0].id}));
    const auto distance = [&](std::size_t i) {
        return static_cast<std::uint16_t>(log_distance(teller.id, records[i].id));
    };
    EXPECT_EQ(usable(FindNode{{distance(0), distance(1)}}, Id{}).size(), 2u);
    EXPECT_EQ(usable(FindNode{{1}}, Id{}).size(), 0u);
    // Nobody tells of himself.
    const Endpoint first{records[0].id, teller.address};
    EXPECT_EQ(usable_records(envelopes, first, fast, Id{}, opened).size(), 1u);
}

TEST(DhtAnswers, NoMoreAreOpenedThanMayCome) {
    std::vector<std::string> addresses;
    for (int i = 1; i <= 20; ++i)
        addresses.push_back("/ip4/9.9.9." + std::to_string(i) + "/udp/1");
    const auto envelopes = envelopes_of(sealed_records(addresses));
    const Endpoint teller{Id::from_bytes(Bytes(32, 1)), address_of(0x08080808)};
    FindNode all;
    RecordCache opened;
    for (std::uint16_t i = 1; i <= kMaxDistance; ++i)
        all.distances.push_back(i);
    EXPECT_EQ(usable_records(envelopes, teller, all, Id{}, opened).size(), 16u);
    EXPECT_EQ(usable_records(envelopes, teller, FindNodeFast{}, Id{}, opened).size(), 6u);
}

TEST(DhtAnswers, NobodyTellsOfAnAddressThatIsNearerThanHisOwn) {
    const std::vector<std::string> addresses = {
        "/ip4/127.0.0.1/udp/1",   "/ip6/::1/udp/1",
        "/ip4/192.168.1.1/udp/1", "/ip4/169.254.1.1/udp/1",
        "/ip4/9.9.9.1/udp/1",     "/ip4/0.0.0.0/udp/1",
        "/ip4/224.0.0.1/udp/1",   "/ip4/255.255.255.255/udp/1"};
    const auto envelopes = envelopes_of(sealed_records(addresses));
    RecordCache opened;
    const auto told_by = [&](std::uint32_t ip) {
        std::vector<std::string> told;
        const Endpoint teller{Id::from_bytes(Bytes(32, 1)), address_of(ip)};
        // In two parts: six of an answer are looked at.
        for (const auto part : {std::span(envelopes).first(4), std::span(envelopes).subspan(4)})
            for (const NodeRecord& record :
                 usable_records(part, teller, FindNodeFast{}, Id{}, opened))
                told.push_back(record.record.addresses[0].text());
        return told;
    };
    const auto first = [&](std::size_t from) {
        return std::vector<std::string>(addresses.begin() + static_cast<std::ptrdiff_t>(from),
                                        addresses.begin() + 5);
    };
    EXPECT_EQ(told_by(0x7f000001), first(0));
    EXPECT_EQ(told_by(0x0a000001), first(2));
    EXPECT_EQ(told_by(0x08080808), first(4));
}

} // namespace
} // namespace codex::net::dht
