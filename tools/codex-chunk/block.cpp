#include "chunk.hpp"

#include "base/fd.hpp"
#include "crypto/hash/sha256.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace codex::chunk {

namespace {

struct Block {
    std::vector<std::string> items;
    bool batch = false;
    std::string codec = "codex-block";
    cli::ExpiryValue expires;
};

Result<Bytes> read_block(const std::string& file) {
    Fd opened;
    if (file != "-") {
        CODEX_TRY(fd, open_file(file, O_RDONLY));
        opened = std::move(fd);
    }
    Bytes bytes;
    for (;;) {
        constexpr std::size_t kStep = std::size_t{1} << 20;
        const std::size_t had = bytes.size();
        bytes.resize(had + kStep);
        CODEX_TRY(n, read_full(opened ? opened.get() : STDIN_FILENO,
                               MutableBytes(bytes).subspan(had), file == "-" ? "stdin" : file));
        bytes.resize(had + n);
        if (bytes.size() > codec::kMaxBlockSizeBytes)
            return fail(
                Error(Errc::limit_exceeded, fmt::format("larger than the {} bytes a block may have",
                                                        codec::kMaxBlockSizeBytes))
                    .hint("'codex-chunk put' cuts files into blocks"));
        if (n < kStep)
            return bytes;
    }
}

Result<void> put_one(cli::Context& context, repo::Repo& repo, const Block& block,
                     codec::Multicodec codec, const std::string& file) {
    CODEX_TRY(bytes, read_block(file));
    if (codec == codec::Multicodec::codex_manifest)
        CODEX_CHECK(codec::decode_manifest(bytes));
    const Cid cid = Cid::sha256(codec, crypto::sha256(bytes));
    CODEX_CHECK(repo.put(cid, bytes, expiry_of(block.expires, repo)));
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
    std::vector<std::string> files = block.items;
    if (files.empty()) {
        if (::isatty(STDIN_FILENO) == 1)
            return fail(
                Error(Errc::usage, "nothing to put").hint("name a file, or pipe a block in"));
        files.emplace_back("-");
    }
    CODEX_TRY(repo, open_repo(context, Access::create));
    for (const std::string& file : files) {
        auto done = put_one(context, repo, block, *codec, file);
        if (!done && !context.report(file, std::move(done).error()))
            break;
    }
    return context.exit_code();
}

/// In a batch, an answer and not an end: a word for what stands in the way.
Result<void> answer_batch(cli::Context& context, const std::string& item, const Error& error) {
    const auto word = [&]() -> std::optional<std::string_view> {
        switch (error.code()) {
        case Errc::block_not_found:
        case Errc::dataset_not_found:
            return "missing";
        case Errc::block_corrupt:
            return "damaged";
        case Errc::cid_invalid:
        case Errc::multibase_invalid:
        case Errc::merkle_index:
            return "invalid";
        default:
            return std::nullopt;
        }
    }();
    if (!word)
        return fail(error.code(), "{}: {}", item, error.text());
    cli::Record record("block");
    record.field("cid", item).field("state", *word);
    return context.print(record);
}

Result<Bytes> find_bytes(const repo::Repo& repo, const std::string& item) {
    CODEX_TRY(address, parse_address(item));
    CODEX_TRY(cid, block_cid(repo, address));
    return repo.get(cid);
}

/// Request per line, answer per line and its bytes: "ID<TAB>SIZE\n", the block, "\n".
Result<void> answer_with_bytes(cli::Context& context, const repo::Repo& repo, int fd,
                               const std::string& item) {
    auto bytes = find_bytes(repo, item);
    if (!bytes)
        return answer_batch(context, item, bytes.error());
    const std::string head = fmt::format("{}\t{}\n", item, bytes->size());
    Bytes answer(head.begin(), head.end());
    append(answer, *bytes);
    answer.push_back('\n');
    return write_full(fd, answer, "stdout");
}

Result<int> get(cli::Context& context, const Block& block) {
    if (block.batch && context.json())
        return fail(Errc::usage, "--batch answers in its own form: --json does not go with it");
    CODEX_TRY(fd, context.binary_output());
    const auto get_one = [&, to = fd](repo::Repo& repo, const std::string& item) -> Result<void> {
        if (block.batch)
            return answer_with_bytes(context, repo, to, item);
        CODEX_TRY(bytes, find_bytes(repo, item));
        return write_full(to, bytes, "stdout");
    };
    CODEX_CHECK(for_each_input(context, Access::read, block.items, get_one));
    return context.exit_code();
}

Result<bool> is_present(const repo::Repo& repo, const std::string& item) {
    CODEX_TRY(address, parse_address(item));
    CODEX_TRY(cid, block_cid(repo, address));
    return repo.has(cid);
}

Result<int> has(cli::Context& context, const Block& block) {
    bool all = true;
    const auto look = [&](repo::Repo& repo, const std::string& item) -> Result<void> {
        auto present = is_present(repo, item);
        if (!present && block.batch)
            return answer_batch(context, item, present.error());
        if (!present)
            return fail(std::move(present).error());
        all = all && *present;
        cli::Record record("block");
        record.field("cid", item).field("state", *present ? "present" : "missing");
        return context.print(record);
    };
    CODEX_CHECK(for_each_input(context, Access::read, block.items, look));
    return context.exit_code(all || block.batch ? 0 : 1);
}

Result<int> rm(cli::Context& context, const Block& block) {
    const auto remove = [&](repo::Repo& repo, const std::string& item) -> Result<void> {
        CODEX_TRY(cid, Cid::from_text(item));
        CODEX_TRY(present, repo.has(cid));
        if (!context.dry_run())
            CODEX_CHECK(repo.remove(cid));
        cli::Record record("removed");
        record.field("cid", item)
            .text(!present            ? "missing"
                  : context.dry_run() ? "would-remove"
                                      : "removed");
        record.json("present", present).json("dryRun", context.dry_run());
        return context.print(record);
    };
    const Access access = context.dry_run() ? Access::read : Access::write;
    CODEX_CHECK(for_each_input(context, access, block.items, remove));
    return context.exit_code();
}

} // namespace

