// Fetches a dataset of peers into a repo (codex-exchange(7), FETCHING).
#pragma once

#include "base/index_set.hpp"
#include "base/job.hpp"
#include "base/stream.hpp"
#include "dataset/dataset.hpp"
#include "exchange/peers.hpp"
#include "exchange/pipe.hpp"
#include "net/address/multiaddr.hpp"
#include "repo/repo.hpp"

namespace codex::exchange {

/// What is wanted of a dataset.
struct FetchPart {
    IndexSet blocks;              ///< of its tree
    dataset::ByteRange content{}; ///< bytes of it that are written; their blocks are wanted
};

/// Where what is fetched goes.
struct Destination {
    repo::Repo* repo = nullptr;
    std::uint64_t expiry = 0; ///< of the dataset, Unix seconds; 0: never
};
/// Gives it once there is something to store, on any thread.
using OpenDestination = std::function<Result<Destination>()>;

/// Somebody who looks for more peers as long as a fetch goes on. Threads: the loop's.
class PeerSource {
public:
    virtual ~PeerSource() = default;
    /// Something is missing: peers are needed from now on. May come several times.
    virtual void begin() = 0;
    /// One may still come: nobody gives up meanwhile because those that are there have nothing.
    [[nodiscard]] virtual bool may_bring_more() const = 0;
    /// Why none came, as far as that is known.
    [[nodiscard]] virtual std::optional<Error> error() const = 0;
};

struct FetchOptions {
    /// Says what is wanted once the manifest is known, on any thread; by default all of it. Its
    /// errors are the fetch's.
    std::function<Result<FetchPart>(const codec::Manifest&)> part{};
    /// Where the content goes, in order, while it comes; it may hold up whoever writes to it, in
    /// a job on the executor, and no more than that. It outlives the fetch, and the executor.
    /// Cancelled when the fetch fails.
    ByteSink* content = nullptr;
    /// Somebody else writes the content while it comes (Follow): what is next of `part.content`
    /// comes first, and then what is next of all else that is wanted.
    bool in_order = false;
    std::uint64_t expiry = 0; ///< of the dataset, Unix seconds; 0: never
    std::string label{};      ///< as Repo::set_label()
    /// Peers to keep connections with, each address with the peer's id at its end. Others that are
    /// there are asked, too.
    std::vector<net::Multiaddr> peers{};
    /// Peers over pipes that are attached to the Peers, and so are asked: as long as one of them
    /// has not ended, it is waited for. They outlive the fetch.
    std::vector<const PipePeer*> pipes{};
    /// Connects with others that may have it; it outlives the fetch.
    PeerSource* source = nullptr;
    /// How far a peer is believed at first, above 0 and up to 1; everybody wholly, where nothing is
    /// said. Others are asked before those that are believed less.
    std::function<double(const net::PeerId&)> belief{};
    Clock::Instant until = Clock::Instant::max();
    /// How long it goes on while all peers say that they have nothing of what is missing, or while
    /// none is named and none has been there; while none is there, after one was; and while nothing
    /// comes from those that say they have it.
    Clock::Duration absent = std::chrono::seconds(3);
    Clock::Duration alone = std::chrono::seconds(30);
    Clock::Duration stalled = std::chrono::seconds(180);
    /// Of a block, what `Peers` reads (PeersOptions::decode).
    std::size_t max_block_bytes = kReadAnyBlock.block_bytes;
    /// Blocks that have come and are not stored; beyond, nothing is read of peers.
    std::size_t queue_bytes = std::size_t{32} << 20;
    std::uint64_t seed = 0; ///< of choices
    log::Logger logger{};
};

/// What one peer gave.
struct FetchPeer {
    net::PeerId id;
    std::uint64_t blocks = 0; ///< that were right, and the first
    std::uint64_t duplicates = 0;
    std::uint64_t unasked = 0;
    std::uint64_t wrong = 0;
    std::uint64_t late = 0; ///< requests that it did not keep in time
    double rate = 0;        ///< bytes a second, when it was last measured
    Clock::Duration round_trip{};
    std::string name{};      ///< for people: its id, or what a pipe is called
    std::string error{};     ///< why a peer that was named was not reached, with its address
    std::uint64_t bytes = 0; ///< data of `blocks`
};

/// What a fetch waits for that does not come.
struct FetchWait {
    std::string words;      ///< for people
    Clock::Duration left{}; ///< until it gives up
};

/// How far a fetch is.
struct FetchStatus {
    std::uint64_t blocks = 0;      ///< that are wanted; 0 before the dataset is known
    std::uint64_t blocks_here = 0; ///< of these
    std::uint64_t blocks_fetched = 0;
    std::uint64_t bytes_fetched = 0; ///< data of blocks
    std::vector<FetchPeer> peers;
    std::uint64_t connected = 0;        ///< peers that are there now
    std::optional<FetchWait> waiting{}; ///< nothing, as long as it goes on
};

/// One fetch. What has come stays in the repo whatever happens to it: the next one goes on there.
/// Destroyed from outside of the loop's tasks.
/// Threads: the loop's; jobs run on the executor beside it.
class Fetch final {
public:
    /// `peers` and `repo` outlive it; the repo also what the job's executor still runs. The job
    /// counts bytes of blocks.
    Fetch(Peers& peers, repo::Repo& repo, const Cid& manifest, FetchOptions options,
          const codex::Job& job);
    /// The same where there may be no repo yet: none is made for a dataset of which nothing comes.
    /// What `open` gives outlives it, too; its errors are the fetch's.
    Fetch(Peers& peers, OpenDestination open, const Cid& manifest, FetchOptions options,
          const codex::Job& job);
    ~Fetch();
    Fetch(const Fetch&) = delete;
    Fetch& operator=(const Fetch&) = delete;

    /// What is wanted is durable in the repo, and written, when this gives its last status; once.
    /// Of all that is fetched, what has come before an error is durable, too. Errors:
    /// dataset_not_found, block_not_found, when no peer has what is missing; unavailable, when no
    /// peer can be reached; exchange_invalid, when all were left because of wrong blocks, naming
    /// one; timeout, at `until` and when nothing comes; unsupported, for blocks that are too large;
    /// manifest_invalid; cancelled; the repo's; those of the content's sink, and dataset_damaged.
    [[nodiscard]] static Task<Result<FetchStatus>> run(Fetch* self);
    [[nodiscard]] FetchStatus status() const;
    /// Peers that are there and have given blocks, or have some that are missing.
    [[nodiscard]] std::size_t giving() const;
    /// Asks for nothing more for now, because others go first; what was asked for still comes, and
    /// no time runs out meanwhile but `until`. Or goes on.
    void hold(bool held);
    /// Somebody reads these blocks of the tree in order while they come: what is next of them comes
    /// first, beside what others read. Nothing happens to those that are not wanted. Of more than
    /// eight readers the first is forgotten: what it reads comes in its turn.
    void prefer(IndexRange blocks);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::exchange
