// Descriptors that a process was given, as sockets of an event loop.
#include "base/detail/reactor.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <fcntl.h>
#include <sys/stat.h>

namespace codex {

namespace {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

/// One way of a pipe, and who waits for it. Handlers that the reactor holds keep it alive.
struct PipeEnd {
    PipeEnd(asio::io_context& context, EventLoop& loop) : descriptor(context), ready(loop) {}
    stream_descriptor descriptor;
    Signal ready;
    bool awaits = false; ///< the reactor was asked
    bool closed = false;

    void close() {
        if (std::exchange(closed, true))
            return;
        error_code ignored;
        descriptor.close(ignored);
        ready.notify();
    }
};

class PipeSocket final : public Socket {
public:
    PipeSocket(std::string name, std::shared_ptr<PipeEnd> in, std::shared_ptr<PipeEnd> out)
        : name_(std::move(name)), in_(std::move(in)), out_(std::move(out)) {}
    ~PipeSocket() override { PipeSocket::close(); }

    [[nodiscard]] Result<std::optional<std::size_t>> try_read(MutableBytes to) override {
        error_code error;
        const std::size_t size =
            in_->descriptor.read_some(asio::buffer(to.data(), to.size()), error);
        if (error == asio::error::would_block)
            return std::optional<std::size_t>();
        if (error == asio::error::eof)
            return std::optional<std::size_t>(0);
        if (error)
            return fail(failed(error, "read from"));
        return std::optional<std::size_t>(size);
    }
    [[nodiscard]] Result<std::size_t> try_write(BytesView bytes) override {
        error_code error;
        const std::size_t size =
            out_->descriptor.write_some(asio::buffer(bytes.data(), bytes.size()), error);
        if (error && error != asio::error::would_block)
            return fail(failed(error, "write to"));
        return size;
    }
    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        return wait(in_, stream_descriptor::wait_read, "nothing came from " + name_ + " in time",
                    until);
    }
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        return wait(out_, stream_descriptor::wait_write, name_ + " took nothing in time", until);
    }
    void end() override { out_->close(); }
    void close() override {
        in_->close();
        out_->close();
    }
    [[nodiscard]] SocketAddress local() const override { return {}; }
    [[nodiscard]] SocketAddress remote() const override { return {}; }

private:
    [[nodiscard]] Error failed(const error_code& error, std::string_view doing) const {
        const bool broken =
            error.value() == EPIPE || error.value() == ECONNRESET || error.value() == EBADF;
        return {broken ? Errc::unavailable : Errc::io,
                fmt::format("{} {}: {}", doing, name_, error.message())};
    }
    static Task<Result<void>> wait(std::shared_ptr<PipeEnd> end, stream_descriptor::wait_type what,
                                   std::string late, Clock::Instant until) {
        if (end->closed)
            co_return fail(Errc::cancelled, "pipe is closed");
        if (!end->awaits) {
            end->descriptor.async_wait(what, [end](error_code) {
                end->awaits = false;
                end->ready.notify();
            });
            end->awaits = true; // not before, for asking may throw
        }
        const auto in_time = co_await end->ready.wait(until);
        if (end->closed)
            co_return fail(Errc::cancelled, "pipe is closed");
        if (!in_time)
            co_return fail(Errc::timeout, "{}", late);
        co_return Result<void>();
    }

    std::string name_;
    std::shared_ptr<PipeEnd> in_;
    std::shared_ptr<PipeEnd> out_;
};

/// The same pipe, opened once more where that can be: that it does not block is then nobody else's
/// matter.
Result<Fd> own(Fd fd, int flags, const std::string& name) {
    struct stat about = {};
    if (::fstat(fd.get(), &about) != 0)
        return fail(system_error(errno, "look at " + name));
    if (S_ISFIFO(about.st_mode)) {
        const std::string path = fmt::format("/proc/self/fd/{}", fd.get());
        Fd again(::open(path.c_str(), flags | O_NONBLOCK | O_CLOEXEC));
        if (again)
            return again;
    }
    return fd;
}

} // namespace

Result<std::unique_ptr<Socket>> SystemNetwork::pipe(Fd in, Fd out, const std::string& name) {
    asio::io_context& context = loop_.reactor_->context;
    const auto read = std::make_shared<PipeEnd>(context, loop_);
    const auto write = std::make_shared<PipeEnd>(context, loop_);
    CODEX_TRY(own_in, own(std::move(in), O_RDONLY, name));
    CODEX_TRY(own_out, own(std::move(out), O_WRONLY, name));
    error_code error;
    read->descriptor.assign(own_in.get(), error);
    if (!error)
        (void)own_in.release(); // it is the descriptor's now
    if (!error)
        read->descriptor.non_blocking(true, error);
    if (!error)
        write->descriptor.assign(own_out.get(), error);
    if (!error)
        (void)own_out.release();
    if (!error)
        write->descriptor.non_blocking(true, error);
    if (error)
        return fail(Errc::io, "{}: {}", name, error.message());
    return std::unique_ptr<Socket>(std::make_unique<PipeSocket>(name, read, write));
}

} // namespace codex
