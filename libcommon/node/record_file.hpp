// The number of the last record that a node has signed, in a file of its own.
#pragma once

#include "base/executor.hpp"
#include "base/log.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace codex::node {

/// Keeps numbers for the next time. Each is synced; what cannot be written is said in the log.
/// Threads: its owner alone calls it; an executor's threads write the file.
class RecordFile {
public:
    RecordFile(std::string path, log::Logger log);
    /// As finish().
    ~RecordFile();
    RecordFile(const RecordFile&) = delete;
    RecordFile& operator=(const RecordFile&) = delete;

    /// The last that was kept; 0, when none is known: what is no time, as seconds since 1970, is
    /// said in the log, and is none.
    [[nodiscard]] std::uint64_t last() const;
    /// Writes `number`: at once, or, once somebody writes beside, soon, of several that wait the
    /// last. No earlier one is written behind it.
    void keep(std::uint64_t number);
    /// From here on `executor` writes, until finish(), so that no loop waits for the disk. A kill
    /// may lose what was to be kept just then, which the clock is beyond when the node begins
    /// again.
    void write_beside(Executor& executor) { executor_ = &executor; }
    /// Returns when the last number is written. The executor is used no more; it may end before.
    void finish();

private:
    struct State;
    std::shared_ptr<State> state_; // a job of the executor's may begin later than this ends
    Executor* executor_ = nullptr;
};

} // namespace codex::node
