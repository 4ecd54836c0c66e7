#include "late_repo.hpp"

#include "base/units.hpp"

#include <filesystem>

namespace codex::serve_tool {

namespace {

/// Nothing is in the way of a repo that is made later.
bool may_be_made_later(const std::string& path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found)
        return true;
    return std::filesystem::is_directory(status) && std::filesystem::is_empty(path, error) &&
           !error;
}

} // namespace

Result<std::unique_ptr<LateRepo>> LateRepo::open(cli::Context& context) {
    auto late = std::make_unique<LateRepo>(context);
    CODEX_TRY(path, context.repo_path());
    if (!may_be_made_later(path))
        CODEX_CHECK(late->destination());
    return late;
}

repo::Repo* LateRepo::there() {
    const std::lock_guard lock(mutex_);
    return repo_ ? &*repo_ : nullptr;
}

Result<exchange::Destination> LateRepo::destination() {
    const std::lock_guard lock(mutex_);
    if (!repo_) {
        CODEX_TRY(opened, toolkit::open_repo(context_, toolkit::Access::create));
        repo_ = std::move(opened);
    }
    return exchange::Destination{&*repo_, expiry_of_open()};
}

std::uint64_t LateRepo::expiry() {
    const std::lock_guard lock(mutex_);
    return repo_ ? expiry_of_open() : 0;
}

std::uint64_t LateRepo::expiry_of_open() const {
    const std::uint64_t ttl = repo_->config().ttl_seconds;
    return ttl == 0 ? 0 : time_after(context_.clock().unix_seconds(), ttl);
}

} // namespace codex::serve_tool
