// A queue between two stages of a pipeline, each a thread.
//
// It needs no bound: what runs through it is a fixed set of buffers that circulate, so a stage
// that is ahead waits for a free one.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace codex::dataset::detail {

template <class T> class Channel {
public:
    /// Dropped when the channel was cancelled.
    void push(T item) {
        {
            const std::lock_guard lock(mutex_);
            if (cancelled_)
                return;
            items_.push_back(std::move(item));
        }
        wake_.notify_one();
    }

    /// Waits for the next item; nothing when the channel is closed and empty, or cancelled.
    [[nodiscard]] std::optional<T> pop() {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return cancelled_ || closed_ || !items_.empty(); });
        if (cancelled_ || items_.empty())
            return std::nullopt;
        T item = std::move(items_.front());
        items_.pop_front();
        return item;
    }

    /// The producer is done: pop() gives what is left, then nothing.
    void close() {
        {
            const std::lock_guard lock(mutex_);
            closed_ = true;
        }
        wake_.notify_all();
    }

    /// Somebody failed: pop() gives nothing from now on.
    void cancel() {
        {
            const std::lock_guard lock(mutex_);
            cancelled_ = true;
            items_.clear();
        }
        wake_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<T> items_;
    bool closed_ = false;
    bool cancelled_ = false;
};

} // namespace codex::dataset::detail
