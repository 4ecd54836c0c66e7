#include "toolkit/input.hpp"

#include "base/printable.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::toolkit {

std::string input_name(const std::string& path) {
    return path == "-" ? "stdin" : path;
}

std::string typed(const std::string& argument) {
    return argument == "-" ? argument : shell_quoted(argument);
}

Error nothing_came(const std::string& path, std::string_view what) {
    Remedy way = Remedy::check_input;
    if (path == "-")
        way = {Remedy::check_input, "perhaps what writes to the pipe failed, or found nothing"};
    return Error(Errc::input_empty, fmt::format("{}: empty: no {} came", input_name(path), what))
        .remedy(std::move(way));
}

int InputFile::fd() const {
    return file ? file.get() : STDIN_FILENO;
}

Result<InputFile> open_input(const std::string& path, std::optional<Remedy> way_for_folder) {
    InputFile input{Fd(), input_name(path)};
    if (path != "-") {
        auto file = open_file(path, O_RDONLY);
        if (!file && file.error().code() == Errc::not_found && !file.error().has_way_out())
            return fail(std::move(file).error().remedy(
                {Remedy::name_file, "name a file that there is, or - for stdin"}));
        CODEX_SET(input.file, std::move(file));
        struct stat info{};
        if (::fstat(input.fd(), &info) == 0 && S_ISDIR(info.st_mode)) {
            Error error = system_error(EISDIR, path);
            return fail(way_for_folder
                            ? std::move(error).hint({}).remedy(std::move(*way_for_folder))
                            : std::move(error));
        }
    }
    return input;
}

Result<Bytes> read_input(const std::string& path, std::uint64_t max_bytes,
                         std::optional<Remedy> way_for_folder) {
    CODEX_TRY(input, open_input(path, std::move(way_for_folder)));
    return read_all(input.fd(), input.name, max_bytes);
}

} // namespace codex::toolkit
