// The routing table: against a plain model, what is told to others, who leaves, and who would like
// to fill it alone.
#include "dht_table_fixture.hpp"

#include <algorithm>
#include <set>

namespace codex::net::dht {
namespace {

using namespace std::chrono_literals;

constexpr Clock::Instant kTableStart{};

std::string binary(const Id& id) {
    std::string bits;
    for (const std::uint8_t byte : id.bytes)
        for (int i = 7; i >= 0; --i)
            bits += (byte >> i & 1) != 0 ? '1' : '0';
    return bits;
}

/// The same table, slow and obvious: buckets are prefixes, written as text.
struct Model {
    std::string own;
    std::map<std::string, std::vector<std::string>> buckets = {{"", {}}};

    std::pair<const std::string, std::vector<std::string>>& bucket(const std::string& id) {
        for (auto& bucket : buckets)
            if (id.starts_with(bucket.first))
                return bucket;
        throw std::logic_error("no bucket");
    }
    bool add(const std::string& id) {
        for (;;) {
            auto& [prefix, ids] = bucket(id);
            if (std::find(ids.begin(), ids.end(), id) != ids.end())
                return false;
            if (ids.size() < 16) {
                ids.push_back(id);
                return true;
            }
            if (!own.starts_with(prefix) && prefix.size() % 5 == 0)
                return false;
            const std::vector<std::string> all = ids;
            const std::string old = prefix;
            buckets.erase(old);
            for (const char bit : {'0', '1'})
                buckets[old + bit] = {};
            for (const std::string& one : all)
                bucket(one).second.push_back(one);
        }
    }
    void remove(const std::string& id) { std::erase(bucket(id).second, id); }
    std::set<std::string> all() const {
        std::set<std::string> ids;
        for (const auto& [prefix, in_it] : buckets)
            ids.insert(in_it.begin(), in_it.end());
        return ids;
    }
};

std::set<std::string> ids_of(const Table& table) {
    std::set<std::string> ids;
    for (const TableNode* node : table.nodes())
        ids.insert(binary(node->record.id));
    return ids;
}

std::vector<Id> ids_of(const std::vector<const TableNode*>& nodes) {
    std::vector<Id> ids;
    for (const TableNode* node : nodes)
        ids.push_back(node->record.id);
    return ids;
}

Endpoint endpoint_of(const TableNode& node) {
    return {node.record.id, node.address};
}

/// Takes a node out, and its spares with it, as the model has none.
void take_out(Table& table, const Endpoint& node) {
    EXPECT_TRUE(table.missed(node, true));
    while (const TableNode* spare = table.spare_to_ask())
        EXPECT_FALSE(table.missed(Endpoint(endpoint_of(*spare)), false));
}

TEST(DhtTable, IsThatOfThePlainModel) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        SeededRandom random(seed);
        const Id own = random_id(random);
        Table table(own);
        Model model{binary(own)};
        std::uint32_t host = 0;
        for (int step = 0; step < 1500; ++step) {
            const Id id = random_id_near(random, own, static_cast<unsigned>(below(random, 20)));
            const Place place =
                table.proved(unsigned_record(id, in_net(++host, 1)), kTableStart + step * 1s);
            ASSERT_EQ(place == Place::added, model.add(binary(id))) << seed << " " << step;
            if (below(random, 3) == 0) {
                const auto nodes = table.nodes();
                const Endpoint gone = endpoint_of(*nodes[below(random, nodes.size())]);
                take_out(table, gone);
                model.remove(binary(gone.id));
            }
        }
        ASSERT_EQ(ids_of(table), model.all()) << seed;
        ASSERT_EQ(table.size(), model.all().size());
        ASSERT_EQ(table.buckets(), model.buckets.size());
        ASSERT_GT(table.size(), 100u);
    }
}

TEST(DhtTable, FindsTheNearestAsASearchOfAllDoes) {
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
        SeededRandom random(seed);
        const Id own = random_id(random);
        Table table(own);
        for (std::uint32_t i = 0; i < 400; ++i)
            table.proved(unsigned_record(random_id(random), in_net(i, 1)), kTableStart);
        const Id target = random_id(random);
        std::vector<Id> all = ids_of(table.nodes());
        std::sort(all.begin(), all.end(), [&target](const Id& a, const Id& b) {
            Id x;
            Id y;
            for (std::size_t i = 0; i < Id::kBytes; ++i) {
                x.bytes[i] = a.bytes[i] ^ target.bytes[i];
                y.bytes[i] = b.bytes[i] ^ target.bytes[i];
            }
            return x < y;
        });
        for (const std::size_t most :
             {std::size_t{0}, std::size_t{1}, std::size_t{16}, all.size(), all.size() + 9}) {
            const std::vector<Id> nearest(
                all.begin(), all.begin() + static_cast<std::ptrdiff_t>(std::min(most, all.size())));
            EXPECT_EQ(ids_of(table.closest(target, most)), nearest);
            EXPECT_EQ(ids_of(table.closest_to_tell(target, most)), nearest);
        }
    }
}

