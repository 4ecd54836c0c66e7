// How commands speak to the node that serves the repo, if one does.
#pragma once

#include "base/job.hpp"
#include "exchange/fetch.hpp"
#include "late_repo.hpp"
#include "node/control_client.hpp"
#include "serve.hpp"

#include <optional>

namespace codex::serve_tool {

/// Asks the node of the repo, and gives `take` the parts of its answer; all of it has `patience` to
/// come. Errors: unavailable, when no node serves the repo; timeout, naming the process that does
/// not answer; those of node::ask().
[[nodiscard]] Result<void> ask_daemon(cli::Context& context, node::Request request,
                                      const node::TakeReply& take, Clock::Duration patience);

/// The same; false, when no node serves the repo.
[[nodiscard]] Result<bool> ask_daemon_if_any(cli::Context& context, node::Request request,
                                             const node::TakeReply& take, Clock::Duration patience);

/// The process that serves the repo, which was told to end, for waiting until it has; 0, when it
/// cannot be seen from here. Errors: as ask_daemon().
[[nodiscard]] Result<pid_t> stop_daemon(cli::Context& context, Clock::Duration patience);

/// Lets the node of the repo connect to `address`, which names the peer. A node that has shown that
/// it answers may be some seconds late, for it says itself that the time is over. Errors: as
/// ask_daemon().
[[nodiscard]] Result<void> connect_by_daemon(cli::Context& context, std::string address,
                                             std::uint64_t seconds);

/// Of a repo that no node answers for: whether one holds it nevertheless, whose socket is not
/// there. Errors: unavailable, with the ways out of that.
[[nodiscard]] Error no_node(const std::string& repo);

/// What can be done about a process that does not do as it is told.
[[nodiscard]] Error hanging(Error error, pid_t process);

/// A dataset that the node of the repo fetches.
struct ThroughDaemon {
    const Cid& cid;
    LateRepo& repo;
    node::PartOf part;           ///< as the request has it
    ByteSink* content = nullptr; ///< where its content goes while it comes, if it does
};

/// Lets the node of the repo fetch a dataset until a time, shows how far it is, and writes its
/// content; false, when no node serves the repo. `status` is what has come, also before an error.
/// Errors: those of exchange::Fetch::run() and exchange::Follow::run(), with ways out; unavailable,
/// when the node ends before the fetch has.
[[nodiscard]] Result<bool> fetch_through_daemon(cli::Context& context, node::Request request,
                                                const ThroughDaemon& how, const Deadline& until,
                                                Progress& progress, exchange::FetchStatus& status);

} // namespace codex::serve_tool
