#include "cli/detail/last_words.hpp"

#include "base/error.hpp"
#include "base/json_writer.hpp"
#include "base/memory_limit.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <unistd.h>

namespace codex::cli::detail {

namespace {

std::array<char, 512> last_line;
std::size_t line_bytes = 0;

void set_line(std::string_view text) {
    line_bytes = std::min(text.size(), last_line.size());
    std::copy_n(text.begin(), line_bytes, last_line.begin());
}

/// An exception that got away; what is not about memory is a mistake of ours.
[[noreturn]] void on_terminate() {
    try {
        if (const auto thrown = std::current_exception())
            std::rethrow_exception(thrown);
        std::fprintf(stderr, "bug: terminated\n");
    } catch (const std::bad_alloc&) {
        std::_Exit(say_out_of_memory());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bug: %s\n", error.what());
    } catch (...) {
        std::fprintf(stderr, "bug: an exception of no known kind\n");
    }
    std::_Exit(errc_exit_code(Errc::internal));
}

/// Before main(): what it makes for run_tool() may be refused memory, too. Allocates nothing.
[[maybe_unused]] const bool prepared = [] {
    std::array<char, 256> text;
    const int bytes = std::snprintf(text.data(), text.size(), "%.200s: error: out of memory\n",
                                    program_invocation_short_name);
    set_line({text.data(), static_cast<std::size_t>(std::max(bytes, 0))});
    std::set_terminate(on_terminate);
    return true;
}();

} // namespace

std::string hint_for_memory() {
    return fmt::format("{}; or take fewer threads: --threads 1", hint_for_more_memory());
}

void prepare_last_words(std::string_view tool, std::string_view command, bool json) {
    Error error = out_of_memory();
    if (!command.empty())
        error = std::move(error).context(command);
    const std::string text = error.text();
    const std::string hint = hint_for_memory();
    JsonWriter object;
    object.begin_object().member("type", "error");
    write_error(object, Errc::out_of_memory, {}, text, hint, {});
    set_line(json ? object.end_object().text() + "\n"
                  : fmt::format("{0}: error: {1}\n{0}: hint: {2}\n", tool, text, hint));
}

int say_out_of_memory() {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, last_line.data(), line_bytes);
    return errc_exit_code(Errc::out_of_memory);
}

} // namespace codex::cli::detail
