#include "base/simulated_network.hpp"

#include "base/detail/simulated_datagrams.hpp"
#include "base/detail/simulated_wire.hpp"

#include <algorithm>

namespace codex {

namespace {

using detail::Line;
using detail::Pipe;

constexpr Clock::Duration kFirstSynAgain = std::chrono::seconds(1);

class SimulatedSocket final : public Socket {
public:
    SimulatedSocket(EventLoop& loop, Random& random, std::shared_ptr<Pipe> in,
                    std::shared_ptr<Pipe> out, const SocketAddress& local,
                    const SocketAddress& remote)
        : loop_(loop), random_(random), in_(std::move(in)), out_(std::move(out)), local_(local),
          remote_(remote) {}
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
            std::min({to.size(), piece.bytes.size() - piece.from, in.line->options.piece_bytes});
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
        const std::size_t size = std::min(bytes.size(), out.room());
        out.send(bytes.first(size), loop_.now(), random_);
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
        while (!out->broken && out->room() == 0) {
            if (closed_)
                co_return fail(Errc::cancelled, "connection is closed");
            const auto in_time = co_await out->writable.wait(until);
            if (!in_time)
                co_return fail(Errc::timeout, "{} took nothing in time", remote_.text());
        }
        co_return Result<void>();
    }

    void end() override { out_->end(loop_.now()); }

    void close() override {
        if (std::exchange(closed_, true))
            return;
        end();
        in_->abandon(); // the peer's next write fails; what we wrote still arrives
        in_->readable.notify();
        out_->writable.notify();
    }

    [[nodiscard]] SocketAddress local() const override { return local_; }
    [[nodiscard]] SocketAddress remote() const override { return remote_; }

private:
    EventLoop& loop_;
    Random& random_;
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
        CODEX_TRY(here, free_port(at, internet_.listening_));
        return std::unique_ptr<Acceptor>(std::make_unique<SimulatedAcceptor>(internet_, here));
    }
    [[nodiscard]] Result<std::unique_ptr<DatagramSocket>>
    bind_datagrams(const SocketAddress& at) override {
        CODEX_TRY(here, free_port(at, internet_.ports_));
        return std::unique_ptr<DatagramSocket>(
            std::make_unique<detail::DatagramPort>(internet_, here));
    }

    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> connect(SocketAddress to,
                                                                Clock::Instant until) override {
        SimulatedInternet& internet = internet_;
        EventLoop& loop = internet.loop_;
        const SocketAddress here(ip_.ip_view(), internet.next_port_++);
        const auto there = internet.line(ip_.ip_view(), to.ip_view());
        const auto back = internet.line(to.ip_view(), ip_.ip_view());
        const SocketAddress host(to.ip_view(), 0);
        Clock::Duration again = kFirstSynAgain;
        for (;;) {
            const bool lost = internet.silent_.contains(host) || there->cut || back->cut;
            const Clock::Instant wakes =
                loop.now() +
                (lost ? again
                      : there->options.delay + back->options.delay +
                            detail::held_up_by_loss(2, there->options, internet.random_));
            co_await loop.pause_until(std::min(wakes, until));
            if (wakes > until)
                co_return fail(Errc::timeout, "connect to {}: no answer in time", to.text());
            if (!lost)
                break;
            again *= 2;
        }
        co_return internet.join(here, to);
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
    /// Where somebody may be who asks for `at`, beside those who are there.
    template <class Taken>
    [[nodiscard]] Result<SocketAddress> free_port(const SocketAddress& at, const Taken& taken) {
        const BytesView asked = at.ip_view();
        const bool all =
            std::all_of(asked.begin(), asked.end(), [](auto byte) { return byte == 0; });
        if (!all && !equal(asked, ip_.ip_view()))
            return fail(Errc::unavailable, "listen at {}: no address of this host", at.text());
        SocketAddress here(ip_.ip_view(), at.port);
        while (here.port == 0 || (at.port == 0 && taken.contains(here)))
            here.port = internet_.next_port_++;
        if (taken.contains(here))
            return fail(Errc::address_in_use, "listen at {}: address is taken", at.text());
        return here;
    }

    SimulatedInternet& internet_;
    SocketAddress ip_;
};

std::unique_ptr<Network> SimulatedInternet::host(BytesView ip) {
    return std::make_unique<SimulatedHost>(*this, ip);
}

SimulatedInternet::SimulatedInternet(EventLoop& loop, const WireOptions& options,
                                     std::uint64_t seed)
    : loop_(loop), options_(options), random_(seed) {}

SimulatedInternet::~SimulatedInternet() = default;

Result<std::unique_ptr<Socket>> SimulatedInternet::join(const SocketAddress& from,
                                                        const SocketAddress& to) {
    const auto found = listening_.find(to);
    if (found == listening_.end())
        return fail(Errc::unavailable, "connect to {}: refused", to.text());
    const auto there = line(from.ip_view(), to.ip_view());
    const auto back = line(to.ip_view(), from.ip_view());
    const auto out = std::make_shared<Pipe>(loop_, there);
    const auto in = std::make_shared<Pipe>(loop_, back);
    there->add(out);
    back->add(in);
    found->second->arrive(std::make_unique<SimulatedSocket>(loop_, random_, out, in, to, from));
    return std::unique_ptr<Socket>(
        std::make_unique<SimulatedSocket>(loop_, random_, in, out, from, to));
}

std::shared_ptr<Line> SimulatedInternet::line(BytesView from, BytesView to) {
    std::shared_ptr<Line>& line = lines_[{SocketAddress(from, 0), SocketAddress(to, 0)}];
    if (!line) {
        line = std::make_shared<Line>();
        line->options = options_;
    }
    return line;
}

void SimulatedInternet::set_wire(BytesView one, BytesView other, const WireOptions& options) {
    line(one, other)->options = options;
    line(other, one)->options = options;
}

void SimulatedInternet::set_cut(BytesView one, BytesView other, bool cut) {
    for (const auto& direction : {line(one, other), line(other, one)}) {
        if (direction->cut == cut)
            continue;
        if (cut)
            direction->cut_off(loop_.now());
        else
            direction->mend(loop_, random_);
    }
    if (cut)
        for (const auto& [address, port] : ports_)
            for (const auto& [from, to] : {std::pair(one, other), std::pair(other, one)})
                if (equal(address.ip_view(), to))
                    port->lose_those_on_their_way(from);
}

void SimulatedInternet::break_connections(BytesView one, BytesView other) {
    line(one, other)->break_all();
    line(other, one)->break_all();
}

void SimulatedInternet::set_full(BytesView ip, bool full) {
    if (full)
        full_.emplace(ip, std::uint16_t{0});
    else
        full_.erase(SocketAddress(ip, 0));
    for (const auto& [address, port] : ports_)
        if (equal(address.ip_view(), ip))
            port->room_changed();
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
