// Fetches that requests wait for: two of one dataset share one.
#pragma once

#include "http/server.hpp"
#include "node/daemon.hpp"

#include <deque>
#include <map>
#include <memory>

namespace codex::node::rest {

/// One fetch, as long as somebody has it, or to its end where that was asked for.
/// Threads: the loop's.
class SharedFetch final : public Conversation {
public:
    explicit SharedFetch(EventLoop& loop) : left_(loop), changed_(loop) {}

    [[nodiscard]] bool over() const { return over_; }
    /// Why it has failed, once it is over.
    [[nodiscard]] const std::optional<Error>& error() const { return error_; }
    /// Is told when something has come, or it is over.
    [[nodiscard]] Signal& changed() { return changed_; }
    /// It goes on when nobody waits for it.
    void keep() { kept_ = true; }
    /// As it has last said.
    [[nodiscard]] const SoFar& so_far() const { return so_far_; }

    [[nodiscard]] Task<Result<void>> say(Reply reply) override;
    [[nodiscard]] bool gone() const override { return gone_; }
    [[nodiscard]] Signal& left() override { return left_; }

private:
    friend class Fetches;
    friend class FetchTicket;
    void leave();

    std::size_t users_ = 0;
    bool kept_ = false;
    bool gone_ = false;
    bool over_ = false;
    std::optional<Error> error_;
    SoFar so_far_;
    Signal left_;
    Signal changed_;
};

/// Somebody waits for the fetch as long as this is there. Threads: the loop's.
class FetchTicket {
public:
    explicit FetchTicket(std::shared_ptr<SharedFetch> fetch) : fetch_(std::move(fetch)) {
        ++fetch_->users_;
    }
    FetchTicket(FetchTicket&& other) noexcept : fetch_(std::move(other.fetch_)) {}
    FetchTicket& operator=(FetchTicket&&) = delete;
    ~FetchTicket();
    [[nodiscard]] SharedFetch* operator->() const { return fetch_.get(); }
    [[nodiscard]] SharedFetch& operator*() const { return *fetch_; }

private:
    std::shared_ptr<SharedFetch> fetch_;
};

/// How one ended.
struct EndedFetch {
    Cid cid;
    SoFar so_far;
    std::optional<Error> error;
};

/// Threads: the loop's.
class Fetches {
public:
    /// Both outlive it. Destroyed from outside of the loop's tasks.
    /// `most`: fetches at a time, those that wait for their turn among them.
    Fetches(EventLoop& loop, Daemon& daemon, std::size_t most)
        : loop_(loop), daemon_(daemon), most_(most), tasks_(loop) {}

    /// Which part of the content somebody waits for; called on any thread.
    using First = std::function<dataset::ByteRange(const codec::Manifest&)>;
    /// The fetch of the dataset that is under way, or a new one, of the peers that there are, which
    /// begins with what `first` says, or at the beginning. A dataset that has not expired is kept
    /// until `expiry`, Unix seconds, or for ever where that is 0. Errors: limit_exceeded, as who
    /// asked is told, when there are as many as may be.
    [[nodiscard]] Result<FetchTicket> join(const Cid& cid, std::uint64_t expiry, First first = {});
    /// Gets the manifest alone, and stores nothing. Errors: those of exchange::Fetch::run().
    [[nodiscard]] static Task<Result<codec::Manifest>> manifest(Fetches* self, Cid cid,
                                                                http::Exchange* for_whom);

    [[nodiscard]] const std::map<Cid, std::shared_ptr<SharedFetch>>& running() const {
        return running_;
    }
    /// The last kMostEnded, the newest first.
    static constexpr std::size_t kMostEnded = 16;
    [[nodiscard]] const std::deque<EndedFetch>& ended() const { return ended_; }

private:
    void note_ended(const Cid& cid, const SharedFetch& fetch);
    static Task<void> run(Fetches* self, std::shared_ptr<SharedFetch> fetch, Cid cid,
                          std::uint64_t expiry, First first);

    EventLoop& loop_;
    Daemon& daemon_;
    std::size_t most_;
    std::map<Cid, std::shared_ptr<SharedFetch>> running_;
    std::deque<EndedFetch> ended_;
    TaskGroup tasks_; ///< the first to go
};

} // namespace codex::node::rest
