#include "base/detail/stream_socket.hpp"

#include "base/detail/socket_error.hpp"
#include "base/detail/system_address.hpp"

namespace codex::detail {

Result<void> StreamSocket::look_at_ends() {
    CODEX_SET(local_, SystemAddress::local_of(of_->fd()));
    CODEX_SET(remote_, SystemAddress::remote_of(of_->fd()));
    return {};
}

Result<std::optional<std::size_t>> StreamSocket::try_read(MutableBytes to) {
    if (of_->closed())
        return fail(of_->closed_here());
    const ssize_t size = ::recv(of_->fd(), to.data(), to.size(), MSG_DONTWAIT);
    if (size >= 0)
        return std::optional(static_cast<std::size_t>(size));
    if (errno == EAGAIN || errno == EINTR)
        return std::optional<std::size_t>();
    return fail(socket_error(errno, "read from " + of_->name()));
}

Result<std::size_t> StreamSocket::try_write(BytesView bytes) {
    if (of_->closed())
        return fail(of_->closed_here());
    const ssize_t size = ::send(of_->fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (size >= 0)
        return static_cast<std::size_t>(size);
    if (errno == EAGAIN || errno == EINTR)
        return std::size_t{0};
    return fail(socket_error(errno, "write to " + of_->name()));
}

void StreamSocket::end() {
    if (!of_->closed())
        ::shutdown(of_->fd(), SHUT_WR);
}

/// Null, when there is none now.
Result<std::unique_ptr<Socket>> StreamAcceptor::try_accept() {
    for (;;) {
        Fd fd(::accept4(of_->fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd) {
            CODEX_TRY(accepted, take(std::move(fd)));
            if (accepted)
                return accepted;
        } else if (errno == EAGAIN) {
            return std::unique_ptr<Socket>();
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return fail(socket_error(errno, "accept at " + of_->name()));
        }
    }
}

Task<Result<std::unique_ptr<Socket>>> StreamAcceptor::accept() {
    const DescriptorPtr of = of_; // which stays when this goes
    while (!of->closed()) {
        auto accepted = try_accept();
        if (!accepted || *accepted)
            co_return std::move(accepted);
        const auto arrived = co_await Descriptor::readable(of, Clock::Instant::max());
        static_cast<void>(arrived); // it may have been closed
    }
    co_return fail(Errc::cancelled, "{} listens no more", of->name());
}

} // namespace codex::detail
