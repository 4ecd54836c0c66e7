#include "base/fd.hpp"
#include "cli/tool.hpp"

#include <cerrno>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace codex::cli {

namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;
constexpr std::string_view kBlanks = " \t\r";

/// The "cid" of a JSON line; nothing for the lines between records (summary, progress), so that the
/// --json output of one tool is the input of the next.
Result<std::optional<std::string>> item_of_json(const std::string& line, std::uint64_t number) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    if (!object.is_object())
        return fail(Errc::json_invalid, "stdin line {}: not a JSON object", number);
    const auto cid = object.find("cid");
    if (cid != object.end() && cid->is_string())
        return cid->get<std::string>();
    const auto type = object.find("type");
    if (type != object.end() && (*type == "summary" || *type == "progress"))
        return std::nullopt;
    return fail(Errc::json_invalid, "stdin line {}: no \"cid\" in the object", number);
}

Result<std::optional<std::string>> item_of(const std::string& line, std::uint64_t number) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string::npos)
        return std::nullopt;
    if (line[begin] == '{')
        return item_of_json(line, number);
    return line.substr(begin, line.find_first_of(kBlanks, begin) - begin);
}

/// One read(2), appended; false at the end.
Result<bool> read_more(int fd, std::string& buffer) {
    char chunk[65536];
    for (;;) {
        const ssize_t n = ::read(fd, chunk, sizeof chunk);
        if (n >= 0) {
            buffer.append(chunk, static_cast<std::size_t>(n));
            return n > 0;
        }
        if (errno != EINTR)
            return fail(system_error(errno, "read stdin"));
    }
}

} // namespace

Inputs::Inputs(std::vector<std::string> arguments, int stdin_fd)
    : arguments_(std::move(arguments)), fd_(stdin_fd), reading_(arguments_.empty()) {}

Result<std::optional<std::string>> Inputs::next() {
    if (arguments_.empty() && line_ == 0 && ::isatty(fd_) == 1)
        return fail(Error(Errc::usage, "nothing is given")
                        .hint("name it on the command line, pipe it in, or type it after -"));
    for (;;) {
        while (reading_) {
            CODEX_TRY(line, next_line());
            if (!line) {
                reading_ = false;
                break;
            }
            CODEX_TRY(item, item_of(*line, line_));
            if (item)
                return item;
        }
        if (position_ == arguments_.size())
            return std::optional<std::string>();
        const std::string& argument = arguments_[position_++];
        if (argument != "-")
            return std::optional<std::string>(argument);
        reading_ = true;
    }
}

Result<std::optional<std::string>> Inputs::next_line() {
    std::size_t end = buffer_.find('\n');
    while (end == std::string::npos && !ended_) {
        if (buffer_.size() > kMaxLineBytes)
            return fail(Errc::limit_exceeded, "stdin line {}: longer than {} bytes", line_ + 1,
                        kMaxLineBytes);
        const std::size_t had = buffer_.size();
        CODEX_TRY(more, read_more(fd_, buffer_));
        ended_ = !more;
        end = buffer_.find('\n', had);
    }
    if (end == std::string::npos && buffer_.empty())
        return std::optional<std::string>();
    std::string line = buffer_.substr(0, end);
    buffer_.erase(0, end == std::string::npos ? buffer_.size() : end + 1);
    ++line_;
    return std::optional<std::string>(std::move(line));
}

} // namespace codex::cli
