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
Result<std::optional<std::string>> item_of_json(const std::string& line, std::string_view name,
                                                std::uint64_t number) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    if (!object.is_object())
        return fail(Errc::json_invalid, "{} line {}: not a JSON object", name, number);
    const auto cid = object.find("cid");
    if (cid != object.end() && cid->is_string())
        return cid->get<std::string>();
    const auto type = object.find("type");
    if (type != object.end() && (*type == "summary" || *type == "progress"))
        return std::nullopt;
    return fail(Errc::json_invalid, "{} line {}: no \"cid\" in the object", name, number);
}

Result<std::optional<std::string>> item_of(const std::string& line, std::string_view name,
                                           std::uint64_t number) {
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string::npos)
        return std::nullopt;
    if (line[begin] == '{')
        return item_of_json(line, name, number);
    return line.substr(begin, line.find_first_of(kBlanks, begin) - begin);
}

/// One read(2), appended; false at the end.
Result<bool> read_more(int fd, std::string& buffer, std::string_view name) {
    char chunk[65536];
    for (;;) {
        const ssize_t n = ::read(fd, chunk, sizeof chunk);
        if (n >= 0) {
            buffer.append(chunk, static_cast<std::size_t>(n));
            return n > 0;
        }
        if (errno != EINTR)
            return fail(system_error(errno, fmt::format("read {}", name)));
    }
}

} // namespace

Inputs::Inputs(std::vector<std::string> arguments, int stdin_fd, std::string name)
    : arguments_(std::move(arguments)), fd_(stdin_fd), name_(std::move(name)),
      reading_(arguments_.empty()) {}

Inputs Inputs::exactly(std::vector<std::string> items) {
    Inputs inputs(std::move(items), -1);
    inputs.exact_ = true;
    inputs.reading_ = false;
    return inputs;
}

Result<std::optional<std::string>> Inputs::next() {
    if (!exact_ && arguments_.empty() && line_ == 0 && ::isatty(fd_) == 1)
        return fail(Error(Errc::usage, "nothing is given")
                        .hint("name it on the command line, pipe it in, or type it after -"));
    for (;;) {
        while (reading_) {
            CODEX_TRY(line, next_line());
            if (!line) {
                reading_ = false;
                break;
            }
            CODEX_TRY(item, item_of(*line, name_, line_));
            if (item)
                return item;
        }
        if (position_ == arguments_.size())
            return std::optional<std::string>();
        const std::string& argument = arguments_[position_++];
        if (exact_ || argument != "-")
            return std::optional<std::string>(argument);
        reading_ = true;
    }
}

Result<std::optional<std::string>> Inputs::next_line() {
    std::size_t end = buffer_.find('\n', start_);
    while (end == std::string::npos && !ended_) {
        // Only here, so that a chunk of many lines is not moved for each of them.
        buffer_.erase(0, start_);
        start_ = 0;
        if (buffer_.size() > kMaxLineBytes)
            return fail(Errc::limit_exceeded, "{} line {}: longer than {} bytes", name_, line_ + 1,
                        kMaxLineBytes);
        const std::size_t had = buffer_.size();
        CODEX_TRY(more, read_more(fd_, buffer_, name_));
        ended_ = !more;
        end = buffer_.find('\n', had);
    }
    if (end == std::string::npos && start_ == buffer_.size())
        return std::optional<std::string>();
    std::string line = buffer_.substr(start_, end == std::string::npos ? end : end - start_);
    start_ = end == std::string::npos ? buffer_.size() : end + 1;
    ++line_;
    return std::optional<std::string>(std::move(line));
}

Result<std::string> Inputs::only_cid() {
    CODEX_TRY(text, next());
    if (!text)
        return fail(Errc::usage, "no CID is given");
    CODEX_TRY(second, next());
    if (second)
        return fail(Errc::usage, "one CID at a time: '{}' is a second", *second);
    return std::move(*text);
}

} // namespace codex::cli
