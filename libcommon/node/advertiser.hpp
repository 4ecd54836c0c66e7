// Tells the DHT what there is in a repo, whoever stores it (codex-exchange(7), ADVERTISING).
#pragma once

#include "node/dht_node.hpp"
#include "node/withdrawals.hpp"

#include <deque>
#include <map>
#include <set>

namespace codex::node {

/// None is 0.
struct AdvertiserOptions {
    /// All that is there is told again so often; others forget it after a day.
    Clock::Duration interval = std::chrono::minutes(30);
    /// How often it is asked what was stored meanwhile: of many that begin to fetch together each
    /// finds the others no sooner.
    Clock::Duration look = std::chrono::milliseconds(100);
    Clock::Duration patience = std::chrono::seconds(60); ///< of one thing
    std::size_t at_once = 10;
    /// Things that wait; what is stored beyond waits for the next time that all is told.
    std::size_t queue = 1024;
    /// Datasets of which names are in memory at a time, 64 bytes each.
    std::size_t page = 65536;
    log::Logger logger{};
};

struct AdvertiserCounts {
    std::uint64_t told = 0;   ///< that nodes of the DHT know since
    std::uint64_t failed = 0; ///< that it was not possible to tell them
    std::uint64_t rounds = 0; ///< through all that is there
    std::uint64_t read = 0;   ///< datasets, for the rounds
};

/// Of each dataset its manifest and its tree are told of, at once when it is stored, or begun: a
/// part of it serves others as well; what is removed is taken back (Withdrawals). And this node by
/// its own name, so that others find where it takes connections. Threads: the loop's. Jobs on the
/// executor read the repo beside it.
class Advertiser final {
public:
    /// All outlive it, and the repo the jobs of the executor, too.
    Advertiser(DhtNode& node, const repo::Repo& repo, Executor& executor,
               AdvertiserOptions options = {});
    ~Advertiser();
    Advertiser(const Advertiser&) = delete;
    Advertiser& operator=(const Advertiser&) = delete;

    [[nodiscard]] const AdvertiserCounts& counts() const { return counts_; }
    /// Things that are being told of.
    [[nodiscard]] std::size_t in_flight() const { return in_flight_.size(); }

private:
    using Id = net::dht::Id;
    struct Page;
    struct News;
    [[nodiscard]] static Result<Page> read_page(const repo::Repo& repo,
                                                const std::optional<Cid>& behind, std::size_t most);
    [[nodiscard]] static Result<News> look(const repo::Repo& repo, repo::Changes& changes);
    static Task<void> keep_on(Advertiser* self, Task<void> (*loop)(Advertiser*));
    static Task<void> tell_loop(Advertiser* self);
    static Task<void> round_loop(Advertiser* self);
    static Task<void> round(Advertiser* self);
    static Task<void> watch_loop(Advertiser* self);
    /// Waits for room in the queue.
    static Task<void> enqueue(Advertiser* self, Id id);
    [[nodiscard]] bool is_told(const Cid& manifest) const;
    [[nodiscard]] bool is_due(const Cid& manifest);
    void forget(const Cid& manifest);
    void enqueue_stored(const Cid& manifest, const Cid& tree);
    [[nodiscard]] bool has_room() const { return queue_.size() < options_.queue / 2; }

    DhtNode& node_;
    const repo::Repo& repo_;
    Executor& executor_;
    EventLoop& loop_;
    AdvertiserOptions options_;
    AdvertiserCounts counts_;
    std::shared_ptr<repo::Changes> changes_; ///< jobs have it, one at a time
    std::deque<Id> queue_;
    std::set<Id> queued_;
    std::set<Id> in_flight_;
    std::map<Cid, Clock::Instant> told_of_; ///< when, of datasets that grow, by their manifests
    std::deque<Cid> told_order_;            ///< the oldest in front
    bool again_ = false;                    ///< more was stored than can be told one by one
    Signal changed_;                        ///< of the queue
    Withdrawals withdrawals_;
    TaskGroup tasks_; ///< the first to go
};

} // namespace codex::node
