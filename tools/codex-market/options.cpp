#include "options.hpp"

#include "base/fd.hpp"
#include "base/printable.hpp"
#include "base/secret.hpp"
#include "base/secret_file.hpp"
#include "ethereum/key_file.hpp"
#include "names.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/stat.h>

namespace codex::market_tool {

namespace {

/// What a setting says; empty: nobody says it.
std::string setting(const cli::Context& context, std::string_view name) {
    const auto found = std::ranges::find(context.settings(), name, &cli::Setting::name);
    return found == context.settings().end() ? std::string() : found->value;
}

/// The text of a key, where the name of its file belongs.
bool looks_like_key(std::string_view text) {
    if (text.starts_with("0x"))
        text.remove_prefix(2);
    return text.size() == 2 * ethereum::PrivateKey::kBytes &&
           text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

} // namespace

void LedgerOption::declare(cli::Command& command) {
    command.option("--ledger DIR", folder, "the ledger; default: ledger in the repo")
        .setting("CODEX_LEDGER")
        .in_repo("ledger");
}

Result<std::string> ledger_path(const cli::Context& context) {
    if (std::string said = setting(context, "ledger"); !said.empty())
        return said;
    CODEX_TRY(repo, context.repo_path());
    return repo + "/ledger";
}

void AccountOption::declare(cli::Command& command) {
    command
        .option("--eth-private-key FILE", file,
                "the file with the account's key; default: account in the repo")
        .setting("CODEX_ETH_PRIVATE_KEY", "CODEX_ETH_KEY_FILE")
        .in_repo("account");
}

Result<std::string> account_path(const cli::Context& context, const std::string& given) {
    const std::string path = given.empty() ? setting(context, "eth-private-key") : given;
    CODEX_CHECK(require_no_key(path));
    if (!path.empty())
        return path;
    CODEX_TRY(repo, context.repo_path());
    return repo + "/account";
}

Result<void> require_no_key(std::string_view text) {
    if (!looks_like_key(text))
        return {};
    return fail(Error(Errc::usage, "a key was given, and no file that has one")
                    .hint("it may have been seen, so take a new one; keys stay in files: "
                          "codex-market key new FILE"));
}

Result<void> make_private_folder(const std::string& path) {
    std::string made;
    for (std::size_t at = 0; at != std::string::npos;) {
        at = path.find('/', at + 1);
        made = path.substr(0, at);
        if (::mkdir(made.c_str(), 0700) != 0 && errno != EEXIST)
            return fail(creation_error(made, system_error(errno, "make " + made)));
    }
    return {};
}

namespace {

/// What other programs keep their keys in.
bool is_keystore(const std::string& path) {
    constexpr std::size_t kLookedAt = 16;
    const auto file = SecretFile::read(path, kLookedAt); // it may hold a key after all
    if (!file)
        return false;
    const std::string_view begins = as_text(file->content());
    const std::size_t json = begins.find_first_not_of(" \t\r\n");
    return json != begins.npos && begins[json] == '{';
}

} // namespace

Result<ethereum::PrivateKey> account_key(cli::Context& context, const std::string& given) {
    forbid_core_dumps();
    CODEX_TRY(path, account_path(context, given));
    auto key = ethereum::read_key_file(path);
    if (!key && key.error().code() == Errc::not_found)
        return fail(Error(Errc::not_found, fmt::format("{}: there is no key", path))
                        .remedy({Remedy::make_account})
                        .remedy({Remedy::name_account}));
    if (!key && key.error().code() == Errc::key_file_invalid && is_keystore(path))
        return fail(Error(Errc::key_file_invalid,
                          fmt::format("{}: it is a keystore, and no key as such", path))
                        .remedy(Remedy(Remedy::make_account, "make a key file of it")
                                    .by(fmt::format("codex-market key import {} --password-file "
                                                    "PASSWORD --to KEY",
                                                    shell_quoted(path)))));
    return key;
}

void WhoseOption::declare(cli::Command& command) {
    command.option("--account ACCOUNT", address, "whose; default: that of the key");
}

Result<ethereum::Address> WhoseOption::value(cli::Context& context) const {
    if (address.empty()) {
        CODEX_TRY(key, account_key(context));
        return key.address();
    }
    auto account = account_from_text(address);
    if (!account)
        return fail(cli::bad_value("--account", account.error()));
    return account;
}

} // namespace codex::market_tool
