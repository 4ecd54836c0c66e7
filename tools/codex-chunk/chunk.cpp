#include "chunk.hpp"

#include "base/units.hpp"
#include "codec/manifest_json.hpp"

#include <algorithm>
#include <charconv>
#include <unistd.h>

namespace codex::chunk {

Result<int> parse_compression(std::uint64_t level) {
    constexpr std::uint64_t kMaxLevel = 19;
    if (level > kMaxLevel)
        return fail(Errc::usage, "--compress: {} is not between 0 and {}", level, kMaxLevel);
    return static_cast<int>(level);
}

std::uint64_t expiry_of(const cli::Context& context, const cli::ExpiryValue& given,
                        const repo::Repo& repo) {
    if (given.given)
        return given.unix_seconds;
    const std::uint64_t ttl = repo.config().ttl_seconds;
    return ttl == 0 ? 0 : time_after(context.clock().unix_seconds(), ttl);
}

Result<Address> parse_address(const repo::Repo& repo, std::string_view text, repo::Named what) {
    Address address;
    const std::size_t at = text.find('@');
    const bool whole = at == std::string_view::npos;
    CODEX_SET(address.cid, repo.named(text.substr(0, at), whole ? what : repo::Named::dataset));
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

Result<void> print_values(cli::Context& context, cli::Record record,
                          std::span<const NamedValue> values) {
    std::string text;
    for (const auto& [name, value] : values) {
        record.json(name, value);
        text += fmt::format("{}\t{}\n", name, value);
    }
    return context.json() ? context.print(record) : context.print_text(text);
}

Result<Cid> stored_cid(const repo::Repo& repo, const Cid& cid) {
    const std::optional<Cid> other = cid.other_version();
    if (!other)
        return cid;
    CODEX_TRY(here, repo.stat(cid));
    if (here)
        return cid;
    CODEX_TRY(there, repo.stat(*other));
    return there ? *other : cid;
}

Result<Cid> block_cid(const repo::Repo& repo, const Address& address) {
    if (!address.index)
        return stored_cid(repo, address.cid);
    auto whole = repo.dataset(address.cid);
    if (!whole && whole.error().code() == Errc::dataset_partial) {
        CODEX_TRY(part, repo.partial_tree(address.cid));
        CODEX_TRY(leaf, part.leaf(*address.index));
        return Cid::block(leaf);
    }
    CODEX_TRY(dataset, std::move(whole));
    const std::uint64_t blocks = dataset.manifest.blocks_count();
    if (*address.index >= blocks)
        return fail(Errc::merkle_index, "the dataset has blocks 0 to {}", blocks - 1);
    CODEX_TRY(tree, repo.tree(dataset.manifest.tree));
    Digest leaf{};
    CODEX_CHECK(tree.leaves(*address.index, {&leaf, 1}));
    return Cid::block(leaf);
}

cli::Inputs listed(const std::vector<std::string>& arguments) {
    return {arguments, STDIN_FILENO};
}

Result<std::vector<std::string>> files_or_stdin(const std::vector<std::string>& arguments,
                                                std::string_view verb, std::string_view hint) {
    if (std::count(arguments.begin(), arguments.end(), "-") > 1)
        return fail(Errc::usage, "stdin can be read only once, but - is given twice");
    if (!arguments.empty())
        return arguments;
    if (::isatty(STDIN_FILENO) == 1)
        return fail(Error(Errc::usage, fmt::format("nothing to {}", verb)).hint(std::string(hint)));
    return std::vector<std::string>{"-"};
}

Result<std::string_view> batch_answer(const std::string& item, const Error& error) {
    switch (error.code()) {
    case Errc::block_not_found:
    case Errc::dataset_not_found:
        return "missing";
    case Errc::block_corrupt:
        return "damaged";
    case Errc::cid_invalid:
    case Errc::cid_wrong_codec:
    case Errc::multibase_invalid:
    case Errc::merkle_index:
        return "invalid";
    default:
        return fail(error.code(), "{}: {}", item, error.text());
    }
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
        .text(format_time(dataset.added))
        .json("added", dataset.added)
        .field("label", dataset.label)
        .json_raw("manifest", codec::manifest_json(manifest));
    return record;
}

std::uint64_t held_bytes(const repo::PartialInfo& partial) {
    const codec::Manifest& manifest = partial.dataset.manifest;
    return std::min(manifest.content_size_bytes(), partial.blocks_held * manifest.block_size_bytes);
}

std::string share_of(const repo::PartialInfo& partial) {
    const std::uint64_t all = partial.dataset.manifest.blocks_count(); // at most 2^32
    return fmt::format("{}%", 100 * partial.blocks_held / all);
}

cli::Record partial_record(const repo::PartialInfo& partial) {
    cli::Record record = dataset_record(partial.dataset);
    record.text("partial " + share_of(partial))
        .json("partial", true)
        .json("blocks", partial.dataset.manifest.blocks_count())
        .json("blocksHeld", partial.blocks_held);
    return record;
}

std::string_view state_of(const repo::BlockInfo& block) {
    return !block.present ? "missing" : block.damaged ? "damaged" : "present";
}

cli::Record block_record(const repo::BlockInfo& block) {
    cli::Record record("block");
    record.field("cid", block.cid)
        .field("size", std::uint64_t{block.size_bytes})
        .field("state", state_of(block))
        .field("references", block.references)
        .text(block.kept ? format_time(block.expiry) : "-")
        .json("kept", block.kept)
        .json("expiry", block.expiry)
        .json("storedBytes", std::uint64_t{block.stored_bytes});
    return record;
}

} // namespace codex::chunk
