// What to ask of whom: the plan of a fetch (codex-exchange(7), ASKING). It is told what happens and
// when, and says what to send and when it wants to be asked again; it waits for nothing and sends
// nothing itself. The same events at the same times make the same plan.
#pragma once

#include "exchange/plan/peer.hpp"

namespace codex::exchange::plan {

/// A peer, by a number that is small and stays its own, also when it goes and comes again.
using PeerNumber = std::uint32_t;

struct PlanOptions {
    /// Of a block; that of the dataset.
    std::size_t block_bytes = 65536;
    /// Of the choices that are made at random.
    std::uint64_t seed = 0;
};

/// To be told to one peer, in this order. Blocks and haves are asked for with sendDontHave.
struct Tell {
    PeerNumber peer = 0;
    std::vector<IndexRange> cancels;
    std::vector<IndexRange> haves;  ///< whether it has them
    std::vector<IndexRange> blocks; ///< to be sent
};

struct Orders {
    std::vector<Tell> tell;
    /// To be disconnected: silent, banned, or sending what nobody asked for.
    std::vector<PeerNumber> leave;
};

/// What a block is that has come.
enum class Arrival : std::uint8_t {
    wanted,    ///< to be verified, and then verified() or wrong() is to be called
    duplicate, ///< asked for, but no longer wanted
    unasked,   ///< never asked of this peer: to be dropped
};

enum class Outlook : std::uint8_t {
    going_on,
    no_peer,       ///< none is there to be asked
    nobody_has_it, ///< all that are there have said that they have nothing of what is missing
};

/// Memory: a bit for each block that is wanted, and some kilobytes a peer.
/// Threads: one at a time.
class Planner {
public:
    explicit Planner(const PlanOptions& options)
        : block_bytes_(options.block_bytes), random_(options.seed) {}

    /// These are to be fetched, those that are already said included.
    void want(IndexRange range);
    /// Somebody waits for these, of which there may be some hundreds, and wants them by then.
    void await(IndexRange range, Clock::Instant by);

    void joined(PeerNumber peer, Clock::Instant now);
    void left(PeerNumber peer, Clock::Instant now);
    void presence(PeerNumber peer, std::uint64_t index, bool have, Clock::Instant now);
    /// It is believed so far at first, above 0 and up to 1: before it joins for the first time.
    void believe(PeerNumber peer, double score) { known(peer).score = score; }
    /// A block has come, and nothing of it is verified. `withdrawn`: the peer was asked for it
    /// before this plan began.
    [[nodiscard]] Arrival arrived(PeerNumber peer, std::uint64_t index, Clock::Instant now,
                                  bool withdrawn = false);
    /// It is right and stored.
    void verified(PeerNumber peer, std::uint64_t index, Clock::Instant now);
    /// It is not what was asked for: the peer is banned.
    void wrong(PeerNumber peer, std::uint64_t index, Clock::Instant now);
    /// It has come in another way.
    void stored(std::uint64_t index, Clock::Instant now);
    /// No more than so many bytes may be open at the peer from now on: others ask it, too.
    void share(PeerNumber peer, std::size_t bytes) { known(peer).may_open = bytes; }
    /// We do not read what peers send; until resume() nothing becomes late.
    void pause(Clock::Instant now);
    void resume(Clock::Instant now);

    /// Blocks that are wanted now and that each of the peers has said not to have. Where they were
    /// not asked about each block, they are, and it is told then.
    [[nodiscard]] std::vector<std::uint64_t> held_by_none(Clock::Instant now);

    /// What to send. To be asked at due(), or sooner.
    [[nodiscard]] Orders next(Clock::Instant now);
    /// It is over: what takes back all that was asked and has not been answered. To be asked for
    /// nothing more.
    [[nodiscard]] Orders abandon();
    /// What the peer was asked for, and may still send.
    [[nodiscard]] std::vector<IndexRange> may_still_come(PeerNumber peer, Clock::Instant now) const;
    /// When there will be something to send, as far as is known.
    [[nodiscard]] Clock::Instant due() const { return due_; }