TEST(DhtTable, TellsOfThoseAtTheDistancesInTheirOrder) {
    SeededRandom random(3);
    const Id own = random_id(random);
    Table table(own);
    for (std::uint32_t i = 0; i < 200; ++i)
        table.proved(unsigned_record(random_id(random), in_net(i, 1)), kTableStart);
    std::map<unsigned, std::size_t> at;
    for (const TableNode* node : table.nodes())
        ++at[log_distance(own, node->record.id)];
    ASSERT_GT(at[256], 16u);
    ASSERT_GT(at[253], 0u);

    const auto distances = [&](std::vector<std::uint16_t> asked, std::size_t most,
                               std::uint64_t choice) {
        std::vector<unsigned> told;
        for (const TableNode* node : table.to_tell_at(asked, most, choice))
            told.push_back(log_distance(own, node->record.id));
        return told;
    };
    EXPECT_EQ(distances({256}, 16, 5), std::vector<unsigned>(16, 256));
    EXPECT_EQ(distances({0, 300, 65535}, 16, 5), std::vector<unsigned>());
    std::vector<unsigned> both(at[253], 253);
    both.insert(both.end(), 200, 256);
    both.resize(16, 256);
    EXPECT_EQ(distances({253, 253, 256}, 16, 7), both);
    // Where there are more than may be told, all have their turn.
    std::set<Id> told;
    for (std::uint64_t choice = 0; choice < 200; ++choice)
        for (const TableNode* node : table.to_tell_at(std::vector<std::uint16_t>{256}, 16, choice))
            told.insert(node->record.id);
    EXPECT_EQ(told.size(), at[256]);
}

TEST(DhtTable, WhoMissedAnAnswerIsToldOfOnlyWhereTheOthersAreTooFew) {
    SeededRandom random(4);
    Table table(random_id(random));
    for (std::uint32_t i = 0; i < 10; ++i)
        table.proved(unsigned_record(random_id(random), in_net(i, 1)), kTableStart);
    const Id target = random_id(random);
    const Endpoint nearest = endpoint_of(*table.closest(target, 1)[0]);
    EXPECT_EQ(table.suspect(), nullptr);
    EXPECT_FALSE(table.missed(nearest, false));
    EXPECT_DOUBLE_EQ(table.node(nearest.id)->reliability, 0.9);
    EXPECT_EQ(table.closest_to_tell(target, 16).size(), 9u);
    ASSERT_NE(table.suspect(), nullptr);
    EXPECT_EQ(table.suspect()->record.id, nearest.id);
    table.answered(nearest, kTableStart + 1s);
    EXPECT_DOUBLE_EQ(table.node(nearest.id)->reliability, 0.91);
    EXPECT_EQ(ids_of(table.closest_to_tell(target, 16)).back(), nearest.id);
    EXPECT_NE(ids_of(table.closest_to_tell(target, 9)).back(), nearest.id);
    for (int i = 0; i < 100; ++i)
        table.answered(nearest, kTableStart + 1s);
    EXPECT_LT(table.node(nearest.id)->reliability, 1);
    for (int i = 0; i < 400; ++i)
        table.answered(nearest, kTableStart + 1s);
    EXPECT_EQ(table.closest_to_tell(target, 1)[0]->record.id, nearest.id);
}

TEST(DhtTable, WhoDoesNotAnswerLeavesByTheRules) {
    SeededRandom random(5);
    Table table(random_id(random));
    const Id id = random_id(random);
    const Endpoint node{id, in_net(1, 1)};
    table.proved(unsigned_record(id, node.address), kTableStart);
    // From elsewhere it is another's silence.
    EXPECT_FALSE(table.missed({id, in_net(2, 1)}, true));
    for (int i = 0; i < 6; ++i)
        EXPECT_FALSE(table.missed(node, false)) << i;
    EXPECT_TRUE(table.missed(node, false)) << "its reliability is half";
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.spares(), 1u);

    // It is asked once more, and is back when it speaks, or gone.
    ASSERT_NE(table.spare_to_ask(), nullptr);
    EXPECT_EQ(table.spare_to_ask()->record.id, id);
    table.spoke(node, kTableStart + 5s);
    EXPECT_EQ(table.size(), 1u);
    EXPECT_EQ(table.spares(), 0u);
    EXPECT_TRUE(table.missed(node, true)) << "asked for nodes";
    EXPECT_FALSE(table.missed(node, false));
    EXPECT_EQ(table.spares(), 0u);
    table.spoke(node, kTableStart + 6s);
    EXPECT_EQ(table.size(), 0u);
}

