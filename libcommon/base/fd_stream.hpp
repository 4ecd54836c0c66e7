// Descriptors as streams that can be cancelled: a plain read(2) of a pipe nobody writes to, or
// write(2) to one nobody reads, would keep a whole job from ending.
#pragma once

#include "base/fd.hpp"
#include "base/stream.hpp"

namespace codex {

namespace detail {

/// Wakes whoever waits for a descriptor, once and for all.
/// Threads: all calls from any thread, at once.
class StopSignal {
public:
    /// Errors: io.
    [[nodiscard]] static Result<StopSignal> create();
    void send() const;
    /// Waits until `fd` is ready for `events`; false when it was told to stop. Errors: io.
    [[nodiscard]] Result<bool> wait(int fd, short events, std::string_view what) const;

private:
    explicit StopSignal(Fd event) : event_(std::move(event)) {}
    Fd event_; // an eventfd, readable for good once sent
};

} // namespace detail

/// Reads a descriptor from where it stands. Errors of reading: system_error, naming it.
/// Threads: as ByteSource.
class FdSource final : public ByteSource {
public:
    /// `fd` stays the caller's. Errors: io.
    [[nodiscard]] static Result<FdSource> create(int fd, std::string_view name);

    void cancel() override { stop_.send(); }
    /// Of a regular file; 0 of others.
    [[nodiscard]] std::uint64_t remaining_bytes() const override;

private:
    FdSource(int fd, std::string_view name, detail::StopSignal stop)
        : ByteSource(std::string(name)), fd_(fd), stop_(std::move(stop)) {}
    [[nodiscard]] Result<std::size_t> take(MutableBytes to) override;

    int fd_;
    detail::StopSignal stop_;
};

/// Writes to a descriptor where it stands, at once: it gathers nothing. Errors of writing:
/// system_error, naming it; EPIPE is an io error like others (tools die of SIGPIPE before).
/// Threads: as ByteSink.
class FdSink final : public ByteSink {
public:
    /// `fd` stays the caller's, and open until this ends. Errors: io.
    [[nodiscard]] static Result<FdSink> create(int fd, std::string_view name);

    [[nodiscard]] Result<void> write(BytesView bytes) override;
    void cancel() override { stop_.send(); }

private:
    /// How a write(2) is kept from waiting where cancel() does not reach it.
    enum class Way : std::uint8_t {
        plain,  ///< files and devices do not wait for long
        ready,  ///< our own descriptor of a pipe or terminal, which does not block
        socket, ///< send(2) need not block
        pieces, ///< so little at a time that there is room when poll(2) says so
    };
    FdSink(int fd, std::string_view name, detail::StopSignal stop)
        : ByteSink(std::string(name)), fd_(fd), stop_(std::move(stop)) {}
    [[nodiscard]] ssize_t write_some(BytesView bytes) const;

    int fd_;
    Fd own_; // of Way::ready
    Way way_ = Way::plain;
    detail::StopSignal stop_;
};

} // namespace codex
