#include "market/state.hpp"

namespace codex::market {

Result<std::optional<Bytes>> Overlay::get(BytesView key) const {
    const auto changed = changes_.find(Bytes(key.begin(), key.end()));
    if (changed != changes_.end())
        return changed->second;
    return below_.get(key);
}

void Overlay::put(BytesView key, Bytes value) {
    changes_[Bytes(key.begin(), key.end())] = std::move(value);
}

void Overlay::erase(BytesView key) {
    changes_[Bytes(key.begin(), key.end())] = std::nullopt;
}

Result<std::optional<Bytes>> MemoryState::get(BytesView key) const {
    const auto found = all_.find(Bytes(key.begin(), key.end()));
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
