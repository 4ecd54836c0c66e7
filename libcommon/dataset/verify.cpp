// verify: is a protected dataset what its manifest says, down to the last parity byte?
#include "dataset/detail/damage.hpp"
#include "dataset/detail/strip.hpp"

#include <algorithm>

namespace codex::dataset {

namespace {

/// Compares strip after strip with what is stored.
class Comparison {
public:
    Comparison(const Job& job, const detail::Columns& columns, detail::LeafReader leaves,
               Verification& result)
        : job_(job), columns_(columns), leaves_(std::move(leaves)), result_(result) {}

    Result<void> strip(const detail::Strip& strip) {
        const erasure::Layout& layout = columns_.layout();
        const auto index_of = [&](std::size_t i, std::uint32_t first_row) {
            const auto row = static_cast<std::uint32_t>(i / strip.width);
            return layout.index(strip.first + i % strip.width, first_row + row);
        };
        for (std::size_t i = 0; i < strip.data.size(); ++i)
            note(strip.data[i], index_of(i, 0));

        const std::uint32_t size = columns_.block_size_bytes();
        if (buffer_.bytes().size() < strip.parity.size() * size)
            buffer_ = detail::PageBuffer(strip.parity.size() * size);
        std::vector<BlockRead> stored(strip.parity.size());
        std::vector<Digest> leaves(stored.size());
        for (std::size_t i = 0; i < leaves.size(); i += strip.width) // a row is one piece
            CODEX_CHECK(
                leaves_(index_of(i, layout.k()), std::span(leaves).subspan(i, strip.width)));
        for (std::size_t i = 0; i < stored.size(); ++i) {
            stored[i].cid = Cid::block(leaves[i]);
            stored[i].buffer = buffer_.bytes().subspan(i * size, size);
            stored[i].leaf = {&columns_.tree().cid(), index_of(i, layout.k())};
        }
        CODEX_CHECK(job_.blocks.read(stored));
        for (std::size_t i = 0; i < stored.size(); ++i) {
            const std::uint64_t index = index_of(i, layout.k());
            note(stored[i], index);
            if (strip.coded[i % strip.width] && strip.digests[i] != leaves[i])
                result_.wrong_parity.push_back(index);
        }
        job_.advance(stored.size() * size);
        return {};
    }

private:
    void note(const BlockRead& block, std::uint64_t index) {
        if (block.state == BlockRead::State::missing)
            result_.health.missing.push_back(index);
        else if (block.state != BlockRead::State::ok)
            result_.health.damaged.push_back(index);
    }

    const Job& job_;
    const detail::Columns& columns_;
    detail::LeafReader leaves_;
    Verification& result_;
    detail::PageBuffer buffer_;
};

} // namespace

Result<Verification> verify(const Job& job, const Cid& manifest) {
    Verification result;
    CODEX_TRY(info, job.repo.dataset(manifest));
    if (!info.manifest.is_protected()) {
        CODEX_SET(result.health, health(job, manifest, true));
        return result;
    }
    CODEX_TRY(columns, detail::Columns::open(job, info.manifest));
    const erasure::Layout& layout = columns.layout();
    CODEX_TRY(best, detail::best_leaves(job, info.manifest, columns.tree()));
    if (!best.untrusted.empty()) {
        // What parity should be, its leaves say; without them there is nothing to compare with.
        CODEX_SET(result.health, health(job, manifest, true));
        return result;
    }
    const detail::LeafReader leaves = best.reader(columns.tree());
    CODEX_TRY(original, detail::tree_cid(job, leaves, layout.original_blocks));
    result.original_tree_matches = original == info.manifest.erasure->original_tree;
    job.expect(layout.total_blocks() * columns.block_size_bytes());

    Comparison comparison(job, columns, leaves, result);
    detail::StripCoder coder(job, layout, columns.code(), columns.tree(),
                             columns.block_size_bytes());
    CODEX_CHECK(coder.run([&](const detail::Strip& strip) { return comparison.strip(strip); }));

    Health& state = result.health;
    state.manifest = std::move(info.manifest);
    state.blocks = layout.total_blocks();
    state.tree_damaged = best.tree_damaged;
    detail::Damage damage{std::move(state.missing), std::move(state.damaged)};
    std::sort(damage.missing.begin(), damage.missing.end());
    std::sort(damage.damaged.begin(), damage.damaged.end());
    std::sort(result.wrong_parity.begin(), result.wrong_parity.end());
    state.lost_columns = detail::columns_beyond_parity(layout, damage.all());
    state.missing = std::move(damage.missing);
    state.damaged = std::move(damage.damaged);
    return result;
}

} // namespace codex::dataset
