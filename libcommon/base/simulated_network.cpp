#include "base/simulated_network.hpp"

#include <algorithm>

namespace codex {

namespace {

/// One direction of a connection. What is written arrives later, in pieces as it was written.
struct Pipe {
    Pipe(EventLoop& loop, const WireOptions& wire)
        : options(wire), readable(loop), writable(loop) {}

    struct Piece {
        Clock::Instant arrives;
        Bytes bytes;
        std::size_t from = 0;
    };
    WireOptions options;
    std::deque<Piece> pieces;
    std::size_t held_bytes = 0;
    bool ended = false;
    Clock::Instant end_arrives;
    bool broken = false;
    Signal readable;
    Signal writable;

    /// When there is something to read: a piece, or the end behind all pieces.
    [[nodiscard]] std::optional<Clock::Instant> next() const {
        if (!pieces.empty())
            return pieces.front().arrives;
        return ended ? std::optional(end_arrives) : std::nullopt;
    }
    void break_off() {
        broken = true;
        readable.notify();
        writable.notify();
    }
};

class SimulatedSocket final : public Socket {
public:
    SimulatedSocket(EventLoop& loop, std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out,
                    const SocketAddress& local, const SocketAddress& remote)
        : loop_(loop), in_(std::move(in)), out_(std::move(out)), local_(local), remote_(remote) {}
    ~SimulatedSocket() override { SimulatedSocket::close(); }

    [[nodiscard]] Result<std::optional<std::size_t>> try_read(MutableBytes to) override {
        Pipe& in = *in_;
        if (in.broken || closed_)
            return fail(Errc::unavailable, "connection to {} is broken", remote_.text());
        const auto next = in.next();
        if (!next || *next > loop_.now())
            return std::optional<std::size_t>();
        if (in.pieces.empty())
            return std::optional<std::size_t>(0);
        Pipe::Piece& piece = in.pieces.front();
        const std::size_t size =
            std::min({to.size(), piece.bytes.size() - piece.from, in.options.piece_bytes});
        std::copy_n(piece.bytes.begin() + static_cast<std::ptrdiff_t>(piece.from), size,
                    to.begin());
        piece.from += size;
        if (piece.from == piece.bytes.size())
            in.pieces.pop_front();
        in.held_bytes -= size;
        in.writable.notify();
        return std::optional<std::size_t>(size);
    }

    [[nodiscard]] Result<std::size_t> try_write(BytesView bytes) override {
        Pipe& out = *out_;
        if (out.broken || out.ended)
            return fail(Errc::unavailable, "connection to {} is broken", remote_.text());
        const std::size_t size = std::min(bytes.size(), out.options.buffer_bytes - out.held_bytes);
        if (size == 0)
            return size;
        const BytesView taken = bytes.first(size);
        out.pieces.push_back({loop_.now() + out.options.delay, Bytes(taken.begin(), taken.end())});
        out.held_bytes += size;
        out.readable.notify();
        return size;
    }

    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        const std::shared_ptr<Pipe> in = in_;
        for (;;) {
            if (closed_)
                co_return fail(Errc::cancelled, "connection is closed");
            const auto next = in->next();
            if (in->broken || (next && *next <= loop_.now()))
                co_return Result<void>();
            if (loop_.now() >= until)
                co_return fail(Errc::timeout, "nothing came from {} in time", remote_.text());
            const Clock::Instant looks = std::min(until, next.value_or(until));
            co_await in->readable.wait(looks);
        }
    }

    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        const std::shared_ptr<Pipe> out = out_;
        while (!out->broken && out->held_bytes >= out->options.buffer_bytes) {
            if (closed_)
                co_return fail(Errc::cancelled, "connection is closed");
            const auto in_time = co_await out->writable.wait(until);
            if (!in_time)
                co_return fail(Errc::timeout, "{} took nothing in time", remote_.text());
        }
        co_return Result<void>();
    }

    void end() override {
        if (!std::exchange(out_->ended, true)) {
            out_->end_arrives = loop_.now() + out_->options.delay;
            out_->readable.notify();
        }
    }

    void close() override {
        if (std::exchange(closed_, true))
            return;
        end();
        in_->break_off(); // the peer's next write fails; what we wrote still arrives
        out_->writable.notify();
    }

    [[nodiscard]] SocketAddress local() const override { return local_; }
    [[nodiscard]] SocketAddress remote() const override { return remote_; }

private:
    EventLoop& loop_;
    std::shared_ptr<Pipe> in_;
    std::shared_ptr<Pipe> out_;
    SocketAddress local_;
    SocketAddress remote_;
    bool closed_ = false;
};

} // namespace

