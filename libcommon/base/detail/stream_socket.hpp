// Connections of the system, over TCP and between programs of this host, and who takes them.
#pragma once

#include "base/detail/descriptor.hpp"

namespace codex::detail {

/// Threads: the loop's.
class StreamSocket final : public Socket {
public:
    explicit StreamSocket(DescriptorPtr of) : of_(std::move(of)) {}
    ~StreamSocket() override { of_->close(); }

    /// Takes the addresses of both ends, of one that is connected. Errors: of socket_error(), when
    /// it has gone again.
    [[nodiscard]] Result<void> look_at_ends();

    [[nodiscard]] Result<std::optional<std::size_t>> try_read(MutableBytes to) override;
    [[nodiscard]] Result<std::size_t> try_write(BytesView bytes) override;
    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        return Descriptor::readable(of_, until);
    }
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        return Descriptor::writable(of_, until);
    }
    void end() override;
    void close() override { of_->close(); }
    [[nodiscard]] SocketAddress local() const override { return local_; }
    [[nodiscard]] SocketAddress remote() const override { return remote_; }

private:
    DescriptorPtr of_;
    SocketAddress local_;
    SocketAddress remote_;
};

/// Threads: the loop's.
class StreamAcceptor : public Acceptor {
public:
    explicit StreamAcceptor(DescriptorPtr of) : of_(std::move(of)) {}
    ~StreamAcceptor() override { of_->close(); }

    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> accept() override;
    void close() override { of_->close(); }

protected:
    [[nodiscard]] const Descriptor& descriptor() const { return *of_; }

private:
    /// Makes one of a descriptor; null, when nobody is to be spoken to there. Errors: those of
    /// accept().
    [[nodiscard]] virtual Result<std::unique_ptr<Socket>> take(Fd fd) = 0;
    [[nodiscard]] Result<std::unique_ptr<Socket>> try_accept();

    DescriptorPtr of_;
};

} // namespace codex::detail
