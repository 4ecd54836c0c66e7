#include "cli/detail/last_words.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <unistd.h>

namespace codex::cli::detail {

namespace {

std::array<char, 256> line = {"error: out of memory\n"};
std::size_t line_bytes = 21;

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

} // namespace

void prepare_last_words(std::string_view tool, bool json) {
    const int exit = errc_exit_code(Errc::out_of_memory);
    const std::string text =
        json ? fmt::format(R"({{"type":"error","code":"{}","exit":{},"message":"out of memory"}})",
                           errc_name(Errc::out_of_memory), exit)
             : fmt::format("{}: error: out of memory", tool);
    line_bytes = std::min(text.size(), line.size() - 1);
    std::copy_n(text.begin(), line_bytes, line.begin());
    line[line_bytes++] = '\n';
    std::set_terminate(on_terminate);
}

int say_out_of_memory() {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line_bytes);
    return errc_exit_code(Errc::out_of_memory);
}

} // namespace codex::cli::detail
