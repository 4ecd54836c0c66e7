// Notices of changes: all of them, in order, whoever made them; and it is said when they are not.
#include "repo/changes.hpp"

#include "repo/fixture.hpp"
#include "repo/index/change_log.hpp"
#include "repo/index/store.hpp"
#include "repo/small_limits.hpp"

#include <atomic>
#include <csignal>
#include <gmock/gmock.h>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kLong = std::chrono::minutes(10);

Change stored(const Cid& dataset) {
    return {ChangeKind::dataset_stored, dataset};
}
Change removed(const Cid& dataset) {
    return {ChangeKind::dataset_removed, dataset};
}

TEST(ChangeLog, RowsRoundTripAndNothingElseIsAccepted) {
    const Cid cid = cid_of(random_bytes(1, 10));
    for (const ChangeKind kind :
         {ChangeKind::dataset_stored, ChangeKind::dataset_removed, ChangeKind::block_stored,
          ChangeKind::block_removed, ChangeKind::partial_grown}) {
        const Bytes bytes = encode(ChangeRow{0x12345678, {kind, cid}});
        EXPECT_EQ(must(decode_change(bytes)), (ChangeRow{0x12345678, {kind, cid}}));
        for (std::size_t size = 0; size < bytes.size(); ++size)
            EXPECT_FALSE(decode_change(BytesView(bytes).first(size)).has_value()) << size;
    }
    Bytes all = encode(ChangeRow{1, {ChangeKind::everything, Cid()}});
    EXPECT_EQ(must(decode_change(all)).change.kind, ChangeKind::everything);
    all.push_back(1);
    EXPECT_FALSE(decode_change(all).has_value());
    for (const int kind : {0, 7, 255}) {
        Bytes wrong = encode(ChangeRow{1, stored(cid)});
        wrong[4] = static_cast<std::uint8_t>(kind);
        EXPECT_EQ(code_of(decode_change(wrong)), Errc::repo_damaged);
    }
    const ChangeEnd end{77, 99};
    EXPECT_EQ(must(decode_change_end(encode(end))), end);
    EXPECT_FALSE(decode_change_end(BytesView(encode(end)).first(11)).has_value());
}

TEST(ChangePosition, IsATextThatNothingElseIs) {
    const ChangePosition position{0xfedcba9876543210, 17, 0xabcdef01};
    const std::string text = position.text();
    EXPECT_EQ(text, "fedcba9876543210.0000000000000011.abcdef01");
    EXPECT_EQ(must(ChangePosition::from_text(text)), position);
    for (std::size_t i = 0; i < text.size(); ++i) {
        EXPECT_FALSE(ChangePosition::from_text(text.substr(0, i)).has_value());
        std::string wrong = text;
        wrong[i] = 'x';
        EXPECT_FALSE(ChangePosition::from_text(wrong).has_value()) << wrong;
    }
    EXPECT_FALSE(ChangePosition::from_text(text + "0").has_value());
}

class ChangesTest : public testing::Test {
protected:
    ChangesTest() : repo_(must(Repo::init(scratch_.repo(), {}, options()))) {}
    static OpenOptions options() {
        OpenOptions options = small();
        options.limits.changes = 16;
        return options;
    }
    void close() { const Repo closed = std::move(repo_); }
    void open() { repo_ = must(Repo::open(scratch_.repo(), options())); }
    /// Runs `work` in a child with the repo open; its process number.
    pid_t in_child(const std::function<void(Repo&)>& work) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            // Not the environment of the parent: another name of the same folder is the same, so
            // the child begins where no repo is open.
            auto repo = Repo::open(scratch_.repo(), options());
            if (!repo)
                ::_exit(1);
            work(*repo);
            ::_exit(0);
        }
        return pid;
    }

    const Scratch scratch_;
    Repo repo_;
};

