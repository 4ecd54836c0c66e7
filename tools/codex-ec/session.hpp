// What all subcommands do alike: open the repo, go through the datasets given.
#pragma once

#include "cli/context.hpp"
#include "dataset/dataset.hpp"

#include <functional>
#include <string>
#include <vector>

namespace codex::ec {

/// One dataset's turn. It tells the answer "no" with context.answer_no().
using Turn = std::function<Result<void>(const dataset::Job& job, const Cid& manifest)>;

/// Opens the repo (with `writes` false it is not changed) and takes a turn for each manifest CID of
/// the arguments or stdin, as cli::for_each() does. `label` stands before the progress. Gives the
/// exit code so far.
[[nodiscard]] Result<int> for_each_dataset(cli::Context& context,
                                           const std::vector<std::string>& arguments, bool writes,
                                           const std::string& label, const Turn& turn);

} // namespace codex::ec
