// codex-market key: the key of an account, in a file that nobody else may read.
#include "base/printable.hpp"
#include "base/secret.hpp"
#include "ethereum/key_file.hpp"
#include "ethereum/keystore.hpp"
#include "market.hpp"
#include "options.hpp"
#include "toolkit/input.hpp"

#include <algorithm>
#include <memory>
#include <unistd.h>

namespace codex::market_tool {

namespace {

struct ImportOptions {
    std::string source = "-";
    std::string password_file;
    std::string to;
};

/// Of a keystore or a password, both of which somebody may have made as large as they like.
constexpr std::uint64_t kMaxSecretBytes = std::uint64_t{64} << 10;

Result<int> print_key(cli::Context& context, const ethereum::PrivateKey& key,
                      const std::string& path) {
    CODEX_CHECK(context.print(
        cli::Record("key").field("address", key.address().text()).field("file", path)));
    return 0;
}

/// The path of a key that is to be made; the folder of the usual one is made, too.
Result<std::string> new_account_path(cli::Context& context, const std::string& given) {
    CODEX_TRY(path, account_path(context, given));
    context.about(path);
    auto repo = context.repo_path();
    if (repo && path == *repo + "/account")
        CODEX_CHECK(make_private_folder(*repo));
    return path;
}

/// There is one place for a key. `what` is the word that says where, and `given` what it says.
Result<void> require_one_place(const cli::Context& context, std::string_view what,
                               const std::string& given) {
    if (!given.empty() && context.given("eth-private-key"))
        return fail(Errc::usage, "{} and --eth-private-key both name the file of the key", what);
    return {};
}

Error not_made(Error error, const std::string& path) {
    const std::string folder = path.substr(0, std::min(path.rfind('/'), path.size()));
    if (error.code() == Errc::cannot_create && !error.has_way_out() && folder != path &&
        ::access(folder.c_str(), F_OK) != 0)
        return std::move(error).remedy(Remedy(Remedy::make_folder).of(folder));

    if (error.code() == Errc::exists && !error.has_way_out())
        return Error(Errc::exists, "is there already")
            .remedy(Remedy(Remedy::name_account, "it is as it was; see whose it is")
                        .by(fmt::format("codex-market key show {}", shell_quoted(path))));
    return error;
}

/// All that a file has, or stdin for "-", in pages of its own.
Result<SecretBytes> read_secret(const std::string& path) {
    CODEX_TRY(input, toolkit::open_input(path));
    SecretBytes content(kMaxSecretBytes + 1);
    CODEX_TRY(size, read_full(input.fd(), content, input.name));
    if (size > kMaxSecretBytes)
        return fail(Errc::limit_exceeded, "{}: longer than {} bytes", input.name, kMaxSecretBytes);
    content.resize(size);
    return content;
}

/// Without the end of its line.
BytesView first_line(const SecretBytes& text) {
    const auto end = std::ranges::find(text, std::uint8_t{'\n'});
    BytesView line(text.data(), static_cast<std::size_t>(end - text.begin()));
    if (!line.empty() && line.back() == '\r')
        line = line.first(line.size() - 1);
    return line;
}

bool is_json(const SecretBytes& text) {
    const auto begin = std::ranges::find_if(
        text, [](std::uint8_t c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
    return begin != text.end() && *begin == '{';
}

Result<ethereum::PrivateKey> read_foreign_key(const ImportOptions& options) {
    CODEX_TRY(content, read_secret(options.source));
    if (!is_json(content)) {
        if (!options.password_file.empty())
            return fail(Errc::usage, "--password-file: {} is no keystore, and needs no password",
                        toolkit::input_name(options.source));
        auto key = ethereum::key_from_hex(first_line(content));
        if (!key && !key.error().has_way_out())
            return fail(std::move(key).error().hint(
                "give the digits alone, or the keystore of another program with its password: "
                "--password-file FILE"));
        return key;
    }
    if (options.password_file.empty())
        return fail(Error(Errc::usage, "a keystore is opened with its password")
                        .hint("name a file that has it: --password-file FILE"));
    CODEX_TRY(file, read_secret(options.password_file));
    const BytesView line = first_line(file);
    auto key = ethereum::open_keystore(as_text(content), SecretBytes(line.begin(), line.end()));
    const bool is_none =
        !key && errc_exit_code(key.error().code()) == errc_exit_code(Errc::malformed);
    if (is_none && !key.error().has_way_out())
        return fail(std::move(key).error().hint(
            "let the program that made it make it once more, or give the key itself, as 64 digits: "
            "codex-market key import"));
    return key;
}

Result<int> import_key(cli::Context& context, const ImportOptions& options) {
    forbid_core_dumps();
    CODEX_CHECK(require_no_key(options.source));
    CODEX_CHECK(require_one_place(context, "--to", options.to));
    CODEX_TRY(path, new_account_path(context, options.to));
    context.about(toolkit::input_name(options.source));
    CODEX_TRY(key, read_foreign_key(options));
    context.about(path);
    auto written = ethereum::write_key_file(path, key);
    if (!written)
        return fail(not_made(std::move(written).error(), path));
    return print_key(context, key, path);
}

} // namespace

void declare_key(cli::Command& root) {
    const auto file = std::make_shared<std::string>();
    const auto options = std::make_shared<ImportOptions>();
    const auto account = std::make_shared<AccountOption>();
    cli::Command& key = root.command("key", "make, show and take over the key of an account");
    key.example("codex-market key new").example("codex-market key show | cut -f 1");
    cli::Command& fresh = key.command("new", "make a key file, and print the account's address");
    account->declare(fresh);
    fresh.argument("FILE", *file, "where; default: as --eth-private-key says", false)
        .example("codex-market key new")
        .example("codex-market key new alice.key")
        .run([file, account](cli::Context& context) -> Result<int> {
            forbid_core_dumps();
            CODEX_CHECK(require_one_place(context, "FILE", *file));
            CODEX_TRY(path, new_account_path(context, *file));
            auto made = ethereum::make_key_file(path, Random::system());
            if (!made)
                return fail(not_made(std::move(made).error(), path));
            return print_key(context, *made, path);
        });
    cli::Command& show = key.command("show", "print the address of the account of a key file");
    account->declare(show);
    show.argument("FILE", *file, "default: as --eth-private-key says", false)
        .example("codex-market key show")
        .example("codex-market key show alice.key --json")
        .run([file, account](cli::Context& context) -> Result<int> {
            CODEX_CHECK(require_one_place(context, "FILE", *file));
            CODEX_TRY(path, account_path(context, *file));
            context.about(path);
            CODEX_TRY(read, account_key(context, *file));
            return print_key(context, read, path);
        });
    cli::Command& take =
        key.command("import", "make a key file of a key that another program made");
    account->declare(take);
    take.argument("SOURCE", options->source,
                  "64 hex digits, or a keystore (version 3); default: from stdin", false)
        .option("--password-file FILE", options->password_file, "the first line opens the keystore")
        .option("--to FILE", options->to, "where, instead of --eth-private-key")
        .example("codex-market key import hex.txt --to alice.key")
        .example("codex-market key import keystore.json --password-file password.txt")
        .run([options, account](cli::Context& context) { return import_key(context, *options); });
}

} // namespace codex::market_tool