TEST_F(ChangesTest, AreGivenInTheirOrderFromNowOn) {
    must(write_blocks(repo_, seeds(1, 3))); // before
    Changes changes = must(repo_.changes());
    EXPECT_TRUE(must(changes.take()).empty());
    const Made a = must(write_blocks(repo_, seeds(10, 3)));
    const Made b = must(write_blocks(repo_, seeds(20, 3), 5));
    must(write_blocks(repo_, seeds(20, 3), 9)); // is here already
    must(repo_.set_label(a.manifest, "label"));
    must(repo_.remove_dataset(a.manifest));
    GcOptions collect;
    collect.now = 100;
    must(repo_.gc(collect));
    Notices notices = must(changes.take());
    EXPECT_FALSE(notices.everything);
    EXPECT_THAT(notices.changes, ElementsAre(stored(a.manifest), stored(b.manifest),
                                             removed(a.manifest), removed(b.manifest)));
    EXPECT_TRUE(must(changes.take()).empty());
    // A part at a time, and from where somebody was.
    Changes again = must(repo_.changes(ChangePosition{changes.position().lineage, 0, 0}));
    EXPECT_EQ(must(again.take(2)).changes.size(), 2U);
    Changes later = must(repo_.changes(must(ChangePosition::from_text(again.position().text()))));
    EXPECT_THAT(must(later.take(2)).changes, ElementsAre(stored(b.manifest), removed(a.manifest)));
    EXPECT_THAT(must(later.take()).changes, ElementsAre(removed(b.manifest)));
    EXPECT_EQ(later.position(), changes.position());
}

TEST_F(ChangesTest, AreNotLookedForWhereNothingWasCommitted) {
    close();
    std::array<int, 2> go{};
    ASSERT_EQ(::pipe(go.data()), 0);
    const pid_t pid = in_child([&](Repo& repo) {
        char word = 0;
        if (::read(go[0], &word, 1) != 1 || !write_blocks(repo, seeds(20, 3)))
            ::_exit(2);
    });
    open();
    Changes changes = must(repo_.changes());
    EXPECT_TRUE(changes.may_have_more()) << "nobody has looked yet";
    must(changes.take());
    EXPECT_FALSE(changes.may_have_more());
    const Made a = must(write_blocks(repo_, seeds(1, 3)));
    const Made b = must(write_blocks(repo_, seeds(10, 3)));
    EXPECT_TRUE(changes.may_have_more());
    EXPECT_THAT(must(changes.take(1)).changes, ElementsAre(stored(a.manifest)));
    EXPECT_TRUE(changes.may_have_more()) << "not all was given";
    EXPECT_THAT(must(changes.take()).changes, ElementsAre(stored(b.manifest)));
    EXPECT_FALSE(changes.may_have_more());
    ASSERT_EQ(::write(go[1], "x", 1), 1);
    int status = 0;
    ASSERT_EQ(::waitpid(pid, &status, 0), pid);
    EXPECT_EQ(status, 0);
    ::close(go[0]);
    ::close(go[1]);
    EXPECT_TRUE(changes.may_have_more()) << "another process has stored something";
}

TEST_F(ChangesTest, AreAlsoOfBlocksThatAreByThemselves) {
    Changes changes = must(repo_.changes());
    const Bytes data = random_bytes(1, 500);
    const Cid cid = cid_of(data);
    must(repo_.put(cid, data, 0));
    must(repo_.put(cid, data, 0)); // nothing new
    must(repo_.remove(cid));
    const Made made = must(write_blocks(repo_, seeds(10, 3)));
    must(repo_.drop_bytes(std::span(&made.blocks[1], 1)));
    const Bytes bytes = random_bytes(11, kBlock);
    const Restored again{made.blocks[1], bytes};
    must(repo_.restore(std::span(&again, 1)));
    must(repo_.put(cid, data, 5));
    GcOptions collect;
    collect.now = 100;
    must(repo_.gc(collect));
    EXPECT_THAT(
        must(changes.take()).changes,
        ElementsAre(Change{ChangeKind::block_stored, cid}, Change{ChangeKind::block_removed, cid},
                    stored(made.manifest), Change{ChangeKind::block_removed, made.blocks[1]},
                    Change{ChangeKind::block_stored, made.blocks[1]},
                    Change{ChangeKind::block_stored, cid}, Change{ChangeKind::block_removed, cid}));
}

