// What the planner knows of a peer.
#pragma once

#include "exchange/plan/meter.hpp"
#include "exchange/plan/window.hpp"

#include <deque>
#include <vector>

namespace codex::exchange::plan {

/// What a peer has said of a run that is in the window, and what it was asked.
struct PeerSlot {
    Mask holds = 0; ///< is said, or taken, to have
    Mask sure = 0;  ///< was said, of these
    Mask told = 0;  ///< was asked whether it has
    Mask yes = 0; ///< of these, has said so since, whatever became of it: it remembers no question
    Mask lacks = 0; ///< has said not to have
    Mask broke = 0; ///< has said to have, and not given: not believed before it is asked again
    Mask open = 0;  ///< asked for, and not come
    Mask late = 0;  ///< of these
};

/// Blocks of a run that were asked for at one time.
struct Request {
    std::uint64_t run = 0;
    Mask bits = 0; ///< that have not come
    bool late = false;
    bool alone = false; ///< nothing else was open: what comes first tells the round trip
    Clock::Instant sent{};
    std::size_t behind = 0; ///< bytes that were open then, with it
};

/// Blocks that were asked for, and then not any more.
struct Cancelled {
    std::uint64_t run = 0;
    Mask bits = 0;
    Clock::Instant at{};
};

/// What goes to a peer next. Neighbours are put together.
struct Outgoing {
    std::vector<IndexRange> cancels;
    std::vector<IndexRange> haves;
    std::vector<IndexRange> blocks;
    std::size_t entries = 0;
};

/// What has come of a peer, for people to see.
struct PeerCounts {
    std::uint64_t useful = 0;     ///< blocks that were verified
    std::uint64_t duplicates = 0; ///< asked for, and there already
    std::uint64_t unasked = 0;
    std::uint64_t wrong = 0;
    std::uint64_t late = 0;    ///< requests of neighbours
    std::uint64_t broken = 0;  ///< blocks that it said to have, and did not give
    std::uint64_t cancels = 0; ///< blocks

    PeerCounts& operator+=(const PeerCounts& other) {
        useful += other.useful;
        duplicates += other.duplicates;
        unasked += other.unasked;
        wrong += other.wrong;
        late += other.late;
        broken += other.broken;
        cancels += other.cancels;
        return *this;
    }
};

struct Peer {
    explicit Peer(std::size_t block_bytes) : meter(block_bytes) {}

    bool joined = false;
    bool exact = false;   ///< what it says of one block says nothing of the neighbours
    bool lacked = false;  ///< it has said not to have something
    bool silent = false;  ///< it was left because nothing came
    unsigned samples = 0; ///< questions that were answered by yes
    unsigned misled = 0;  ///< blocks that it was taken to have, and has not
    unsigned late_in_row = 0;
    double score = 1; ///< how far it is believed
    Meter meter;
    std::deque<Request> requests;
    std::size_t open = 0;                 ///< blocks
    std::size_t may_open = kMaxOpenBytes; ///< others ask it, too
    Clock::Instant heard{};               ///< the last block came
    Clock::Instant newest_sent{};         ///< the newest request of which one has come
    /// From the request to the block, as an average; nothing before the first has come.
    std::optional<Clock::Duration> took;
    std::optional<Clock::Instant> waiting_since; ///< for the first block after the last
    std::vector<PeerSlot> slots;                 ///< when it is joined
    SlotBits holding;
    std::deque<Cancelled> cancelled;
    Outgoing out;
    std::optional<std::uint64_t> probe; ///< a question whose answer tells the round trip
    Clock::Instant probed_at{};
    Clock::Instant ask_again_at{};
    Clock::Duration ask_again_after = kFirstAskAgain;
    unsigned ask_again_slot = 0;
    unsigned bans = 0;
    Clock::Instant banned_until{};
    PeerCounts counts;

    [[nodiscard]] bool snubbed() const { return late_in_row >= kLateUntilSnubbed; }
    /// It is taken to have something that is missing.
    [[nodiscard]] bool has_some() const { return joined && holding.has_common(holding); }
    /// It is taken to have everything.
    [[nodiscard]] bool has_all() const { return samples >= kSamplesOfAll && !lacked && !exact; }
};

} // namespace codex::exchange::plan
