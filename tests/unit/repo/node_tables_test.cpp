// What a node keeps of others: it is there again, or made anew, and never in anybody's way.
#include "repo/node_tables.hpp"

#include "base/fd.hpp"
#include "repo/fixture.hpp"
#include "repo/node_rows.hpp"
#include "sanitizers.hpp"

#include <csignal>
#include <map>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::node_tables_test {
namespace {

using codex::test::must;
using repo::test::code_of;
using repo::test::random_bytes;

using Rows = std::map<Bytes, Bytes>;

class NodeTablesTest : public testing::Test {
protected:
    NodeTablesTest() { std::filesystem::create_directory(scratch_.repo()); }
    [[nodiscard]] std::unique_ptr<NodeTables> open() {
        return must(NodeTables::open(scratch_.repo(), options));
    }
    [[nodiscard]] std::string file() const { return scratch_.repo() + "/node/dht.mdb"; }
    static Rows rows(const NodeTables& of, NodeTable table = NodeTable::providers) {
        Rows all;
        must(of.for_each(table, [&](BytesView key, BytesView value) {
            all[Bytes(key.begin(), key.end())] = Bytes(value.begin(), value.end());
        }));
        return all;
    }
    static NodeTables::Change change(std::uint64_t seed, std::size_t size = 100) {
        return {NodeTable::providers, random_bytes(seed, 40), random_bytes(seed + 1000, size)};
    }
    static void put(NodeTables& to, std::uint64_t first, std::size_t count) {
        std::vector<NodeTables::Change> changes;
        for (std::uint64_t seed = first; seed < first + count; ++seed)
            changes.push_back(change(seed));
        must(to.write(changes, false));
    }
    /// Runs `work` in a process of its own; gives how that ended.
    static int in_child(const std::function<void()>& work) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            try {
                work();
            } catch (...) {
                ::_exit(100);
            }
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(pid, &status, 0);
        return status;
    }

    repo::test::Scratch scratch_;
    OpenOptions options;
};

TEST_F(NodeTablesTest, HaveWhatWasWrittenWhenTheyAreOpenedAgain) {
    {
        auto tables = open();
        EXPECT_TRUE(tables->lost().empty());
        put(*tables, 1, 50);
        const NodeTables::Change gone[] = {{NodeTable::providers, random_bytes(7, 40), {}},
                                           {NodeTable::providers, random_bytes(99, 40), {}},
                                           {NodeTable::nodes, Bytes(32, 1), Bytes(9, 2)}};
        must(tables->write(gone, true));
    }
    auto tables = open();
    EXPECT_TRUE(tables->lost().empty());
    EXPECT_EQ(rows(*tables).size(), 49U);
    EXPECT_EQ(rows(*tables).at(random_bytes(8, 40)), random_bytes(1008, 100));
    EXPECT_EQ(rows(*tables, NodeTable::nodes), (Rows{{Bytes(32, 1), Bytes(9, 2)}}));
    const NodeTables::Change one[] = {change(500)};
    const NodeTable emptied[] = {NodeTable::providers};
    must(tables->write(one, false, emptied));
    EXPECT_EQ(rows(*tables).size(), 1U);
    EXPECT_EQ(rows(*tables, NodeTable::nodes).size(), 1U);
}

