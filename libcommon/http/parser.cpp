// The one file that knows Boost.Beast: heads both ways, and chunks.
#include "http/parser.hpp"

#include <algorithm>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/serializer.hpp>

namespace codex::http {

namespace beast = boost::beast::http;

namespace {

using BeastError = boost::system::error_code;

/// What a body of chunks ends with, at least: fewer bytes are looked at with those behind them,
/// which some states of the parser count on.
constexpr std::size_t kLeastOfChunks = 5;
/// Nothing has more bytes; a larger number would only make others wait for its end.
constexpr std::uint64_t kMostOfChunk = INT64_MAX;
/// Empty lines before a request, which some clients send after a body.
constexpr std::size_t kEmptyLines = 4;

std::string_view view_of(boost::string_view text) {
    return {text.data(), text.size()};
}

boost::string_view beast_view(std::string_view text) {
    return {text.data(), text.size()};
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

bool is_token(std::string_view text) {
    static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
    return !text.empty() && std::ranges::all_of(text, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               kMarks.find(c) != std::string_view::npos;
    });
}

/// Nothing in it ends a line, or is a control character.
bool is_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) {
        return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    });
}

} // namespace

// --- heads that go ------------------------------------------------------------------------------

Result<std::string> encode_head(const Answer& answer) {
    if (answer.status < 100 || answer.status > 599)
        return fail(Errc::malformed, "{} is no status", answer.status);
    beast::response<beast::empty_body> message;
    message.version(11);
    message.result(answer.status);
    for (const Field& field : answer.fields) {
        if (!is_token(field.name) || !is_value(field.value))
            return fail(Errc::malformed, "a field of an answer, {}, has what no field may have",
                        is_token(field.name) ? field.name : "its name");
        message.insert(beast_view(field.name), beast_view(field.value));
    }
    beast::response_serializer<beast::empty_body> serializer(message);
    serializer.split(true);
    std::string text;
    BeastError error;
    const auto take = [&](BeastError& /*error*/, const auto& buffers) {
        for (auto at = boost::asio::buffer_sequence_begin(buffers);
             at != boost::asio::buffer_sequence_end(buffers); ++at) {
            const boost::asio::const_buffer buffer = *at;
            text.append(static_cast<const char*>(buffer.data()), buffer.size());
        }
        serializer.consume(boost::asio::buffer_size(buffers));
    };
    while (!error && !serializer.is_header_done())
        serializer.next(error, take);
    if (error)
        return fail(Errc::malformed, "the head of an answer: {}", error.message());
    return text;
}

// --- requests that come -------------------------------------------------------------------------

class RequestParser::Impl {
public:
    explicit Impl(std::size_t head_bytes) : head_bytes_(head_bytes) {
        parser_.header_limit(
            static_cast<std::uint32_t>(std::min<std::size_t>(head_bytes, 1U << 30)));
        parser_.body_limit(boost::none);
        parser_.on_chunk_header(chunk_begins_);
    }

    Result<std::optional<std::size_t>> head(BytesView bytes);
    Result<Step> body(BytesView bytes, MutableBytes to);

    Request request;
    std::uint64_t plain_left = 0;
    bool over = false; ///< of chunks

private:
    [[nodiscard]] Result<std::optional<std::size_t>> end_of(BytesView bytes);
    [[nodiscard]] Result<void> understand();
    [[nodiscard]] Result<void> understand_body();

    /// Is told the size of each chunk.
    struct ChunkBegins {
        std::uint64_t left = 0; ///< of the data of chunks that have begun
        void operator()(std::uint64_t size, boost::beast::string_view /*extensions*/,
                        BeastError& error) {
            if (size > kMostOfChunk)
                error = beast::error::bad_chunk;
            else
                left += size;
        }
    };

    ChunkBegins chunk_begins_;
    std::size_t head_bytes_;
    std::size_t before_ = 0; ///< empty lines before it
    std::size_t looked_ = 0; ///< so many bytes have nothing wrong in them
    beast::request_parser<beast::buffer_body> parser_;
};

/// Looks for the end of the head, and for what is wrong whatever else there is.
Result<std::optional<std::size_t>> RequestParser::Impl::end_of(BytesView bytes) {
    while (before_ < 2 * kEmptyLines && looked_ == before_ && bytes.size() >= before_ + 2 &&
           bytes[before_] == '\r' && bytes[before_ + 1] == '\n')
        looked_ = before_ += 2;
    const std::size_t most = std::min(bytes.size(), before_ + head_bytes_);
    for (; looked_ < most; ++looked_) {
        const std::uint8_t here = bytes[looked_];
        if (here == 0 || here == '\n')
            return fail(Errc::malformed, "byte {} of the head is {}", looked_,
                        here == 0 ? "NUL" : "a line feed alone");
        if (here != '\r')
            continue;
        if (looked_ + 1 >= most)
            break; // what follows says more
        if (bytes[looked_ + 1] != '\n')
            return fail(Errc::malformed, "byte {} of the head is a carriage return alone", looked_);
        if (looked_ + 2 >= most)
            break;
        const std::uint8_t behind = bytes[looked_ + 2];
        if (behind == ' ' || behind == '\t')
            return fail(Errc::malformed, "the line at byte {} goes on with the one before it",
                        looked_ + 2);
        if (behind == '\r' && looked_ + 3 >= most)
            break;
        if (behind == '\r' && bytes[looked_ + 3] == '\n')
            return looked_ + 4;
        ++looked_; // the line feed is one of an end
    }
    if (bytes.size() >= before_ + head_bytes_)
        return fail(Errc::limit_exceeded, "the head has more than {} bytes", head_bytes_);
    return std::nullopt;
}

