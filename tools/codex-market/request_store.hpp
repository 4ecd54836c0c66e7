// Requests that are about to be posted: kept on the disk before the first call, so that whoever
// repeats a command that was killed posts nothing twice.
#pragma once

#include "market/request.hpp"
#include "repo/gate.hpp"

#include <optional>

namespace codex::market_tool {

/// A folder of them, with one file for each request that was not acknowledged yet. Who is in the
/// folder is alone in it.
/// Threads: one at a time.
class RequestStore {
public:
    /// Makes the folder; waits for others as `options` says. Errors: repo_locked; permission,
    /// no_space, io.
    [[nodiscard]] static Result<RequestStore> open(const std::string& folder,
                                                   const repo::OpenOptions& options);

    /// The request with the nonce that it was kept with; else with `nonce`, with which it is kept
    /// from now on, whatever happens to this process or its machine. Errors: no_space, io;
    /// those of request_from_json() where the file is not what was written.
    [[nodiscard]] Result<market::Request> keep(market::Request request,
                                               const ethereum::abi::Word& nonce);
    /// It is posted and acknowledged, or was refused: the same terms are another request from now
    /// on. Errors: io.
    [[nodiscard]] Result<void> forget(market::Request request);

private:
    RequestStore(std::string folder, std::unique_ptr<repo::Gate> gate, repo::Gate::Turn turn)
        : folder_(std::move(folder)), gate_(std::move(gate)), turn_(std::move(turn)) {}
    [[nodiscard]] std::string path_of(market::Request request) const;

    std::string folder_;
    std::unique_ptr<repo::Gate> gate_;
    repo::Gate::Turn turn_; // before the gate is closed
};

} // namespace codex::market_tool
