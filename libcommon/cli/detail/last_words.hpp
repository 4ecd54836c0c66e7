// What a tool says when it has no memory left to say it with.
#pragma once

#include <string_view>

namespace codex::cli::detail {

/// Prepares the error line of `tool`, and makes an exception that nobody catches (a destructor
/// threw it, or another one was on its way) end the process with such a line and an exit code, and
/// not by SIGABRT. Once a process, before there are threads.
void prepare_last_words(std::string_view tool, bool json);

/// Writes the line to stderr; allocates nothing. Gives the exit code.
int say_out_of_memory();

} // namespace codex::cli::detail
