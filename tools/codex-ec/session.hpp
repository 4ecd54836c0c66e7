// What all subcommands do alike: open the repo, go through the datasets given, report what failed.
#pragma once

#include "cli/tool.hpp"
#include "dataset/dataset.hpp"

#include <functional>
#include <string>
#include <vector>

namespace codex::ec {

/// One dataset's turn. Gives the exit code: 0, or 1 for "the answer is no".
using Turn = std::function<Result<int>(const dataset::Job& job, const Cid& manifest)>;

/// Opens the repo (with `writes` false it is not changed) and runs `turn` for each manifest CID of
/// the arguments or stdin. A turn that fails is reported under its CID, and the next one comes,
/// unless --fail-fast was said. Gives the highest exit code. `label` stands before the progress.
[[nodiscard]] Result<int> for_each_dataset(cli::Context& context,
                                           const std::vector<std::string>& arguments, bool writes,
                                           const std::string& label, const Turn& turn);

} // namespace codex::ec
