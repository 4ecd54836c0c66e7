#include "exchange/follow.hpp"

#include "base/offload.hpp"
#include "exchange/content.hpp"

namespace codex::exchange {

namespace {

/// How long whoever fetches it has for its next block, until somebody looks again.
constexpr Clock::Duration kLookAgain = std::chrono::milliseconds(50);

} // namespace

/// What jobs use. Threads: a job's, and the loop's while there is none.
struct Follow::Work {
    repo::Repo& repo;
    Cid cid;
    PartOf part;
    ByteSink& sink;
    codex::Job job;
    std::shared_ptr<Content> content{}; ///< once something of the dataset is here
    dataset::ByteRange range{};         ///< then, what is written of it

    /// False when nothing of it is here.
    Result<bool> begin() {
        if (content)
            return true;
        codec::Manifest manifest;
        if (auto whole = repo.dataset(cid)) {
            manifest = std::move(whole->manifest);
        } else if (auto some = repo.partial(cid)) {
            manifest = std::move(some->dataset.manifest);
        } else {
            const Errc code = some.error().code();
            return code == Errc::dataset_not_found ? Result<bool>(false)
                                                   : fail(std::move(some).error());
        }
        FetchPart wanted;
        if (part)
            CODEX_SET(wanted, part(manifest));
        CODEX_SET(content, Content::open(repo, cid, manifest, wanted.content));
        return true;
    }
    /// Gives how many blocks were written.
    Result<std::uint64_t> write_some() {
        CODEX_CHECK(job.go_on());
        CODEX_TRY(begun, begin());
        if (!begun || content->left().count == 0)
            return std::uint64_t{0};
        return content->write_some(sink);
    }
    /// All that is left, where no more comes.
    Result<void> write_rest() {
        CODEX_TRY(begun, begin());
        if (!begun)
            return fail(Errc::dataset_not_found, "dataset {}: was here and is gone", cid.text());
        const bool whole = repo.dataset(cid).has_value();
        while (content->left().count != 0) {
            CODEX_CHECK(job.go_on());
            if (whole) { // what a disk has lost of it is computed, where that can be
                CODEX_CHECK(dataset::get(dataset::Job(repo, job), cid, content->rest(), sink));
                return {};
            }
            CODEX_TRY(written, content->write_some(sink));
            if (written == 0)
                return fail(Errc::dataset_damaged, "block {} was here and is gone",
                            content->left().first);
        }
        return {};
    }
};

Follow::Follow(EventLoop& loop, repo::Repo& repo, const Cid& manifest, PartOf part, ByteSink& sink,
               const codex::Job& job)
    : loop_(loop), executor_(job.executor()),
      work_(std::make_shared<Work>(Work{repo, manifest, std::move(part), sink, job.uncounted()})),
      changed_(loop) {}
Follow::~Follow() = default;

void Follow::all_is_here() {
    all_is_here_ = true;
    changed_.notify();
}

void Follow::cancel() {
    cancelled_ = true;
    work_->sink.cancel();
    changed_.notify();
}

Task<Result<void>> Follow::run(Follow* self) {
    while (!self->all_is_here_) {
        if (self->cancelled_)
            co_return fail(Errc::cancelled, "cancelled");
        auto writing = [work = self->work_] { return work->write_some(); };
        CODEX_CO_TRY(written, offload(self->loop_, self->executor_, std::move(writing)));
        if (written == 0 && !self->all_is_here_ && !self->cancelled_) {
            const Clock::Instant again = self->loop_.now() + kLookAgain;
            co_await self->changed_.wait(again);
        }
    }
    auto writing = [work = self->work_] { return work->write_rest(); };
    co_return co_await offload(self->loop_, self->executor_, std::move(writing));
}

} // namespace codex::exchange
