#include "base/detail/reactor.hpp"
#include "base/detail/socket_error.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace codex {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

SystemLoop::SystemLoop(const Clock& clock) try
    : EventLoop(clock), reactor_(std::make_unique<Reactor>()) {
    // The first socket makes what waits for all of them; it is to fail here rather than within a
    // task.
    const tcp::socket first(reactor_->context);
} catch (const boost::system::system_error& error) { // which to others is no std::system_error
    throw std::system_error(error.code().value(), std::system_category(), "an event loop");
}

SystemLoop::~SystemLoop() = default;

void SystemLoop::wait_outside(Clock::Instant until) {
    asio::io_context& context = reactor_->context;
    // Without work a context counts as ended, and would not wait.
    const auto work = asio::make_work_guard(context);
    context.restart();
    // What was posted before the restart may have been said by a stop.
    if (context.poll() == 0 && !has_posted()) {
        const Clock::Duration nap = clock().nap(until);
        if (nap > Clock::Duration::zero())
            context.run_one_for(nap);
    }
}

void SystemLoop::interrupt() noexcept {
    try {
        asio::post(reactor_->context, [] {});
    } catch (...) { // there is no memory for it; this takes none
        reactor_->context.stop();
    }
}

namespace {

/// Unsent bytes beyond which the kernel takes no more: more would only make what is urgent wait.
constexpr int kUnsentBytes = 256 * 1024;

Error network_error(const error_code& error, std::string_view what) {
    return detail::socket_error(error.value(), what);
}

tcp::endpoint endpoint_of(const SocketAddress& address) {
    if (address.ip_bytes == 4) {
        asio::ip::address_v4::bytes_type bytes;
        std::copy_n(address.ip.begin(), bytes.size(), bytes.begin());
        return {asio::ip::address_v4(bytes), address.port};
    }
    asio::ip::address_v6::bytes_type bytes;
    std::copy_n(address.ip.begin(), bytes.size(), bytes.begin());
    return {asio::ip::address_v6(bytes), address.port};
}

SocketAddress address_of(const tcp::endpoint& endpoint) {
    if (endpoint.address().is_v4())
        return {endpoint.address().to_v4().to_bytes(), endpoint.port()};
    return {endpoint.address().to_v6().to_bytes(), endpoint.port()};
}

/// A socket and who waits for it. Handlers that the reactor holds keep it alive.
struct Descriptor {
    Descriptor(asio::io_context& context, EventLoop& loop)
        : socket(context), can_read(loop), can_write(loop) {}
    explicit Descriptor(tcp::socket connected, EventLoop& loop)
        : socket(std::move(connected)), can_read(loop), can_write(loop) {}

    tcp::socket socket;
    SocketAddress local;
    SocketAddress remote;
    Signal can_read;
    Signal can_write;
    bool awaits_read = false; ///< the reactor was asked
    bool awaits_write = false;
    bool closed = false;

    [[nodiscard]] Result<void> set_up() {
        error_code error;
        socket.non_blocking(true, error);
        if (!error)
            socket.set_option(tcp::no_delay(true), error);
        if (!error)
            local = address_of(socket.local_endpoint(error));
        if (!error)
            remote = address_of(socket.remote_endpoint(error));
        if (error)
            return fail(network_error(error, "set up a connection"));
        // An old kernel may not know it, and then all goes on without.
        ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentBytes,
                     sizeof kUnsentBytes);
        return {};
    }
    void close() {
        if (std::exchange(closed, true))
            return;
        error_code ignored;
        socket.close(ignored);
        can_read.notify();
        can_write.notify();
    }
};

class SystemSocket final : public Socket {
public:
    explicit SystemSocket(std::shared_ptr<Descriptor> descriptor)
        : descriptor_(std::move(descriptor)) {}
    ~SystemSocket() override { descriptor_->close(); }

    [[nodiscard]] Result<std::optional<std::size_t>> try_read(MutableBytes to) override {
        error_code error;
        const std::size_t size =
            descriptor_->socket.read_some(asio::buffer(to.data(), to.size()), error);
        if (error == asio::error::would_block)
            return std::optional<std::size_t>();
        if (error == asio::error::eof)
            return std::optional<std::size_t>(0);
        if (error)
            return fail(network_error(error, "read from " + remote().text()));
        return std::optional<std::size_t>(size);
    }

