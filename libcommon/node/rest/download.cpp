// A file that goes: what is here at once, the rest while it comes.
#include "node/rest/ahead.hpp"
#include "node/rest/headers.hpp"
#include "node/rest/service.hpp"

namespace codex::node::rest {

namespace {

constexpr std::string_view kNotHere = "Block not found in local store";

/// What is sent. Threads: the loop's.
struct Sending {
    Cid cid;
    dataset::ByteRange range;
    IndexRange blocks; ///< that have the range
    int fetches;       ///< so many were begun or joined for it
    /// The fetch under way, whoever began it, knows that the range is waited for.
    bool preferred = false;
};

/// What is needed and not here is fetched, twice at most: the second time for what went meanwhile.
/// Errors: those of the fetch; dataset_damaged.
Task<Result<void>> wait_for_more(Service* self, http::Exchange* to, Sending* what,
                                 std::optional<FetchTicket>* fetch) {
    if (to->gone())
        co_return fail(Errc::cancelled, "nobody waits any more");
    if (*fetch && (**fetch)->over()) {
        if ((**fetch)->error())
            co_return fail(Error((**fetch)->error()->code(), (**fetch)->error()->text()));
        fetch->reset();
        what->preferred = false;
        if (what->fetches >= 2)
            co_return fail(Errc::dataset_damaged, "what has come is not here");
    }
    if (!*fetch) {
        ++what->fetches;
        Fetches::First first = [range = what->range](const codec::Manifest&) { return range; };
        auto joined = self->fetches.join(what->cid, self->expiry(), std::move(first));
        if (!joined)
            co_return fail(std::move(joined).error());
        fetch->emplace(std::move(*joined));
    }
    if (!what->preferred)
        what->preferred = self->daemon.prefer(what->cid, what->blocks);
    Signal& changed = (**fetch)->changed();
    const Clock::Instant again = self->loop.now() + kLookAgain;
    co_await changed.wait(again);
    co_return Result<void>();
}

/// Sends all of the range. An error leaves the client with an answer that is cut off.
Task<Result<void>> send(Service* self, http::Exchange* to, Sending* what,
                        std::shared_ptr<Pieces> pieces, std::optional<FetchTicket>* fetch) {
    std::uint64_t left = what->range.end - what->range.begin;
    Ahead reading(*self, std::move(pieces));
    Ahead* const ahead = &reading;
    while (left != 0) {
        const bool was_over = *fetch && (**fetch)->over();
        CODEX_CO_TRY(piece, Ahead::take(ahead));
        if (piece.content.empty()) {
            if (!*fetch || was_over || !(**fetch)->over()) { // else it may just have come
                CODEX_CO_CHECK(wait_for_more(self, to, what, fetch));
            }
            ahead->give_back(std::move(piece));
            ahead->go_on();
            continue;
        }
        left -= std::min<std::uint64_t>(left, piece.content.size());
        CODEX_CO_CHECK(to->write(piece.content));
        ahead->give_back(std::move(piece));
        co_await self->loop.next_turn(); // who takes fast holds nobody up
    }
    co_return co_await to->end();
}

http::Answer head_of(const Call& call, const Cid& cid, const std::optional<std::string>& name,
                     const std::optional<std::string>& type) {
    http::Answer head;
    http::set(head.fields, "Content-Type", content_type(type));
    http::set(head.fields, "Content-Disposition", attachment(name));
    http::set(head.fields, "Accept-Ranges", "bytes");
    http::set(head.fields, "ETag", fmt::format("\"{}\"", cid.text()));
    if (!call.exchange.request().is_head())
        http::set(head.fields, "Connection", "close");
    return head;
}

/// The part that is wanted of `size` bytes, with the status that says so; 304, where nothing is,
/// 416, where there is no such part.
Part part_of(const Call& call, std::uint64_t size, http::Answer& head) {
    const Part all{0, size};
    const std::string tag = *http::find(head.fields, "etag");
    const std::string_view known = call.field("if-none-match");
    if (!known.empty() && has_tag(known, tag)) {
        head.status = 304;
        return {};
    }
    const std::string_view only = call.field("if-range");
    const std::string_view range = call.field("range");
    if (range.empty() || call.exchange.request().is_head() || (!only.empty() && only != tag))
        return all;
    const auto part = read_range(range, size);
    if (!part) {
        head.status = 416;
        http::set(head.fields, "Content-Range", fmt::format("bytes */{}", size));
        return {};
    }
    if (!*part)
        return all;
    head.status = 206;
    http::set(head.fields, "Content-Range",
              fmt::format("bytes {}-{}/{}", (*part)->begin, (*part)->end - 1, size));
    return **part;
}

/// One block, without a dataset.
Task<Result<void>> send_block(Service* self, Call* call, Cid cid) {
    auto job = [repo = &self->repo, cid] { return repo->get(cid); };
    auto block = co_await offload(self->loop, self->executor, std::move(job));
    if (!block && block.error().code() == Errc::block_not_found) {
        co_return co_await call->error(404, not_retrieved(kNotHere));
    }
    if (!block) {
        co_return co_await call->error(500, block.error().text());
    }
    http::Answer head = head_of(*call, cid, std::nullopt, std::nullopt);
    const Part part = part_of(*call, block->size(), head);
    std::string body(as_text(BytesView(*block).subspan(part.begin, part.end - part.begin)));
    co_return co_await call->answer(std::move(head), std::move(body));
}

/// What is to come first, where the dataset is not known yet.
Fetches::First part_asked(const Call& call) {
    const std::string_view range = call.field("range");
    if (range.empty() || call.exchange.request().is_head())
        return {};
    return [range = std::string(range)](const codec::Manifest& manifest) {
        const auto part = read_range(range, manifest.content_size_bytes());
        return part && *part ? dataset::ByteRange{(*part)->begin, (*part)->end}
                             : dataset::ByteRange{};
    };
}

/// The manifest, from here or from others. Errors: dataset_not_found and others, for 404.
Task<Result<codec::Manifest>> find_manifest(Service* self, Call* call, Cid cid,
                                            std::optional<FetchTicket>* fetch) {
    auto job = [repo = &self->repo, cid] { return local_manifest(*repo, cid); };
    auto here = co_await offload(self->loop, self->executor, std::move(job));
    if (!here)
        co_return fail(std::move(here).error());
    if (*here)
        co_return std::move(**here);
    if (call->route.action != Action::stream)
        co_return fail(Errc::dataset_not_found, "{}", kNotHere);
    auto joined = self->fetches.join(cid, self->expiry(), part_asked(*call));
    if (!joined)
        co_return fail(std::move(joined).error());
    fetch->emplace(std::move(*joined));
    SharedFetch* const shared = &***fetch;
    http::Exchange* const for_whom = &call->exchange;
    co_return co_await await_manifest(self, for_whom, shared, std::move(cid));
}

} // namespace

Task<Result<void>> download(Service* self, Call* call) {
    const auto cid = path_cid(call->parameters[0]);
    if (!cid) {
        co_return co_await call->error(400, cid.error().text());
    }
    Cid of = *cid;
    if (of.codec() != codec::Multicodec::codex_manifest) {
        co_return co_await send_block(self, call, std::move(of));
    }
    std::optional<FetchTicket> fetch;
    std::optional<FetchTicket>* const fetching = &fetch;
    auto manifest = co_await find_manifest(self, call, of, fetching);
    if (!manifest && manifest.error().code() == Errc::cancelled)
        co_return fail(std::move(manifest).error());
    if (!manifest) {
        std::string why = manifest.error().text();
        if (manifest.error().code() == Errc::limit_exceeded) {
            co_return co_await call->error(503, std::move(why));
        }
        co_return co_await call->error(404, not_retrieved(why));
    }
    const std::uint64_t size = manifest->content_size_bytes();
    http::Answer head = head_of(*call, of, manifest->filename, manifest->mimetype);
    const Part part = part_of(*call, size, head);
    if (head.status == 304 || head.status == 416) {
        std::string nothing;
        co_return co_await call->answer(std::move(head), std::move(nothing));
    }
    call->add_fields(head);
    http::Exchange* const to = &call->exchange;
    const std::optional<std::uint64_t> length = part.end - part.begin;
    const dataset::ByteRange range{part.begin, part.end};
    CODEX_CO_CHECK(to->begin(std::move(head), length));
    if (to->request().is_head()) {
        co_return co_await to->end();
    }
    Sending sending{of, range, dataset::blocks_of(*manifest, range), fetch ? 1 : 0};
    Sending* const what = &sending;
    auto pieces =
        std::make_shared<Pieces>(self->repo, of, std::move(*manifest), range, self->executor);
    CODEX_CO_CHECK(send(self, to, what, std::move(pieces), fetching));
    ++self->downloads;
    co_return Result<void>();
}

} // namespace codex::node::rest
