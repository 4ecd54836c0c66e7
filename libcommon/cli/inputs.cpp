#include "cli/inputs.hpp"
#include "base/fd.hpp"
#include "base/printable.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <unistd.h>

namespace codex::cli {

namespace {

constexpr std::size_t kMaxLineBytes = std::size_t{1} << 20;
/// Nothing that has a name has a longer one, but for a document.
constexpr std::size_t kMostNamed = 4096;
/// So much of an item that is too long says which one it is.
constexpr std::size_t kBeginning = 80;
constexpr std::string_view kBlanks = " \t\r";
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// Whether a read gives something, be it the end or an error, at once.
bool readable(int fd) {
    pollfd wait{fd, POLLIN, 0};
    return ::poll(&wait, 1, 0) != 0;
}

} // namespace

void Inputs::are(std::string what, std::vector<std::string> members) {
    what_ = std::move(what);
    members_ = std::move(members);
}

Error Inputs::no_list(Errc code, std::string text) const {
    return Error(code, std::move(text))
        .hint(fmt::format("a list has one {} a line, or the lines that --json prints", what_));
}

Inputs::Inputs(std::vector<std::string> arguments, int stdin_fd, std::string name)
    : arguments_(std::move(arguments)), fd_(stdin_fd), name_(std::move(name)),
      reading_(arguments_.empty()) {}

Inputs Inputs::exactly(std::vector<std::string> items) {
    Inputs inputs(std::move(items), -1);
    inputs.exact_ = true;
    inputs.reading_ = false;
    return inputs;
}

/// The "cid" of a JSON line; nothing for the lines between records (summary, progress), so that the
/// --json output of one tool is the input of the next.
Result<std::optional<std::string>> Inputs::item_of_json(const std::string& line) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    if (!object.is_object() && whole_lines_) // whoever reads it knows better what it should be
        return line;
    if (!object.is_object())
        return refuse(Errc::json_invalid, "not a JSON object");
    for (const std::string& member : members_)
        if (const auto found = object.find(member); found != object.end() && found->is_string())
            return whole_lines_ ? line : found->get<std::string>();
    const auto type = object.find("type");
    if (type != object.end() && (*type == "summary" || *type == "progress"))
        return std::nullopt;
    if (whole_lines_)
        return line;
    return refuse(Errc::json_invalid, fmt::format("no \"{}\" in the object", members_.front()));
}

Result<std::optional<std::string>> Inputs::refuse(Errc code, std::string text) {
    std::string line = fmt::format("{} line {}", name_, line_);
    if (!every_line_)
        return fail(no_list(code, fmt::format("{}: {}", line, text)));
    wrong_ = no_list(code, std::move(text));
    return line;
}

std::string Inputs::place() const {
    return from_line_ ? fmt::format("{} line {}", name_, line_) : std::string();
}

Result<std::optional<std::string>> Inputs::item_of(const std::string& line) {
    // Readers that take it for the end of a text would not see what comes behind.
    if (line.find('\0') != std::string::npos)
        return refuse(Errc::malformed, "a NUL byte, where there is only text");
    const std::size_t begin = line.find_first_not_of(kBlanks);
    if (begin == std::string::npos)
        return std::nullopt;
    if (line[begin] == '{')
        return item_of_json(line);
    const std::size_t end =
        whole_lines_ ? line.find_last_not_of(kBlanks) + 1 : line.find_first_of(kBlanks, begin);
    return line.substr(begin, end - begin);
}

Result<std::optional<std::string>> Inputs::next() {
    if (!exact_ && arguments_.empty() && line_ == 0 && ::isatty(fd_) == 1)
        return fail(Error(Errc::usage, fmt::format("no {} is given", what_))
                        .hint("name one on the command line, pipe it in, or type it after -"));
    wrong_.reset();
    from_line_ = false;
    for (;;) {
        while (reading_) {
            CODEX_TRY(line, next_line());
            if (!line) {
                reading_ = false;
                break;
            }
            auto item = wrong_ ? std::move(line) : item_of(*line);
            if (!item)
                return fail(std::move(item).error());
            if (!*item)
                continue;
            any_ = true;
            from_line_ = true;
            // So that no answer to it is as long.
            if (every_line_ && !whole_lines_ && (*item)->size() > kMostNamed)
                **item = beginning_of(**item, kBeginning);
            return std::move(*item);
        }
        if (position_ == arguments_.size())
            break;
        const std::string& argument = arguments_[position_++];
        if (exact_ || argument != "-") {
            any_ = true;
            return std::optional<std::string>(argument);
        }
        reading_ = true;
    }
    if (!any_ && !exact_ && !may_be_empty_)
        return fail(Error(Errc::input_empty, fmt::format("{}: empty: no {} came", name_, what_))
                        .remedy({Remedy::check_input,
                                 "perhaps what writes to the pipe failed, or found nothing"}));
    return std::optional<std::string>();
}

Result<std::optional<std::string>> Inputs::next_line() {
    std::size_t end = buffer_.find('\n', start_);
    while (end == std::string::npos && !ended_ && buffer_.size() - start_ <= kMaxLineBytes) {
        // Only here, so that a chunk of many lines is not moved for each of them.
        buffer_.erase(0, start_);
        start_ = 0;
        const std::size_t had = buffer_.size();
        if (before_waiting_ && !readable(fd_))
            before_waiting_();
        std::uint8_t chunk[65536];
        CODEX_TRY(n, read_some(fd_, chunk, name_));
        buffer_.append(as_text(BytesView(chunk).first(n)));
        ended_ = n == 0;
        end = buffer_.find('\n', had);
    }
    if (std::min(end, buffer_.size()) - start_ > kMaxLineBytes) {
        ++line_;
        CODEX_TRY(place,
                  refuse(Errc::limit_exceeded, fmt::format("longer than {} bytes", kMaxLineBytes)));
        CODEX_CHECK(skip_line());
        return place;
    }
    if (end == std::string::npos && start_ == buffer_.size())
        return std::optional<std::string>();
    std::string line = buffer_.substr(start_, end == std::string::npos ? end : end - start_);
    start_ = end == std::string::npos ? buffer_.size() : end + 1;
    if (++line_ == 1 && line.starts_with(kByteOrderMark)) // some systems' editors begin files so
        line.erase(0, kByteOrderMark.size());
    return std::optional<std::string>(std::move(line));
}

Result<void> Inputs::skip_line() {
    for (;;) {
        const std::size_t end = buffer_.find('\n', start_);
        if (end != std::string::npos) {
            start_ = end + 1;
            return {};
        }
        buffer_.clear();
        start_ = 0;
        std::uint8_t chunk[65536];
        CODEX_TRY(n, read_some(fd_, chunk, name_));
        ended_ = n == 0;
        if (ended_)
            return {};
        buffer_.append(as_text(BytesView(chunk).first(n)));
    }
}

Result<std::string> Inputs::only_cid() {
    CODEX_TRY(text, next());
    if (!text)
        return fail(Errc::usage, "no CID is given");
    CODEX_TRY(second, next());
    if (second)
        return fail(Error(Errc::usage, fmt::format("one CID at a time: '{}' is a second", *second))
                        .hint("call it once for each"));
    return std::move(*text);
}

} // namespace codex::cli
