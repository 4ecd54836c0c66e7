// Which folders a node serves, and keeps its key in.
#pragma once

#include "cli/context.hpp"
#include "run_options.hpp"

namespace codex::serve_tool {

/// Lets the run go on with the repo that is meant, which need not be there yet: that of --repo, or
/// the one in the folder that --data-dir names, which is made where there is none. Gives where the
/// key is. Errors: usage, when both are given; config_invalid, of the reference's data folder;
/// cannot_create, of a folder of other things; permission, of one that others may enter and that is
/// not known to be a data folder: nothing is changed then.
[[nodiscard]] Result<std::string> use_data_folder(cli::Context& context, const RunOptions& options);

} // namespace codex::serve_tool
