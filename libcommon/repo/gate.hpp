// A file at which processes, and threads, queue for something that one of them does at a time.
#pragma once

#include "repo/types.hpp"

#include <memory>

namespace codex::repo {

/// Kernel locks: who ends, in whatever way, has left. A process opens each such file once, and
/// never carries it across fork.
/// Threads: all calls from any thread, at once.
class Gate {
public:
    /// Makes the file where it is not there. `options` says how long is waited, and by which clock;
    /// what it refers to outlives the gate. Errors: permission, no_space, io; repo_damaged, where
    /// the name is that of something else.
    [[nodiscard]] static Result<std::unique_ptr<Gate>> open(const std::string& path,
                                                            const OpenOptions& options);
    ~Gate();
    Gate(const Gate&) = delete;
    Gate& operator=(const Gate&) = delete;

    /// Being inside; leaves when it ends, in the thread that entered.
    /// Threads: one.
    class Turn {
    public:
        Turn(Turn&&) noexcept;
        Turn& operator=(Turn&&) = delete;
        ~Turn();

    private:
        friend class Gate;
        struct Parts;
        explicit Turn(std::unique_ptr<Parts> parts);
        std::unique_ptr<Parts> parts_;
    };
    /// Errors: repo_locked after the wait of the options, naming who is inside; io.
    [[nodiscard]] Result<Turn> enter() const;

private:
    struct Parts;
    explicit Gate(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

} // namespace codex::repo
