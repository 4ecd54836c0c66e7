// Descriptors that a process was given, as sockets of an event loop.
#include "base/detail/descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex {

namespace {

using detail::Descriptor;
using detail::DescriptorPtr;

class PipeSocket final : public Socket {
public:
    PipeSocket(DescriptorPtr in, DescriptorPtr out) : in_(std::move(in)), out_(std::move(out)) {}
    ~PipeSocket() override { PipeSocket::close(); }

    [[nodiscard]] Result<std::optional<std::size_t>> try_read(MutableBytes to) override {
        const ssize_t size = ::read(in_->fd(), to.data(), to.size());
        if (size >= 0)
            return std::optional(static_cast<std::size_t>(size));
        if (errno == EAGAIN || errno == EINTR)
            return std::optional<std::size_t>();
        return fail(failed(errno, "read from " + in_->name()));
    }
    [[nodiscard]] Result<std::size_t> try_write(BytesView bytes) override {
        const ssize_t size = ::write(out_->fd(), bytes.data(), bytes.size());
        if (size >= 0)
            return static_cast<std::size_t>(size);
        if (errno == EAGAIN || errno == EINTR)
            return std::size_t{0};
        return fail(failed(errno, "write to " + out_->name()));
    }
    [[nodiscard]] Task<Result<void>> readable(Clock::Instant until) override {
        return Descriptor::readable(in_, until);
    }
    [[nodiscard]] Task<Result<void>> writable(Clock::Instant until) override {
        return Descriptor::writable(out_, until);
    }
    void end() override { out_->close(); }
    void close() override {
        in_->close();
        out_->close();
    }
    [[nodiscard]] SocketAddress local() const override { return {}; }
    [[nodiscard]] SocketAddress remote() const override { return {}; }

private:
    [[nodiscard]] static Error failed(int number, const std::string& doing) {
        const bool broken = number == EPIPE || number == ECONNRESET || number == EBADF;
        return {broken ? Errc::unavailable : Errc::io,
                fmt::format("{}: {}", doing, std::strerror(number))};
    }

    DescriptorPtr in_;
    DescriptorPtr out_;
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
    CODEX_TRY(own_in, own(std::move(in), O_RDONLY, name));
    CODEX_TRY(own_out, own(std::move(out), O_WRONLY, name));
    CODEX_TRY(read, Descriptor::make(loop_, std::move(own_in), name));
    CODEX_TRY(write, Descriptor::make(loop_, std::move(own_out), name));
    return std::unique_ptr<Socket>(std::make_unique<PipeSocket>(std::move(read), std::move(write)));
}

} // namespace codex
