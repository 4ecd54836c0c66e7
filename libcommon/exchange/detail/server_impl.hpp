// What a server keeps of each peer, and the tasks that serve them.
#pragma once

#include "exchange/detail/holdings.hpp"
#include "exchange/server.hpp"
#include "exchange/turns.hpp"

namespace codex::exchange {

/// Threads: the loop's.
class Server::Impl final : public PeerEvents {
public:
    Impl(Peers& peers, const repo::Repo& repo, Executor& executor, ServerOptions options);
    ~Impl() override;

    void joined(const PeerId& peer) override;
    void left(const PeerId& peer) override;
    void wants_begin(const PeerId& peer) override;
    void want(const PeerId& peer, const Want& want) override;
    void wants_end(const PeerId& peer, bool full) override;
    [[nodiscard]] bool may_read(const PeerId& peer) override;

    void arrived(const std::function<void(WantList&)>& say);
    [[nodiscard]] const ServerCounts& counts() const { return counts_; }
    [[nodiscard]] std::size_t wants() const { return wants_; }
    [[nodiscard]] std::size_t wants(const PeerId& peer) const;
    void set_limits(const ServerOptions& options);
    [[nodiscard]] std::size_t unsent_bytes() const { return unsent_; }

private:
    struct Client {
        Client(const PeerId& peer, const ServerOptions& options)
            : id(peer), list(options.wants), tokens(static_cast<double>(options.wants_a_second)) {}
        PeerId id;
        WantList list;
        bool left = false;
        bool answering = false;
        bool building = false;
        bool read_later = false;  ///< something lets it be read again
        std::size_t messages = 0; ///< of blocks, not on their way
        std::size_t gone = 0;     ///< blocks of it that are watched
        std::size_t entries = 0;  ///< of the list that has begun
        std::size_t unseen = 0;   ///< entries since act()
        Message refused;          ///< says of wants beyond a limit that they are not here
        double tokens;            ///< entries that it may send at once
        Clock::Instant counted{}; ///< when that was so
    };
    using ClientPtr = std::shared_ptr<Client>;
    /// The wants of a peer are counted anew at its end.
    class Counting {
    public:
        Counting(std::size_t& all, const Client& client) : all_(all), client_(client) {
            all_ -= client_.list.size();
        }
        Counting(const Counting&) = delete;
        Counting& operator=(const Counting&) = delete;
        ~Counting() { all_ += client_.list.size(); }

    private:
        std::size_t& all_;
        const Client& client_;
    };
    /// Bytes that count as unsent as long as it lives.
    class Unsent {
    public:
        Unsent(std::size_t& all, std::size_t bytes) : all_(all), bytes_(bytes) { all_ += bytes_; }
        Unsent(const Unsent&) = delete;
        Unsent& operator=(const Unsent&) = delete;
        ~Unsent() { all_ -= bytes_; }

    private:
        std::size_t& all_;
        std::size_t bytes_;
    };
    /// A block that was said to be here, and was not when it was asked for.
    struct Gone {
        Clock::Instant until;
        PeerId peer;
        BlockAddress address;
    };
    /// What came into the repo.
    struct News {
        bool everything = false;
        bool plain = false;
        std::vector<std::pair<Cid, std::vector<IndexRange>>> trees; ///< with what came of each
    };
    /// What came up to the last look, so that the next one finds what has come since.
    struct Growth {
        repo::Changes changes;
        std::map<Cid, IndexSet> present; ///< leaves of partial datasets, by their manifests
        std::size_t bytes = 0;           ///< of these
        /// What `now` has beyond what was there.
        [[nodiscard]] std::vector<IndexRange> grown(const Cid& manifest, IndexSet now);
        void forget(const Cid& manifest);
        void forget();
    };

    [[nodiscard]] ClientPtr find(const PeerId& peer) const;
    /// Whatever changes a list changes the number of all wants.
    template <class Change> auto change(Client& client, const Change& what) {
        const Counting counting(wants_, client);
        return what(client.list);
    }
    void act(const ClientPtr& client);
    void schedule(Client& client);
    [[nodiscard]] bool anyone_waits() const;
    [[nodiscard]] std::size_t may_build(const Client& client, std::size_t bytes) const;
    void settle(Client& client, std::span<const WantList::Block> wanted,
                const detail::Built& built);
    void watch(Client& client, const BlockAddress& address);
    void say(Client& client, std::vector<Presence> presences);
    void take(const News& news);
    [[nodiscard]] static Result<News> look(const repo::Repo& repo, Growth& growth);

    void start(const ClientPtr& client, Task<void> work);
    static Task<void> keep_on(Impl* self, Task<void> (*work)(Impl*));
    static Task<void> work_for(Impl* self, ClientPtr client, Task<void> work);
    void refuse(Client& client, const Want& want, net::Limit limit);
    void send_refused(Client& client);
    static Task<void> answer(Impl* self, ClientPtr client);
    static Task<void> build(Impl* self);
    static Task<void> build_for(Impl* self, ClientPtr client, std::size_t bytes);
    static Task<void> send(Impl* self, ClientPtr client, std::vector<BlockAddress> addresses,
                           detail::Built built);
    static Task<void> follow_sent(Impl* self);
    static Task<void> forget_partials(Impl* self);
    static Task<void> watch_gone(Impl* self);
    static Task<void> watch_changes(Impl* self);
    static Task<void> read_later(Impl* self, ClientPtr client, Clock::Instant when);

    Peers& peers_;
    const repo::Repo& repo_;
    Executor& executor_;
    EventLoop& loop_;
    ServerOptions options_;
    ServerCounts counts_;
    std::size_t wants_ = 0;
    std::size_t unsent_ = 0;
    std::map<PeerId, ClientPtr> clients_;
    Turns turns_;
    std::deque<Gone> gone_;
    std::shared_ptr<Growth> growth_; ///< jobs have it, one at a time
    std::shared_ptr<detail::OpenPartials> partials_ = std::make_shared<detail::OpenPartials>();
    Signal partials_used_;
    Signal work_; ///< somebody has a turn
    Signal gone_changed_;
    Signal waits_;    ///< somebody waits for what is not here
    TaskGroup tasks_; ///< the first to go: tasks use all of the above
};

} // namespace codex::exchange
