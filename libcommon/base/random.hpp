// Random bytes, as a library function asks for them: an interface, so that a simulation repeats
// itself. What must stay secret asks for a SecretRandom, which a seeded one is not.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <mutex>

namespace codex {

class SecretRandom;

/// Bytes without a pattern: for numbers that shall not meet, and for choices.
/// Threads: all calls from any thread, at once.
class Random {
public:
    Random() = default;
    Random(const Random&) = delete;
    Random& operator=(const Random&) = delete;
    virtual ~Random() = default;

    /// Fills all of `out`. Errors: io, when the system has none to give.
    [[nodiscard]] virtual Result<void> fill(MutableBytes out) = 0;
    /// 64 of its bits. Errors: those of fill().
    [[nodiscard]] Result<std::uint64_t> number();
    /// One of 0 to `bound` - 1, each as likely; `bound` is not 0. Errors: those of fill().
    [[nodiscard]] Result<std::uint64_t> below(std::uint64_t bound);

    /// The system's: getrandom(2).
    [[nodiscard]] static SecretRandom& system();
};

/// Bytes that nobody else can foresee or learn: for keys, and for what an opponent must not guess.
/// Derive from it only what gives such bytes, or, in a test, what says by its name that it does
/// not. Threads: all calls from any thread, at once.
class SecretRandom : public Random {};

/// The same bytes for the same seed, on every machine and in every release (xoshiro256** behind
/// splitmix64): for simulations and tests. `stream` tells those apart that one seed serves, a node
/// or a run each. Threads: all calls from any thread, at once, which then share the bytes out.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed, std::uint64_t stream = 0);
    [[nodiscard]] Result<void> fill(MutableBytes out) override;

private:
    [[nodiscard]] std::uint64_t next();
    std::mutex mutex_;
    std::array<std::uint64_t, 4> state_{};
};

} // namespace codex
