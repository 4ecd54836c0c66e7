// kill -9 at random moments of what makes, completes, removes and collects partial datasets: what
// was acknowledged is there, and whoever comes next goes on.
#include "repo/partial_fixture.hpp"

#include "base/fd.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace codex::repo::test {

namespace {

using testing::IsEmpty;

constexpr unsigned kPeers = 3;

/// What the child tells: a peer and how much of it is held; kGone while it is being removed.
struct Told {
    std::uint32_t peer = 0;
    std::uint32_t held = 0;
};
constexpr std::uint32_t kGone = UINT32_MAX;

void tell(int fd, std::uint32_t peer, std::uint64_t held) {
    const Told told{peer, static_cast<std::uint32_t>(held)};
    std::array<std::uint8_t, sizeof told> bytes{};
    std::memcpy(bytes.data(), &told, sizeof told);
    if (!write_full(fd, bytes, "pipe"))
        ::_exit(3);
}

/// Works until it is killed.
[[noreturn]] void child(const std::string& path, const std::vector<Peer>& peers, std::uint64_t seed,
                        int out) {
    std::mt19937_64 rng(seed);
    OpenOptions options;
    options.sync = seed % 4 == 0; // most runs without: a kill is not a power loss
    auto repo = Repo::open(path, small(options));
    if (!repo)
        ::_exit(2);
    for (;;) {
        const auto p = static_cast<std::uint32_t>(rng() % kPeers);
        const Peer& peer = peers[p];
        if (rng() % 8 == 0) {
            tell(out, p, kGone);
            (void)repo->remove_dataset(peer.cid);
            continue;
        }
        if (rng() % 8 == 0 && !repo->gc({}))
            ::_exit(4);
        auto partial = repo->open_partial(peer.manifest);
        if (!partial)
            ::_exit(5);
        const std::vector<std::uint64_t> order = peer.order(rng());
        const std::size_t count = 1 + rng() % order.size();
        if (!add_in_order(*partial, peer, std::span(order).first(count), 1 + rng() % 9) ||
            !partial->commit())
            ::_exit(6);
        const auto held = partial->present();
        if (!held)
            ::_exit(7);
        tell(out, p, held->size());
    }
}

TEST(PartialKill, LosesNothingThatWasAcknowledged) {
    const char* more = std::getenv("CODEX_KILL_ROUNDS");
    const unsigned rounds = more != nullptr ? static_cast<unsigned>(std::atoi(more)) : 12;
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}, small()));
    std::vector<Peer> peers;
    for (unsigned i = 0; i < kPeers; ++i) // neighbours share blocks
        peers.emplace_back(seeds(1 + 20 * i, 30 + 7 * i));
    std::vector<std::uint32_t> held(kPeers, 0);
    for (unsigned round = 0; round < rounds; ++round) {
        std::array<int, 2> ends{};
        ASSERT_EQ(::pipe(ends.data()), 0);
        const pid_t pid = ::fork();
        if (pid == 0) {
            ::close(ends[0]);
            child(scratch.repo(), peers, round, ends[1]);
        }
        const Fd in(ends[0]);
        ::close(ends[1]);
        // Some events, and then at any moment of what follows.
        std::array<std::uint8_t, sizeof(Told)> bytes{};
        const auto note = [&] {
            Told told;
            std::memcpy(&told, bytes.data(), sizeof told);
            held[told.peer] = told.held == kGone ? 0 : told.held;
        };
        for (unsigned i = 0; i < 3 + round % 5; ++i) {
            ASSERT_EQ(must(read_full(in.get(), bytes, "pipe")), bytes.size())
                << "the child has ended by itself";
            note();
        }
        std::this_thread::yield();
        ::kill(pid, SIGKILL);
        int status = 0;
        ASSERT_EQ(::waitpid(pid, &status, 0), pid);
        ASSERT_TRUE(WIFSIGNALED(status)) << "exit " << WEXITSTATUS(status);
        while (must(read_full(in.get(), bytes, "pipe")) == bytes.size())
            note();
        Repo repo = must(Repo::open(scratch.repo(), small()));
        ASSERT_THAT(problems(repo), IsEmpty()) << "round " << round;
        for (unsigned p = 0; p < kPeers; ++p) {
            const auto partial = repo.partial(peers[p].cid);
            const std::uint64_t now = partial                      ? partial->blocks_held
                                      : repo.dataset(peers[p].cid) ? peers[p].size()
                                                                   : 0;
            ASSERT_GE(now, held[p]) << "round " << round;
            held[p] = static_cast<std::uint32_t>(now); // it may hold more than it has told
        }
        if (round % 3 == 2) {
            must(repo.gc({}));
            ASSERT_THAT(problems(repo), IsEmpty()) << "round " << round;
        }
    }
    Repo repo = must(Repo::open(scratch.repo(), small()));
    for (const Peer& peer : peers) {
        PartialDataset partial = must(repo.open_partial(peer.manifest));
        must(add_in_order(partial, peer, peer.order(1), 10));
        EXPECT_TRUE(partial.complete());
    }
    EXPECT_THAT(problems(repo), IsEmpty());
    for (const Peer& peer : peers)
        must(repo.remove_dataset(peer.cid));
    must(repo.gc({}));
    EXPECT_EQ(must(repo.space()).counters, Counters{});
    EXPECT_THAT(writer_files(scratch.repo()), IsEmpty());
}

} // namespace

} // namespace codex::repo::test