class SimulatedAcceptor final : public Acceptor {
public:
    SimulatedAcceptor(SimulatedInternet& internet, const SocketAddress& at)
        : internet_(internet), at_(at), arrived_(internet.loop_) {
        internet_.listening_[at_] = this;
    }
    ~SimulatedAcceptor() override { SimulatedAcceptor::close(); }

    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> accept() override {
        while (!closed_ && waiting_.empty()) {
            co_await arrived_.wait();
        }
        if (closed_)
            co_return fail(Errc::cancelled, "{} listens no more", at_.text());
        auto socket = std::move(waiting_.front());
        waiting_.pop_front();
        co_return Result<std::unique_ptr<Socket>>(std::move(socket));
    }
    [[nodiscard]] SocketAddress local() const override { return at_; }
    void close() override {
        if (std::exchange(closed_, true))
            return;
        internet_.listening_.erase(at_);
        waiting_.clear();
        arrived_.notify();
    }

    void arrive(std::unique_ptr<Socket> socket) {
        waiting_.push_back(std::move(socket));
        arrived_.notify();
    }

private:
    SimulatedInternet& internet_;
    SocketAddress at_;
    Signal arrived_;
    std::deque<std::unique_ptr<Socket>> waiting_;
    bool closed_ = false;
};

class SimulatedHost final : public Network {
public:
    SimulatedHost(SimulatedInternet& internet, BytesView ip) : internet_(internet), ip_(ip, 0) {}

    [[nodiscard]] EventLoop& loop() override { return internet_.loop_; }

    [[nodiscard]] Result<std::unique_ptr<Acceptor>> listen(const SocketAddress& at) override {
        const BytesView asked = at.ip_view();
        const bool all =
            std::all_of(asked.begin(), asked.end(), [](auto byte) { return byte == 0; });
        if (!all && !equal(asked, ip_.ip_view()))
            return fail(Errc::unavailable, "listen at {}: no address of this host", at.text());
        SocketAddress here(ip_.ip_view(), at.port);
        while (here.port == 0 || (at.port == 0 && internet_.listening_.contains(here)))
            here.port = internet_.next_port_++;
        if (internet_.listening_.contains(here))
            return fail(Errc::address_in_use, "listen at {}: address is taken", at.text());
        return std::unique_ptr<Acceptor>(std::make_unique<SimulatedAcceptor>(internet_, here));
    }

    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> connect(SocketAddress to,
                                                                Clock::Instant until) override {
        SimulatedInternet& internet = internet_;
        const SocketAddress here(ip_.ip_view(), internet.next_port_++);
        const bool silent = internet.silent_.contains(SocketAddress(to.ip_view(), 0));
        const Clock::Instant there = internet.loop_.now() + 2 * internet.options_.delay;
        const Clock::Instant answered = silent ? until : std::min(until, there);
        co_await internet.loop_.pause_until(answered);
        if (silent || there > until)
            co_return fail(Errc::timeout, "connect to {}: no answer in time", to.text());
        const auto found = internet.listening_.find(to);
        if (found == internet.listening_.end())
            co_return fail(Errc::unavailable, "connect to {}: refused", to.text());
        auto out = std::make_shared<Pipe>(internet.loop_, internet.options_);
        auto in = std::make_shared<Pipe>(internet.loop_, internet.options_);
        found->second->arrive(std::make_unique<SimulatedSocket>(internet.loop_, out, in, to, here));
        std::unique_ptr<Socket> ours =
            std::make_unique<SimulatedSocket>(internet.loop_, in, out, here, to);
        co_return Result<std::unique_ptr<Socket>>(std::move(ours));
    }

    [[nodiscard]] Task<Result<std::vector<SocketAddress>>>
    resolve(std::string name, bool v4, bool v6, Clock::Instant until) override {
        SimulatedInternet& internet = internet_;
        const Clock::Instant answered = internet.loop_.now() + 2 * internet.options_.delay;
        co_await internet.loop_.pause_until(std::min(answered, until));
        if (answered > until)
            co_return fail(Errc::timeout, "look up {}: no answer in time", name);
        std::vector<SocketAddress> addresses;
        const auto range = internet.names_.equal_range(name);
        for (auto one = range.first; one != range.second; ++one)
            if (one->second.ip_bytes == 4 ? v4 : v6)
                addresses.push_back(one->second);
        if (addresses.empty())
            co_return fail(Errc::unavailable, "look up {}: no such name", name);
        co_return addresses;
    }

    [[nodiscard]] Result<std::vector<SocketAddress>> interfaces() const override {
        return std::vector<SocketAddress>{ip_};
    }

private:
    SimulatedInternet& internet_;
    SocketAddress ip_;
};

std::unique_ptr<Network> SimulatedInternet::host(BytesView ip) {
    return std::make_unique<SimulatedHost>(*this, ip);
}

void SimulatedInternet::name(std::string name, BytesView ip) {
    names_.emplace(std::move(name), SocketAddress(ip, 0));
}

void SimulatedInternet::set_silent(BytesView ip, bool silent) {
    if (silent)
        silent_.emplace(ip, std::uint16_t{0});
    else
        silent_.erase(SocketAddress(ip, 0));
}

} // namespace codex
