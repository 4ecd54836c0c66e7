// Block and manifest files as the reference node lays them out (codex-repo(5), FOLDERS OF THE
// REFERENCE): DIR/repo/blocks/XY/CID.dsobj and DIR/repo/manifests/XY/CID.dsobj, XY the CID text's
// last two characters.
#pragma once

#include "base/executor.hpp"
#include "codec/cid.hpp"

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace codex::dataset::detail {

enum class NimFolder { blocks, manifests };

/// Where the file of `cid` belongs; manifests are told from blocks by the content codec.
[[nodiscard]] std::string nim_path(const std::string& directory, const Cid& cid);

/// What the folder's file names say, in the order of the names.
struct NimListing {
    std::vector<Cid> cids;
    std::vector<Error> problems; ///< files that are misnamed or in the wrong place
};
/// A folder that is not there is empty. Other files than *.dsobj are no business of ours.
/// Errors: not_found when DIR/repo is not there; io, permission.
[[nodiscard]] Result<NimListing> list_nim_files(const std::string& directory, NimFolder folder);

/// One file's content, checked.
struct NimFile {
    Cid cid;                    ///< in
    Bytes data;                 ///< out
    std::optional<Error> error; ///< out: why `data` is not to be used
};
/// Reads the files over the pool and compares their hashes with their names. Errors of a file:
/// not_found, io, limit_exceeded, unsupported (not sha2-256), block_corrupt.
void load_nim_files(Executor& pool, const std::string& directory, std::span<NimFile> files);

} // namespace codex::dataset::detail
