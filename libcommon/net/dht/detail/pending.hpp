// What a node of the DHT waits for.
#pragma once

#include "net/dht/dht.hpp"

namespace codex::net::dht::detail {

/// How long an answer is waited for, by all nodes (codex-dht(7), NODE).
constexpr Clock::Duration kAnswer = std::chrono::seconds(1);
/// After which the question is sent once more: one of the two may have been lost.
constexpr Clock::Duration kAgain = std::chrono::milliseconds(400);

/// A request that is on its way. Answers are told apart by who they are from and the request's id,
/// wherever they come from.
/// Threads: the loop's.
class Pending {
public:
    /// It is in `dht`'s list as long as it lives.
    Pending(Dht& dht, const Endpoint& to, const RequestId& id, const Body& asked);
    ~Pending();
    Pending(const Pending&) = delete;
    Pending& operator=(const Pending&) = delete;

    /// Takes an answer, or one of several parts of it; false, when it is none to this.
    [[nodiscard]] bool take(const Received& received);
    [[nodiscard]] bool is_over() const { return over_; }
    /// What has come: of Nodes all parts in one; nothing, when nothing has.
    [[nodiscard]] const std::optional<Body>& answer() const { return answer_; }
    /// It has come from where the request went.
    [[nodiscard]] bool is_from_there() const { return from_there_; }
    [[nodiscard]] Signal& changed() { return changed_; }

private:
    bool take_nodes(const Nodes& part);

    Dht& dht_;
    Endpoint to_;
    RequestId id_;
    std::size_t expected_ = 0; // alternative of Body
    std::optional<Body> answer_;
    std::size_t parts_ = 0;
    bool over_ = false;
    bool from_there_ = false;
    Signal changed_;
};

/// Counts something as long as it is there, however that ends.
/// Threads: the loop's.
class Counted {
public:
    explicit Counted(std::size_t& count) : count_(count) { ++count_; }
    ~Counted() { --count_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

private:
    std::size_t& count_;
};

/// A lookup under way, and the requests of it.
/// Threads: the loop's.
struct Walk {
    Walk(EventLoop& loop, Lookup begun, TaskGroup::OnThrown on_thrown)
        : lookup(std::move(begun)), changed(loop), asking(loop, std::move(on_thrown)) {}
    Lookup lookup;
    Signal changed;
    TaskGroup asking;
};

} // namespace codex::net::dht::detail

namespace codex::net::dht {

/// Counts a lookup, and lets the next one begin when it ends, however that is.
/// Threads: the loop's.
class Dht::WalkCount {
public:
    explicit WalkCount(Dht& dht) : dht_(dht) { ++dht_.walks_; }
    ~WalkCount() {
        --dht_.walks_;
        dht_.walk_ended_.notify();
    }
    WalkCount(const WalkCount&) = delete;
    WalkCount& operator=(const WalkCount&) = delete;

private:
    Dht& dht_;
};

} // namespace codex::net::dht
