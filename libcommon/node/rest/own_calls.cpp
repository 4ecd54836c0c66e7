// What this node answers beyond the reference, for the page and for scripts (codex-rest(7), CALLS
// OF OUR OWN).
#include "base/json_writer.hpp"
#include "dataset/health_map.hpp"
#include "node/rest/headers.hpp"
#include "node/rest/recent_log.hpp"
#include "node/rest/service.hpp"

#include <charconv>

namespace codex::node::rest {

namespace {

using dataset::Health;
using dataset::HealthMap;

// Of a picture.
constexpr std::size_t kMostAcross = 64;
constexpr std::size_t kMostDown = 32;
constexpr std::uint64_t kMostBlocks = std::uint64_t{1} << 24;
/// Until somebody who waits for his turn looks whether he is still waited for.
constexpr Clock::Duration kDrawingPause = std::chrono::seconds(1);

using HintOf = std::function<std::string(const Error&)>;

// --- health -------------------------------------------------------------------------------------

/// What a stranger's manifest says costs no more than a few bytes for each of so many.
Result<void> can_be_drawn(const codec::Manifest& manifest) {
    if (manifest.blocks_count() <= kMostBlocks)
        return {};
    return fail(Errc::limit_exceeded,
                "it has {} blocks, of which no picture is made; {} are possible",
                manifest.blocks_count(), kMostBlocks);
}

Result<erasure::Layout> layout_of(const codec::Manifest& manifest) {
    if (manifest.is_protected())
        return erasure::Layout::of(manifest);
    return erasure::Layout::plain(manifest.blocks_count());
}

void write_map(JsonWriter& json, const HealthMap& map) {
    json.key("map").begin_object().member("columnsPerPlace", map.columns_per_place());
    json.key("rows").begin_array();
    for (std::uint64_t row = 0; row < map.rows(); ++row)
        json.begin_object()
            .member("firstSlot", map.slots(row).first)
            .member("lastSlot", map.slots(row).end() - 1)
            .member("kind", map.kind(row))
            .member("places", map.marks(row))
            .end_object();
    json.end_array().member("columns", map.prospects()).end_object();
}

/// What a picture says, in numbers, and the picture.
struct Found {
    std::string_view state;
    std::uint64_t blocks = 0;
    std::uint64_t missing = 0;
    std::uint64_t damaged = 0;
    bool tree_damaged = false;
    std::string hint{};
};

std::string found_json(const Cid& cid, const Found& found, const codec::Manifest& manifest,
                       const erasure::Layout& layout, const HealthMap& map) {
    const bool coded = manifest.is_protected();
    JsonWriter json;
    json.begin_object()
        .member("cid", cid.text())
        .member("state", found.state)
        .member("protected", coded)
        .member("blocks", found.blocks)
        .member("missing", found.missing)
        .member("damaged", found.damaged)
        .member("treeDamaged", found.tree_damaged);
    if (coded)
        json.member("k", layout.k())
            .member("m", layout.m())
            .member("columns", layout.steps)
            .member("lostColumns", map.lost_columns());
    json.member("hint", found.hint);
    write_map(json, map);
    json.end_object();
    return std::move(json).text();
}

/// Of a dataset of which some blocks have not come yet.
Result<std::string> partial_json(const repo::Repo& repo, const repo::PartialInfo& part) {
    const Cid& cid = part.dataset.cid;
    CODEX_CHECK(can_be_drawn(part.dataset.manifest));
    CODEX_TRY(layout, layout_of(part.dataset.manifest));
    CODEX_TRY(tree, repo.partial_tree(cid));
    CODEX_TRY(present, tree.present());
    HealthMap map(layout, kMostAcross, kMostDown);
    Found found{"partial", part.dataset.manifest.blocks_count()};
    for (std::uint64_t index = present.next_missing(0); index < found.blocks;
         index = present.next_missing(index + 1)) {
        if (layout.is_padding(index))
            continue;
        map.add_missing(index);
        ++found.missing;
    }
    return found_json(cid, found, part.dataset.manifest, layout, map);
}

/// With the dataset's own CID, where the words leave it open.
std::string named(std::string hint, const Cid& cid) {
    constexpr std::string_view kOpen = "CID";
    if (const std::size_t at = hint.find(kOpen); at != std::string::npos)
        hint.replace(at, kOpen.size(), cid.text());
    return hint;
}

Result<std::string> whole_json(const dataset::Job& job, const Cid& cid, const HintOf& hint_of) {
    CODEX_TRY(info, job.repo.dataset(cid));
    CODEX_CHECK(can_be_drawn(info.manifest));
    CODEX_TRY(health, dataset::health(job, cid, false));
    CODEX_TRY(layout, layout_of(health.manifest));
    const HealthMap map(health, layout, kMostAcross, kMostDown);
    Found found{health.whole()        ? "whole"
                : health.repairable() ? "repairable"
                                      : "lost",
                health.blocks, health.missing.size(), health.damaged.size(), health.tree_damaged};
    if (!health.whole() && hint_of) {
        CODEX_TRY(error, dataset::way_back(job, health));
        found.hint = named(hint_of(error), cid);
    }
    return found_json(cid, found, health.manifest, layout, map);
}

Result<std::string> health_json(repo::Repo& repo, Executor& executor, const Cid& cid,
                                const HintOf& hint_of) {
    const auto part = repo.partial(cid);
    if (part)
        return partial_json(repo, *part);
    if (part.error().code() != Errc::dataset_not_found)
        return fail(Error(part.error().code(), part.error().text()));
    return whole_json(dataset::Job(repo, codex::Job(executor)), cid, hint_of);
}

/// One picture at a time: of a large dataset it takes a while, and some bytes a block.
class Drawing {
public:
    explicit Drawing(Service& service) : service_(service) { service_.drawing = true; }
    Drawing(const Drawing&) = delete;
    Drawing& operator=(const Drawing&) = delete;
    ~Drawing() {
        service_.drawing = false;
        service_.drawn.notify();
    }

private:
    Service& service_;
};

// --- peers, fetches -----------------------------------------------------------------------------

/// Keeps what a request to the node is answered with. Threads: the loop's.
class Collected final : public Conversation {
public:
    explicit Collected(http::Exchange& exchange) : exchange_(exchange) {}
    [[nodiscard]] Task<Result<void>> say(Reply reply) override {
        replies.push_back(std::move(reply));
        return heard();
    }
    [[nodiscard]] bool gone() const override { return exchange_.gone(); }
    [[nodiscard]] Signal& left() override { return exchange_.left(); }