Result<std::optional<std::size_t>> RequestParser::Impl::head(BytesView bytes) {
    CODEX_TRY(end, end_of(bytes));
    if (!end)
        return std::nullopt;
    const BytesView whole = bytes.subspan(before_, *end - before_);
    BeastError error;
    const std::size_t taken =
        parser_.put(boost::asio::const_buffer(whole.data(), whole.size()), error);
    if (error || taken != whole.size() || !parser_.is_header_done())
        return fail(Errc::malformed, "the head: {}",
                    error ? error.message() : std::string("it has no end"));
    CODEX_CHECK(understand());
    return *end;
}

Result<void> RequestParser::Impl::understand() {
    const auto& message = parser_.get();
    request.method = view_of(message.method_string());
    request.target = view_of(message.target());
    if (message.version() != 10 && message.version() != 11)
        return fail(Errc::malformed, "a version of HTTP that is neither 1.0 nor 1.1");
    request.is_1_1 = message.version() == 11;
    for (const auto& field : message.base())
        request.fields.push_back(
            {std::string(view_of(field.name_string())), std::string(view_of(field.value()))});
    request.keep_alive = parser_.keep_alive();
    const std::size_t hosts = count(request.fields, "host");
    if (hosts > 1 || (hosts == 0 && request.is_1_1))
        return fail(Errc::malformed, "{} fields Host", hosts);
    if (const std::string* expected = find(request.fields, "expect"); expected && request.is_1_1)
        request.expects_continue = same_text(*expected, "100-continue");
    return understand_body();
}

Result<void> RequestParser::Impl::understand_body() {
    const std::size_t lengths = count(request.fields, "content-length");
    const std::size_t codings = count(request.fields, "transfer-encoding");
    if (lengths + codings > 1)
        return fail(Errc::malformed, "the length of the body is given twice");
    if (lengths == 1) {
        if (!all_digits(*find(request.fields, "content-length")))
            return fail(Errc::malformed, "a length that is no number");
        const auto length = parser_.content_length();
        if (!length)
            return fail(Errc::malformed, "a length that is no number");
        request.content_length = *length;
        plain_left = *length;
    }
    if (codings == 1) {
        if (!request.is_1_1)
            return fail(Errc::malformed, "a coded body in HTTP/1.0");
        if (!same_text(*find(request.fields, "transfer-encoding"), "chunked") || !parser_.chunked())
            return fail(Errc::unsupported, "a transfer coding that is not chunked");
        request.chunked = true;
        parser_.eager(true);
    }
    over = !request.chunked;
    return {};
}

/// Whether a line ends in LF alone; with `first`, the first one. Of a chunk that is about to begin,
/// or of trailers: who sends such waits for an answer, and more lines would not come.
bool has_bare_end(BytesView lines, bool first) {
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (lines[i] != '\n')
            continue;
        if (i == 0 || lines[i - 1] != '\r')
            return true;
        if (first && i > 1) // the end of the chunk before it is no line
            return false;
    }
    return false;
}

Result<RequestParser::Step> RequestParser::Impl::body(BytesView bytes, MutableBytes to) {
    Step step;
    if (!request.chunked) {
        step.given = static_cast<std::size_t>(
            std::min<std::uint64_t>({bytes.size(), to.size(), plain_left}));
        std::ranges::copy(bytes.first(step.given), to.begin());
        step.taken = step.given;
        plain_left -= step.given;
        return step;
    }
    const bool between = chunk_begins_.left == 0;
    const bool few = bytes.size() < kLeastOfChunks;
    if (!over && few && between && has_bare_end(bytes, true))
        return fail(Errc::malformed, "the body: a line ends in a line feed alone");
    if (over || few || to.empty())
        return step;
    auto& room = parser_.get().body();
    room.data = to.data();
    room.size = to.size();
    room.more = true;
    BeastError error;
    step.taken = parser_.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    step.given = to.size() - room.size;
    if (error && error != beast::error::need_more && error != beast::error::need_buffer)
        return fail(Errc::malformed, "the body: {}", error.message());
    chunk_begins_.left -= std::min<std::uint64_t>(step.given, chunk_begins_.left);
    if (between && step.taken == 0 && has_bare_end(bytes, false))
        return fail(Errc::malformed, "the body: a line ends in a line feed alone");
    over = parser_.is_done();
    return step;
}

RequestParser::RequestParser(std::size_t head_bytes) : impl_(std::make_unique<Impl>(head_bytes)) {}
RequestParser::~RequestParser() = default;

Result<std::optional<std::size_t>> RequestParser::head(BytesView bytes) {
    return impl_->head(bytes);
}

const Request& RequestParser::request() const {
    return impl_->request;
}

Result<RequestParser::Step> RequestParser::body(BytesView bytes, MutableBytes to) {
    return impl_->body(bytes, to);
}

bool RequestParser::done() const {
    return impl_->over && impl_->plain_left == 0;
}

std::uint64_t RequestParser::plain_left() const {
    return impl_->plain_left;
}

void RequestParser::passed(std::uint64_t bytes) {
    impl_->plain_left -= std::min(bytes, impl_->plain_left);
}

} // namespace codex::http
