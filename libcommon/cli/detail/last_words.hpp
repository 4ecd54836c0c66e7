// What a tool says when it has no memory left to say it with.
#pragma once

#include <string>
#include <string_view>

namespace codex::cli::detail {

// An exception that nobody catches (it came before run_tool(), or out of a destructor, or while
// another one was on its way) ends the process with such a line and an exit code, not by SIGABRT.

/// What can be done where there is not enough memory.
[[nodiscard]] std::string hint_for_memory();

/// Prepares the error line of `tool` and its hint, or its JSON form; until then it has the
/// program's name. `command` is what is done, without the tool; empty: that is not known yet.
/// Before there are threads.
void prepare_last_words(std::string_view tool, std::string_view command, bool json);

/// Writes the line to stderr; allocates nothing. Gives the exit code.
int say_out_of_memory();

} // namespace codex::cli::detail
