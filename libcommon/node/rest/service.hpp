// What all calls of the interface work with, and the calls.
#pragma once

#include "base/offload.hpp"
#include "node/rest/call.hpp"
#include "node/rest/fetches.hpp"
#include "node/rest/rest.hpp"
#include "node/rest/upload_turns.hpp"

namespace codex::node::rest {

/// How long what is fetched has, until somebody looks again whether it has come.
constexpr Clock::Duration kLookAgain = std::chrono::milliseconds(10);

/// Posts to threads that a job has for itself, so that it may take long, or wait; to the others
/// where there is none.
/// Threads: all calls from any thread, at once.
class LongJobs final : public Executor {
public:
    explicit LongJobs(Executor& executor) : executor_(executor) {}
    [[nodiscard]] unsigned size() const override { return executor_.size(); }
    void post(std::function<void()> job) override {
        if (!executor_.try_beside(job, [] {}))
            executor_.post(std::move(job));
    }
    void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) override {
        executor_.parallel_for(count, body);
    }
    [[nodiscard]] bool try_beside(std::function<void()> job, std::function<void()> freed) override {
        return executor_.try_beside(std::move(job), std::move(freed));
    }

private:
    Executor& executor_;
};

/// Threads: the loop's.
struct Service {
    Service(Daemon& of_daemon, exchange::Peers& of_peers, repo::Repo& of_repo,
            Executor& of_executor, RestOptions given)
        : peers(of_peers), host(*of_peers.host()), loop(host.loop()), repo(of_repo),
          executor(of_executor), long_jobs(of_executor), options(std::move(given)),
          daemon(of_daemon), fetches(loop, of_daemon, options.fetches),
          upload_turns(loop, options.uploads), drawn(loop) {}

    /// Of what is stored now, Unix seconds; 0: never.
    [[nodiscard]] std::uint64_t expiry() const;

    exchange::Peers& peers;
    net::Host& host;
    EventLoop& loop;
    repo::Repo& repo;
    Executor& executor; ///< for what takes milliseconds
    LongJobs long_jobs;
    RestOptions options;
    Daemon& daemon;
    Fetches fetches;
    UploadTurns upload_turns; ///< of large ones
    unsigned downloading = 0;
    bool drawing = false; ///< a picture of a dataset
    Signal drawn;
    std::uint64_t uploads = 0;
    std::uint64_t downloads = 0;
};

/// The manifest of a dataset of which something is here; nothing, where there is none. It waits
/// for the disk. Threads: any.
[[nodiscard]] Result<std::optional<codec::Manifest>> local_manifest(const repo::Repo& repo,
                                                                    const Cid& cid);
/// What who asked for something is told that is not to be had.
[[nodiscard]] std::string not_retrieved(std::string_view why);
/// A dataset as it is listed: its CID and its manifest.
[[nodiscard]] std::string item_json(const Cid& cid, const codec::Manifest& manifest);
/// The manifest of a dataset once something of it is here, as long as it is fetched and somebody
/// waits. Errors: those of the fetch; cancelled.
[[nodiscard]] Task<Result<codec::Manifest>> await_manifest(Service* self, http::Exchange* for_whom,
                                                           SharedFetch* fetch, Cid cid);

// Each answers its call; both outlive it.
[[nodiscard]] Task<Result<void>> upload(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> download(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> list_data(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> remove_data(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> fetch_data(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_manifest(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_exists(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_space(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_record(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_peer_id(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> connect_peer(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_debug_info(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> set_log_level(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_health(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_peers(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_fetches(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_labels(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_settings(Service* self, Call* call);
[[nodiscard]] Task<Result<void>> show_log(Service* self, Call* call);

/// The OpenAPI document.
extern const std::string_view kOpenApi;

} // namespace codex::node::rest
