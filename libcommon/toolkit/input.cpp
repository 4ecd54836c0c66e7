#include "toolkit/input.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace codex::toolkit {

std::string input_name(const std::string& path) {
    return path == "-" ? "stdin" : path;
}

int InputFile::fd() const {
    return file ? file.get() : STDIN_FILENO;
}

Result<InputFile> open_input(const std::string& path) {
    InputFile input{Fd(), input_name(path)};
    if (path != "-") {
        CODEX_TRY(file, open_file(path, O_RDONLY));
        input.file = std::move(file);
    }
    return input;
}

Result<Bytes> read_input(const std::string& path, std::uint64_t max_bytes) {
    CODEX_TRY(input, open_input(path));
    return read_all(input.fd(), input.name, max_bytes);
}

} // namespace codex::toolkit
