// The format version of a repo, which is raised when something begins that older programs would
// harm (codex-repo(5), PARTIAL DATASETS).
#include "repo/index/store.hpp"

#include "base/fd.hpp"
#include "repo/segments/own_file.hpp"

namespace codex::repo::detail {

Result<void> require_partials_known(const std::string& path) {
    constexpr std::uint64_t kMaxVersionBytes = 64;
    const std::string name = path + "/version";
    const std::string version = fmt::format("{}\n", kPartialFormatVersion);
    CODEX_TRY(now, read_own_file(name, kMaxVersionBytes));
    return as_text(now) == version ? Result<void>()
                                   : write_file_atomic(name, as_bytes(version), 0600);
}

} // namespace codex::repo::detail
