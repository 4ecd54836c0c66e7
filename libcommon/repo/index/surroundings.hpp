// What an open repo asks of the world around it, instead of asking the process.
#pragma once

#include "repo/types.hpp"

namespace codex::repo::detail {

/// Of one store, as its first handle was opened; those it refers to outlive it.
/// Threads: any; it does not change.
struct Surroundings {
    const Clock& clock;
    Random& random;
    Disk& disk;
    const Limits limits;
    const std::uint64_t wait_seconds; ///< for locks of others
    const log::Logger log;

    explicit Surroundings(const OpenOptions& options)
        : clock(options.clock), random(options.random), disk(options.disk), limits(options.limits),
          wait_seconds(options.lock_timeout_seconds),
          log(options.log.with_topics("codex repostore")) {}

    /// Of a wait for a lock that begins now.
    [[nodiscard]] Deadline deadline() const { return Deadline::after_seconds(clock, wait_seconds); }
};

} // namespace codex::repo::detail
