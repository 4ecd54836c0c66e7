// The flags every tool has (codex-pipes(7), OPTIONS).
#pragma once

#include "cli/detail/node.hpp"
#include "cli/settings_file.hpp"

#include <string>
#include <vector>

namespace codex::cli::detail {

struct Globals {
    std::string repo;
    bool json = false;
    bool quiet = false;
    unsigned verbose = 0;
    std::string output;
    bool output_given = false;
    std::uint64_t threads = 0;
    std::string progress = "auto";
    std::string color = "auto";
    std::string log_level;
    std::string log_format = "text";
    bool dry_run = false;
    bool no_sync = false;
    bool fail_fast = false;
    std::uint64_t lock_timeout_seconds = 10;
    bool unordered = false;
    bool batch = false;
    bool buffer = false;
    std::string config_file; ///< as given; where it is by default, cli/settings.hpp knows
    /// How long it is waited for, where it is a pipe; nothing: not at all.
    std::optional<Clock::Duration> config_patience = kSettingsPatience;
};

/// The options of `globals`, which must outlive them.
[[nodiscard]] std::vector<OptionSpec> global_options(Globals& globals);

} // namespace codex::cli::detail
