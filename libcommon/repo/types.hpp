// What a repo is opened with, and what it says of itself and of its datasets.
#pragma once

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/executor.hpp"
#include "base/log.hpp"
#include "base/random.hpp"
#include "codec/cid.hpp"
#include "codec/manifest.hpp"
#include "repo/disk.hpp"
#include "repo/limits.hpp"

#include <functional>
#include <optional>
#include <string>

namespace codex::repo {

/// 20 GiB, the reference's default.
constexpr std::uint64_t kDefaultQuotaBytes = std::uint64_t{20} << 30;

/// What `init` fixes and `codex-chunk init --set` may change later; in REPO/config.json.
struct Config {
    std::uint64_t quota_bytes = kDefaultQuotaBytes;
    int zstd_level = 0;            ///< 0: blocks are stored as they are
    std::uint64_t ttl_seconds = 0; ///< expiry of new datasets that name none; 0 = never
};

struct OpenOptions {
    bool create = false;    ///< make the repo when there is none
    bool read_only = false; ///< refuse writes; only a slot in the reader table is written, and
                            ///< not even that where the folder cannot be written
    bool sync = true;       ///< false: acknowledged writes survive kill -9 but not power loss
    std::uint64_t lock_timeout_seconds = 10;
    std::optional<int> zstd_level{}; ///< for what this handle stores, instead of the repo's own
    /// For hashing and compression; by default the caller's thread only.
    std::reference_wrapper<Executor> pool = Executor::caller();

    // What stands for the system. All handles that a process has on one repo share those of the
    // first of them; they live as long as one of its handles does.
    std::reference_wrapper<const Clock> clock =
        Clock::system();                                      ///< of dates, and of waits for locks
    std::reference_wrapper<Random> random = Random::system(); ///< for names of writers
    std::reference_wrapper<Disk> disk = Disk::system();
    Limits limits{};
    /// Where it is told what happens; each handle has its own. Nothing is told by default.
    log::Logger log{};
};

struct Counters {
    std::uint64_t blocks = 0;     ///< present blocks, manifests included
    std::uint64_t used_bytes = 0; ///< their plain sizes
    std::uint64_t reserved_bytes = 0;
    std::uint64_t datasets = 0;
    std::uint64_t tree_bytes = 0; ///< nodes of stored trees; counts against the quota, as do
                                  ///< used and reserved bytes
    friend bool operator==(const Counters&, const Counters&) = default;
};

/// What `codex-chunk space` shows.
struct Space {
    Counters counters;
    std::uint64_t quota_bytes = 0;
    std::uint64_t stored_bytes = 0; ///< after compression, trees included
    std::uint64_t dead_bytes = 0;   ///< freed by gc when it runs
    std::uint64_t disk_bytes = 0;   ///< what the repo's files occupy (st_blocks)
};

/// The longest label of a dataset.
constexpr std::size_t kMaxLabelBytes = 255;
/// Whether a dataset may be called so. Errors: argument_invalid, longer than kMaxLabelBytes or no
/// UTF-8.
[[nodiscard]] Result<void> check_label(std::string_view label);

/// What a text is to be the CID of.
enum class Named : std::uint8_t { dataset, dataset_or_tree, block, anything };

enum class DatasetKind : std::uint8_t { plain, protected_, verifiable };

struct DatasetInfo {
    Cid cid;              ///< of the manifest
    Bytes manifest_bytes; ///< as they were received, never re-encoded
    codec::Manifest manifest;
    std::uint64_t added = 0;  ///< Unix seconds
    std::uint64_t expiry = 0; ///< Unix seconds, 0 = never
    std::string label{};      ///< what its owner calls it; UTF-8, empty: nothing
};

/// Where a block, or a tree, is a part of a dataset.
struct Place {
    Cid dataset;
    std::optional<std::uint64_t> index; ///< of the block; none: it is the dataset's tree
    bool is_protected = false;          ///< the dataset
};

} // namespace codex::repo
