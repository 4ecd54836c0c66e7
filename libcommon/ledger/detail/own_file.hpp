// Opening what lies in a ledger, which may come from anybody (codex-ledger(5), FILES).
#pragma once

#include "base/fd.hpp"

namespace codex::ledger::detail {

/// open(2) of a file of a ledger, mode 0600 when it is made. Never follows a link, never waits for
/// another process, and touches nothing but regular files. Errors: system_error of "open PATH";
/// ledger_damaged when it is something else.
[[nodiscard]] Result<Fd> open_own_file(const std::string& path, int flags);
/// Refuses what is there and is no regular file. Errors: ledger_damaged.
[[nodiscard]] Result<void> require_own_file(const std::string& path);
/// Refuses a folder where a file is to be put in the place of whatever is there. Errors:
/// ledger_damaged.
[[nodiscard]] Result<void> require_no_folder(const std::string& path);

} // namespace codex::ledger::detail