    [[nodiscard]] Result<std::size_t> try_write(BytesView bytes) override {
        error_code error;
        const std::size_t size =
            descriptor_->socket.write_some(asio::buffer(bytes.data(), bytes.size()), error);
        if (error && error != asio::error::would_block)
            return fail(network_error(error, "write to " + remote().text()));
        return size;
    }

    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        const std::shared_ptr<Descriptor> descriptor = descriptor_;
        if (descriptor->closed)
            co_return fail(Errc::cancelled, "connection is closed");
        if (!descriptor->awaits_read) {
            descriptor->socket.async_wait(tcp::socket::wait_read, [descriptor](error_code) {
                descriptor->awaits_read = false;
                descriptor->can_read.notify();
            });
            descriptor->awaits_read = true; // not before, for asking may throw
        }
        const auto in_time = co_await descriptor->can_read.wait(until);
        if (descriptor->closed)
            co_return fail(Errc::cancelled, "connection is closed");
        if (!in_time)
            co_return fail(Errc::timeout, "nothing came from {} in time",
                           descriptor->remote.text());
        co_return Result<void>();
    }

    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        const std::shared_ptr<Descriptor> descriptor = descriptor_;
        if (descriptor->closed)
            co_return fail(Errc::cancelled, "connection is closed");
        if (!descriptor->awaits_write) {
            descriptor->socket.async_wait(tcp::socket::wait_write, [descriptor](error_code) {
                descriptor->awaits_write = false;
                descriptor->can_write.notify();
            });
            descriptor->awaits_write = true;
        }
        const auto in_time = co_await descriptor->can_write.wait(until);
        if (descriptor->closed)
            co_return fail(Errc::cancelled, "connection is closed");
        if (!in_time)
            co_return fail(Errc::timeout, "{} took nothing in time", descriptor->remote.text());
        co_return Result<void>();
    }

    void end() override {
        error_code ignored;
        descriptor_->socket.shutdown(tcp::socket::shutdown_send, ignored);
    }
    void close() override { descriptor_->close(); }
    [[nodiscard]] SocketAddress local() const override { return descriptor_->local; }
    [[nodiscard]] SocketAddress remote() const override { return descriptor_->remote; }

private:
    std::shared_ptr<Descriptor> descriptor_;
};

/// As Descriptor.
struct Listening {
    Listening(asio::io_context& context, EventLoop& event_loop)
        : acceptor(context), loop(event_loop), arrived(event_loop) {}
    tcp::acceptor acceptor;
    EventLoop& loop;
    SocketAddress local;
    Signal arrived;
    bool awaits = false;
    bool closed = false;
};

class SystemAcceptor final : public Acceptor {
public:
    explicit SystemAcceptor(std::shared_ptr<Listening> listening)
        : listening_(std::move(listening)) {}
    ~SystemAcceptor() override { SystemAcceptor::close(); }

    [[nodiscard]] Task<Result<std::unique_ptr<Socket>>> accept() override {
        const std::shared_ptr<Listening> listening = listening_;
        while (!listening->closed) {
            error_code error;
            tcp::socket socket = listening->acceptor.accept(error);
            if (!error) {
                auto descriptor = std::make_shared<Descriptor>(std::move(socket), listening->loop);
                if (!descriptor->set_up())
                    continue; // it has gone again
                std::unique_ptr<Socket> accepted = std::make_unique<SystemSocket>(descriptor);
                co_return Result<std::unique_ptr<Socket>>(std::move(accepted));
            }
            if (error == asio::error::connection_aborted)
                continue;
            if (error != asio::error::would_block)
                co_return fail(network_error(error, "accept at " + listening->local.text()));
            if (!listening->awaits) {
                listening->acceptor.async_wait(tcp::acceptor::wait_read, [listening](error_code) {
                    listening->awaits = false;
                    listening->arrived.notify();
                });
                listening->awaits = true;
            }
            co_await listening->arrived.wait();
        }
        co_return fail(Errc::cancelled, "{} listens no more", listening->local.text());
    }

    [[nodiscard]] SocketAddress local() const override { return listening_->local; }
    void close() override {
        if (std::exchange(listening_->closed, true))
            return;
        error_code ignored;
        listening_->acceptor.close(ignored);
        listening_->arrived.notify();
    }

private:
    std::shared_ptr<Listening> listening_;
};

} // namespace