TEST_F(ChangesTest, ThatAreTooManySaySo) {
    Changes slow = must(repo_.changes());
    Changes quick = must(repo_.changes());
    std::vector<Change> seen;
    for (std::uint64_t i = 0; i < 40; ++i) {
        const Made made = must(write_blocks(repo_, seeds(i * 10, 1)));
        const Notices notices = must(quick.take());
        EXPECT_THAT(notices.changes, ElementsAre(stored(made.manifest)));
    }
    const Notices notices = must(slow.take());
    EXPECT_TRUE(notices.everything);
    EXPECT_THAT(notices.changes, IsEmpty());
    EXPECT_EQ(slow.position(), quick.position());
    EXPECT_TRUE(must(slow.take()).empty());
    // Of one transaction: more than a quarter of what is kept.
    std::vector<Bytes> data;
    std::vector<Restored> blocks;
    for (std::uint64_t i = 0; i < 10; ++i)
        data.push_back(random_bytes(1000 + i, 100));
    for (const Bytes& bytes : data)
        blocks.push_back({cid_of(bytes), bytes});
    must(repo_.put(blocks, 0));
    EXPECT_TRUE(must(slow.take()).everything);
    // The log is bounded: the rows of the index are no more than are kept.
    auto store = must(Store::open(scratch_.repo(), options()));
    {
        const Txn txn = must(store->env().read());
        std::uint64_t rows = 0;
        must(for_each(txn, Table::meta, as_bytes("change:"),
                      [&](BytesView key, BytesView) -> Result<bool> {
                          const bool ours = has_prefix(key, as_bytes("change:"));
                          rows += ours ? 1 : 0;
                          return ours;
                      }));
        EXPECT_EQ(rows, 16U);
    }
    Store::release(std::move(store));
}

/// Numbers are given again after a power loss that undid them, or in another index.
TEST_F(ChangesTest, OfAnotherHistoryAreNotTakenForOnes) {
    const Made a = must(write_blocks(repo_, seeds(1, 3)));
    Changes changes = must(repo_.changes());
    const ChangePosition now = changes.position();
    EXPECT_EQ(now.number, 1U);
    must(write_blocks(repo_, seeds(10, 3)));
    ChangePosition other = now;
    ++other.chain;
    EXPECT_TRUE(must(must(repo_.changes(other)).take()).everything);
    other = now;
    other.number = 77;
    EXPECT_TRUE(must(must(repo_.changes(other)).take()).everything);
    other = now;
    ++other.lineage;
    EXPECT_TRUE(must(must(repo_.changes(other)).take()).everything);
    EXPECT_EQ(must(must(repo_.changes(now)).take()).changes.size(), 1U);
    {
        const Changes closed = std::move(changes);
    }
    close();
    must(Repo::rebuild_index(scratch_.repo(), options()));
    open();
    EXPECT_TRUE(must(must(repo_.changes(now)).take()).everything) << "the index was made anew";
    must(repo_.remove_dataset(a.manifest));
}

/// A repo made before there were any, also on a medium that cannot be written.
TEST_F(ChangesTest, OfAnOldRepoBeginWithTheFirst) {
    close();
    OpenOptions reading = options();
    reading.read_only = true;
    {
        Repo old = must(Repo::open(scratch_.repo(), reading));
        Changes changes = must(old.changes());
        EXPECT_EQ(changes.position().number, 0U);
        EXPECT_TRUE(must(changes.take()).empty());
        EXPECT_TRUE(must(changes.wait(std::chrono::milliseconds(1))).empty());
    }
    open();
    Changes changes = must(repo_.changes());
    const Made made = must(write_blocks(repo_, seeds(1, 3)));
    EXPECT_THAT(must(changes.take()).changes, ElementsAre(stored(made.manifest)));
}

