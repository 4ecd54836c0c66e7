// A ledger that is being made: beside its place, until it is whole.
#pragma once

#include "base/error.hpp"

#include <string>

namespace codex::ledger::detail {

/// What was begun and not finished goes when this does.
/// Threads: one at a time.
class Making {
public:
    /// At `path` is nothing, or an empty folder. Errors: ledger_exists, exists, cannot_create,
    /// permission, no_space.
    [[nodiscard]] static Result<Making> begin(const std::string& path);
    Making(Making&& other) noexcept;
    Making& operator=(Making&&) = delete;
    ~Making();

    /// Where it is made.
    [[nodiscard]] const std::string& folder() const { return folder_; }
    /// The first of its files, and those that begin empty.
    [[nodiscard]] Result<void> write_genesis(const std::string& text) const;
    /// On the disk and in its place. Errors: ledger_exists, exists; no_space, io.
    [[nodiscard]] Result<void> finish();

private:
    Making(std::string path, std::string folder)
        : path_(std::move(path)), folder_(std::move(folder)) {}
    std::string path_;
    std::string folder_; // empty: there is nothing to take away
};

} // namespace codex::ledger::detail
