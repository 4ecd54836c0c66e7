// Bytes that come, or go, in order: from and to a descriptor (base/fd_stream.hpp), memory, or a
// connection. Who reads and writes them does not know which.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <string>

namespace codex {

/// Gives bytes, each once.
/// Threads: one at a time; cancel() and name() from any thread, at any time.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;
    ByteSource& operator=(ByteSource&&) = delete;

    /// Waits for the next bytes and gives what there is, at least one and at most `to`; 0 at the
    /// end alone, or when `to` is empty. Errors: cancelled; those of where they come from.
    [[nodiscard]] Result<std::size_t> read_some(MutableBytes to);
    /// Reads until `to` is full, or the end; gives how many.
    [[nodiscard]] Result<std::size_t> read(MutableBytes to);
    /// Nobody wants more: a read that waits, and all later ones, give `cancelled`, which no reader
    /// can take for the end.
    virtual void cancel() = 0;

    /// Bytes from here to the end, as far as that is known before they came; else 0.
    [[nodiscard]] virtual std::uint64_t remaining_bytes() const { return 0; }
    /// Given out so far.
    [[nodiscard]] std::uint64_t bytes_read() const { return bytes_read_; }
    /// What errors call it: a path, "stdin", a peer.
    [[nodiscard]] const std::string& name() const { return name_; }

protected:
    explicit ByteSource(std::string name) : name_(std::move(name)) {}
    ByteSource(ByteSource&&) = default;

private:
    /// As read_some(), with room for a byte at least.
    [[nodiscard]] virtual Result<std::size_t> take(MutableBytes to) = 0;

    std::string name_;
    std::uint64_t bytes_read_ = 0;
};

/// Takes bytes.
/// Threads: one at a time; cancel() and name() from any thread, at any time.
class ByteSink {
public:
    virtual ~ByteSink() = default;
    ByteSink(const ByteSink&) = delete;
    ByteSink& operator=(const ByteSink&) = delete;
    ByteSink& operator=(ByteSink&&) = delete;

    /// Takes all of `bytes`, or some before an error; waits for room. Errors: cancelled; those of
    /// where they go.
    [[nodiscard]] virtual Result<void> write(BytesView bytes) = 0;
    /// Hands on what was gathered so far; more may follow. Errors: as write().
    [[nodiscard]] virtual Result<void> flush() { return {}; }
    /// Nobody writes more: a write() that waits, and all later ones, give `cancelled`.
    virtual void cancel() = 0;

    /// What errors call it.
    [[nodiscard]] const std::string& name() const { return name_; }

protected:
    explicit ByteSink(std::string name) : name_(std::move(name)) {}
    ByteSink(ByteSink&&) = default;

private:
    std::string name_;
};

/// The error of a stream that was cancelled; `doing` is "read" or "write".
[[nodiscard]] Error cancelled(std::string_view doing, std::string_view name);

} // namespace codex
