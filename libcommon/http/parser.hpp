// A request out of the bytes of a connection (RFC 9112), strictly: what two programs could read in
// two ways is refused, so that nothing is smuggled past one that stands in front.
#pragma once

#include "http/message.hpp"

#include <memory>

namespace codex::http {

/// Of one request. Bytes are the caller's, who keeps those that were not taken and gives them again
/// with more behind them.
/// Threads: one at a time.
class RequestParser {
public:
    /// A head may have so many bytes.
    explicit RequestParser(std::size_t head_bytes);
    ~RequestParser();
    RequestParser(const RequestParser&) = delete;
    RequestParser& operator=(const RequestParser&) = delete;

    /// How many of the bytes are the head; nothing, while it has not come whole. Errors:
    /// limit_exceeded, for a head that is too large; unsupported, for a transfer coding other than
    /// chunked; malformed, for everything else that is wrong: another version, a line
    /// that ends in LF alone or goes on in the next one, NUL, a blank before a colon, two lengths
    /// or a length and a coding, no host or two.
    [[nodiscard]] Result<std::optional<std::size_t>> head(BytesView bytes);
    /// Once the head has come.
    [[nodiscard]] const Request& request() const;

    struct Step {
        std::size_t taken = 0; ///< of the bytes
        std::size_t given = 0; ///< of the body, at the front of `to`
    };
    /// Some of the body. Where it takes and gives nothing, it needs more than these bytes, or it is
    /// done(). Errors: malformed, for chunks that are none.
    [[nodiscard]] Result<Step> body(BytesView bytes, MutableBytes to);
    /// The whole body was given.
    [[nodiscard]] bool done() const;
    /// What is to come of a body of known length: who has no bytes of it may read so many by
    /// another way, and say so. 0 for chunks.
    [[nodiscard]] std::uint64_t plain_left() const;
    void passed(std::uint64_t bytes);

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::http
