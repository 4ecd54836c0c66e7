#include "node/rest/pieces.hpp"

#include <algorithm>

namespace codex::node::rest {

namespace {

/// Keeps what is written. Threads: one at a time.
class Gathering final : public ByteSink {
public:
    explicit Gathering(RawBytes& to) : ByteSink("the answer"), to_(to) { to_.clear(); }
    Result<void> write(BytesView bytes) override {
        append(to_, bytes);
        return {};
    }
    void cancel() override {}

private:
    RawBytes& to_;
};

} // namespace

Pieces::Pieces(repo::Repo& repo, const Cid& cid, codec::Manifest manifest, dataset::ByteRange range,
               Executor& executor)
    : repo_(repo), cid_(cid), manifest_(std::move(manifest)), left_(range), executor_(executor) {}

/// What parity gives of a dataset that is whole but for what a disk has lost.
Result<void> Pieces::compute(Piece& piece, std::uint64_t most_bytes) {
    if (!repo_.dataset(cid_))
        return {};
    const dataset::ByteRange part{left_.begin, std::min(left_.end, left_.begin + most_bytes)};
    Gathering sink(piece.buffer);
    auto got = dataset::get(dataset::Job(repo_, codex::Job(executor_)), cid_, part, sink);
    if (!got && got.error().code() == Errc::dataset_damaged)
        return {};
    if (!got)
        return fail(std::move(got).error());
    piece.content = piece.buffer;
    content_.reset(); // it goes on behind that
    return {};
}

Result<Piece> Pieces::next(RawBytes buffer, std::uint64_t most_bytes) {
    Piece piece{std::move(buffer), {}};
    if (left_.begin >= left_.end)
        return piece;
    if (!content_)
        CODEX_SET(content_, exchange::Content::open(repo_, cid_, manifest_, left_));
    CODEX_SET(piece.content, content_->read_some(piece.buffer, most_bytes));
    if (piece.content.empty())
        CODEX_CHECK(compute(piece, most_bytes));
    left_.begin += piece.content.size();
    return piece;
}

} // namespace codex::node::rest