TEST_F(ChangesTest, OfAnotherProcessEndAWait) {
    close();
    std::array<int, 2> go{};
    ASSERT_EQ(::pipe(go.data()), 0);
    const pid_t pid = in_child([&](Repo& repo) {
        for (std::uint64_t i = 0; i < 20; ++i) {
            char word = 0;
            if (::read(go[0], &word, 1) != 1 || !write_blocks(repo, seeds(i * 10, 2)))
                ::_exit(2);
        }
    });
    open();
    Changes changes = must(repo_.changes());
    for (int i = 0; i < 20; ++i) {
        ASSERT_EQ(::write(go[1], "x", 1), 1);
        const Notices notices = must(changes.wait(kLong));
        ASSERT_EQ(notices.changes.size(), 1U);
        EXPECT_TRUE(repo_.dataset(notices.changes[0].cid).has_value());
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
    ::close(go[0]);
    ::close(go[1]);
}

/// Whenever it is killed: what is there is what was noticed.
TEST_F(ChangesTest, AgreeWithTheRepoWhenAWriterIsKilled) {
    Changes changes = must(repo_.changes());
    const ChangePosition begin = changes.position();
    {
        const Changes closed = std::move(changes);
    }
    std::string position = begin.text();
    std::set<Cid> known;
    std::mt19937_64 rng(7);
    for (int round = 0; round < 15; ++round) {
        close();
        std::array<int, 2> alive{};
        ASSERT_EQ(::pipe(alive.data()), 0);
        const std::uint64_t seed = rng();
        const pid_t pid = in_child([&](Repo& repo) {
            std::mt19937_64 random(seed);
            for (;;) {
                (void)!::write(alive[1], "x", 1);
                auto made = write_blocks(repo, seeds(random() % 6 * 10, 2));
                if (!made || (random() % 2 == 0 && !repo.remove_dataset(made->manifest)))
                    ::_exit(2);
            }
        });
        ::close(alive[1]); // the reads end when the writer does
        // In the midst of one of its turns; in which instruction is the system's to say.
        char turn = 0;
        for (std::uint64_t turns = 1 + rng() % 12; turns > 0; --turns)
            EXPECT_EQ(::read(alive[0], &turn, 1), 1);
        ::kill(pid, SIGKILL);
        int status = 0;
        ::waitpid(pid, &status, 0);
        ASSERT_TRUE(WIFSIGNALED(status));
        ::close(alive[0]);
        open();
        std::set<Cid> there;
        must(repo_.for_each_dataset([&](const DatasetInfo& info) {
            there.insert(info.cid);
            return true;
        }));
        Changes follow = must(repo_.changes(must(ChangePosition::from_text(position))));
        for (Notices notices = must(follow.take()); !notices.empty();
             notices = must(follow.take())) {
            if (notices.everything)
                known = there;
            for (const Change& change : notices.changes)
                if (change.kind == ChangeKind::dataset_stored) {
                    EXPECT_TRUE(known.insert(change.cid).second);
                } else {
                    EXPECT_EQ(known.erase(change.cid), 1U);
                }
        }
        EXPECT_EQ(known, there) << "round " << round;
        position = follow.position().text();
    }
}

TEST_F(ChangesTest, AreWaitedForUntilTheClockOrSomebodySaysOtherwise) {
    Changes changes = must(repo_.changes());
    changes.interrupt();
    EXPECT_TRUE(must(changes.wait(kLong)).empty()) << "interrupted before";
    std::thread other([&] { changes.interrupt(); });
    EXPECT_TRUE(must(changes.wait(kLong)).empty());
    other.join();
    EXPECT_TRUE(must(changes.wait(std::chrono::milliseconds(1))).empty());

    const SimulatedClock clock;
    OpenOptions simulated = options();
    simulated.clock = clock;
    Repo repo = must(Repo::init(scratch_.file("simulated"), {}, simulated));
    Changes waiting = must(repo.changes());
    // The wait may begin after a step of the clock, so there are more.
    std::atomic<bool> ended = false;
    std::thread advancing([&] {
        while (!ended) {
            clock.advance(std::chrono::minutes(1));
            std::this_thread::yield();
        }
    });
    EXPECT_TRUE(must(waiting.wait(std::chrono::minutes(59))).empty());
    ended = true;
    advancing.join();
}

/// Where the file that tells of commits goes, a look from time to time finds them.
TEST_F(ChangesTest, AreFoundWithoutAnybodyToWake) {
    Changes changes = must(repo_.changes());
    ::unlink((scratch_.repo() + "/age").c_str());
    std::thread writing([&] { must(write_blocks(repo_, seeds(1, 3))); });
    EXPECT_EQ(must(changes.wait(kLong)).changes.size(), 1U);
    writing.join();
}

} // namespace
} // namespace codex::repo::test
