// Streams in memory, and such as go wrong.
#pragma once

#include "base/stream.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace codex::test {

/// Gives `content`, which must outlive it, at most `step` bytes at once.
class MemorySource : public ByteSource {
public:
    explicit MemorySource(BytesView content, std::size_t step = SIZE_MAX,
                          std::string name = "memory")
        : ByteSource(std::move(name)), content_(content), step_(step) {}

    void cancel() override {
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
        wake_.notify_all();
    }
    /// What comes, once, after the content.
    void fail_at_end(Error error) { end_ = std::move(error); }
    /// After the content nothing comes, and no end, until it is cancelled.
    void wait_at_end() { waits_ = true; }
    /// Returns when a reader waits for what never comes.
    void until_it_waits() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return waiting_; });
    }

private:
    Result<std::size_t> take(MutableBytes to) override {
        std::unique_lock lock(mutex_);
        if (content_.empty() && waits_) {
            waiting_ = true;
            wake_.notify_all();
            wake_.wait(lock, [this] { return cancelled_; });
        }
        if (cancelled_)
            return fail(cancelled("read", name()));
        if (content_.empty() && end_)
            return fail(std::move(*std::exchange(end_, std::nullopt)));
        const std::size_t count = std::min({to.size(), step_, content_.size()});
        std::copy_n(content_.begin(), count, to.begin());
        content_ = content_.subspan(count);
        return count;
    }

    BytesView content_;
    std::size_t step_;
    std::optional<Error> end_;
    bool waits_ = false;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool cancelled_ = false, waiting_ = false;
};

/// Keeps what is written, and fails when it would be more than `room` bytes.
class MemorySink : public ByteSink {
public:
    explicit MemorySink(std::size_t room = SIZE_MAX) : ByteSink("memory"), room_(room) {}

    Result<void> write(BytesView bytes) override {
        if (cancelled_)
            return fail(cancelled("write", name()));
        if (bytes.size() > room_ - content_.size())
            return fail(Errc::no_space, "write {}: full", name());
        append(content_, bytes);
        flushed_ = false;
        return {};
    }
    Result<void> flush() override {
        flushed_ = true;
        return {};
    }
    void cancel() override { cancelled_ = true; }

    [[nodiscard]] const Bytes& content() const { return content_; }
    /// Whether all that was written was flushed.
    [[nodiscard]] bool flushed() const { return flushed_; }

private:
    std::size_t room_;
    std::atomic<bool> cancelled_{false};
    Bytes content_;
    bool flushed_ = false;
};

} // namespace codex::test