    [[nodiscard]] bool finished() const { return window_.missing().empty(); }
    /// Some peer was asked for a block, and has neither sent it nor said that it has it not.
    [[nodiscard]] bool is_waiting() const;
    /// What is wanted and not verified.
    [[nodiscard]] const IndexSet& missing() const { return window_.missing(); }
    [[nodiscard]] Outlook outlook() const;
    /// When a peer that was wrong may come again; that is past when it was not.
    [[nodiscard]] Clock::Instant banned_until(PeerNumber peer) const;
    /// It was left because nothing came of what it was asked for.
    [[nodiscard]] bool was_silent(PeerNumber peer) const;
    /// From asking for the block that came last until it did.
    [[nodiscard]] Clock::Duration last_took() const { return last_took_; }
    /// Nothing, of a peer that was never there.
    [[nodiscard]] const Peer* peer(PeerNumber peer) const;
    /// What all of it takes, this object included.
    [[nodiscard]] std::size_t memory_bytes() const;

private:
    struct Awaited {
        IndexRange range;
        Clock::Instant by;
    };
    /// A generator of numbers, for choices (splitmix64).
    class Choices {
    public:
        explicit Choices(std::uint64_t seed) : state_(seed) {}
        [[nodiscard]] std::uint64_t next();
        [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return next() % bound; }

    private:
        std::uint64_t state_;
    };

    [[nodiscard]] Peer& known(PeerNumber peer);
    [[nodiscard]] Peer* joined_peer(PeerNumber peer);
    void note_took(Peer& peer, Clock::Duration span);
    [[nodiscard]] bool asked_of(Peer& peer, std::uint64_t index, Clock::Instant now);
    void set_holds(Peer& peer, unsigned at, Mask holds);
    void has_not(Peer& peer, unsigned at, Mask bits, bool silent, Clock::Instant now);
    void close_request(Peer& peer, unsigned at, Mask bits);
    void unask(unsigned at, Mask bits);
    void cancel(Peer& peer, unsigned at, Mask bits, Clock::Instant now);
    void cancel_everywhere(unsigned at, Mask bits, Clock::Instant now);
    void release(Peer& peer);
    void ban(Peer& peer, PeerNumber number, Clock::Instant now);
    void leave(PeerNumber number);
    void put_out(unsigned at);
    void take_back(Peer& peer, unsigned at, Mask bits);
    [[nodiscard]] Orders outgoing();
    void changed(Clock::Instant now, bool at_once);

    // What it asks about: the window.
    void fill_window(Clock::Instant now);
    void take_in_grown(Clock::Instant now);
    void take_in_awaited(Clock::Instant now);
    [[nodiscard]] bool make_room();
    void ask_about(unsigned at, Clock::Instant now);
    void ask_whether(Peer& peer, unsigned at, Mask bits, Clock::Instant now);
    void ask_again(Peer& peer, Clock::Instant now);
    void park(Clock::Instant now);
    [[nodiscard]] Mask held_by_any(unsigned at) const;

    // What it asks for, and of whom.
    void hand_out(Clock::Instant now);
    [[nodiscard]] std::size_t room(const Peer& peer) const;
    [[nodiscard]] bool may_ask(const Peer& peer) const;
    [[nodiscard]] double estimate(const Peer& peer, std::size_t blocks) const;
    [[nodiscard]] Clock::Duration needed_by(const Peer& peer, std::size_t blocks) const;
    [[nodiscard]] std::size_t choose(const std::vector<PeerNumber>& ready);
    [[nodiscard]] bool is_before(const Slot& a, const Slot& b) const;
    [[nodiscard]] bool ask_next_run(Peer& peer, Clock::Instant now);
    [[nodiscard]] bool all_is_asked() const;
    void double_last(Peer& peer, std::uint64_t& count, Clock::Instant now);
    [[nodiscard]] Mask expected_beside(const Peer& one, const Peer& other, unsigned at, Mask bits,
                                       Clock::Duration patience, Clock::Instant now);
    [[nodiscard]] std::uint64_t doubled() const;
    void ask(Peer& peer, unsigned at, Mask bits, Clock::Instant now);

    // What does not come.
    void look_for_late(PeerNumber number, Clock::Instant now);
    void become_late(Peer& peer, Request& request);
    void give_up(Peer& peer, Request request, Clock::Instant now);
    [[nodiscard]] Clock::Instant next_check(Clock::Instant now) const;

    std::size_t block_bytes_;
    Choices random_;
    Window window_;
    std::vector<Peer> peers_; ///< by number
    std::size_t joined_ = 0;
    std::uint64_t total_ = 0; ///< that were ever wanted
    std::vector<Awaited> awaited_;
    std::vector<std::uint64_t> grown_; ///< runs of which more is wanted
    std::vector<PeerNumber> leave_;
    std::optional<Clock::Instant> paused_at_;
    Clock::Duration last_took_{};
    Clock::Instant parked_at_{};
    Clock::Instant hedge_at_ = Clock::Instant::max(); ///< until a silent peer is waited for
    Clock::Instant due_{};
};

} // namespace codex::exchange::plan
