// REPO/lock-write: where writers of all processes queue before they begin a transaction.
//
// LMDB has a mutex for that, too; but whoever waits for a mutex waits without an end, knows of no
// holder to name, and must not share it with another PID namespace. So it is taken only behind this
// gate, where nobody else wants it.
#pragma once

#include "base/fd.hpp"
#include "repo/index/surroundings.hpp"

#include <memory>

namespace codex::repo::detail {

class WriteGate {
public:
    /// Makes the file when it is not there: it only serves to wait. Errors: permission, no_space,
    /// io, repo_damaged when it is not a regular file.
    [[nodiscard]] static Result<std::unique_ptr<WriteGate>> open(const std::string& path,
                                                                 const Surroundings& around);
    ~WriteGate();
    WriteGate(const WriteGate&) = delete;
    WriteGate& operator=(const WriteGate&) = delete;

    /// Being inside; leaves when it ends.
    class Turn {
    public:
        Turn() = default;
        explicit Turn(const WriteGate* gate) : gate_(gate) {}
        Turn(Turn&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
        Turn& operator=(Turn&& other) noexcept {
            std::swap(gate_, other.gate_);
            return *this;
        }
        ~Turn() {
            if (gate_ != nullptr)
                gate_->leave();
        }

    private:
        const WriteGate* gate_ = nullptr;
    };
    /// One thread of a process at a time. Errors: repo_locked after the wait of the
    /// surroundings, naming who is inside; io.
    [[nodiscard]] Result<Turn> enter() const;

private:
    struct Page;
    WriteGate(std::string path, Fd fd, const Surroundings& around);
    [[nodiscard]] Result<void> queue() const;
    [[nodiscard]] std::string who() const;
    void leave() const;
    void sleep() const;
    [[nodiscard]] Page read_page() const;
    void write_note() const;
    std::string path_;
    Fd fd_;
    const Surroundings& around_;
    std::string note_;
    void* word_ = nullptr; // the first bytes of the file, for futex(2) alone
};

} // namespace codex::repo::detail
