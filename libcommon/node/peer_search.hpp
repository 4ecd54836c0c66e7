// Looks for peers that have a dataset, as long as it is fetched (codex-exchange(7), FINDING PEERS).
#pragma once

#include "base/random.hpp"
#include "exchange/fetch.hpp"
#include "net/dht/dht.hpp"
#include "node/peer_book.hpp"

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>

namespace codex::node {

struct PeerSearchOptions {
    /// Addresses of this host are dialled, too, that others say: where this node itself is reached
    /// there alone. Else who says them sends it to services of its own host.
    bool loopback = false;
    std::size_t enough = 3;  ///< peers that give something: beyond, it is searched less often
    std::size_t at_once = 8; ///< that give something, or have been dialled just now
    /// Who has not answered for so long is dialled on, and others beside it.
    Clock::Duration stagger = std::chrono::milliseconds(250);
    std::size_t dials = 64; ///< all together
    /// Connections that are made in the first `pause`, or in twice that where somebody gives
    /// something, beside those that end or turn out to be of no use; twice as many in each next one
    /// as long as nobody does. Where many begin together, before any of them can give something,
    /// each would else be connected with all, at the cost of several times the data.
    std::size_t made = 5;
    /// Of many that begin together each is known to the others a moment later: so until `pause`
    /// is over it is searched after this, too, and after twice as long, and so on.
    Clock::Duration first_pause = std::chrono::milliseconds(400);
    Clock::Duration pause = std::chrono::seconds(3);       ///< between two searches
    Clock::Duration long_pause = std::chrono::seconds(30); ///< when there are enough, or long after
    Clock::Duration patience = std::chrono::seconds(60);   ///< of a search
    Clock::Duration dial = std::chrono::seconds(5);        ///< of an address
    Clock::Duration dial_unknown = std::chrono::seconds(3); ///< of one that has never given well
    std::uint64_t seed = 0;                                 ///< of whom is dialled first
    /// What is known of peers, and learned; it outlives the search. Nothing: nobody is known, and
    /// it is learned for this search alone.
    PeerBook* book = nullptr;
    log::Logger logger{};
};

/// Who cannot be dialled is forgotten as a provider. Of many, those that gave well before come
/// first, then those that were never tried, and as long as searches bring new ones, more may come.
/// Threads: the loop's.
class PeerSearch final : public exchange::PeerSource {
public:
    /// All outlive it. Destroyed from outside of its tasks.
    PeerSearch(net::dht::Dht& dht, net::dht::ProviderStore& store, net::Host& host,
               const Cid& manifest, PeerSearchOptions options = {});
    ~PeerSearch() override;
    PeerSearch(const PeerSearch&) = delete;
    PeerSearch& operator=(const PeerSearch&) = delete;

    /// Others may have the tree under another manifest. Threads: any.
    class Tree {
    public:
        void note(const Cid& tree) {
            const std::lock_guard lock(mutex_);
            tree_ = tree;
        }
        [[nodiscard]] std::optional<Cid> known() const {
            const std::lock_guard lock(mutex_);
            return tree_;
        }

    private:
        mutable std::mutex mutex_;
        std::optional<Cid> tree_;
    };
    [[nodiscard]] std::shared_ptr<Tree> tree() const { return tree_; }
    /// The part of a dataset that `part` says, all where it is nothing; says the tree as well.
    using PartOf = std::function<Result<exchange::FetchPart>(const codec::Manifest&)>;
    [[nodiscard]] static PartOf telling_of_tree(std::shared_ptr<Tree> tree, PartOf part);
    /// Looks at how far the fetch is, as long as this searches; and until `end_watch()`.
    void watch(const exchange::Fetch& fetch) { fetch_ = &fetch; }
    /// The fetch is over: learns what its peers gave, and looks at it no more.
    void end_watch();

    void begin() override;
    [[nodiscard]] bool may_bring_more() const override;
    [[nodiscard]] std::optional<Error> error() const override;

private:
    /// One that is to be dialled, at those of its addresses that were not tried yet.
    struct Candidate {
        net::PeerId peer;
        std::vector<net::Multiaddr> addresses;
        bool names_none = false; ///< that leads there from here
    };
    static Task<void> run(PeerSearch* self);
    static Task<void> dial(PeerSearch* self, Candidate to);
    [[nodiscard]] Cid next_content();
    [[nodiscard]] std::size_t giving() const;
    [[nodiscard]] bool is_frequent() const;
    void note(std::vector<net::dht::FoundProvider> found, bool is_round);
    void sort_untried();
    void learn();
    void count_anew(std::size_t giving);
    [[nodiscard]] Clock::Instant counts_until() const;
    [[nodiscard]] Clock::Instant next_search(Clock::Instant due, Clock::Instant late) const;
    void dial_some();
    [[nodiscard]] bool may_dial(const net::PeerId& peer, std::size_t giving) const;
    [[nodiscard]] std::size_t just_dialled() const;
    [[nodiscard]] Clock::Instant next_dial() const;
    [[nodiscard]] Clock::Duration look_again() const;
    [[nodiscard]] Candidate candidate(const net::PeerRecord& record) const;
    void failed(const net::PeerId& peer, Error error);

    net::dht::Dht& dht_;
    net::dht::ProviderStore& store_;
    net::Host& host_;
    EventLoop& loop_;
    const Cid manifest_;
    PeerSearchOptions options_;
    SeededRandom random_;
    PeerBook own_book_;
    PeerBook& book_;
    const exchange::Fetch* fetch_ = nullptr;
    std::map<net::PeerId, exchange::FetchPeer> learned_; ///< what the book was told of each
    std::shared_ptr<Tree> tree_ = std::make_shared<Tree>();
    std::uint64_t searches_ = 0;
    std::uint64_t rounds_ = 0;    ///< of these, those that are `pause` or more apart
    bool over_ = false;           ///< it searches no more
    std::set<net::PeerId> known_; ///< that searches have found
    std::uint64_t barren_ = 0;    ///< rounds since somebody new was found
    bool by_chance_ = false;      ///< the last one was told of some of them
    std::set<net::PeerId> made_;  ///< reached since then, and of use as far as is known
    std::size_t may_make_;
    Clock::Instant counting_since_;
    std::deque<Candidate> untried_;
    bool held_back_ = false;      ///< they wait because enough others give something
    std::deque<Candidate> again_; ///< of the last search
    std::set<net::PeerId> tried_; ///< by this search, and in vain
    std::map<net::PeerId, Clock::Instant> dialling_; ///< since when
    std::size_t failures_ = 0;
    std::optional<Error> last_error_; ///< of one that was dialled
    TaskGroup dials_;
    TaskGroup tasks_; ///< the first to go
};

} // namespace codex::node
