// What there is of data, what is taken away, and what is fetched for later.
#include "base/json_writer.hpp"
#include "codec/manifest_json.hpp"
#include "node/rest/headers.hpp"
#include "node/rest/service.hpp"

namespace codex::node::rest {

namespace {

std::string list_json(const repo::Repo& repo, Result<void>& done) {
    JsonWriter json;
    json.begin_object().key("content").begin_array();
    const auto add = [&json](const repo::DatasetInfo& dataset) {
        json.raw(item_json(dataset.cid, dataset.manifest));
        return true;
    };
    done = repo.for_each_dataset(add);
    if (done)
        done =
            repo.for_each_partial([&](const repo::PartialInfo& part) { return add(part.dataset); });
    json.end_array().end_object();
    return std::move(json).text();
}

Result<std::string> space_json(const repo::Repo& repo) {
    CODEX_TRY(space, repo.space());
    JsonWriter json;
    json.begin_object()
        .member("totalBlocks", space.counters.blocks)
        .member("quotaMaxBytes", space.quota_bytes)
        .member("quotaUsedBytes", space.counters.used_bytes)
        .member("quotaReservedBytes", space.counters.reserved_bytes)
        .end_object();
    return std::move(json).text();
}

/// What is not there is removed already.
Result<void> remove(repo::Repo& repo, const Cid& cid) {
    if (cid.codec() != codec::Multicodec::codex_manifest)
        return repo.remove(cid);
    auto removed = repo.remove_dataset(cid);
    if (!removed && removed.error().code() == Errc::dataset_not_found)
        return {};
    return removed;
}

Result<bool> exists(const repo::Repo& repo, const Cid& cid) {
    if (cid.codec() != codec::Multicodec::codex_manifest)
        return repo.has(cid);
    CODEX_TRY(manifest, local_manifest(repo, cid));
    return manifest.has_value();
}

} // namespace

Result<std::optional<codec::Manifest>> local_manifest(const repo::Repo& repo, const Cid& cid) {
    auto whole = repo.dataset(cid);
    if (whole)
        return std::move(whole->manifest);
    auto some = repo.partial(cid);
    if (some)
        return std::move(some->dataset.manifest);
    if (some.error().code() != Errc::dataset_not_found)
        return fail(std::move(some).error());
    if (whole.error().code() != Errc::dataset_not_found &&
        whole.error().code() != Errc::dataset_partial)
        return fail(std::move(whole).error());
    return std::nullopt;
}

std::string not_retrieved(std::string_view why) {
    return fmt::format("The requested CID could not be retrieved ({}).", why);
}

std::string item_json(const Cid& cid, const codec::Manifest& manifest) {
    JsonWriter json;
    json.begin_object().member("cid", cid.text());
    json.key("manifest").raw(codec::manifest_json(manifest)).end_object();
    return std::move(json).text();
}

Task<Result<void>> list_data(Service* self, Call* call) {
    auto job = [repo = &self->repo]() -> Result<std::string> {
        Result<void> done;
        std::string json = list_json(*repo, done);
        if (!done)
            return fail(std::move(done).error());
        return json;
    };
    auto json = co_await offload(self->loop, self->long_jobs, std::move(job));
    if (!json) {
        co_return co_await call->error(500, json.error().text());
    }
    co_return co_await call->json(200, std::move(*json));
}

Task<Result<void>> show_space(Service* self, Call* call) {
    auto job = [repo = &self->repo] { return space_json(*repo); };
    auto json = co_await offload(self->loop, self->executor, std::move(job));
    if (!json) {
        co_return co_await call->error(500, json.error().text());
    }
    co_return co_await call->json(200, std::move(*json));
}

Task<Result<void>> remove_data(Service* self, Call* call) {
    const auto cid = path_cid(call->parameters[0]);
    if (!cid) {
        co_return co_await call->error(400, cid.error().text());
    }
    auto job = [repo = &self->repo, of = *cid] { return remove(*repo, of); };
    const auto removed = co_await offload(self->loop, self->long_jobs, std::move(job));
    if (!removed) {
        co_return co_await call->error(500, removed.error().text());
    }
    co_return co_await call->empty(204);
}

Task<Result<void>> show_exists(Service* self, Call* call) {
    const auto cid = path_cid(call->parameters[0]);
    if (!cid) {
        co_return co_await call->error(400, cid.error().text());
    }
    auto job = [repo = &self->repo, of = *cid] { return exists(*repo, of); };
    const auto here = co_await offload(self->loop, self->executor, std::move(job));
    if (!here) {
        co_return co_await call->error(500, here.error().text());
    }
    JsonWriter json;
    json.begin_object().member(cid->text(), *here).member("has", *here).end_object();
    co_return co_await call->json(200, std::move(json).text());
}

Task<Result<codec::Manifest>> await_manifest(Service* self, http::Exchange* for_whom,
                                             SharedFetch* fetch, Cid cid) {
    for (;;) {
        const bool last = fetch->over();
        auto job = [repo = &self->repo, cid] { return local_manifest(*repo, cid); };
        auto found = co_await offload(self->loop, self->executor, std::move(job));
        if (!found)
            co_return fail(std::move(found).error());
        if (*found)
            co_return std::move(**found);
        if (for_whom->gone())
            co_return fail(Errc::cancelled, "nobody waits any more");
        if (last && fetch->error())
            co_return fail(Error(fetch->error()->code(), fetch->error()->text()));
        if (last)
            co_return fail(Errc::dataset_not_found, "was here, and is gone");
        Signal& changed = fetch->changed();
        const Clock::Instant again = self->loop.now() + kLookAgain;
        co_await changed.wait(again);
    }
}

Task<Result<void>> fetch_data(Service* self, Call* call) {
    const auto cid = path_cid(call->parameters[0]);
    if (!cid) {
        co_return co_await call->error(400, cid.error().text());
    }
    if (cid->codec() != codec::Multicodec::codex_manifest) {
        co_return co_await call->error(404, "CID has invalid content type for manifest");
    }
    auto ticket = self->fetches.join(*cid, self->expiry());
    if (!ticket) {
        co_return co_await call->error(503, ticket.error().text());
    }
    SharedFetch* const fetch = &**ticket;
    http::Exchange* const for_whom = &call->exchange;
    Cid of = *cid;
    auto manifest = co_await await_manifest(self, for_whom, fetch, std::move(of));
    if (!manifest && manifest.error().code() == Errc::cancelled)
        co_return fail(std::move(manifest).error());
    if (!manifest) {
        co_return co_await call->error(404, not_retrieved(manifest.error().text()));
    }
    fetch->keep();
    co_return co_await call->json(200, item_json(*cid, *manifest));
}

Task<Result<void>> show_manifest(Service* self, Call* call) {
    const auto cid = path_cid(call->parameters[0]);
    if (!cid) {
        co_return co_await call->error(400, cid.error().text());
    }
    if (cid->codec() != codec::Multicodec::codex_manifest) {
        co_return co_await call->error(404, "CID has invalid content type for manifest");
    }
    auto job = [repo = &self->repo, of = *cid] { return local_manifest(*repo, of); };
    auto here = co_await offload(self->loop, self->executor, std::move(job));
    if (here && *here) {
        co_return co_await call->json(200, item_json(*cid, **here));
    }
    Cid of = *cid;
    http::Exchange* const for_whom = &call->exchange;
    Fetches* const fetches = &self->fetches;
    auto manifest = co_await Fetches::manifest(fetches, std::move(of), for_whom);
    if (!manifest && manifest.error().code() == Errc::cancelled)
        co_return fail(std::move(manifest).error());
    if (!manifest) {
        co_return co_await call->error(404, not_retrieved(manifest.error().text()));
    }
    co_return co_await call->json(200, item_json(*cid, *manifest));
}

} // namespace codex::node::rest
