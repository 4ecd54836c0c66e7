// A port of a simulated host that takes datagrams.
#pragma once

#include "base/simulated_network.hpp"

namespace codex::detail {

/// Threads: the loop's.
class DatagramPort final : public DatagramSocket {
public:
    /// `internet` outlives it.
    DatagramPort(SimulatedInternet& internet, const SocketAddress& at);
    ~DatagramPort() override;

    [[nodiscard]] Result<std::optional<Arrived>> try_receive(MutableBytes to) override;
    [[nodiscard]] Result<bool> try_send(const SocketAddress& to, BytesView bytes) override;
    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override;
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override;
    [[nodiscard]] SocketAddress local() const override;
    void close() override;

    /// Those of a host.
    void lose_those_on_their_way(BytesView from);
    /// Whether the system takes datagrams may be otherwise than before.
    void room_changed();

private:
    struct State;
    [[nodiscard]] static Task<Result<void>> wait_readable(std::shared_ptr<State> state,
                                                          Clock::Instant until);
    [[nodiscard]] static Task<Result<void>> wait_writable(std::shared_ptr<State> state,
                                                          Clock::Instant until);
    void carry(const SocketAddress& to, BytesView bytes);

    std::shared_ptr<State> state_; ///< also held by those that wait
};

} // namespace codex::detail
