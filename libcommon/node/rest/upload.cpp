// A file that comes: small ones whole, then stored; large ones while they come.
#include "dataset/dataset.hpp"
#include "node/rest/body_pipe.hpp"
#include "node/rest/headers.hpp"
#include "node/rest/service.hpp"

#include <algorithm>

namespace codex::node::rest {

namespace {

/// What is gathered before a turn is taken: who sends slowly holds up nobody until then.
constexpr std::size_t kSmallBytes = std::size_t{256} << 10;
/// What comes while what has come is stored, and nobody waits for more.
constexpr std::size_t kRingBytes = std::size_t{1} << 20;
/// What is read at once, which takes a part of a millisecond.
constexpr std::size_t kBytesOfTurn = std::size_t{1} << 20;

/// What has come whole. Threads: one at a time.
class Gathered final : public ByteSource {
public:
    explicit Gathered(Bytes bytes)
        : ByteSource("the body of the request"), bytes_(std::move(bytes)) {}
    void cancel() override {}
    [[nodiscard]] std::uint64_t remaining_bytes() const override { return bytes_.size() - at_; }

private:
    Result<std::size_t> take(MutableBytes to) override {
        const std::size_t count = std::min(to.size(), bytes_.size() - at_);
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, to.begin());
        at_ += count;
        return count;
    }
    Bytes bytes_;
    std::size_t at_ = 0;
};

/// Reads the body into `to` until that is full, or to its end; gives how many bytes.
Task<Result<std::size_t>> gather(http::Exchange* from, MutableBytes to) {
    std::size_t all = 0;
    while (all < to.size()) {
        const MutableBytes rest = to.subspan(all);
        CODEX_CO_TRY(got, from->read(rest));
        if (got == 0)
            break;
        all += got;
    }
    co_return all;
}

std::size_t take_front(BytesView& from, MutableBytes to) {
    const std::size_t count = std::min(from.size(), to.size());
    std::copy_n(from.begin(), count, to.begin());
    from = from.subspan(count);
    return count;
}

/// Waits for the client; false, when the upload has ended, of which the pipe was told.
Task<bool> await_client(http::Exchange* from, BodyPipe* pipe, UploadTurns::Turn* turn) {
    turn->wait_for_client();
    auto came = co_await from->readable();
    turn->came(0);
    if (turn->given_up())
        co_return false; // it has ended
    if (!came)
        pipe->finish(std::move(came).error());
    co_return came.has_value();
}

/// The rest of the body, behind what has come of it.
Task<void> feed(EventLoop* loop, http::Exchange* from, BodyPipe* pipe, UploadTurns::Turn* turn,
                Bytes first) {
    BytesView left(first);
    const BodyPipe::Fill fill = [from, &left](MutableBytes room) {
        return left.empty() ? from->try_read(room) : std::optional(take_front(left, room));
    };
    while (!pipe->cancelled() && !turn->given_up()) {
        if (!pipe->has_room()) {
            co_await BodyPipe::until_room(pipe);
            continue;
        }
        auto got = pipe->fill(kBytesOfTurn, fill);
        if (got && !*got) {
            const auto goes_on = co_await await_client(from, pipe, turn);
            if (!goes_on)
                co_return;
            continue;
        }
        if (!got || **got == 0) {
            pipe->finish(got ? std::nullopt : std::optional(std::move(got).error()));
            co_return;
        }
        turn->came(**got);
        co_await loop->next_turn(); // who sends fast holds nobody up
    }
}

Result<dataset::PutResult> store(repo::Repo& repo, Executor& executor, ByteSource& source,
                                 const dataset::PutOptions& options) {
    return dataset::put(dataset::Job(repo, codex::Job(executor)), source, options);
}

Task<Result<dataset::PutResult>> store_small(Service* self, Bytes body,
                                             dataset::PutOptions options) {
    auto job = [repo = &self->repo, executor = &self->executor, source = Gathered(std::move(body)),
                options = std::move(options)]() mutable {
        return store(*repo, *executor, source, options);
    };
    // It waits for the disk, with all that come at the same time at once.
    co_return co_await offload(self->loop, self->long_jobs, std::move(job));
}

/// `refused`, which outlives it, gets the status where the client was too slow, or there was no
/// turn.
Task<Result<dataset::PutResult>> store_large(Service* self, http::Exchange* from, Bytes first,
                                             dataset::PutOptions options, unsigned* refused) {
    std::function<bool()> gone = [from] { return from->gone(); };
    auto waited = co_await UploadTurns::wait(&self->upload_turns, std::move(gone));
    if (!waited) {
        *refused = 503;
        co_return fail(std::move(waited).error());
    }
    const auto pipe = std::make_shared<BodyPipe>(self->loop, kRingBytes);
    UploadTurns::Turn turn(self->upload_turns, pipe);
    TaskGroup feeding(self->loop, [pipe](const std::exception_ptr& /*thrown*/) {
        pipe->finish(Error(Errc::out_of_memory, "no memory for the body of a request"));
    });
    feeding.start(feed(&self->loop, from, pipe.get(), &turn, std::move(first)));
    auto job = [repo = &self->repo, executor = &self->executor, pipe,
                options = std::move(options)] { return store(*repo, *executor, *pipe, options); };
    auto stored = co_await offload(self->loop, self->long_jobs, std::move(job));
    if (!stored && turn.given_up())
        *refused = 408;
    co_return stored;
}

/// `refused` as of store_large(). Errors: those of the client, and of dataset::put().
Task<Result<dataset::PutResult>> store_body(Service* self, http::Exchange* from,
                                            dataset::PutOptions options, unsigned* refused) {
    const http::Request& request = from->request();
    const std::uint64_t announced = request.content_length.value_or(kSmallBytes);
    Bytes body(static_cast<std::size_t>(std::min<std::uint64_t>(announced, kSmallBytes)));
    const MutableBytes to(body);
    CODEX_CO_TRY(come, gather(from, to));
    body.resize(come);
    const bool whole = request.chunked ? come < kSmallBytes : come == announced;
    if (come == 0)
        co_return fail(Errc::dataset_empty, "no bytes to store");
    if (whole) {
        co_return co_await store_small(self, std::move(body), std::move(options));
    }
    co_return co_await store_large(self, from, std::move(body), std::move(options), refused);
}

/// What is left of the quota, where that is known to be too little.
Result<void> has_room(const repo::Repo& repo, std::uint64_t bytes) {
    CODEX_TRY(space, repo.space());
    const repo::Counters& used = space.counters;
    const std::uint64_t taken = used.used_bytes + used.reserved_bytes + used.tree_bytes;
    if (taken < space.quota_bytes && bytes <= space.quota_bytes - taken)
        return {};
    return fail(Errc::quota_exceeded, "{} more bytes do not fit into the quota of {}", bytes,
                space.quota_bytes);
}

/// Whether it was the client, who is told what is wrong with what he sent, if he is there.
bool is_of_client(Errc code) {
    return code == Errc::malformed || code == Errc::truncated || code == Errc::timeout ||
           code == Errc::cancelled || code == Errc::unavailable;
}

std::string failed_text(const Error& error) {
    if (error.code() == Errc::dataset_empty)
        return "Empty leaves";
    if (error.code() == Errc::quota_exceeded || error.code() == Errc::no_space)
        return fmt::format("Unable to store block: {}", error.text());
    return error.text();
}

/// What the fields say of the file. Errors: argument_invalid, as the client is told.
Result<dataset::PutOptions> options_of(const Call& call, std::uint64_t expiry) {
    dataset::PutOptions options;
    options.expiry = expiry;
    auto type = uploaded_type(call.field("content-type"));
    if (!type)
        return fail(Errc::argument_invalid, "The MIME type '{}' is not valid.",
                    call.field("content-type"));
    auto name = uploaded_name(call.field("content-disposition"));
    if (!name)
        return fail(Errc::argument_invalid, "The filename is not valid.");
    options.mimetype = std::move(*type);
    options.filename = std::move(*name);
    return options;
}

} // namespace

Task<Result<void>> upload(Service* self, Call* call) {
    http::Exchange* const from = &call->exchange;
    const http::Request& request = from->request();
    auto options = options_of(*call, self->expiry());
    if (!options) {
        co_return co_await call->error(422, options.error().text());
    }
    if (!request.chunked && !request.content_length) {
        co_return co_await call->error(500, "Request do not have body available");
    }
    auto asking = [repo = &self->repo, bytes = request.content_length.value_or(0)] {
        return has_room(*repo, bytes);
    };
    const auto fits = co_await offload(self->loop, self->executor, std::move(asking));
    if (!fits) {
        co_return co_await call->error(500, failed_text(fits.error()));
    }
    unsigned refused = 0;
    auto stored = co_await store_body(self, from, std::move(*options), &refused);
    if (refused != 0) {
        co_return co_await call->error(refused, stored.error().text());
    }
    if (!stored && is_of_client(stored.error().code()))
        co_return fail(std::move(stored).error());
    if (!stored) {
        co_return co_await call->error(500, failed_text(stored.error()));
    }
    ++self->uploads;
    co_return co_await call->text(200, stored->manifest.text());
}

} // namespace codex::node::rest
