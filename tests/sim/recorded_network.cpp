#include "recorded_network.hpp"

#include <algorithm>

namespace codex::sim {

namespace {

/// Of whom all are told. Threads: the loop's.
struct Told {
    Trace* trace;
    EventLoop* loop;
    std::uint64_t node;
};

class RecordedSocket final : public Socket {
public:
    RecordedSocket(std::unique_ptr<Socket> socket, const Told& told)
        : socket_(std::move(socket)), told_(told) {}

    [[nodiscard]] Result<std::optional<std::size_t>> try_read(MutableBytes to) override {
        auto size = socket_->try_read(to);
        if (!size)
            say('x', {});
        else if (*size)
            say('r', BytesView(to).first(**size));
        return size;
    }
    [[nodiscard]] Result<std::size_t> try_write(BytesView bytes) override {
        auto size = socket_->try_write(bytes);
        if (!size)
            say('x', {});
        else if (*size != 0)
            say('w', bytes.first(*size));
        return size;
    }
    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        return socket_->readable(until);
    }
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        return socket_->writable(until);
    }
    void end() override { socket_->end(); }
    void close() override {
        say('c', {});
        socket_->close();
    }
    [[nodiscard]] SocketAddress local() const override { return socket_->local(); }
    [[nodiscard]] SocketAddress remote() const override { return socket_->remote(); }

private:
    void say(char what, BytesView bytes) {
        told_.trace->add(told_.loop->now(), what, told_.node, socket_->remote(), bytes);
    }
    std::unique_ptr<Socket> socket_;
    Told told_;
};

class RecordedAcceptor final : public Acceptor {
public:
    RecordedAcceptor(std::unique_ptr<Acceptor> acceptor, const Told& told)
        : acceptor_(std::move(acceptor)), told_(told) {}
    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> accept() override {
        return next(acceptor_.get(), told_);
    }
    [[nodiscard]] SocketAddress local() const override { return acceptor_->local(); }
    void close() override { acceptor_->close(); }

private:
    static Task<Result<std::unique_ptr<Socket>>> next(Acceptor* acceptor, Told told) {
        CODEX_CO_TRY(socket, acceptor->accept());
        told.trace->add(told.loop->now(), 'a', told.node, socket->remote(), {});
        co_return std::unique_ptr<Socket>(
            std::make_unique<RecordedSocket>(std::move(socket), told));
    }
    std::unique_ptr<Acceptor> acceptor_;
    Told told_;
};

class RecordedDatagrams final : public DatagramSocket {
public:
    RecordedDatagrams(std::unique_ptr<DatagramSocket> socket, const Told& told)
        : socket_(std::move(socket)), told_(told) {}

    [[nodiscard]] Result<std::optional<Arrived>> try_receive(MutableBytes to) override {
        auto arrived = socket_->try_receive(to);
        if (arrived && *arrived)
            say('R', (*arrived)->from, BytesView(to).first(std::min(to.size(), (*arrived)->bytes)));
        return arrived;
    }
    [[nodiscard]] Result<bool> try_send(const SocketAddress& to, BytesView bytes) override {
        auto sent = socket_->try_send(to, bytes);
        if (!sent)
            say('X', to, {});
        else if (*sent)
            say('W', to, bytes);
        return sent;
    }
    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        return socket_->readable(until);
    }
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        return socket_->writable(until);
    }
    [[nodiscard]] SocketAddress local() const override { return socket_->local(); }
    void close() override { socket_->close(); }

private:
    void say(char what, const SocketAddress& other, BytesView bytes) {
        told_.trace->add(told_.loop->now(), what, told_.node, other, bytes);
    }
    std::unique_ptr<DatagramSocket> socket_;
    Told told_;
};

Task<Result<std::unique_ptr<Socket>>> dial(Network* network, Told told, SocketAddress to,
                                           Clock::Instant until) {
    told.trace->add(told.loop->now(), 'd', told.node, to, {});
    CODEX_CO_TRY(socket, network->connect(to, until));
    co_return std::unique_ptr<Socket>(std::make_unique<RecordedSocket>(std::move(socket), told));
}

} // namespace

Result<std::unique_ptr<Acceptor>> RecordedNetwork::listen(const SocketAddress& at) {
    CODEX_TRY(acceptor, network_->listen(at));
    return std::unique_ptr<Acceptor>(
        std::make_unique<RecordedAcceptor>(std::move(acceptor), Told{&trace_, &loop(), node_}));
}

Result<std::unique_ptr<DatagramSocket>> RecordedNetwork::bind_datagrams(const SocketAddress& at) {
    CODEX_TRY(socket, network_->bind_datagrams(at));
    return std::unique_ptr<DatagramSocket>(
        std::make_unique<RecordedDatagrams>(std::move(socket), Told{&trace_, &loop(), node_}));
}

Task<Result<std::unique_ptr<Socket>>> RecordedNetwork::connect(SocketAddress to,
                                                               Clock::Instant until) {
    return dial(network_.get(), Told{&trace_, &loop(), node_}, to, until);
}

} // namespace codex::sim
