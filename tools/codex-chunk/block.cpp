#include "chunk.hpp"

#include "base/printable.hpp"
#include "crypto/hash/sha256.hpp"
#include "toolkit/input.hpp"

#include <algorithm>
#include <fmt/ranges.h>
#include <ranges>

namespace codex::chunk {

namespace {

struct Block {
    std::vector<std::string> items;
    std::string codec = "codex-block";
    cli::ExpiryValue expires;
};

Result<Bytes> read_block(const std::string& file) {
    auto bytes = toolkit::read_input(
        file, codec::kMaxBlockSizeBytes,
        Remedy(Remedy::put_dataset, "cut it into blocks")
            .by(fmt::format("tar c {} | codex-chunk put -", shell_quoted(file))));
    if (!bytes && bytes.error().code() == Errc::limit_exceeded)
        return fail(
            Error(Errc::limit_exceeded, fmt::format("larger than the {} bytes a block may have",
                                                    codec::kMaxBlockSizeBytes))
                .remedy({Remedy::put_dataset, "files are cut into blocks so"}));
    return bytes;
}

Result<void> put_one_block(cli::Context& context, repo::Repo& repo, const Block& block,
                           codec::Multicodec codec, const std::string& file) {
    CODEX_TRY(bytes, read_block(file));
    context.add_total("bytes", bytes.size());
    if (codec == codec::Multicodec::codex_manifest)
        CODEX_CHECK(codec::decode_manifest(bytes));
    const Cid cid = Cid::sha256(codec, crypto::sha256(bytes));
    CODEX_CHECK(repo.put(cid, bytes, expiry_of(context, block.expires, repo)));
    cli::Record record("block");
    record.field("cid", cid);
    if (block.items.size() > 1)
        record.text(file);
    record.json("file", file).json("size", std::uint64_t{bytes.size()});
    return context.print(record);
}

Result<int> put(cli::Context& context, const Block& block) {
    const auto codec = codec::multicodec_named(block.codec);
    if (!codec)
        return fail(Error(Errc::usage, fmt::format("--codec: '{}' is not known", block.codec))
                        .hint("codex-block, codex-manifest, raw, dag-pb ..."));
    CODEX_TRY(files, files_or_stdin(block.items, "put", "name a file, or pipe a block in"));
    context.add_total("bytes", 0);
    return for_each_input(context, Access::create, "block put",
                          cli::Inputs::exactly(std::move(files)),
                          [&](repo::Repo& repo, const std::string& file, Progress&) {
                              return put_one_block(context, repo, block, *codec, file);
                          });
}

Result<Bytes> find_bytes(const repo::Repo& repo, const std::string& item) {
    CODEX_TRY(address, parse_address(repo, item, repo::Named::block));
    CODEX_TRY(cid, block_cid(repo, address));
    return repo.get(cid);
}

/// Request per line, answer per line and its bytes: "ID<TAB>SIZE\n", the block, "\n".
Result<void> answer_with_bytes(cli::Context& context, const repo::Repo& repo,
                               const std::string& item) {
    auto bytes = find_bytes(repo, item);
    std::string head;
    if (bytes) {
        head = fmt::format("{}\t{}\n", item, bytes->size());
    } else {
        CODEX_TRY(word, batch_answer(item, bytes.error()));
        head = cli::Record("").text(item).text(word).as_text();
    }
    Bytes answer(head.begin(), head.end());
    if (bytes)
        append(answer, *bytes);
    answer.push_back('\n');
    return context.write(answer);
}

Result<int> get(cli::Context& context, const Block& block) {
    if (context.batch() && context.json())
        return fail(Errc::usage, "--batch answers in its own form: --json does not go with it");
    CODEX_CHECK(context.binary_output());
    return for_each_input(
        context, Access::read, "block get", listed(block.items),
        [&](const repo::Repo& repo, const std::string& item, Progress&) -> Result<void> {
            if (context.batch())
                return answer_with_bytes(context, repo, item);
            CODEX_TRY(bytes, find_bytes(repo, item));
            return context.write(bytes);
        });
}

Result<std::string_view> state_of(const repo::Repo& repo, const std::string& item) {
    CODEX_TRY(address, parse_address(repo, item, repo::Named::block));
    CODEX_TRY(cid, block_cid(repo, address));
    BlockRead block{cid, {}};
    CODEX_CHECK(repo.find(std::span(&block, 1)));
    CODEX_CHECK(blocks::require_readable(std::span(&block, 1)));
    return block.state == BlockRead::State::ok        ? "present"
           : block.state == BlockRead::State::damaged ? "damaged"
                                                      : "missing";
}

Result<int> has(cli::Context& context, const Block& block) {
    for (const char* name : {"present", "missing"})
        context.add_total(name, 0);
    return for_each_input(
        context, Access::read, "block has", listed(block.items),
        [&](const repo::Repo& repo, const std::string& item, Progress&) -> Result<void> {
            auto found = state_of(repo, item);
            if (!found && context.batch())
                found = batch_answer(item, found.error());
            CODEX_TRY(state, std::move(found));
            if (state != "present" && !context.batch())
                context.answer_no();
            context.add_total(state, 1);
            cli::Record record("block");
            record.field("cid", item).field("state", state);
            return context.print(record);
        });
}

/// block_in_use, with the ways to be rid of the block; `known` is a place of it, where one was
/// named. None that is pasted takes a whole dataset away.
Error in_use(const repo::Repo& repo, const Cid& cid, std::optional<repo::Place> known,
             Error error) {
    if (error.code() != Errc::block_in_use)
        return error;
    error = std::move(error).hint({});
    if (cid.codec() == codec::Multicodec::codex_manifest)
        return std::move(error).remedy(
            Remedy(Remedy::preview_removal,
                   "it goes with the dataset and its data; see what that is")
                .of(cid.text()));
    if (!known)
        if (const auto places = repo.places_of(cid, 1); !places.empty())
            known = places.front();
    if (!known)
        return std::move(error).remedy(
            {Remedy::list_datasets, "it goes with the datasets that have it; list all"});
    return std::move(error)
        .remedy(Remedy(Remedy::remove_block, "give up the bytes of this block alone")
                    .of(known->dataset.text())
                    .with(known->index.value_or(0)))
        .remedy(Remedy(Remedy::preview_removal,
                       "it goes with the datasets that have it, of which this is one")
                    .of(known->dataset.text()));
}

Result<int> rm(cli::Context& context, const Block& block) {
    const auto remove = [&](repo::Repo& repo, const std::string& item, Progress&) -> Result<void> {
        CODEX_TRY(given, parse_address(repo, item, repo::Named::block));
        CODEX_TRY(cid, block_cid(repo, given));
        auto present = repo.removable(cid);
        if (!present) {
            std::optional<repo::Place> place;
            if (given.index)
                place = repo::Place{given.cid, given.index};
            return fail(in_use(repo, cid, place, std::move(present).error()));
        }
        if (!context.dry_run())
            CODEX_CHECK(repo.remove(cid));
        cli::Record record("removed");
        record.field("cid", cid)
            .text(!*present           ? "missing"
                  : context.dry_run() ? "would-remove"
                                      : "removed");
        record.json("present", *present).json("dryRun", context.dry_run());
        return context.print(record);
    };
    const Access access = context.dry_run() ? Access::read : Access::write;
    return for_each_input(context, access, "block rm", listed(block.items), remove);
}

} // namespace

void declare_block(cli::Command& root) {
    const auto block = std::make_shared<Block>();
    const auto runs = [block](Result<int> (*body)(cli::Context&, const Block&)) {
        return [block, body](cli::Context& context) { return body(context, *block); };
    };
    cli::Command& group = root.command("block", "single blocks: put, get, has, rm");
    group.example("codex-chunk block get zDvZ...@0 | sha256sum")
        .example("codex-chunk block put --codec raw part1 | codex-chunk block has");
    group.command("put", "keep files or stdin as one block each, print the CIDs")
        .arguments("FILE", block->items, "- or nothing: stdin")
        .option("--codec NAME", block->codec, "content codec of the CID; default codex-block")
        .offers({"codex-block", "codex-manifest", "raw", "dag-pb", "dag-cbor", "dag-json"})
        .option("--expires", block->expires, "when gc may remove it")
        .takes_unordered()
        .example("head -c 1000 data | codex-chunk block put")
        .example("codex-chunk block put --codec raw --expires 7d part1 part2")
        .run(runs(put));
    group.command("get", "write blocks to stdout or -o FILE")
        .arguments("CID", block->items, "also CID@INDEX; - or nothing: from stdin")
        .takes_batch()
        .takes_output()
        .example("codex-chunk block get zDvZ...@0 | sha256sum")
        .example("codex-chunk block get --batch < list.of.cids")
        .run(runs(get));
    group.command("has", "say whether blocks are here; exit 1 when one is not")
        .arguments("CID", block->items, "also CID@INDEX; - or nothing: from stdin")
        .takes_batch()
        .example("codex-chunk block has zDxW... && echo here")
        .example("codex-merkle leaves --raw file | codex-chunk block has --batch --buffer")
        .run(runs(has));
    group.command("rm", "remove blocks that were put by themselves")
        .arguments("BLOCK", block->items, "their CIDs, or CID@INDEX; - or nothing: from stdin")
        .takes_dry_run()
        .example("codex-chunk block rm zDxW...")
        .example("codex-chunk ls --blocks | grep missing | codex-chunk block rm -n")
        .run(runs(rm));
}

} // namespace codex::chunk
