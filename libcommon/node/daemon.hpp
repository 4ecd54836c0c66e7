// What a node that runs does when it is spoken to (codex-serve(1), CONTROL SOCKET).
#pragma once

#include "node/control_server.hpp"
#include "node/limits.hpp"
#include "repo/repo.hpp"

#include <functional>
#include <memory>

namespace codex::node {

class DhtNode;

/// What is wanted of a dataset, once it is known (exchange::FetchOptions::part).
using PartOf = std::function<Result<exchange::FetchPart>(const codec::Manifest&)>;

/// The addresses at which the node is reached, each with its id at the end: first those that it
/// says to others, then those where it listens beside them. `discovery` is what says them; nothing
/// where nobody does.
[[nodiscard]] std::vector<std::string> addresses_of(const net::Host& host,
                                                    const DhtNode* discovery);

/// How far a fetch with this progress is, as it is said to who waits.
[[nodiscard]] SoFar so_far_of(const exchange::FetchStatus& status, const Progress& progress);

struct DaemonOptions {
    /// What a range, as users write it, or a slot stands for; nothing where there is neither.
    std::function<Result<PartOf>(const std::optional<std::string>& range,
                                 std::optional<std::uint64_t> slot)>
        part;
    /// Reads the configuration again and does as it says. Gives the settings that have changed and
    /// take effect only when the node is begun again.
    std::function<Result<std::vector<std::string>>()> reload;
    /// Lets the node end; returns before it has.
    std::function<void()> stop;
    Limits limits; ///< as they are shown; set_limits() says others
    /// That move at a time; more wait for their turn. One of which nothing comes for some seconds
    /// leaves it to another, up to eight times as many.
    unsigned fetches = 8;
    /// By which others are found, and find what is here; it outlives the daemon, where there is
    /// one.
    DhtNode* discovery = nullptr;
    std::uint64_t seed = 0; ///< of choices
    log::Logger logger{};
};

/// Fetches run on the peers that the node has, beside what it serves.
/// Threads: the loop's.
class Daemon final : public ControlHandler {
public:
    /// All outlive it, and the repo also the jobs of the executor, which has run all of them before
    /// this is destroyed while a fetch is under way.
    Daemon(exchange::Peers& peers, const exchange::Server& server, repo::Repo& repo,
           Executor& executor, DaemonOptions options);
    ~Daemon() override;

    [[nodiscard]] Task<Result<void>> answer(Request request, Conversation* with) override;
    /// What a request to fetch does, of the part that this says instead of the request.
    [[nodiscard]] Task<Result<void>> fetch(Request request, PartOf part, Conversation* with);
    /// Somebody reads these blocks of a dataset while it is fetched: what is next of them comes
    /// first (exchange::Fetch::prefer()). False where it is not being fetched.
    bool prefer(const Cid& cid, IndexRange blocks);
    void set_limits(const Limits& limits);
    /// Where it is asked over HTTP, and for its figures, for who asks it otherwise; empty: nowhere.
    void set_urls(std::string api, std::string metrics);
    /// Ends all fetches, each as soon as it notices, and begins none any more.
    void cancel();

private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace codex::node