Result<std::unique_ptr<Acceptor>> SystemNetwork::listen(const SocketAddress& at) {
    auto listening = std::make_shared<Listening>(loop_.reactor_->context, loop_);
    tcp::acceptor& acceptor = listening->acceptor;
    const tcp::endpoint endpoint = endpoint_of(at);
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error)
        acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    // IPv4 has a socket of its own, so that both can have one port.
    if (!error && at.ip_bytes == 16)
        acceptor.set_option(asio::ip::v6_only(true), error);
    if (!error)
        acceptor.bind(endpoint, error);
    if (!error)
        acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (!error)
        acceptor.non_blocking(true, error);
    if (!error)
        listening->local = address_of(acceptor.local_endpoint(error));
    if (error)
        return fail(network_error(error, "listen at " + at.text()));
    return std::unique_ptr<Acceptor>(std::make_unique<SystemAcceptor>(std::move(listening)));
}

Task<Result<std::unique_ptr<Socket>>> SystemNetwork::connect(SocketAddress to,
                                                             Clock::Instant until) {
    struct Outcome {
        bool known = false;
        error_code error;
    };
    const auto descriptor = std::make_shared<Descriptor>(loop_.reactor_->context, loop_);
    const auto outcome = std::make_shared<Outcome>();
    std::unique_ptr<Socket> socket = std::make_unique<SystemSocket>(descriptor);
    descriptor->socket.async_connect(endpoint_of(to), [descriptor, outcome](error_code error) {
        outcome->known = true;
        outcome->error = error;
        descriptor->can_write.notify();
    });
    const std::string what = "connect to " + to.text();
    while (!outcome->known) {
        const auto in_time = co_await descriptor->can_write.wait(until);
        if (!in_time)
            co_return fail(Errc::timeout, "{}: no answer in time", what);
    }
    if (outcome->error)
        co_return fail(network_error(outcome->error, what));
    auto ready = descriptor->set_up();
    if (!ready)
        co_return fail(std::move(ready.error()));
    co_return Result<std::unique_ptr<Socket>>(std::move(socket));
}

std::optional<SocketAddress> SystemNetwork::outward() {
    // Whoever is there: a datagram socket that is connected has an address, and sends nothing.
    sockaddr_in somewhere{};
    somewhere.sin_family = AF_INET;
    somewhere.sin_port = htons(53);
    somewhere.sin_addr.s_addr = htonl(0x01010101);
    sockaddr_in own{};
    socklen_t size = sizeof own;
    const Fd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd ||
        ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&somewhere), sizeof somewhere) != 0 ||
        ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&own), &size) != 0)
        return std::nullopt;
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(&own.sin_addr);
    return SocketAddress(BytesView(bytes, 4), 0);
}

Result<std::vector<SocketAddress>> SystemNetwork::interfaces() const {
    ifaddrs* first = nullptr;
    if (::getifaddrs(&first) != 0)
        return fail(system_error(errno, "list the interfaces of this host"));
    const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> all(first, &::freeifaddrs);
    std::vector<SocketAddress> v4;
    std::vector<SocketAddress> v6;
    for (const ifaddrs* one = first; one != nullptr; one = one->ifa_next) {
        if (one->ifa_addr == nullptr || (one->ifa_flags & IFF_UP) == 0)
            continue;
        if (one->ifa_addr->sa_family == AF_INET) {
            sockaddr_in address;
            std::memcpy(&address, one->ifa_addr, sizeof address);
            const auto* bytes = reinterpret_cast<const std::uint8_t*>(&address.sin_addr);
            v4.emplace_back(BytesView(bytes, 4), std::uint16_t{0});
        } else if (one->ifa_addr->sa_family == AF_INET6) {
            sockaddr_in6 address;
            std::memcpy(&address, one->ifa_addr, sizeof address);
            // A link-local one means nothing without the name of its interface.
            if (!IN6_IS_ADDR_LINKLOCAL(&address.sin6_addr))
                v6.emplace_back(BytesView(address.sin6_addr.s6_addr, 16), std::uint16_t{0});
        }
    }
    v4.insert(v4.end(), v6.begin(), v6.end());
    return v4;
}

} // namespace codex
