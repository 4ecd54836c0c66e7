// Blocks with numbers, fetched of all peers there are: a plan, the messages it wants sent, and what
// comes on its way to where it is judged and kept.
#pragma once

#include "base/job.hpp"
#include "base/log.hpp"
#include "exchange/detail/column_needs.hpp"
#include "exchange/detail/roster.hpp"
#include "exchange/peers.hpp"

#include <deque>

namespace codex::exchange::detail {

/// A block that has come, and was asked for. Move-only, as its views are into its memory.
struct Came {
    Came(plan::PeerNumber from, std::uint64_t number, const Delivery& delivery);
    Came(Came&&) noexcept = default;
    Came& operator=(Came&&) noexcept = default;

    plan::PeerNumber peer;
    std::uint64_t index;
    Cid cid;
    Bytes memory;
    BytesView data;
    BytesView proof;
};

/// What is fetched, and where it goes.
/// Threads: take(), commit() and commit_by() one at a time; the others any, at once.
class Goods {
public:
    virtual ~Goods() = default;
    [[nodiscard]] virtual BlockAddress address(std::uint64_t index) const = 0;
    [[nodiscard]] virtual std::optional<std::uint64_t> index(const BlockAddress& address) const = 0;
    /// For messages to people.
    [[nodiscard]] virtual std::string name(std::uint64_t index) const = 0;
    /// Judges each, and keeps those that are right; may put the batch in another order. Errors: of
    /// keeping them; each of the results, what is wrong with that block.
    [[nodiscard]] virtual Result<std::vector<Result<void>>> take(std::vector<Came>& batch) = 0;
    /// By when commit() is to be called, if it is.
    [[nodiscard]] virtual std::optional<Clock::Instant> commit_by() const { return {}; }
    [[nodiscard]] virtual Result<void> commit() { return {}; }
    /// What a dataset of which some is computed still needs.
    struct Rest {
        IndexSet fetch;   ///< is to be fetched
        IndexSet compute; ///< blocks are enough from which these can be computed
    };
    /// All that its columns lacked has come: makes the others of them. Gives what is to be fetched
    /// after all, and nothing when all that is wanted is here. `lost`: what nobody has. As take().
    [[nodiscard]] virtual Result<Rest> complete(const IndexSet& /*lost*/,
                                                const codex::Job& /*job*/) {
        return {};
    }
};

struct DownloadOptions {
    std::size_t block_bytes = 65536;
    std::uint64_t seed = 0;
    std::size_t queue_bytes = std::size_t{32} << 20; ///< that have come and are not kept
    log::Logger logger;
    /// Of a protected dataset of which enough of each column is wanted, and not all; then
    /// Goods::complete() ends it.
    std::optional<ColumnNeeds> columns{};
    std::function<double(const PeerId&)> belief{}; ///< as FetchOptions::belief
};

/// Destroyed from outside of the loop's tasks; a batch that is being taken is then taken all the
/// same.
/// Threads: the loop's.
class Download final : private PeerEvents {
public:
    /// `peers`, the job's executor and `roster` outlive it, and `goods` its jobs. The job is for
    /// Goods::complete().
    Download(Peers& peers, const codex::Job& job, Roster& roster, std::shared_ptr<Goods> goods,
             DownloadOptions options);
    ~Download() override;

    /// Begins to fetch these.
    void start(const IndexSet& wanted);
    /// Somebody waits for these (Planner::await).
    void await(IndexRange range, Clock::Instant by);
    /// Asks for nothing while it is held; nothing becomes late meanwhile.
    void hold(bool held);
    /// Takes nothing more, keeps what has come, and commits it; once. Errors: of keeping it.
    [[nodiscard]] static Task<Result<void>> settle(Download* self);
    [[nodiscard]] std::size_t block_bytes() const { return options_.block_bytes; }
    [[nodiscard]] const plan::Planner& plan() const { return plan_; }
    /// All is there and taken, or nothing will be, for failure().
    [[nodiscard]] bool ended() const { return failure_ || (plan_.finished() && !options_.columns); }
    [[nodiscard]] std::optional<Error>& failure() { return failure_; }
    /// Blocks that were kept, and their bytes.
    [[nodiscard]] std::uint64_t kept() const { return kept_; }
    [[nodiscard]] std::uint64_t kept_bytes() const { return kept_bytes_; }
    /// When the last block was kept.
    [[nodiscard]] Clock::Instant progress() const { return progress_; }
    /// Is told when a batch was kept, and of failures.
    [[nodiscard]] Signal& changed() { return changed_; }

private:
    void joined(const PeerId& peer) override;
    void left(const PeerId& peer) override;
    void presence(const PeerId& peer, const Presence& presence) override;
    bool delivery(const PeerId& peer, const Delivery& delivery) override;
    void unasked(const PeerId& peer) override;
    void message_end(const PeerId& peer) override;
    [[nodiscard]] bool may_read(const PeerId& peer) override;

    class Keeping;
    void want_all(const IndexSet& wanted);
    void ask_for_other_rows();
    void want_rest(const Goods::Rest& rest);
    void end_for(Error error);
    static Task<void> ask(Download* self);
    static Task<void> keep(Download* self);
    static Task<void> complete(Download* self);
    [[nodiscard]] bool is_gathering() const;
    [[nodiscard]] std::vector<Came> next_batch();
    void judge(const std::vector<Came>& batch, const Result<std::vector<Result<void>>>& verdicts);
    void share();
    void note_open();
    void send(const plan::Orders& orders);
    void withdraw();
    void tell(const plan::Tell& tell);
    void read_on();
    void set_paused(bool reading, bool held);
    void poke();

    Peers& peers_;
    EventLoop& loop_;
    codex::Job job_;
    Roster& roster_;
    std::shared_ptr<Goods> goods_;
    DownloadOptions options_;
    plan::Planner plan_;
    std::deque<Came> queue_;
    std::size_t queued_bytes_ = 0;  ///< what is being kept included
    Clock::Instant gather_until_{}; ///< of what is in the queue
    bool paused_ = false;
    bool held_ = false;
    bool settling_ = false;
    bool keeper_ended_ = false;
    std::optional<Error> failure_;
    std::uint64_t kept_ = 0;
    std::uint64_t kept_bytes_ = 0;
    Clock::Instant progress_;
    Clock::Instant asking_at_{};
    std::vector<std::size_t> noted_open_; ///< blocks, by the numbers of peers
    Signal ask_;
    Signal keep_;
    Signal changed_;
    TaskGroup tasks_;
};

} // namespace codex::exchange::detail
