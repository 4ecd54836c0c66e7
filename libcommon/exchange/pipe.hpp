// A peer at the other end of a pipe, without host, address or key (codex-exchange(7), OVER A PIPE).
#pragma once

#include "base/network.hpp"
#include "exchange/carrier.hpp"

#include <optional>
#include <string>

namespace codex::exchange {

struct PipeOptions {
    std::string name;    ///< of the peer, for people; no two of one Peers have the same
    bool serves = false; ///< whether blocks are given here; where not, they must be there
    /// For what the other side says first.
    Clock::Duration patience = std::chrono::seconds(60);
    std::string listed{}; ///< in FetchPeer::name, for programs to look it up; empty: the name
};

/// One peer, from its greeting to the end of the pipe.
/// Threads: the loop's. Destroyed from outside of the loop's tasks, after the Peers it is attached
/// to.
class PipePeer final : public Carrier {
public:
    PipePeer(EventLoop& loop, std::unique_ptr<Socket> pipe, PipeOptions options);
    ~PipePeer() override;
    PipePeer(const PipePeer&) = delete;
    PipePeer& operator=(const PipePeer&) = delete;

    /// What it is called among peers: made of its name.
    [[nodiscard]] const net::PeerId& id() const;
    [[nodiscard]] const std::string& name() const;
    /// As PipeOptions::listed says.
    [[nodiscard]] const std::string& listed() const;
    /// It has said what it is, and exchanges blocks.
    [[nodiscard]] bool greeted() const;
    /// It is over, and error() says why: unavailable, it has ended; exchange_invalid, it speaks of
    /// something else; unsupported, in another version; protocol_unsupported, it has no blocks to
    /// give; timeout, it says nothing; io.
    [[nodiscard]] bool ended() const;
    [[nodiscard]] const std::optional<Error>& error() const;

    /// Says that nothing more is wanted, and passes over what the other side still says, until it
    /// has ended, or `until`. So it may say its last without a broken pipe; with a Peers, or when
    /// that has gone.
    [[nodiscard]] static Task<void> finish(PipePeer* self, Clock::Instant until);

    void start(Handler handler) override;
    [[nodiscard]] std::vector<net::PeerId> connected() const override;
    [[nodiscard]] bool is_connected(const net::PeerId& peer) const override;
    /// Also told when it ends before it has greeted.
    [[nodiscard]] Signal& changed() override;
    [[nodiscard]] Task<Result<std::unique_ptr<PeerStream>>> open(net::PeerId peer,
                                                                 Clock::Instant until) override;
    void drop(const net::PeerId& peer, std::string_view why) override;
    [[nodiscard]] bool has_one_stream() const override { return true; }

private:
    struct State;
    class Reader;
    class Writer;
    static Task<void> run(PipePeer* self);
    [[nodiscard]] static Task<Result<void>> greet(PipePeer* self, Clock::Instant until);
    [[nodiscard]] Result<void> judge(std::string_view line) const;
    [[nodiscard]] Result<void> judge_endless(std::string_view beginning) const;

    PipeOptions options_;
    net::PeerId id_;
    std::shared_ptr<State> state_;
    Handler handler_;
    TaskGroup tasks_;
};

} // namespace codex::exchange
