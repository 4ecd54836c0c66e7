#include "chunk.hpp"

#include "base/units.hpp"
#include "codec/manifest_json.hpp"

#include <charconv>
#include <unistd.h>

namespace codex::chunk {

Result<repo::Repo> open_repo(cli::Context& context, Access access, std::optional<int> zstd_level) {
    repo::OpenOptions options;
    options.create = access == Access::create;
    options.read_only = access == Access::read;
    options.sync = context.sync();
    options.lock_timeout_seconds = context.lock_timeout_seconds();
    options.pool = &context.pool();
    options.zstd_level = zstd_level;
    return repo::Repo::open(context.repo_path(), options);
}

Result<int> parse_compression(std::uint64_t level) {
    constexpr std::uint64_t kMaxLevel = 19;
    if (level > kMaxLevel)
        return fail(Errc::usage, "--compress: {} is not between 0 and {}", level, kMaxLevel);
    return static_cast<int>(level);
}

std::uint64_t expiry_of(const cli::ExpiryValue& given, const repo::Repo& repo) {
    if (given.given)
        return given.unix_seconds;
    const std::uint64_t ttl = repo.config().ttl_seconds;
    return ttl == 0 ? 0 : unix_now() + ttl;
}

Result<Address> parse_address(std::string_view text) {
    Address address;
    const std::size_t at = text.find('@');
    CODEX_TRY(cid, Cid::from_text(text.substr(0, at)));
    address.cid = cid;
    if (at == std::string_view::npos)
        return address;
    const std::string_view digits = text.substr(at + 1);
    std::uint64_t index = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (error != std::errc() || stop != digits.data() + digits.size() || digits.empty())
        return fail(Error(Errc::cid_invalid, fmt::format("'{}' is no block index", digits))
                        .hint("write CID@INDEX, with blocks counted from 0"));
    address.index = index;
    return address;
}

Result<Cid> parse_manifest_cid(std::string_view text) {
    CODEX_TRY(cid, Cid::from_text(text));
    if (cid.codec() == codec::Multicodec::codex_manifest)
        return cid;
    const auto name = codec::name_of(cid.codec());
    Error error(Errc::cid_wrong_codec,
                fmt::format("a {} CID, not that of a dataset", name.value_or("foreign")));
    if (cid.codec() == codec::Multicodec::codex_root)
        return fail(std::move(error).hint("datasets are named by their manifest: codex-chunk ls"));
    return fail(std::move(error).hint("for single blocks there is 'codex-chunk block'"));
}

Result<Cid> block_cid(const repo::Repo& repo, const Address& address) {
    if (!address.index)
        return address.cid;
    CODEX_TRY(dataset, repo.dataset(address.cid));
    CODEX_TRY(tree, repo.tree(dataset.manifest.tree));
    Digest leaf{};
    CODEX_CHECK(tree.leaves(*address.index, {&leaf, 1}));
    return Cid::block(leaf);
}

Result<void>
for_each_input(cli::Context& context, Access access, const std::vector<std::string>& arguments,
               const std::function<Result<void>(repo::Repo&, const std::string&)>& use) {
    cli::Inputs inputs(arguments, STDIN_FILENO);
    CODEX_TRY(item, inputs.next());
    if (!item)
        return {};
    CODEX_TRY(repo, open_repo(context, access));
    while (item) {
        auto done = use(repo, *item);
        if (!done && !context.report(*item, std::move(done).error()))
            return {};
        CODEX_TRY(following, inputs.next());
        item = std::move(following);
    }
    return {};
}

std::string_view kind_of(const codec::Manifest& manifest) {
    if (manifest.is_verifiable())
        return "verifiable";
    return manifest.is_protected() ? "protected" : "plain";
}

cli::Record dataset_record(const repo::DatasetInfo& dataset) {
    const codec::Manifest& manifest = dataset.manifest;
    cli::Record record("dataset");
    record.field("cid", dataset.cid)
        .field("size", manifest.content_size_bytes())
        .field("kind", kind_of(manifest))
        .text(format_time(dataset.expiry))
        .json("expiry", dataset.expiry)
        .text(manifest.filename.value_or(""))
        .json("added", dataset.added)
        .json_raw("manifest", codec::manifest_json(manifest));
    return record;
}

} // namespace codex::chunk
