// What a tool says when it has no memory left to say it with.
#pragma once

#include <string_view>

namespace codex::cli::detail {

// An exception that nobody catches (it came before run_tool(), or out of a destructor, or while
// another one was on its way) ends the process with such a line and an exit code, not by SIGABRT.

/// Prepares the error line of `tool`, or its JSON form; until then it has the program's name. Once
/// a process, before there are threads.
void prepare_last_words(std::string_view tool, bool json);

/// Writes the line to stderr; allocates nothing. Gives the exit code.
int say_out_of_memory();

} // namespace codex::cli::detail
