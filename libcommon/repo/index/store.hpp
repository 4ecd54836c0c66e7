// An open repo as all its handles in this process share it: LMDB must be opened once per process.
#pragma once

#include "repo/index/lmdb.hpp"
#include "repo/segments/segments.hpp"
#include "repo/types.hpp"

#include <sys/stat.h>

namespace codex::repo::detail {

/// The format of a new repo; REPO/version.
constexpr std::uint64_t kFormatVersion = 1;
/// That of one in which a partial dataset has been; the highest that this build knows.
constexpr std::uint64_t kPartialFormatVersion = 2;

class Store {
public:
    /// The store of `path`, opened now or shared with the handles that have it open, whose
    /// surroundings it keeps. The repo exists. Errors: repo_missing, repo_version, repo_locked,
    /// repo_damaged, permission; unsupported when it is open read-only in this process and is now
    /// wanted for writing.
    [[nodiscard]] static Result<std::shared_ptr<Store>> open(const std::string& path,
                                                             const OpenOptions& options);
    /// Makes the files of a repo. Errors: repo_exists, cannot_create, io.
    [[nodiscard]] static Result<void> create(const std::string& path, const Config& config,
                                             bool must_be_new, const Surroundings& around);
    /// Gives a reference back; the last one closes. Handles call this instead of dropping theirs,
    /// because closing and opening one path must not overlap.
    static void release(std::shared_ptr<Store> store);

    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] const Surroundings& around() const { return around_; }
    [[nodiscard]] const Limits& limits() const { return around_.limits; }
    [[nodiscard]] const Env& env() const { return *env_; }
    [[nodiscard]] Env& env() { return *env_; }
    [[nodiscard]] Segments& segments() const { return *segments_; }
    [[nodiscard]] std::string writers_directory() const { return path_ + "/writers"; }
    /// What config.json says now: another process may have changed it.
    [[nodiscard]] Result<Config> config() const;
    /// Writes config.json; the caller holds a writing transaction.
    [[nodiscard]] Result<void> write_config(const Config& config);

private:
    friend class StoreRegistry;
    explicit Store(const OpenOptions& options) : around_(options) {}
    const Surroundings around_;
    std::string path_;
    std::string key_; // device and inode of the folder: one store for all its spellings
    Fd lock_;         // shared, for as long as the store is open
    std::unique_ptr<Env> env_;
    std::unique_ptr<Segments> segments_;
    mutable std::mutex config_mutex_;
    mutable Config config_;
    mutable struct stat config_stat_{};
};

/// What a market keeps in the folder of a repo, which may not be there yet: ledger and account.
[[nodiscard]] bool is_of_market(std::string_view name);

/// Errors: repo_missing, repo_version, repo_damaged.
[[nodiscard]] Result<void> check_version(const std::string& path);

/// Raises the version where programs that know nothing of partial datasets could still open the
/// repo; durable on return. The caller is in the transaction that begins one. Errors: no_space, io.
[[nodiscard]] Result<void> require_partials_known(const std::string& path);

/// A held REPO/lock. Exclusive holders write who they are into it.
/// Errors: repo_locked after the wait of `around`, naming the holder when it is exclusive.
[[nodiscard]] Result<Fd> lock_repo(const std::string& path, bool exclusive,
                                   const Surroundings& around);

[[nodiscard]] Bytes encode_config(const Config& config);
/// Strict: unknown keys are refused, missing ones are the defaults. Errors: repo_config.
[[nodiscard]] Result<Config> decode_config(BytesView json);

/// The error of an operation that would write, on a read-only handle.
[[nodiscard]] Unexpected<Error> refuse_read_only(const std::string& path);

} // namespace codex::repo::detail
