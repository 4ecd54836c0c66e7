// The loops of commands over inputs and datasets, with a repo.
#pragma once

#include "cli/for_each.hpp"
#include "dataset/dataset.hpp"
#include "toolkit/access.hpp"

#include <functional>
#include <string>
#include <vector>

namespace codex::toolkit {

/// One input's turn; `progress` is that of all turns.
using Turn =
    std::function<Result<void>(repo::Repo& repo, const std::string& item, Progress& progress)>;
/// What turns have put off: cli::Loop::settle.
using Settle = std::function<void(repo::Repo& repo)>;
/// Takes a turn for each input (cli::for_each()), with the repo opened when the first one has come.
/// Gives the exit code so far. Errors: those of opening it and of reading the list itself.
[[nodiscard]] Result<int> for_each_input(cli::Context& context, Access access,
                                         const std::string& label, cli::Inputs inputs,
                                         const Turn& turn, const Settle& settle = {});

/// One dataset's turn. It tells the answer "no" with context.answer_no().
using DatasetTurn = std::function<Result<void>(const dataset::Job& job, const Cid& manifest)>;
/// Takes a turn for each dataset that the arguments or the lines of stdin name, as
/// for_each_input() does. `label` stands before the progress.
[[nodiscard]] Result<int> for_each_dataset(cli::Context& context, Access access,
                                           const std::string& label,
                                           const std::vector<std::string>& arguments,
                                           const DatasetTurn& turn);

} // namespace codex::toolkit
