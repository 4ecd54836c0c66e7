#include "chunk.hpp"

#include <algorithm>

namespace codex::chunk {

namespace {

Result<void> print_removed(cli::Context& context, const std::string& item, std::uint64_t bytes) {
    context.add_total("bytes", bytes);
    cli::Record record("removed");
    record.field("cid", item)
        .text(context.dry_run() ? "would-remove" : "removed")
        .field("size", bytes)
        .json("dryRun", context.dry_run());
    return context.print(record);
}

/// The block stays known, so that it shows as missing and can be repaired.
Result<void> forget_block(cli::Context& context, repo::Repo& repo, const Address& address) {
    CODEX_TRY(cid, block_cid(repo, address));
    if (cid.is_empty_block())
        return fail(Errc::unsupported, "is padding, which is never stored");
    CODEX_TRY(block, repo.stat(cid));
    if (!block || !block->present)
        return fail(Errc::block_not_found, "its block {} is missing already", cid.text());
    if (!context.dry_run())
        CODEX_CHECK(repo.drop_bytes({&cid, 1}));
    return print_removed(context, fmt::format("{}@{}", address.cid.text(), *address.index),
                         block->size_bytes);
}

/// Datasets that are removed together, for a transaction each makes thousands slow.
class Removals {
public:
    explicit Removals(cli::Context& context) : context_(context) {}

    Result<void> add(repo::Repo& repo, const std::string& item, const Cid& cid) {
        if (std::ranges::find(cids_, cid) != cids_.end())
            settle(repo); // the second time it is not there
        CODEX_TRY(bytes, content_bytes(repo, cid));
        if (context_.dry_run())
            return print_removed(context_, cid.text(), bytes);
        if (entries_.empty())
            first_at_ = context_.clock().now();
        cids_.push_back(cid);
        entries_.push_back({item, bytes});
        settle_when_due(repo);
        return {};
    }

    /// A failure behind others that are not removed yet waits with them: so it is reported in the
    /// order of the inputs, and does not cut their transaction short. With --fail-fast it may not,
    /// for nothing behind it is to be removed.
    Result<void> add_failure(repo::Repo& repo, const std::string& item, Error error) {
        if (entries_.empty() || context_.fail_fast())
            return fail(std::move(error));
        entries_.push_back({item, fail(std::move(error))});
        settle_when_due(repo);
        return {};
    }

    void settle(repo::Repo& repo) {
        const std::vector<Cid> cids = std::exchange(cids_, {});
        std::vector<Entry> entries = std::exchange(entries_, {});
        if (entries.empty())
            return;
        std::vector<Result<void>> outcomes = repo.remove_datasets(cids);
        std::size_t next = 0; // of cids
        for (Entry& entry : entries) {
            Result<void> done;
            if (!entry.bytes) {
                done = fail(std::move(entry.bytes).error());
            } else {
                done = std::move(outcomes[next]);
                if (done)
                    done = print_removed(context_, cids[next].text(), *entry.bytes);
                ++next;
            }
            if (!done)
                context_.report(entry.item, repo.explain(entry.item, std::move(done).error()));
        }
    }

private:
    static constexpr std::size_t kMost = 64;
    static constexpr std::chrono::milliseconds kLongest{50};
    struct Entry {
        std::string item;
        Result<std::uint64_t> bytes; ///< of the next of cids_; or why there is none for this item
    };

    void settle_when_due(repo::Repo& repo) {
        if (entries_.size() >= kMost || context_.clock().now() - first_at_ >= kLongest)
            settle(repo);
    }

    static Result<std::uint64_t> content_bytes(repo::Repo& repo, const Cid& cid) {
        auto dataset = repo.dataset(cid);
        if (!dataset && dataset.error().code() == Errc::dataset_partial) {
            CODEX_TRY(partial, repo.partial(cid));
            return held_bytes(partial);
        }
        if (!dataset)
            return fail(std::move(dataset).error());
        return dataset->manifest.content_size_bytes();
    }

    cli::Context& context_;
    std::vector<Cid> cids_;
    std::vector<Entry> entries_;
    Clock::Instant first_at_{};
};

Result<int> run_rm(cli::Context& context, const std::vector<std::string>& items) {
    Removals removals(context);
    const auto try_to = [&](repo::Repo& repo, const std::string& item) -> Result<void> {
        CODEX_TRY(address, parse_address(repo, item, repo::Named::dataset));
        if (!address.index)
            return removals.add(repo, item, address.cid);
        removals.settle(repo);
        return forget_block(context, repo, address);
    };
    const auto remove = [&](repo::Repo& repo, const std::string& item, Progress&) -> Result<void> {
        auto done = try_to(repo, item);
        return done ? Result<void>() : removals.add_failure(repo, item, std::move(done).error());
    };
    const Access access = context.dry_run() ? Access::read : Access::write;
    context.add_total("bytes", 0);
    return for_each_input(context, access, "rm", listed(items), remove,
                          [&](repo::Repo& repo) { removals.settle(repo); });
}

} // namespace

void declare_rm(cli::Command& root) {
    const auto items = std::make_shared<std::vector<std::string>>();
    root.command("rm", "remove datasets, or the bytes of single blocks")
        .arguments("CID", *items, "CID@INDEX: only that block's bytes; - or nothing: from stdin")
        .takes_dry_run()
        .example("codex-chunk rm zDvZ...")
        .example("codex-chunk ls | awk -F '\\t' '$5 ~ /\\.log$/' | codex-chunk rm -n")
        .run([items](cli::Context& context) { return run_rm(context, *items); });
}

} // namespace codex::chunk