TEST(DhtTable, SparesTakeThePlacesOfThoseThatLeave) {
    SeededRandom random(6);
    const Id own = random_id(random);
    Table table(own);
    Id far = own;
    far.bytes[0] ^= 0x80;
    std::vector<Id> ids;
    for (std::uint32_t i = 0; i < 30; ++i) {
        ids.push_back(random_id_near(random, far, 5));
        const Place place =
            table.proved(unsigned_record(ids[i], in_net(i, 1)), kTableStart + i * 1s);
        EXPECT_EQ(place, i < 16 ? Place::added : Place::spare) << i;
    }
    EXPECT_EQ(table.size(), 16u);
    EXPECT_EQ(table.spares(), 8u);
    EXPECT_EQ(table.spare_to_ask(), nullptr);
    EXPECT_EQ(table.additions(), 16u);

    // One miss is enough where others wait; the last that came is the first to be asked.
    EXPECT_TRUE(table.missed({ids[3], in_net(3, 1)}, false));
    ASSERT_NE(table.spare_to_ask(), nullptr);
    EXPECT_EQ(table.spare_to_ask()->record.id, ids[29]);
    table.answered({ids[29], in_net(29, 1)}, kTableStart + 40s);
    EXPECT_EQ(table.size(), 16u);
    EXPECT_NE(table.node(ids[29]), nullptr);
    EXPECT_EQ(table.node(ids[3]), nullptr);
    EXPECT_EQ(table.spare_to_ask(), nullptr);
}

TEST(DhtTable, TheNewestRecordHoldsAndAnAddressChangesByProofAlone) {
    SeededRandom random(7);
    Table table(random_id(random));
    const Id id = random_id(random);
    const SocketAddress here = in_net(1, 1);
    const SocketAddress there = in_net(2, 1);
    EXPECT_EQ(table.heard(unsigned_record(id, here, 5)), Hearsay::ask_it);
    EXPECT_EQ(table.size(), 0u);
    EXPECT_EQ(table.proved(unsigned_record(id, here, 5), kTableStart), Place::added);
    EXPECT_EQ(table.find(id)->sequence, 5u);

    EXPECT_EQ(table.heard(unsigned_record(id, here, 5)), Hearsay::nothing);
    EXPECT_EQ(table.heard(unsigned_record(id, there, 4)), Hearsay::nothing);
    EXPECT_EQ(table.heard(unsigned_record(id, here, 6)), Hearsay::updated);
    EXPECT_EQ(table.find(id)->sequence, 6u);
    EXPECT_EQ(table.heard(unsigned_record(id, there, 7)), Hearsay::ask_it);
    EXPECT_EQ(table.find(id)->sequence, 6u);
    EXPECT_EQ(table.node(id)->address, here);

    EXPECT_EQ(table.proved(unsigned_record(id, there, 6), kTableStart), Place::known);
    EXPECT_EQ(table.node(id)->address, here);
    EXPECT_EQ(table.proved(unsigned_record(id, there, 7), kTableStart + 9s), Place::updated);
    EXPECT_EQ(table.node(id)->address, there);
    EXPECT_EQ(table.node(id)->last, kTableStart + 9s);
    // The address that it left is free, the one that it has is not.
    EXPECT_EQ(table.proved(unsigned_record(random_id(random), here), kTableStart), Place::added);
    EXPECT_EQ(table.proved(unsigned_record(random_id(random), there), kTableStart), Place::refused);
}

TEST(DhtTable, KeepsNeitherItselfNorWhoHasNoAddress) {
    SeededRandom random(8);
    const Id own = random_id(random);
    Table table(own);
    EXPECT_EQ(table.proved(unsigned_record(own, in_net(1, 1)), kTableStart), Place::refused);
    EXPECT_EQ(table.heard(unsigned_record(own, in_net(1, 1))), Hearsay::nothing);
    NodeRecord nowhere = unsigned_record(random_id(random), in_net(1, 1));
    nowhere.record.addresses.clear();
    EXPECT_EQ(table.proved(nowhere, kTableStart), Place::refused);
    EXPECT_EQ(table.heard(nowhere), Hearsay::nothing);
    EXPECT_EQ(table.size(), 0u);
}

