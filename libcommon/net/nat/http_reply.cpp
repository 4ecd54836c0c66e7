#include "net/nat/http_reply.hpp"

#include "net/nat/detail/text.hpp"

#include <algorithm>

namespace codex::net::nat {

namespace {

constexpr std::size_t kReadBytes = 4096;

/// A line without its end, which is left out of `text`; nothing, when it has none yet.
std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == text.npos)
        return std::nullopt;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

struct Head {
    unsigned status = 0;
    std::optional<std::size_t> length{};
    bool chunked = false;
};

Result<Head> parse_head(std::string_view line, std::string_view fields) {
    Head head;
    const std::size_t blank = line.find(' ');
    const auto status = blank == line.npos
                            ? std::optional<unsigned>()
                            : detail::number<unsigned>(line.substr(blank + 1, 3), 10);
    if (!line.starts_with("HTTP/1.") || !status || *status < 100)
        return fail(Errc::malformed, "the router's answer is none of HTTP");
    head.status = *status;
    while (const auto field = take_line(fields)) {
        const std::size_t colon = std::min(field->find(':'), field->size());
        const std::string name = detail::lower(field->substr(0, colon));
        std::string_view value = field->substr(std::min(colon + 1, field->size()));
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        value = value.substr(0, value.find_last_not_of(" \t") + 1);
        if (name == "transfer-encoding")
            head.chunked = detail::lower(value) == "chunked";
        if (name != "content-length")
            continue;
        head.length = detail::number<std::size_t>(value, 10);
        if (!head.length)
            return fail(Errc::malformed, "the router's answer has no length that is one");
    }
    return head;
}

/// The body of chunks; nothing, while there is more to come.
Result<std::optional<std::string>> parse_chunks(std::string_view bytes) {
    std::string body;
    for (;;) {
        const auto line = take_line(bytes);
        if (!line)
            return std::optional<std::string>();
        const auto size =
            detail::number<std::size_t>(line->substr(0, line->find_first_of("; \t")), 16);
        if (!size || *size > kMaxReplyBytes)
            return fail(Errc::malformed, "the router's answer has a piece without a length");
        if (*size == 0)
            return std::optional<std::string>(std::move(body));
        if (bytes.size() < *size)
            return std::optional<std::string>();
        body += bytes.substr(0, *size);
        bytes.remove_prefix(*size);
        const auto end = take_line(bytes);
        if (!end)
            return std::optional<std::string>();
        if (!end->empty())
            return fail(Errc::malformed, "the router's answer has a piece of another length");
    }
}

/// As far as it has come.
Result<std::optional<HttpReply>> parse_so_far(std::string_view bytes, bool ended) {
    const auto line = take_line(bytes);
    if (!line)
        return std::optional<HttpReply>();
    const std::string_view fields = bytes;
    for (;;) {
        const auto field = take_line(bytes);
        if (!field)
            return std::optional<HttpReply>();
        if (field->empty())
            break;
    }
    CODEX_TRY(head, parse_head(*line, fields.substr(0, fields.size() - bytes.size())));
    if (head.chunked) {
        CODEX_TRY(body, parse_chunks(bytes));
        if (!body)
            return std::optional<HttpReply>();
        return std::optional<HttpReply>(HttpReply{head.status, std::move(*body)});
    }
    if (head.length ? bytes.size() < *head.length : !ended)
        return std::optional<HttpReply>();
    return std::optional<HttpReply>(
        HttpReply{head.status, std::string(bytes.substr(0, head.length.value_or(bytes.size())))});
}

} // namespace

Result<std::optional<HttpReply>> parse_reply(std::string_view bytes, bool ended) {
    auto reply = parse_so_far(bytes, ended);
    if (reply && !*reply && ended)
        return fail(Errc::truncated, "the router's answer is cut off");
    return reply;
}

Task<Result<HttpAnswer>> ask_over_http(Network* network, SocketAddress to, std::string request,
                                       Clock::Instant until) {
    CODEX_CO_TRY(socket, network->connect(to, until));
    CODEX_CO_CHECK(write_all(socket.get(), as_bytes(request), until));
    std::string bytes;
    for (;;) {
        Bytes piece(kReadBytes);
        CODEX_CO_TRY(size, read_some(socket.get(), piece, until));
        if (bytes.size() + size > kMaxReplyBytes)
            co_return fail(Errc::limit_exceeded, "the router's answer has more than {} bytes",
                           kMaxReplyBytes);
        bytes += as_text(BytesView(piece).first(size));
        auto reply = parse_reply(bytes, size == 0);
        if (!reply)
            co_return fail(std::move(reply.error()));
        if (*reply)
            co_return HttpAnswer{std::move(**reply), socket->local()};
    }
}

} // namespace codex::net::nat
