// The repo that is fetched into, which need not be there before something comes.
#pragma once

#include "exchange/fetch.hpp"
#include "toolkit/access.hpp"

#include <memory>
#include <mutex>
#include <optional>

namespace codex::serve_tool {

/// It stays where it is: fetches refer to it.
/// Threads: any, at once.
class LateRepo {
public:
    /// Opens the repo where there is one. Where there is none, and could be one, nothing is made
    /// yet. Errors: those of toolkit::open_repo().
    [[nodiscard]] static Result<std::unique_ptr<LateRepo>> open(cli::Context& context);
    explicit LateRepo(cli::Context& context) : context_(context) {}

    /// Nothing where there is none yet.
    [[nodiscard]] repo::Repo* there();
    /// The repo, which is made if need be, and when what is fetched now expires.
    /// Errors: those of toolkit::open_repo().
    [[nodiscard]] Result<exchange::Destination> destination();

    /// Of a dataset that is fetched now, Unix seconds; 0: never, or there is no repo yet.
    [[nodiscard]] std::uint64_t expiry();

private:
    [[nodiscard]] std::uint64_t expiry_of_open() const;

    cli::Context& context_;
    std::mutex mutex_;
    std::optional<repo::Repo> repo_;
};

} // namespace codex::serve_tool
