// What contribute and beacon have in common.
#pragma once

#include "session.hpp"
#include "snark/ceremony.hpp"

namespace codex::prove_tool {

/// The key of a turn, and what is written into it.
struct TurnFlags {
    std::string key, name;
    /// ZKEY, --name with this help, and -o.
    void declare(cli::Command& command, const std::string& name_help);
};

/// Writes a key with one more contribution to a descriptor.
using Extension = std::function<Result<snark::Contribution>(
    const snark::ProvingKey& key, int fd, const std::string& name, Progress& progress)>;
/// Reads the key, writes it extended to the command's output, and, when that is not stdout, prints
/// the contribution there.
[[nodiscard]] Result<int> extend_key(cli::Context& context, const TurnFlags& turn,
                                     const std::string& label, const Extension& extension);

/// "contribution": hash, number from 1, kind and name; a beacon's value and iterations in JSON.
[[nodiscard]] cli::Record contribution_record(const snark::Contribution& contribution,
                                              std::size_t number);

} // namespace codex::prove_tool
