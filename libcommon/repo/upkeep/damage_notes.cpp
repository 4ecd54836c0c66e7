#include "repo/upkeep/damage_notes.hpp"

#include "repo/upkeep/ledger.hpp"

#include <algorithm>

namespace codex::repo::detail {

namespace {

constexpr std::size_t kMostNotes = 1'000'000;
/// Entries changed in one transaction.
constexpr std::size_t kNotesStep = 4096;

} // namespace

void DamageNotes::add(const Cid& cid, const Extent& extent) {
    const std::lock_guard lock(mutex_);
    if (found_.size() < kMostNotes)
        found_.emplace_back(cid, extent);
}

DamageNotes::Found DamageNotes::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(found_, {});
}

Result<void> mark_damaged(const Store& store, bool sync, const DamageNotes::Found& found) {
    for (std::size_t first = 0; first < found.size(); first += kNotesStep) {
        CODEX_TRY(ledger, Ledger::begin(store, sync));
        bool changed = false;
        for (std::size_t i = first; i < std::min(found.size(), first + kNotesStep); ++i) {
            const auto& [cid, extent] = found[i];
            CODEX_TRY(entry, ledger.block(cid));
            if (!entry || !entry->present || entry->damaged || entry->extent != extent)
                continue;
            entry->damaged = true;
            CODEX_CHECK(ledger.put_block(cid, *entry));
            changed = true;
        }
        if (changed)
            CODEX_CHECK(ledger.commit());
    }
    return {};
}

void mark_damaged_later(const std::string& path, const OpenOptions& options,
                        const DamageNotes::Found& found) {
    OpenOptions writing = options;
    writing.create = false;
    writing.read_only = false;
    writing.lock_timeout_seconds = 0;
    auto store = Store::open(path, writing);
    if (!store)
        return;
    (void)mark_damaged(**store, options.sync, found);
    Store::release(std::move(*store));
}

} // namespace codex::repo::detail
