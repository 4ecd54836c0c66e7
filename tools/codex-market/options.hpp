// The options that most commands have: which ledger, and whose account.
#pragma once

#include "cli/command.hpp"
#include "cli/context.hpp"
#include "ethereum/private_key.hpp"

namespace codex::market_tool {

/// --ledger DIR.
struct LedgerOption {
    std::string folder;
    void declare(cli::Command& command);
};
/// The folder of the ledger: of --ledger, CODEX_LEDGER or the configuration file, else ledger in
/// the repo. Errors: config_invalid.
[[nodiscard]] Result<std::string> ledger_path(const cli::Context& context);

/// --eth-private-key FILE.
struct AccountOption {
    std::string file;
    void declare(cli::Command& command);
};
/// The file of the account's key: `given`, else of --eth-private-key, CODEX_ETH_PRIVATE_KEY,
/// CODEX_ETH_KEY_FILE or the configuration file, else account in the repo. Errors: config_invalid;
/// usage where a key stands in the place of its file, which is not shown then.
[[nodiscard]] Result<std::string> account_path(const cli::Context& context,
                                               const std::string& given = {});
/// Errors: usage, where `text` is a key and not the name of its file.
[[nodiscard]] Result<void> require_no_key(std::string_view text);
/// Makes the folder, and those it is in, where they are not there, for the owner alone. Errors:
/// cannot_create, permission, no_space, io.
[[nodiscard]] Result<void> make_private_folder(const std::string& path);
/// The key of the account, which the context is about where it cannot be had. Errors: not_found,
/// with how to make one; those of ethereum::read_key_file().
[[nodiscard]] Result<ethereum::PrivateKey> account_key(cli::Context& context,
                                                       const std::string& given = {});

/// --account ADDRESS of what only looks at an account; where it is not given, that of the key.
struct WhoseOption {
    std::string address;
    void declare(cli::Command& command);
    [[nodiscard]] Result<ethereum::Address> value(cli::Context& context) const;
};

} // namespace codex::market_tool
