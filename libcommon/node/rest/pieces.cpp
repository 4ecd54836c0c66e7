#include "node/rest/pieces.hpp"

#include <algorithm>

namespace codex::node::rest {

namespace {

constexpr std::uint64_t kComputeBytes = std::uint64_t{4} << 20;

} // namespace

/// Keeps what is written until it is taken. Threads: one at a time.
class Pieces::Sink final : public ByteSink {
public:
    Sink() : ByteSink("the answer") {}
    Result<void> write(BytesView bytes) override {
        append(content, bytes);
        return {};
    }
    void cancel() override {}
    Bytes content;
};

Pieces::Pieces(repo::Repo& repo, const Cid& cid, codec::Manifest manifest, dataset::ByteRange range,
               Executor& executor)
    : repo_(repo), cid_(cid), manifest_(std::move(manifest)), left_(range), executor_(executor),
      sink_(std::make_unique<Sink>()) {}
Pieces::~Pieces() = default;

/// What parity gives of a dataset that is whole but for what a disk has lost.
Result<bool> Pieces::compute() {
    if (!repo_.dataset(cid_))
        return false;
    const dataset::ByteRange piece{left_.begin, std::min(left_.end, left_.begin + kComputeBytes)};
    auto got = dataset::get(dataset::Job(repo_, codex::Job(executor_)), cid_, piece, *sink_);
    if (!got && got.error().code() == Errc::dataset_damaged) {
        sink_->content.clear();
        return false;
    }
    if (!got)
        return fail(std::move(got).error());
    content_.reset(); // it goes on behind that
    return true;
}

Result<Bytes> Pieces::next() {
    sink_->content.clear();
    if (left_.begin >= left_.end)
        return Bytes();
    if (!content_)
        CODEX_SET(content_, exchange::Content::open(repo_, cid_, manifest_, left_, *sink_));
    CODEX_TRY(written, content_->write_some());
    if (written == 0)
        CODEX_CHECK(compute());
    left_.begin += sink_->content.size();
    return std::exchange(sink_->content, Bytes());
}

} // namespace codex::node::rest
