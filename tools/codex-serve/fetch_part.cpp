// The part of a dataset that --range or --slot name.
#include "dataset/dataset.hpp"
#include "proof/slots.hpp"
#include "serve.hpp"
#include "toolkit/byte_range.hpp"

namespace codex::serve_tool {

namespace {

/// The blocks of a slot (codex-slots(5), SLOTS).
Result<exchange::FetchPart> slot_of(const codec::Manifest& manifest, std::uint64_t slot) {
    if (!manifest.is_verifiable())
        return fail(
            Error(Errc::manifest_invalid, "the dataset has no slot roots")
                .hint("only verifiable datasets have slots; of this one fetch all, or a range"));
    const codec::VerificationInfo& listed = *manifest.erasure->verification;
    CODEX_TRY(shape, proof::SlotShape::of(manifest, listed.cell_size_bytes, listed.strategy));
    if (slot >= shape.slots)
        return fail(shape.no_slot(slot));
    exchange::FetchPart part;
    for (std::uint64_t i = 0; i < shape.data_blocks; ++i)
        part.blocks.insert(shape.tree_index(static_cast<std::uint32_t>(slot), i));
    return part;
}

} // namespace

Result<node::PartOf> part_of(const std::optional<std::string>& range,
                             std::optional<std::uint64_t> slot) {
    if (slot)
        return [slot = *slot](const codec::Manifest& manifest) { return slot_of(manifest, slot); };
    if (!range)
        return nullptr;
    CODEX_TRY(bytes_of, toolkit::parse_range(*range));
    return [bytes_of](const codec::Manifest& manifest) -> Result<exchange::FetchPart> {
        const std::uint64_t content_bytes = manifest.content_size_bytes();
        CODEX_TRY(bytes, dataset::clamp(bytes_of.of(content_bytes), content_bytes));
        return exchange::FetchPart{IndexSet(dataset::blocks_of(manifest, bytes)), bytes};
    };
}

} // namespace codex::serve_tool
