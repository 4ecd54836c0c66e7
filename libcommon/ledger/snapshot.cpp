#include "ledger/detail/parts.hpp"

namespace codex::ledger {

struct Snapshot::Parts {
    Parts(Ledger::Parts::CurrentBlock of, const Ledger::Parts& ledger)
        : current(std::move(of.current)), kept(current.view),
          blocks(current.view, ledger.genesis_hash), contracts(*ledger.contracts),
          head(head_of(current.mark.place, ledger.genesis)), block(of.block),
          time(ledger.genesis.time_of(block)) {}
    Ledger::Parts::Current current;
    detail::KeptState kept;
    detail::KeptBlocks blocks;
    const market::Contracts& contracts;
    Head head;
    std::uint64_t block;
    std::uint64_t time;
};

Snapshot::Snapshot(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Snapshot::Snapshot(Snapshot&&) noexcept = default;
Snapshot::~Snapshot() = default;

Result<Snapshot> Ledger::snapshot() const {
    CODEX_TRY(current, parts_->current_block());
    return Snapshot(std::make_unique<Snapshot::Parts>(std::move(current), *parts_));
}

Result<Snapshot> Ledger::last_snapshot() const {
    CODEX_TRY(current, parts_->current());
    const std::uint64_t block = current.mark.place.block;
    return Snapshot(
        std::make_unique<Snapshot::Parts>(Parts::CurrentBlock{std::move(current), block}, *parts_));
}

Result<std::optional<Bytes>> Snapshot::get(BytesView key) const {
    return parts_->kept.get(key);
}

const Head& Snapshot::head() const {
    return parts_->head;
}

market::Now Snapshot::now() const {
    return {parts_->block, parts_->time, *this};
}

const ethereum::UInt256& Snapshot::digest() const {
    return parts_->current.mark.digest;
}

Result<std::optional<SlotPlace>> Snapshot::place_of_slot(const ethereum::abi::Word& id) const {
    return detail::place_of_slot(parts_->current.view, id);
}

Result<void>
Snapshot::wide_requests(std::uint64_t from,
                        const std::function<Result<bool>(const WideRequest&)>& visit) const {
    return detail::for_each_wide(parts_->current.view, from, visit);
}

Result<market::Outcome> Snapshot::call(const market::Call& call) const {
    market::Overlay nothing(*this);
    auto outcome = parts_->contracts.execute(nothing, now(), call);
    if (parts_->blocks.error())
        return fail(std::move(*std::exchange(parts_->blocks.error(), std::nullopt)));
    return outcome;
}

Digest Snapshot::hash(std::uint64_t block) const {
    return parts_->blocks.hash(block);
}

} // namespace codex::ledger
