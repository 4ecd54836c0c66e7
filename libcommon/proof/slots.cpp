#include "proof/slots.hpp"

#include "base/checked.hpp"
#include "crypto/hash/sha256.hpp"
#include "crypto/poseidon2/poseidon2.hpp"
#include "merkle/poseidon2_tree.hpp"
#include "proof/detail/block_digests.hpp"

#include <algorithm>
#include <bit>

namespace codex::proof {

namespace {

/// Slots are computed and stored in runs of about this many blocks, so that small ones do not each
/// wait for the disk, and a killed job loses little.
constexpr std::uint64_t kRunBlocks = 4096;

repo::SlotKey key_of(const codec::Manifest& manifest, const SlotShape& shape, std::uint32_t slot) {
    return {manifest.tree, shape.block_size_bytes, shape.cell_size_bytes,
            shape.slots,   shape.strategy,         slot};
}

Result<Digest> root_of(const dataset::Job& job, std::span<const Digest> leaves) {
    constexpr std::size_t kPiece = 4096;
    merkle::StreamingRoot root(merkle::poseidon2_tree());
    for (; !leaves.empty(); leaves = leaves.subspan(std::min(kPiece, leaves.size()))) {
        CODEX_CHECK(job.go_on());
        root.add(leaves.first(std::min(kPiece, leaves.size())));
    }
    return root.finish();
}

/// The next run of slots from `slot` on that are not stored; empty when there is none.
std::uint32_t run_length(const std::vector<std::optional<Cid>>& known, std::uint32_t slot,
                         const SlotShape& shape) {
    const std::uint64_t most = std::max<std::uint64_t>(1, kRunBlocks / shape.blocks);
    std::uint32_t length = 0;
    while (slot + length < known.size() && !known[slot + length] && length < most)
        ++length;
    return length;
}

/// Computes the slot trees of [first, first + count) and stores them.
Result<void> compute_run(const dataset::Job& job, const codec::Manifest& manifest,
                         const SlotShape& shape, const detail::BlockDigester& digester,
                         std::uint32_t first, std::uint32_t count,
                         std::vector<std::optional<Cid>>& roots) {
    CODEX_TRY(digests, digester.slots(first, count));
    std::vector<repo::SlotTree> trees(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        const auto leaves = std::span<const Digest>(digests).subspan(
            static_cast<std::size_t>(i * shape.blocks), static_cast<std::size_t>(shape.blocks));
        CODEX_TRY(root, root_of(job, leaves));
        trees[i] = {key_of(manifest, shape, first + i), slot_root_cid(root),
                    std::vector<Digest>(leaves.begin(), leaves.end())};
        roots[first + i] = trees[i].cid;
    }
    return job.repo.put_slot_trees(trees, job);
}

Result<merkle::Tree> tree_over(std::span<const Cid> slot_roots) {
    std::vector<Digest> roots;
    for (const Cid& cid : slot_roots)
        roots.push_back(cid.digest32());
    return merkle::Tree::build(roots, merkle::poseidon2_tree());
}

} // namespace

namespace {

constexpr std::uint32_t kCellSizeBytes = 2048; // the network's
constexpr std::uint32_t kFewestCells = 4;      // in a block, for a circuit

/// The largest cells, up to the network's, that a block has a power of two of, and enough.
std::uint32_t fitting_cell(std::uint32_t block_size_bytes) {
    std::uint32_t cell = block_size_bytes;
    while (cell % 2 == 0 && (cell > kCellSizeBytes || block_size_bytes / cell < kFewestCells))
        cell /= 2;
    return cell;
}

} // namespace

Error SlotShape::no_slot(std::uint64_t slot) const {
    return Error(Errc::merkle_index,
                 fmt::format("slot {}: the dataset has slots 0 to {}", slot, slots - 1))
        .hint("name one of these; slots count from 0");
}

Result<SlotShape> SlotShape::of(const codec::Manifest& manifest, std::uint32_t cell_size_bytes,
                                codec::Strategy strategy) {
    if (!manifest.is_protected())
        return fail(
            Error(Errc::manifest_invalid, "the dataset is not protected")
                .remedy({Remedy::encode_dataset, "make a protected dataset of it, for example"}));
    SlotShape shape;
    shape.slots = manifest.erasure->k + manifest.erasure->m;
    shape.block_size_bytes = manifest.block_size_bytes;
    shape.cell_size_bytes = cell_size_bytes;
    shape.strategy = strategy;
    const std::uint64_t blocks = manifest.blocks_count();
    if (blocks == 0 || blocks % shape.slots != 0)
        return fail(Errc::manifest_invalid, "{} blocks cannot be split into {} slots", blocks,
                    shape.slots);
    if (cell_size_bytes == 0 || shape.block_size_bytes % cell_size_bytes != 0 ||
        !std::has_single_bit(shape.block_size_bytes / cell_size_bytes))
        return fail(
            Error(Errc::unsupported,
                  fmt::format("cells of {} bytes: a block of {} is not a power of two of them",
                              cell_size_bytes, shape.block_size_bytes))
                .remedy(
                    Remedy(Remedy::choose_cell_size).with(fitting_cell(shape.block_size_bytes))));
    shape.data_blocks = blocks / shape.slots;
    shape.block_cells = shape.block_size_bytes / cell_size_bytes;
    shape.blocks = next_pow2(shape.data_blocks); // with 2^n cells a block: 2^k cells a slot
    return shape;
}

Result<merkle::Tree> block_tree(BytesView block, std::uint32_t cell_size_bytes) {
    std::vector<Digest> hashes;
    std::vector<const std::uint8_t*> cells;
    const std::size_t whole = block.size() / cell_size_bytes;
    for (std::size_t i = 0; i < whole; ++i)
        cells.push_back(block.data() + i * cell_size_bytes);
    hashes.resize(whole);
    crypto::poseidon2::hash_many(cells, cell_size_bytes, hashes);
    if (block.size() % cell_size_bytes != 0)
        hashes.push_back(crypto::poseidon2::hash_bytes(block.subspan(whole * cell_size_bytes)));
    return merkle::Tree::build(hashes, merkle::poseidon2_tree());
}

Cid slot_root_cid(const Digest& root) {
    return Cid::make(codec::Multicodec::codex_slot_root, codec::HashCodec::identity, root);
}
Cid proving_root_cid(const Digest& root) {
    return Cid::make(codec::Multicodec::codex_proving_root, codec::HashCodec::identity, root);
}

namespace {

/// The tree of a slot that is known: where its record is damaged, computed and written again.
Result<void> mend_slot(const dataset::Job& job, const detail::BlockDigester& digester,
                       std::uint32_t slot, const Cid& root) {
    auto tree = job.repo.tree(root);
    if (!tree && tree.error().code() == Errc::block_not_found)
        return {};
    if (!tree)
        return fail(std::move(tree).error());
    CODEX_TRY(wrong, tree->check(job));
    if (wrong.empty())
        return {};
    CODEX_TRY(digests, digester.slots(slot, 1));
    return job.repo.restore_tree(root, digests, job);
}

} // namespace

Result<SlotsReport> build_slots(const dataset::Job& job, const Cid& manifest,
                                const SlotsOptions& options) {
    CODEX_TRY(info, job.repo.dataset(manifest));
    const bool verifiable = info.manifest.is_verifiable();
    const std::uint32_t usual =
        verifiable ? info.manifest.erasure->verification->cell_size_bytes : kCellSizeBytes;
    const std::uint32_t cell_size_bytes = options.cell_size_bytes.value_or(usual);
    CODEX_TRY(shape, SlotShape::of(info.manifest, cell_size_bytes, options.strategy));
    CODEX_TRY(digester, detail::BlockDigester::open(job, info.manifest, shape));
    std::vector<std::optional<Cid>> roots(shape.slots);
    for (std::uint32_t slot = 0; slot < shape.slots; ++slot) {
        CODEX_TRY(known, job.repo.find_slot_tree(key_of(info.manifest, shape, slot)));
        roots[slot] = known;
        if (known)
            CODEX_CHECK(mend_slot(job, digester, slot, *known));
    }
    SlotsReport report;
    report.computed_slots =
        static_cast<std::uint32_t>(std::ranges::count(roots, std::optional<Cid>()));
    job.expect(report.computed_slots * shape.data_blocks * shape.block_size_bytes);
    for (std::uint32_t slot = 0; slot < shape.slots;) {
        const std::uint32_t run = run_length(roots, slot, shape);
        if (run > 0)
            CODEX_CHECK(compute_run(job, info.manifest, shape, digester, slot, run, roots));
        slot += std::max(1U, run);
    }

    codec::VerificationInfo verification;
    verification.cell_size_bytes = cell_size_bytes;
    verification.strategy = options.strategy;
    for (const std::optional<Cid>& root : roots)
        verification.slot_roots.push_back(*root);
    CODEX_TRY(tree, tree_over(verification.slot_roots));
    verification.verify_root = proving_root_cid(tree.root());
    report.verifiable = info.manifest;
    report.verifiable.erasure->verification = std::move(verification);
    CODEX_TRY(bytes, codec::encode_manifest(report.verifiable));
    report.manifest = Cid::sha256(codec::Multicodec::codex_manifest, crypto::sha256(bytes));
    CODEX_TRY(label, job.repo.inherited_label(report.manifest, info));
    CODEX_CHECK(
        job.repo.add_manifest(report.manifest, bytes, options.expiry.value_or(info.expiry), label));
    return report;
}

Digest VerifiableDataset::slot_root(std::uint32_t slot) const {
    return dataset_tree.leaves()[slot];
}

Result<VerifiableDataset> open_verifiable(const repo::Repo& repo, const Cid& manifest) {
    auto whole = repo.dataset(manifest);
    if (!whole && whole.error().code() == Errc::dataset_partial) {
        if (auto part = repo.partial(manifest))
            whole = std::move(part->dataset);
    }
    if (!whole)
        return fail(std::move(whole).error());
    repo::DatasetInfo& info = *whole;
    if (!info.manifest.is_verifiable())
        return fail(Error(Errc::manifest_invalid, "the dataset has no slot roots")
                        .remedy({Remedy::compute_slots, "compute them"}));
    const codec::VerificationInfo& listed = *info.manifest.erasure->verification;
    CODEX_TRY(shape, SlotShape::of(info.manifest, listed.cell_size_bytes, listed.strategy));
    CODEX_TRY(tree, tree_over(listed.slot_roots));
    if (!equal(tree.root(), listed.verify_root.digest()))
        return fail(
            Error(Errc::manifest_invalid,
                  fmt::format("the listed slot roots give the verify root {}, not {}",
                              proving_root_cid(tree.root()).text(), listed.verify_root.text()))
                .remedy({Remedy::recompute_slots,
                         "do not rely on this manifest; make a right one of the protected "
                         "dataset"}));
    return VerifiableDataset{std::move(info), shape, std::move(tree)};
}

Result<std::vector<std::uint32_t>> check_slots(const dataset::Job& job, const Cid& manifest) {
    CODEX_TRY(dataset, open_verifiable(job.repo, manifest));
    const SlotShape& shape = dataset.shape;
    CODEX_TRY(digester, detail::BlockDigester::open(job, dataset.info.manifest, shape));
    job.expect(dataset.info.manifest.blocks_count() * shape.block_size_bytes);
    std::vector<std::uint32_t> wrong;
    for (std::uint32_t slot = 0; slot < shape.slots; ++slot) {
        CODEX_TRY(digests, digester.slots(slot, 1));
        CODEX_TRY(root, root_of(job, digests));
        if (root != dataset.slot_root(slot))
            wrong.push_back(slot);
    }
    return wrong;
}

} // namespace codex::proof