TEST_F(NodeTablesTest, OfAProcessThatIsKilledHaveWhatItHadWritten) {
    // The child is killed in the midst of its writing, wherever that is: what it wrote before it
    // said so is there.
    for (int round = 0; round < 8; ++round) {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        const pid_t pid = ::fork();
        if (pid == 0) {
            auto tables = open();
            for (std::uint64_t i = 0;; ++i) {
                put(*tables, 10'000 + i * 20, 20);
                if (::write(ends[1], "x", 1) != 1)
                    ::_exit(1);
            }
        }
        ::close(ends[1]);
        char byte = 0;
        const int batches = 1 + round * 3;
        for (int i = 0; i < batches; ++i)
            ASSERT_EQ(::read(ends[0], &byte, 1), 1);
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        ::close(ends[0]);
        auto tables = open();
        EXPECT_TRUE(tables->lost().empty()) << tables->lost();
        EXPECT_GE(rows(*tables).size(), static_cast<std::size_t>(batches) * 20);
        EXPECT_EQ(rows(*tables).size() % 20, 0U); // all of a batch or none
    }
}

TEST_F(NodeTablesTest, ThatAreDamagedCutOrOfAnotherVersionAreMadeAnew) {
    const auto spoil = [&](const std::function<void()>& how) {
        put(*open(), 1, 50);
        how();
        auto tables = open();
        EXPECT_NE(tables->lost().find(file()), std::string::npos) << tables->lost();
        EXPECT_TRUE(rows(*tables).empty());
        put(*tables, 1, 5);
        EXPECT_EQ(rows(*tables).size(), 5U);
    };
    spoil([&] { must(write_file_atomic(file(), as_bytes("hello"), 0600)); });
    spoil([&] { must(write_file_atomic(file(), {}, 0600)); });
    spoil([&] { std::filesystem::resize_file(file(), 8192); });
    spoil([&] { must(write_file_atomic(file(), Bytes(20'000, 0xff), 0600)); });
    spoil([&] { // a link would lead out of the repo
        std::filesystem::rename(file(), scratch_.file("elsewhere"));
        std::filesystem::create_symlink(scratch_.file("elsewhere"), file());
    });
    EXPECT_TRUE(std::filesystem::exists(scratch_.file("elsewhere")));
    // One that is not there is no loss.
    std::filesystem::remove(file());
    EXPECT_TRUE(open()->lost().empty());
    // What cannot be moved out of the way is an error.
    std::filesystem::remove(file());
    std::filesystem::create_directory(file());
    EXPECT_FALSE(NodeTables::open(scratch_.repo(), options));
}

/// Whatever bytes are in the file: an error, or other rows, and never a signal.
TEST_F(NodeTablesTest, WithAnyBytesInThemEndByNoSignal) {
    // LMDB leaves the pages of a damaged file, and what ends that is a fault.
    if (codex::test::kAddressSanitizer)
        GTEST_SKIP() << "the sanitizer ends what is to go on to the fault";
    {
        auto tables = open();
        for (std::uint64_t i = 0; i < 10; ++i)
            put(*tables, i * 50, 60);
    }
    const Bytes whole = must(read_file(file(), 1U << 30));
    std::size_t made_anew = 0;
    for (std::uint64_t seed = 0; seed < 60; ++seed) {
        std::mt19937_64 random(seed);
        Bytes mutated = whole;
        const std::size_t page = random() % (mutated.size() / 4096) * 4096;
        const std::size_t within = seed % 2 == 0 ? 64 : 4096;
        for (std::size_t i = 0, n = 1 + random() % 40; i < n; ++i)
            mutated[page + random() % within] = static_cast<std::uint8_t>(random());
        if (seed % 5 == 0)
            mutated.resize(random() % mutated.size());
        must(write_file_atomic(file(), mutated, 0600));
        std::filesystem::remove(file() + "-lock");
        const int status = in_child([&] {
            ::alarm(60);
            auto tables = NodeTables::open(scratch_.repo(), options);
            if (!tables)
                ::_exit(3);
            const bool was_lost = !(*tables)->lost().empty();
            (void)(*tables)->for_each(NodeTable::providers, [](BytesView, BytesView) {});
            const NodeTables::Change changes[] = {change(5), change(5000)};
            (void)(*tables)->write(changes, false);
            (void)(*tables)->next_number("one", 1);
            tables = NodeTables::open(scratch_.repo(), options); // again, whatever that left
            ::_exit(was_lost || !tables || !(*tables)->lost().empty() ? 4 : 0);
        });
        ASSERT_TRUE(WIFEXITED(status)) << "seed " << seed << ": signal " << WTERMSIG(status);
        made_anew += WEXITSTATUS(status) == 0 ? 0 : 1;
    }
    EXPECT_GT(made_anew, 10U);
}

TEST_F(NodeTablesTest, DoNotGrowBeyondTheirBound) {
    auto tables = open();
    std::optional<Errc> refused;
    std::uint64_t seed = 0;
    for (int batch = 0; batch < 200 && !refused; ++batch) {
        std::vector<NodeTables::Change> changes;
        for (int i = 0; i < 400; ++i)
            changes.push_back(change(seed++, 1500));
        if (const auto done = tables->write(changes, false); !done)
            refused = done.error().code();
    }
    EXPECT_EQ(refused, Errc::no_space);
    EXPECT_LE(std::filesystem::file_size(file()), NodeTables::kMostBytes);
    EXPECT_GT(rows(*tables).size(), 10'000U); // what was there is
    tables.reset();
    EXPECT_TRUE(open()->lost().empty());
}

TEST_F(NodeTablesTest, GiveEachNumberOnce) {
    EXPECT_EQ(must(open()->next_number("record", 1'700'000'000)), 1'700'000'000U);
    EXPECT_EQ(must(open()->next_number("record", 1'600'000'000)), 1'700'000'001U);
    EXPECT_EQ(must(open()->next_number("other", 5)), 5U);
    EXPECT_EQ(must(open()->next_number("record", 1'800'000'000)), 1'800'000'000U);
    // Also to several processes at once.
    std::vector<pid_t> children;
    for (int child = 0; child < 3; ++child) {
        children.push_back(::fork());
        if (children.back() == 0) {
            auto tables = open();
            for (int i = 0; i < 20; ++i)
                must(tables->next_number("record", 0));
            ::_exit(0);
        }
    }
    for (const pid_t child : children) {
        int status = 0;
        ::waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
    }
    EXPECT_EQ(must(open()->next_number("record", 0)), 1'800'000'061U);
}

TEST_F(NodeTablesTest, ThatAnotherProcessMadeAnewAreNotWrittenToAnyMore) {
    auto tables = open();
    put(*tables, 1, 5);
    std::filesystem::remove(file());
    EXPECT_EQ(in_child([&] { put(*open(), 100, 1); }), 0);
    const NodeTables::Change one[] = {change(7)};
    EXPECT_EQ(code_of(tables->write(one, false)), Errc::unavailable);
    tables.reset();
    tables = open();
    EXPECT_EQ(rows(*tables).size(), 1U);
    tables.reset();
    tables = must(NodeTables::open(scratch_.repo(), options, true));
    EXPECT_TRUE(tables->lost().empty()); // it was to be so
    EXPECT_TRUE(rows(*tables).empty());
}

TEST(NodeRows, ComeBackAsTheyWereAndNotWithAnotherByte) {
    ProviderRow provider;
    provider.content = {1, 2, 3};
    provider.peer = random_bytes(1, 39);
    provider.until = 1'700'000'000;
    provider.first_hand = true;
    provider.source = {192, 0, 2, 1};
    const RecordRow record{provider.peer, 5, random_bytes(2, 170)};
    NodeRow node;
    node.id = {9};
    node.last_seen = 1'700'000'000;
    node.reliability = 999'999;
    node.envelope = record.envelope;
    const Bytes key = provider_key(provider);
    EXPECT_EQ(decode_provider_row(key, encode(provider)), provider);
    EXPECT_EQ(decode_record_row(record.peer, encode(record)), record);
    EXPECT_EQ(decode_node_row(node.id, encode(node)), node);
    EXPECT_EQ(decode_number_row(as_bytes("one"), encode_number_row(as_bytes("one"), 77)), 77U);
    EXPECT_FALSE(decode_number_row(as_bytes("two"), encode_number_row(as_bytes("one"), 77)));
    for (const Bytes& whole : {encode(provider), encode(record), encode(node)})
        for (std::size_t i = 0; i < whole.size(); ++i) {
            Bytes other = whole;
            other[i] ^= 0x10;
            EXPECT_FALSE(decode_provider_row(key, other));
            EXPECT_FALSE(decode_record_row(record.peer, other));
            EXPECT_FALSE(decode_node_row(node.id, other));
            const BytesView cut = BytesView(whole).first(i);
            EXPECT_FALSE(decode_provider_row(key, cut) || decode_record_row(record.peer, cut) ||
                         decode_node_row(node.id, cut));
        }
}

} // namespace
} // namespace codex::repo::node_tables_test
