// The interface of a node over HTTP: data, peers, and what there is to see (codex-rest(7)).
#pragma once

#include "base/executor.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "http/server.hpp"
#include "node/daemon.hpp"
#include "node/discovery.hpp"
#include "node/rest/access.hpp"

#include <functional>
#include <memory>

namespace codex::node::rest {

class RecentLog;

/// A setting of the process, as it is shown.
struct ShownSetting {
    std::string name;
    std::string value;
    std::string from; ///< who has said it
};

struct RestOptions {
    AccessOptions access{};
    std::string folder{}; ///< of the node, as it is shown: whole
    std::string version{};
    std::string revision{};
    /// Sets the levels of the log. Errors: argument_invalid.
    std::function<Result<void>(std::string_view directives)> set_log_levels{};
    /// Those that are set, in the same words; none, where nothing says them. Called in the loop's
    /// thread.
    std::function<std::string()> log_levels{};
    /// All settings of the process; none, where nothing says them. Called in the loop's thread.
    std::function<std::vector<ShownSetting>()> settings{};
    /// What can be done about an error, in words; empty: nothing. Called in any thread.
    std::function<std::string(const Error&)> hint{};
    std::shared_ptr<const RecentLog> log{};   ///< nothing: no record is shown
    Discovery* discovery = nullptr;           ///< outlives it, where there is one
    http::Handler* others = nullptr;          ///< answers paths that are none of the interface
    SecretRandom* random = &Random::system(); ///< outlives it; of the page's nonces
    unsigned uploads = 12;                    ///< large ones at a time; more wait for their turn
    std::size_t fetches = 256;                ///< of different datasets at a time; more are refused
};

/// Answers requests. Long work goes on beside the loop, so that a small request never waits for it.
/// Threads: the loop's.
class Rest final : public http::Handler {
public:
    /// All outlive it, and the repo also the jobs of the executor. The executor has not ended
    /// before who calls handle() has.
    Rest(Daemon& daemon, exchange::Peers& peers, repo::Repo& repo, Executor& executor,
         RestOptions options);
    ~Rest() override;

    [[nodiscard]] Task<Result<void>> handle(http::Exchange* with) override;
    /// From now on.
    void set_access(const AccessOptions& access);
    /// Since it began: files that came whole and are stored, and that went whole.
    [[nodiscard]] std::uint64_t uploads() const;
    [[nodiscard]] std::uint64_t downloads() const;

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::node::rest
