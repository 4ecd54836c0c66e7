// A walk to the nodes next to a point, each of which knows some that are nearer
// (codex-dht(7), LOOKUPS).
#pragma once

#include "net/dht/record_cache.hpp"
#include "net/dht/table.hpp"

#include <set>

namespace codex::net::dht {

/// None is 0.
struct LookupLimits {
    std::size_t at_once = 3;     ///< questions that are on their way
    std::size_t closest = 16;    ///< that are looked for
    std::size_t distances = 3;   ///< of a question
    std::size_t candidates = 64; ///< that are kept, the nearest ones
    std::size_t questions = 96;  ///< of all the walk, whatever others tell
};

/// Most records of an answer that are looked at: each costs the check of a signature.
constexpr std::size_t kMaxNodesTold = 16;
/// The same of an answer to FindNodeFast.
constexpr std::size_t kMaxNodesToldFast = 6;

/// Whether nodes are asked by distances of themselves, or for what is next to the target.
enum class Asking : std::uint8_t { by_distances, fast };

/// Log distances to ask `node` for, so that it tells what is next to `target`: that of the two, and
/// then by turns one more and one less, as far as they go, `most` in all.
[[nodiscard]] std::vector<std::uint16_t> distances_to_ask(const Id& target, const Id& node,
                                                          std::size_t most);

/// Those records of an answer that can be used, opened: no more than may come, none twice, none of
/// `own` or the node that tells; of an answer to a question for distances, only those that are at
/// one of them of it; and only with an address that it can have met them at: none of this host or
/// of a private net from one that is outside of it. `asked` is the question, FindNode or
/// FindNodeFast.
[[nodiscard]] std::vector<NodeRecord> usable_records(std::span<const Bytes> envelopes,
                                                     const Endpoint& teller, const Body& asked,
                                                     const Id& own, RecordCache& opened);

/// Whom to ask next, and when all is known that can be: without a socket, told what others said.
/// Threads: one at a time.
class Lookup {
public:
    /// `known` are those to begin with: more than are looked for, as some may be gone.
    Lookup(const Id& target, const Id& own, std::span<const NodeRecord> known, Asking asking,
           const LookupLimits& limits = {});

    /// A question to be asked.
    struct Question {
        NodeRecord to;
        Body body;
    };
    /// The next one; nothing, while enough are under way, or when there is no more to ask. One of
    /// answered() and failed() follows for each, and maybe slow() before it.
    [[nodiscard]] std::optional<Question> next();
    /// It takes long, and does not count as under way any more.
    void slow(const Id& node);
    /// `records` are those that can be used of its answer.
    void answered(const Id& node, std::span<const NodeRecord> records);
    void failed(const Id& node);

    /// There is nothing more to ask, and nothing under way that is waited for.
    [[nodiscard]] bool is_done() const;
    /// Who answered of those next to the target, the nearest first.
    [[nodiscard]] std::vector<NodeRecord> closest() const;
    /// The node whose id is the target, where others told of it.
    [[nodiscard]] std::optional<NodeRecord> target_record() const;
    [[nodiscard]] std::size_t asked() const { return asked_; }

private:
    enum class State : std::uint8_t { told, asked, slow, answered };
    struct Candidate {
        NodeRecord record;
        SocketAddress address;
        State state = State::told;
    };
    /// Nearest first.
    struct Nearer {
        Id target;
        bool operator()(const Id& a, const Id& b) const { return is_nearer(target, a, b); }
    };
    using Candidates = std::map<Id, Candidate, Nearer>;
    void add(const NodeRecord& record);
    void set(const Id& node, State state);
    [[nodiscard]] std::size_t in(State state) const;
    [[nodiscard]] Candidates::iterator next_to_ask();
    [[nodiscard]] Candidates::const_iterator next_to_ask() const;

    Id target_;
    Id own_;
    Asking asking_;
    LookupLimits limits_;
    Candidates candidates_;
    std::set<Id> failed_; // are not asked again, whoever tells of them
    std::size_t asked_ = 0;
};

} // namespace codex::net::dht