TEST(DhtTable, AHundredNamesOfOneSocketAreOne) {
    SeededRandom random(9);
    Table table(random_id(random));
    const Id first = random_id(random);
    table.proved(unsigned_record(first, in_net(1, 1)), kTableStart);
    for (int i = 0; i < 100; ++i) {
        const NodeRecord other = unsigned_record(random_id(random), in_net(1, 1));
        EXPECT_EQ(table.heard(other), Hearsay::nothing);
        EXPECT_EQ(table.proved(other, kTableStart), Place::refused);
    }
    EXPECT_EQ(table.size(), 1u);
    // Who starts there anew, with another key, has the address when the one before is silent.
    table.missed({first, in_net(1, 1)}, false);
    EXPECT_EQ(table.proved(unsigned_record(random_id(random), in_net(1, 1)), kTableStart),
              Place::added);
    EXPECT_EQ(table.size(), 1u);
    EXPECT_EQ(table.node(first), nullptr);
}

TEST(DhtTable, OneNetHasNoMoreThanHalfOfWhatOthersWant) {
    SeededRandom random(10);
    const Id own = random_id(random);
    Table table(own);
    Id far = own;
    far.bytes[0] ^= 0x80;
    for (std::uint32_t i = 0; i < 100; ++i)
        table.proved(unsigned_record(random_id_near(random, far, 5), in_net(1, i)),
                     kTableStart + i * 1s);
    EXPECT_EQ(table.size(), 16u) << "a hundred nodes behind one address are a network, too";
    std::size_t taken = 0;
    for (std::uint32_t i = 0; i < 50; ++i) {
        const NodeRecord other = unsigned_record(random_id_near(random, far, 5), in_net(2 + i, 1));
        taken += table.heard(other) == Hearsay::ask_it ? 1 : 0;
        table.proved(other, kTableStart + 200s);
    }
    EXPECT_EQ(taken, 8u);
    EXPECT_EQ(table.size(), 16u);
    std::size_t of_one = 0;
    for (const TableNode* node : table.nodes())
        of_one += node->address.ip[2] == 1 ? 1 : 0;
    EXPECT_EQ(of_one, 8u);
}

TEST(DhtTable, NetsHaveTheirBoundsWhereThatIsAskedFor) {
    SeededRandom random(11);
    TableLimits limits;
    limits.per_net = 10;
    limits.per_net_in_bucket = 2;
    const Id own = random_id(random);
    Table table(own, limits);
    std::size_t refused = 0;
    for (std::uint32_t i = 0; i < 500; ++i)
        refused += table.proved(unsigned_record(random_id(random), in_net(i % 30, i / 30)),
                                kTableStart) == Place::refused
                       ? 1
                       : 0;
    EXPECT_GT(refused, 0u);
    std::map<std::uint8_t, std::size_t> nets;
    for (const TableNode* node : table.nodes())
        ++nets[node->address.ip[2]];
    EXPECT_GE(nets.size(), 30u);
    for (const auto& [net, count] : nets)
        EXPECT_LE(count, 10u) << static_cast<int>(net);
}

TEST(DhtTable, DoesNotGrowBeyondItsBound) {
    SeededRandom random(12);
    TableLimits limits;
    limits.nodes = 64;
    const Id own = random_id(random);
    Table table(own, limits);
    for (std::uint32_t i = 0; i < 5000; ++i)
        table.proved(unsigned_record(random_id_near(random, own, i % 30), in_net(i, 1)),
                     kTableStart);
    EXPECT_GE(table.size(), 64u);
    EXPECT_LE(table.size(), table.buckets() * 16);
    EXPECT_LE(table.buckets(), 64u);
}

TEST(DhtTable, AsksFirstWhoWasSilentForLongest) {
    SeededRandom random(13);
    Table table(random_id(random));
    EXPECT_EQ(table.longest_silent(7), nullptr);
    for (std::uint32_t i = 0; i < 100; ++i)
        table.proved(unsigned_record(random_id(random), in_net(i, 1)),
                     kTableStart + std::chrono::seconds(below(random, 1000)));
    // Asked again and again, whichever buckets chance says, each has its turn.
    std::set<Id> asked;
    for (int i = 0; i < 3000; ++i) {
        const Endpoint node = endpoint_of(*table.longest_silent(below(random, 1u << 30)));
        asked.insert(node.id);
        table.answered(node, kTableStart + 2000s + i * 1s);
    }
    EXPECT_EQ(asked.size(), table.size());
}

} // namespace
} // namespace codex::net::dht
