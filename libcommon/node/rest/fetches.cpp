#include "node/rest/fetches.hpp"

#include <mutex>

namespace codex::node::rest {

namespace {

/// A manifest that comes on some thread.
struct Arrived {
    std::mutex mutex;
    std::optional<codec::Manifest> manifest;
};

/// A fetch that ends when whoever wants it leaves. Threads: the loop's.
class ForExchange final : public Conversation {
public:
    explicit ForExchange(http::Exchange& exchange) : exchange_(exchange) {}
    [[nodiscard]] Task<Result<void>> say(Reply /*reply*/) override { return heard(); }
    [[nodiscard]] bool gone() const override { return exchange_.gone(); }
    [[nodiscard]] Signal& left() override { return exchange_.left(); }

private:
    static Task<Result<void>> heard() { co_return Result<void>(); }
    http::Exchange& exchange_;
};

} // namespace

// --- one ----------------------------------------------------------------------------------------

Task<Result<void>> SharedFetch::say(Reply reply) {
    if (auto* so_far = std::get_if<SoFar>(&reply))
        so_far_ = std::move(*so_far);
    changed_.notify();
    co_return Result<void>();
}

void SharedFetch::leave() {
    if (--users_ != 0 || kept_ || over_)
        return;
    gone_ = true;
    left_.notify();
}

FetchTicket::~FetchTicket() {
    if (fetch_)
        fetch_->leave();
}

// --- all ----------------------------------------------------------------------------------------

Result<FetchTicket> Fetches::join(const Cid& cid, std::uint64_t expiry, First first) {
    const auto found = running_.find(cid);
    if (found != running_.end() && !found->second->gone_)
        return FetchTicket(found->second);
    if (tasks_.size() >= most_)
        return fail(Errc::limit_exceeded, "{} datasets are being fetched already; ask again later",
                    tasks_.size());
    auto fetch = std::make_shared<SharedFetch>(loop_);
    running_.insert_or_assign(cid, fetch);
    FetchTicket ticket(fetch);
    tasks_.start(run(this, std::move(fetch), cid, expiry, std::move(first)));
    return ticket;
}

Task<void> Fetches::run(Fetches* self, std::shared_ptr<SharedFetch> fetch, Cid cid,
                        std::uint64_t expiry, First first) {
    Request request;
    request.ask = Ask::fetch;
    request.cid = cid.text();
    request.expiry = expiry;
    request.in_order = true;
    PartOf part = [first = std::move(first)](const codec::Manifest& of) {
        exchange::FetchPart all{IndexSet({0, of.blocks_count()}), {}};
        if (first)
            all.content = first(of);
        return Result<exchange::FetchPart>(std::move(all));
    };
    Conversation* const with = fetch.get();
    auto done = co_await self->daemon_.fetch(std::move(request), std::move(part), with);
    fetch->over_ = true;
    if (!done)
        fetch->error_ = std::move(done).error();
    const auto found = self->running_.find(cid);
    if (found != self->running_.end() && found->second == fetch)
        self->running_.erase(found);
    self->note_ended(cid, *fetch);
    fetch->changed_.notify();
}

void Fetches::note_ended(const Cid& cid, const SharedFetch& fetch) {
    std::erase_if(ended_, [&](const EndedFetch& one) { return one.cid == cid; });
    EndedFetch one{cid, fetch.so_far(), {}};
    if (fetch.error())
        one.error = Error(fetch.error()->code(), fetch.error()->text()).way_out_of(*fetch.error());
    ended_.push_front(std::move(one));
    if (ended_.size() > kMostEnded)
        ended_.pop_back();
}

Task<Result<codec::Manifest>> Fetches::manifest(Fetches* self, Cid cid, http::Exchange* for_whom) {
    const auto arrived = std::make_shared<Arrived>();
    // Where nothing is wanted of it, nothing is stored.
    PartOf part = [arrived](const codec::Manifest& manifest) -> Result<exchange::FetchPart> {
        const std::lock_guard lock(arrived->mutex);
        arrived->manifest = manifest;
        return fail(Errc::cancelled, "that is all");
    };
    Request request;
    request.ask = Ask::fetch;
    request.cid = cid.text();
    ForExchange listener(*for_whom);
    Conversation* const with = &listener;
    auto done = co_await self->daemon_.fetch(std::move(request), std::move(part), with);
    const std::lock_guard lock(arrived->mutex);
    if (arrived->manifest)
        co_return std::move(*arrived->manifest);
    if (!done)
        co_return fail(std::move(done).error());
    co_return fail(Errc::internal, "a fetch has ended without its manifest");
}

} // namespace codex::node::rest
