// Agreeing on a protocol by multistream-select, without sockets: bytes go in, bytes come out
// (codex-libp2p(7), MULTISTREAM-SELECT).
#pragma once

#include "net/select/lines.hpp"

#include <string>
#include <vector>

namespace codex::net::select {

/// Most proposals that a listener answers.
constexpr std::size_t kMaxProposals = 64;

/// The side that proposes.
/// Threads: one at a time.
class Dialer {
public:
    /// `protocols` in the order of preference, at least one.
    explicit Dialer(std::vector<std::string> protocols);

    /// Appends the header and the first proposal, which go out at once. Where there is one protocol
    /// only, what is to be said in it may follow in the same write, before any answer; it is lost
    /// when the other side does not speak it, and then receive() fails. Called once, first.
    void start(Bytes& out);
    [[nodiscard]] bool may_send_early() const { return protocols_.size() == 1; }

    /// Takes the answers, appends the next proposals to `out`, and returns how many bytes it took.
    /// What it leaves once it is done is said in the protocol. Call it again with what it left and
    /// more until done(). Errors: select_invalid; protocol_unsupported when none is left.
    [[nodiscard]] Result<std::size_t> receive(BytesView input, Bytes& out);

    [[nodiscard]] bool done() const { return done_; }
    /// What was agreed on, when done().
    [[nodiscard]] const std::string& chosen() const { return protocols_[proposed_]; }

private:
    std::vector<std::string> protocols_;
    std::size_t proposed_ = 0;
    bool header_seen_ = false;
    bool done_ = false;
};

/// The side that is asked.
/// Threads: one at a time.
class Listener {
public:
    /// `protocols` are what is served; the list outlives this.
    explicit Listener(const std::vector<std::string>& protocols) : protocols_(&protocols) {}

    /// Takes header and proposals, also in one read, and appends the answers to `out`; returns how
    /// many bytes it took. It stops behind the proposal that it agrees to: what follows is said in
    /// that protocol, and came early. Errors: select_invalid (another header, a malformed line,
    /// more than kMaxProposals).
    [[nodiscard]] Result<std::size_t> receive(BytesView input, Bytes& out);

    [[nodiscard]] bool done() const { return chosen_ != nullptr; }
    /// What was agreed on, when done().
    [[nodiscard]] const std::string& chosen() const { return *chosen_; }

private:
    void answer(std::string_view proposal, Bytes& out);
    const std::vector<std::string>* protocols_;
    const std::string* chosen_ = nullptr;
    bool header_seen_ = false;
    std::size_t proposals_ = 0;
};

} // namespace codex::net::select
