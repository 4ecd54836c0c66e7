#include "market/state.hpp"

namespace codex::market {

Result<std::optional<Bytes>> Overlay::get(BytesView key) const {
    const auto changed = changes_.find(key);
    if (changed != changes_.end())
        return changed->second;
    return below_.get(key);
}

void Overlay::put(BytesView key, Bytes value) {
    const auto at = changes_.find(key);
    if (at != changes_.end())
        at->second = std::move(value);
    else
        changes_.emplace(Bytes(key.begin(), key.end()), std::move(value));
}

void Overlay::erase(BytesView key) {
    const auto at = changes_.find(key);
    if (at != changes_.end())
        at->second = std::nullopt;
    else
        changes_.emplace(Bytes(key.begin(), key.end()), std::nullopt);
}

void Overlay::take(Overlay& above) {
    while (!above.changes_.empty()) {
        auto node = above.changes_.extract(above.changes_.begin());
        const auto at = changes_.find(node.key());
        if (at != changes_.end())
            at->second = std::move(node.mapped());
        else
            changes_.insert(std::move(node));
    }
}

Result<std::optional<Bytes>> MemoryState::get(BytesView key) const {
    const auto found = all_.find(key);
    return found == all_.end() ? std::nullopt : std::optional(found->second);
}

void MemoryState::apply(const Changes& changes) {
    for (const auto& [key, value] : changes) {
        if (value)
            all_[key] = *value;
        else
            all_.erase(key);
    }
}

} // namespace codex::market
