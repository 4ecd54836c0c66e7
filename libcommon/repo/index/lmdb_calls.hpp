// What LMDB asks of the system, answered by us.
//
// The build renames a few undefined symbols of liblmdb.a (CMakeLists.txt), so that LMDB calls the
// functions of lmdb_calls.cpp: it opens files by the rules of open_own_file(), makes none that we
// did not ask for, waits for nobody for ever, and registers readers under a number that no process
// of another PID namespace has.
//
// LMDB passes nothing of ours through, so what a call may do, and on whose clock and disk, is said
// beside it, for its thread: every call is made under the rules of its environment. What stays one
// for the whole process is what the system has one of: the handlers of faults (base/fault.hpp), and
// the memory for pages (lmdb_memory.cpp).
#pragma once

#include "base/fault.hpp"
#include "repo/index/surroundings.hpp"

#include <cstdint>
#include <sys/types.h>

namespace codex::repo::detail::lmdb {

/// What the calls of this thread may do, from construction to destruction; they nest.
struct Rules {
    bool may_create = false; ///< an index that is not there, or empty
    pid_t number = 0;        ///< what LMDB takes for our process number; 0: the real one
    const Surroundings* around = nullptr; ///< outlives the rules; nullptr: the system, no waiting
};
class RulesScope {
public:
    explicit RulesScope(const Rules& rules);
    ~RulesScope();
    RulesScope(const RulesScope&) = delete;
    RulesScope& operator=(const RulesScope&) = delete;

private:
    const Rules* outer_;
};

/// The thread that held the lock for which this thread last waited in vain; 0: none.
[[nodiscard]] pid_t last_holder();

/// Where this thread last had LMDB map an index.
[[nodiscard]] void* last_map();

/// The code of a call that touched memory that was not there, or found the index so broken that
/// LMDB could not go on. None of LMDB's own, nor an errno.
constexpr int kFault = -31999;

/// How many mutexes of LMDB this thread holds, and giving back all but the first `keep`: those that
/// a call took that did not come to its end.
[[nodiscard]] unsigned held_mutexes();
void release_mutexes(unsigned keep);
/// The mutex that this thread took last, and giving back one of those it holds: that of a
/// transaction that is abandoned. Others may be of other repos.
[[nodiscard]] void* last_mutex();
void release_mutex(void* mutex);

/// Runs a call of LMDB and gives its code, or kFault. What the call locked is unlocked then; the
/// transaction it worked on must not be used again.
template <class Call> [[nodiscard]] int run(Call&& call) {
    int rc = kFault;
    const unsigned held = held_mutexes();
    if (guarded([&] { rc = call(); }))
        return rc;
    release_mutexes(held);
    return kFault;
}

} // namespace codex::repo::detail::lmdb
