// What the subcommands of codex-chunk share: their declarations, and a few steps that most begin
// with.
#pragma once

#include "cli/command.hpp"
#include "toolkit/loops.hpp"

namespace codex::chunk {

void declare_init(cli::Command& root);
void declare_put(cli::Command& root);
void declare_get(cli::Command& root);
void declare_ls(cli::Command& root);
void declare_stat(cli::Command& root);
void declare_rm(cli::Command& root);
void declare_verify(cli::Command& root);
void declare_gc(cli::Command& root);
void declare_keep(cli::Command& root);
void declare_label(cli::Command& root);
void declare_space(cli::Command& root);
void declare_export(cli::Command& root);
void declare_import(cli::Command& root);
void declare_block(cli::Command& root);

using toolkit::Access;
using toolkit::for_each_input;
using toolkit::open_repo;

/// A --compress level as zstd takes it. Errors: usage when it is above 19.
[[nodiscard]] Result<int> parse_compression(std::uint64_t level);

/// The expiry a new dataset gets: the one given, else the repo's default, else never (0).
[[nodiscard]] std::uint64_t expiry_of(const cli::Context& context, const cli::ExpiryValue& given,
                                      const repo::Repo& repo);

using NamedValue = std::pair<std::string_view, std::uint64_t>;
/// A line for each: name and value. In JSON they are members of `record`.
[[nodiscard]] Result<void> print_values(cli::Context& context, cli::Record record,
                                        std::span<const NamedValue> values);

/// Something named on the command line: a CID, or block INDEX of dataset CID as "CID@INDEX".
struct Address {
    Cid cid;
    std::optional<std::uint64_t> index;
};
/// `text` may name the CID by its beginning: see Repo::named(). Errors: cid_invalid, those of
/// Repo::named().
[[nodiscard]] Result<Address> parse_address(const repo::Repo& repo, std::string_view text,
                                            repo::Named what);
/// The version of this CID under which the repo knows its block; the CID itself where it does not,
/// or where there is only one.
[[nodiscard]] Result<Cid> stored_cid(const repo::Repo& repo, const Cid& cid);
/// The CID of the block that is meant. Errors: dataset_not_found, merkle_index.
[[nodiscard]] Result<Cid> block_cid(const repo::Repo& repo, const Address& address);

/// The inputs that stand on the command line, or on stdin.
[[nodiscard]] cli::Inputs listed(const std::vector<std::string>& arguments);
/// FILE arguments, or stdin's bytes when there is none. Errors: usage when stdin is a terminal then
/// (`verb` says what there is nothing to), or named twice.
[[nodiscard]] Result<std::vector<std::string>>
files_or_stdin(const std::vector<std::string>& arguments, std::string_view verb,
               std::string_view hint);

/// With --batch, an answer and not an end: the word for what stands in the way, "missing",
/// "damaged" or "invalid". Errors: `error` itself, where it is none of these.
[[nodiscard]] Result<std::string_view> batch_answer(const std::string& item, const Error& error);

/// "plain", "protected" or "verifiable".
[[nodiscard]] std::string_view kind_of(const codec::Manifest& manifest);

/// A dataset's line: CID, content size, kind, expiry, name, when it was stored, label; in JSON the
/// REST's DataItem and more.
[[nodiscard]] cli::Record dataset_record(const repo::DatasetInfo& dataset);
/// The same of a partial one, and one field more: "partial" and its share.
[[nodiscard]] cli::Record partial_record(const repo::PartialInfo& partial);
/// "39%" of the blocks, rounded down.
[[nodiscard]] std::string share_of(const repo::PartialInfo& partial);
/// Of its content, about: the last block may be shorter.
[[nodiscard]] std::uint64_t held_bytes(const repo::PartialInfo& partial);
/// "present", "missing", or "damaged" where that is known.
[[nodiscard]] std::string_view state_of(const repo::BlockInfo& block);
/// A block's line: CID, size, state_of(), references, expiry if it was put by itself.
[[nodiscard]] cli::Record block_record(const repo::BlockInfo& block);

} // namespace codex::chunk