void declare_block(cli::Command& root) {
    const auto block = std::make_shared<Block>();
    const auto runs = [block](Result<int> (*body)(cli::Context&, const Block&)) {
        return [block, body](cli::Context& context) { return body(context, *block); };
    };
    cli::Command& group = root.command("block", "single blocks: put, get, has, rm");
    group.command("put", "keep files or stdin as one block each, print the CIDs")
        .arguments("FILE", block->items, "- or nothing: stdin")
        .option("--codec NAME", block->codec, "content codec of the CID; default codex-block")
        .option("--expires", block->expires, "when gc may remove it")
        .example("head -c 1000 data | codex-chunk block put")
        .run(runs(put));
    group.command("get", "write blocks to stdout or -o FILE")
        .arguments("CID", block->items, "also CID@INDEX; - or nothing: from stdin")
        .flag("--batch", block->batch, "answer each with a line CID, TAB, size, then the bytes")
        .takes_output()
        .example("codex-chunk block get zDvZ...@0 | sha256sum")
        .run(runs(get));
    group.command("has", "say whether blocks are here; exit 1 when one is not")
        .arguments("CID", block->items, "also CID@INDEX; - or nothing: from stdin")
        .flag("--batch", block->batch, "answer whatever comes, exit 0")
        .example("codex-chunk block has zDxW... && echo here")
        .run(runs(has));
    group.command("rm", "remove blocks that were put by themselves")
        .arguments("CID", block->items, "blocks; - or nothing: from stdin")
        .takes_dry_run()
        .example("codex-chunk block rm zDxW...")
        .run(runs(rm));
}

} // namespace codex::chunk
