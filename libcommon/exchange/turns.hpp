// Whose turn it is to be served (codex-exchange(7), ANSWERING): as many bytes for each, however
// large its blocks are and however much it asks for.
#pragma once

#include "net/identity/peer_id.hpp"

#include <deque>
#include <map>

namespace codex::exchange {

/// Deficit round robin. Who is added gets a turn, is told what he may send, says what he did send,
/// and is added again when there is more.
/// Threads: one at a time.
class Turns {
public:
    /// `quantum_bytes` a turn; `alone_bytes` where nobody else waits.
    Turns(std::size_t quantum_bytes, std::size_t alone_bytes)
        : quantum_(static_cast<std::int64_t>(quantum_bytes)),
          alone_(static_cast<std::int64_t>(alone_bytes)) {}

    /// Waits for a turn; nothing, when it does already.
    void add(const net::PeerId& peer);
    /// It is forgotten, debts and all.
    void remove(const net::PeerId& peer);
    [[nodiscard]] bool empty() const { return waiting_.empty(); }

    struct Turn {
        net::PeerId peer;
        std::size_t bytes = 0; ///< that it may send: at least 1
    };
    /// Nothing, when nobody waits.
    [[nodiscard]] std::optional<Turn> next();
    /// What it sent in its turn, perhaps more than it might: a block is sent whole.
    void spent(const net::PeerId& peer, std::size_t bytes);

private:
    struct One {
        std::int64_t bytes = 0; ///< that it has left, or owes
        bool waits = false;
    };
    std::int64_t quantum_;
    std::int64_t alone_;
    std::map<net::PeerId, One> peers_;
    std::deque<net::PeerId> waiting_;
};

} // namespace codex::exchange
