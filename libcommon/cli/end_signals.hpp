// Being told to end, or to look again, for a process that stays: SIGTERM, SIGINT and SIGHUP, as
// events.
#pragma once

#include "base/fd.hpp"
#include "base/thread.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <functional>
#include <mutex>

namespace codex::cli {

/// From its making on these signals end nothing by themselves; once it goes they do again, also one
/// that came and was told to nobody, unless the process ends already: then it has its own exit
/// status. It is made before the process has other threads, which would get them instead.
/// Threads: its owner alone calls it.
class EndSignals {
public:
    /// Longer than `grace` after the first that is to end the process, another one does so by
    /// itself: who sends it twice at once, as timeout(1) does, means it once.
    explicit EndSignals(std::chrono::milliseconds grace = std::chrono::seconds(1));
    ~EndSignals();
    EndSignals(const EndSignals&) = delete;
    EndSignals& operator=(const EndSignals&) = delete;

    /// Calls `told` in a thread of its own with each SIGHUP that comes, or has come, and with the
    /// first of the others, which is the last that is told. False when the system has no thread to
    /// give.
    [[nodiscard]] bool start(std::function<void(int signal)> told);
    /// The process ends: nothing is told any more, once this returns. One that comes after the
    /// first still ends the process.
    void stop_telling();

private:
    void stop();
    void tell(int signal);
    /// Until stop(); from then on SIGTERM and SIGINT end the process.
    void let_others_end();

    std::chrono::milliseconds grace_;
    std::mutex mutex_;
    std::function<void(int signal)> told_; ///< nobody, when it is empty
    std::atomic<bool> ends_ = false;       ///< the process
    sigset_t before_{};
    Fd signals_;
    Fd stopped_;
    Thread waiter_;
};

} // namespace codex::cli
