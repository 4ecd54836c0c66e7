#include "repo/gate.hpp"

#include "repo/index/write_gate.hpp"

#include <mutex>

namespace codex::repo {

struct Gate::Parts {
    Parts(std::string of, const OpenOptions& options) : path(std::move(of)), around(options) {}
    std::string path;
    const detail::Surroundings around;
    std::unique_ptr<detail::WriteGate> gate;
    std::timed_mutex threads; // the kernel's locks are the process's
};

/// The process leaves before the next thread may enter.
struct Gate::Turn::Parts {
    std::unique_lock<std::timed_mutex> thread;
    detail::WriteGate::Turn process;
};

Gate::Gate(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Gate::~Gate() = default;
Gate::Turn::Turn(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Gate::Turn::Turn(Turn&&) noexcept = default;
Gate::Turn::~Turn() = default;

Result<std::unique_ptr<Gate>> Gate::open(const std::string& path, const OpenOptions& options) {
    auto parts = std::make_unique<Parts>(path, options);
    CODEX_SET(parts->gate, detail::WriteGate::open(path, parts->around));
    return std::unique_ptr<Gate>(new Gate(std::move(parts)));
}

Result<Gate::Turn> Gate::enter() const {
    auto turn = std::make_unique<Turn::Parts>();
    turn->thread = std::unique_lock(parts_->threads, std::defer_lock);
    if (!lock_until(turn->thread, parts_->around.deadline()))
        return fail(Errc::repo_locked, "{}: held by another thread of this process", parts_->path);
    CODEX_SET(turn->process, parts_->gate->enter());
    return Turn(std::move(turn));
}

} // namespace codex::repo
