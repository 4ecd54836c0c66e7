// Serves the blocks of a repo to all peers (codex-exchange(7), ANSWERING).
#pragma once

#include "base/executor.hpp"
#include "exchange/peers.hpp"
#include "exchange/want_list.hpp"
#include "repo/repo.hpp"

#include <memory>

namespace codex::exchange {

struct ServerOptions {
    WantLimits wants;
    /// Of all peers, from where on one that wants much gets no more in.
    std::size_t all_wants = std::size_t{1} << 20;
    std::size_t few_wants = 4096; ///< what every peer may have beside
    /// Entries of want lists that a peer may send in a second; beyond, it is read more slowly.
    std::size_t wants_a_second = 100000;
    std::size_t quantum_bytes = std::size_t{256} << 10; ///< of a turn
    std::size_t message_bytes = std::size_t{2} << 20;   ///< of blocks, where nobody else waits
    /// Of a peer, blocks that are not on their way, at which no more are read for it.
    std::size_t unsent_bytes = std::size_t{4} << 20;
    /// Of all peers; from there on each has one message of a quantum on its way.
    std::size_t all_unsent_bytes = std::size_t{32} << 20;
    unsigned builders = 2; ///< messages that are read from the disk at a time
    /// How long a block may be gone that was said to be here, before its peer's connection ends.
    Clock::Duration gone = std::chrono::seconds(10);
    /// How often it is asked whether other processes have stored what somebody waits for.
    Clock::Duration look = std::chrono::milliseconds(50);
    log::Logger logger;
};

/// What was done since the start.
struct ServerCounts {
    std::uint64_t wants = 0;        ///< entries of want lists, cancels among them
    std::uint64_t cancels = 0;      ///< of these
    std::uint64_t asked_haves = 0;  ///< and those that ask whether a block is there
    std::uint64_t asked_blocks = 0; ///< and those that ask for one
    std::uint64_t looked = 0;       ///< blocks that the repo was asked for, to answer these
    std::uint64_t haves = 0;        ///< that were said
    std::uint64_t dont_haves = 0;
    std::uint64_t messages = 0; ///< of blocks, that are on their way
    std::uint64_t blocks = 0;
    std::uint64_t block_bytes = 0; ///< data alone
    std::uint64_t gone = 0;        ///< connections that ended over a block that was gone
};

/// Threads: the loop's. Jobs on the executor read the repo beside it.
class Server final {
public:
    /// `peers`, `repo` and `executor` outlive it, and the repo the jobs of the executor, too.
    Server(Peers& peers, const repo::Repo& repo, Executor& executor, ServerOptions options = {});
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // What this process stores itself, said at once; what others store is noticed (codex-repo(5),
    // CHANGES).
    void arrived(const Cid& tree, IndexRange leaves);
    void arrived(const Cid& block);

    [[nodiscard]] const ServerCounts& counts() const;
    /// Wants of all peers.
    [[nodiscard]] std::size_t wants() const;
    /// Of one that has joined; else 0.
    [[nodiscard]] std::size_t wants(const PeerId& peer) const;
    /// The limits of wants hold from now on; that of one peer for those that join later.
    void set_limits(const ServerOptions& options);
    /// Bytes of messages of blocks that are being built, or are not on their way.
    [[nodiscard]] std::size_t unsent_bytes() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::exchange
