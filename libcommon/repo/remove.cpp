// Removing datasets, whole ones and partial ones.
#include "codec/log_value.hpp"
#include "repo/index/dataset_record.hpp"
#include "repo/index/repo_impl.hpp"
#include "repo/segments/io.hpp"
#include "repo/upkeep/doomed.hpp"
#include "repo/upkeep/partials.hpp"
#include "repo/upkeep/reserve.hpp"

#include <algorithm>

namespace codex::repo {

using namespace detail;

namespace {

/// False when there is none. What a kill leaves of it is a dead writer's, and gc's.
Result<bool> remove_partial(const Session& session, const Cid& manifest) {
    std::optional<ErasedPartial> erased;
    const auto erase = [&]() -> Result<void> {
        CODEX_TRY(ledger, session.ledger());
        CODEX_SET(erased, erase_partial(ledger, manifest));
        return erased ? ledger.commit() : Result<void>();
    };
    {
        CODEX_TRY(txn, session.store->env().read());
        CODEX_TRY(entry, find_partial(txn, manifest));
        if (!entry)
            return false;
    }
    CODEX_CHECK(with_reserve(session.store->path(), erase));
    if (!erased)
        return false;
    CODEX_CHECK(with_reserve(session.store->path(), [&]() -> Result<void> {
        CODEX_CHECK(collect_writer(session, erased->writer, Tree::keep));
        return {};
    }));
    return true;
}

/// A dataset to be removed.
struct Going {
    std::size_t index = 0; ///< among those that were asked for
    Cid manifest;
    std::optional<Cid> tree;        ///< nothing where the dataset is not here
    std::optional<Portion> portion; ///< of the tree, where that goes, too, looked through
    std::optional<Extent> doomed;   ///< the tree, when it is erased and not finished
};

/// Of neighbours, those together that fit into one transaction.
class Removal {
public:
    Removal(const Session& session, std::span<const Cid> manifests)
        : session_(session), manifests_(manifests), outcomes_(manifests.size()) {}

    std::vector<Result<void>> run() {
        for (std::size_t i = 0; i < manifests_.size(); ++i)
            if (auto added = add(i); !added)
                outcomes_[i] = std::move(added);
        commit();
        return std::move(outcomes_);
    }

private:
    Result<void> add(std::size_t index);
    Result<std::optional<Cid>> tree_of(const Cid& manifest) const;
    void commit();
    void commit(std::span<Going> group);
    Result<void> erase(std::span<Going> group, bool with_leaves);
    Result<void> finish(Going& going) const;

    const Session session_;
    std::span<const Cid> manifests_;
    std::vector<Result<void>> outcomes_;
    std::vector<Going> group_;
    std::uint64_t leaves_ = 0; // of the group
};

Result<void> Removal::add(std::size_t index) {
    const Cid& manifest = manifests_[index];
    CODEX_CHECK(session_.job.go_on());
    CODEX_TRY(was_partial, remove_partial(session_, manifest));
    if (was_partial) {
        session_.logger().info("Removed partial dataset", {{"manifestCid", manifest}});
        return {};
    }
    Going going{index, manifest, {}, {}, {}};
    CODEX_SET(going.tree, tree_of(manifest));
    // Of two over one tree the second takes it away, and what goes is looked through before.
    if (going.tree && std::ranges::find(group_, going.tree, &Going::tree) != group_.end())
        commit();
    CODEX_SET(going.portion, look_through(session_, manifest));
    const std::uint64_t leaves = going.portion ? going.portion->leaves.size() : 0;
    const Limits& limits = session_.store->limits();
    if (group_.size() >= limits.group_datasets || leaves_ + leaves > limits.doomed_leaves)
        commit();
    group_.push_back(std::move(going));
    leaves_ += leaves;
    return {};
}

Result<std::optional<Cid>> Removal::tree_of(const Cid& manifest) const {
    CODEX_TRY(txn, session_.store->env().read());
    CODEX_TRY(entry, find_dataset(txn, manifest));
    if (!entry)
        return std::nullopt;
    return entry->tree;
}

void Removal::commit() {
    std::vector<Going> group = std::exchange(group_, {});
    leaves_ = 0;
    if (!group.empty())
        commit(group);
}

void Removal::commit(std::span<Going> group) {
    auto erased = erase(group, true);
    if (!erased && group.size() > 1 && erased.error().code() != Errc::repo_locked) {
        // What is wrong with one, or too much for a full disk, is no matter of the others.
        for (Going& going : group)
            commit({&going, 1});
        return;
    }
    if (!erased && erased.error().code() == Errc::no_space)
        erased = with_reserve(session_.store->path(), [&] { return erase(group, false); });
    for (Going& going : group) {
        Result<void>& outcome = outcomes_[going.index];
        if (!erased)
            outcome = fail(io::shared_error(erased.error()));
        else if (outcome)
            outcome = finish(going);
    }
}

/// In one transaction, with the references of the first leaves of their trees, which are all of
/// most trees. Those that are not here any more are told so.
Result<void> Removal::erase(std::span<Going> group, bool with_leaves) {
    CODEX_TRY(ledger, session_.ledger());
    bool any = false;
    for (Going& going : group) {
        going.doomed.reset();
        CODEX_TRY(there, ledger.dataset(going.manifest));
        outcomes_[going.index] =
            there ? Result<void>() : Result<void>(no_dataset(going.manifest, *session_.store));
        if (!there)
            continue;
        any = true;
        CODEX_TRY(gone, erase_dataset(ledger, going.manifest));
        going.doomed = gone.tree;
        if (!gone.tree || !going.portion || !with_leaves)
            continue;
        CODEX_CHECK(release_portion(ledger, *going.portion));
        const DoomedTree& tree = going.portion->tree;
        if (tree.extent == *gone.tree && tree.leaf_count == going.portion->leaves.size())
            going.doomed.reset();
    }
    return any ? ledger.commit() : Result<void>();
}

Result<void> Removal::finish(Going& going) const {
    if (going.doomed)
        CODEX_CHECK(finish_doomed(session_, std::span(&*going.doomed, 1),
                                  std::move(going.portion).value_or(Portion{})));
    session_.logger().info("Removed dataset", {{"manifestCid", going.manifest}});
    return {};
}

} // namespace

std::vector<Result<void>> Repo::remove_datasets(std::span<const Cid> manifests, const Job& job) {
    if (impl_->options.read_only) {
        std::vector<Result<void>> refused(manifests.size());
        std::ranges::generate(refused, [&] { return impl_->require_writable(); });
        return refused;
    }
    return Removal(impl_->session(job), manifests).run();
}

Result<void> Repo::remove_dataset(const Cid& manifest, const Job& job) {
    return std::move(remove_datasets({&manifest, 1}, job).front());
}

} // namespace codex::repo
