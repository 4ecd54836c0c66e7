#include "node/record_file.hpp"

#include "base/fd.hpp"

#include <charconv>
#include <condition_variable>
#include <fcntl.h>
#include <mutex>
#include <optional>

namespace codex::node {

namespace {

/// Numbers are seconds: beyond the year 9999 none is a time that a clock has said. From the highest
/// number of all there is none to go on to, and nobody would take a record of this node again.
constexpr std::uint64_t kMaxRecord = 253'402'300'799;

} // namespace

/// Threads: all of it, by the mutex.
struct RecordFile::State {
    State(std::string of, log::Logger with) : path(std::move(of)), log(std::move(with)) {}

    /// Writes what waits, until nothing does; not where another thread is at it, which then does.
    void write_waiting() {
        std::unique_lock lock(mutex);
        posted = false;
        if (writing)
            return;
        writing = true;
        while (waiting) {
            const std::string text = fmt::format("{}\n", *std::exchange(waiting, std::nullopt));
            lock.unlock();
            if (auto kept = write_file_atomic(path, as_bytes(text), 0600); !kept)
                log.warn("The number of the last record is not kept", {{"error", kept.error()}});
            lock.lock();
        }
        writing = false;
        idle.notify_all();
    }

    const std::string path;
    const log::Logger log;
    std::mutex mutex;
    std::condition_variable idle;
    std::optional<std::uint64_t> waiting;
    bool posted = false; // a job that has not begun yet
    bool writing = false;
};

RecordFile::RecordFile(std::string path, log::Logger log)
    : state_(std::make_shared<State>(std::move(path), std::move(log))) {}

RecordFile::~RecordFile() {
    finish();
}

std::uint64_t RecordFile::last() const {
    const std::string& path = state_->path;
    // Whatever stands in its place, nobody waits for it.
    const auto fd = open_file(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
    if (!fd && fd.error().code() == Errc::not_found)
        return 0;
    Bytes text(64);
    const auto size = fd ? read_full(fd->get(), text, path) : Result<std::size_t>(0);
    std::uint64_t number = 0;
    const std::string_view line = as_text(BytesView(text).first(size.value_or(0)));
    const auto read = std::from_chars(line.begin(), line.end(), number);
    if (read.ec == std::errc() && std::string_view(read.ptr, line.end()) == "\n" &&
        number <= kMaxRecord)
        return number;
    state_->log.warn("The number of the last record is not known", {{"file", path}});
    return 0;
}

void RecordFile::keep(std::uint64_t number) {
    {
        const std::lock_guard lock(state_->mutex);
        state_->waiting = number;
        if (executor_ != nullptr && std::exchange(state_->posted, true))
            return;
    }
    if (executor_ != nullptr)
        executor_->post([state = state_] { state->write_waiting(); });
    else
        state_->write_waiting();
}

void RecordFile::finish() {
    executor_ = nullptr;
    state_->write_waiting();
    std::unique_lock lock(state_->mutex);
    state_->idle.wait(lock, [this] { return !state_->writing; });
}

} // namespace codex::node