    std::vector<Reply> replies;

private:
    static Task<Result<void>> heard() { co_return Result<void>(); }
    http::Exchange& exchange_;
};

void write_peer(JsonWriter& json, const PeerRow& row) {
    json.begin_object()
        .member("id", row.id)
        .member("address", row.address)
        .member("incoming", row.incoming)
        .member("muxer", row.muxer)
        .member("agent", row.agent)
        .member("streams", row.streams)
        .member("bytesIn", row.bytes_in)
        .member("bytesOut", row.bytes_out)
        .member("wants", row.wants)
        .end_object();
}

std::string peers_json(const std::vector<Reply>& replies) {
    JsonWriter json;
    json.begin_object().key("peers").begin_array();
    for (const Reply& reply : replies)
        if (const auto* row = std::get_if<PeerRow>(&reply))
            write_peer(json, *row);
    json.end_array().end_object();
    return std::move(json).text();
}

void write_fetch(JsonWriter& json, const Cid& cid, std::string_view state, const SoFar& so_far) {
    json.begin_object()
        .member("cid", cid.text())
        .member("state", state)
        .member("doneBytes", so_far.done)
        .member("totalBytes", so_far.total)
        .member("peers", so_far.peers)
        .member("waiting", so_far.waiting);
}

std::string fetches_json(const Fetches& fetches, const HintOf& hint_of) {
    JsonWriter json;
    json.begin_object().key("fetches").begin_array();
    for (const auto& [cid, fetch] : fetches.running()) {
        write_fetch(json, cid, "running", fetch->so_far());
        json.member("error", "").member("hint", "").end_object();
    }
    for (const EndedFetch& ended : fetches.ended()) {
        write_fetch(json, ended.cid, ended.error ? "failed" : "done", ended.so_far);
        json.member("error", ended.error ? ended.error->text() : std::string())
            .member("hint", ended.error && hint_of ? hint_of(*ended.error) : std::string())
            .end_object();
    }
    json.end_array().end_object();
    return std::move(json).text();
}

// --- labels -------------------------------------------------------------------------------------

Result<std::string> labels_json(const repo::Repo& repo) {
    JsonWriter json;
    json.begin_object().key("labels").begin_array();
    const auto add = [&json](const repo::DatasetInfo& dataset) {
        if (!dataset.label.empty())
            json.begin_object()
                .member("cid", dataset.cid.text())
                .member("label", dataset.label)
                .end_object();
        return true;
    };
    CODEX_CHECK(repo.for_each_dataset(add));
    CODEX_CHECK(
        repo.for_each_partial([&](const repo::PartialInfo& part) { return add(part.dataset); }));
    json.end_array().end_object();
    return std::move(json).text();
}

// --- settings -----------------------------------------------------------------------------------

std::string settings_json(const RestOptions& options, const std::vector<Reply>& limits) {
    JsonWriter json;
    json.begin_object().key("settings").begin_array();
    if (options.settings)
        for (const ShownSetting& one : options.settings())
            json.begin_object()
                .member("name", one.name)
                .member("value", one.value)
                .member("from", one.from)
                .end_object();
    json.end_array();
    json.member("logLevels", options.log_levels ? options.log_levels() : std::string());
    json.key("limits").begin_array();
    for (const Reply& reply : limits)
        if (const auto* row = std::get_if<LimitRow>(&reply))
            json.begin_object()
                .member("name", row->name)
                .member("value", row->value)
                .member("hits", row->hits)
                .end_object();
    json.end_array().end_object();
    return std::move(json).text();
}

// --- log ----------------------------------------------------------------------------------------

/// What the query says is known already: 0, where it says nothing; nothing, where that is none.
std::optional<std::uint64_t> after_of(const Call& call) {
    const std::vector<std::string> texts = call.target.values("after");
    if (texts.empty())
        return 0;
    const std::string_view text(texts.front());
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        return std::nullopt;
    return number;
}

std::string log_json(const RestOptions& options, std::uint64_t after) {
    return options.log ? options.log->json(after) : R"({"last":0,"records":[]})";
}

} // namespace

Task<Result<void>> show_health(Service* self, Call* call) {
    const auto cid = path_cid(call->parameters[0]);
    if (!cid) {
        co_return co_await call->error(400, cid.error().text());
    }
    if (cid->codec() != codec::Multicodec::codex_manifest) {
        co_return co_await call->error(404, "CID has invalid content type for manifest");
    }
    while (self->drawing && !call->exchange.gone()) {
        const Clock::Instant again = self->loop.now() + kDrawingPause;
        co_await self->drawn.wait(again);
    }
    if (self->drawing)
        co_return fail(Errc::cancelled, "nobody waits any more");
    const Drawing drawing(*self);
    auto job = [repo = &self->repo, executor = &self->executor, of = *cid,
                hint_of = self->options.hint] {
        return health_json(*repo, *executor, of, hint_of);
    };
    auto json = co_await offload(self->loop, self->long_jobs, std::move(job));
    if (!json && json.error().code() == Errc::dataset_not_found) {
        co_return co_await call->error(404, "There is nothing of this dataset here");
    }
    if (!json) {
        co_return co_await call->error(500, json.error().text());
    }
    co_return co_await call->json(200, std::move(*json));
}

Task<Result<void>> show_peers(Service* self, Call* call) {
    Collected collected(call->exchange);
    Collected* const with = &collected;
    Request request;
    request.ask = Ask::peers;
    CODEX_CO_CHECK(self->daemon.answer(std::move(request), with));
    co_return co_await call->json(200, peers_json(collected.replies));
}

Task<Result<void>> show_fetches(Service* self, Call* call) {
    co_return co_await call->json(200, fetches_json(self->fetches, self->options.hint));
}

Task<Result<void>> show_labels(Service* self, Call* call) {
    auto job = [repo = &self->repo] { return labels_json(*repo); };
    auto json = co_await offload(self->loop, self->long_jobs, std::move(job));
    if (!json) {
        co_return co_await call->error(500, json.error().text());
    }
    co_return co_await call->json(200, std::move(*json));
}

Task<Result<void>> show_settings(Service* self, Call* call) {
    Collected collected(call->exchange);
    Collected* const with = &collected;
    Request request;
    request.ask = Ask::limits;
    CODEX_CO_CHECK(self->daemon.answer(std::move(request), with));
    co_return co_await call->json(200, settings_json(self->options, collected.replies));
}

Task<Result<void>> show_log(Service* self, Call* call) {
    const auto after = after_of(*call);
    if (!after) {
        co_return co_await call->error(400, "after: not a number");
    }
    co_return co_await call->json(200, log_json(self->options, *after));
}

} // namespace codex::node::rest
