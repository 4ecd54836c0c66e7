// What contracts keep from one call to the next: bytes under keys, wherever these are.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"

#include <map>
#include <optional>

namespace codex::market {

/// Threads: as what keeps it says.
class State {
public:
    virtual ~State() = default;
    /// Nothing, when there is no such key. Errors: those of where it is kept.
    [[nodiscard]] virtual Result<std::optional<Bytes>> get(BytesView key) const = 0;
};

/// By their bytes; who looks for one needs no copy of it.
struct KeyOrder {
    using is_transparent = void;
    [[nodiscard]] bool operator()(BytesView a, BytesView b) const {
        const std::size_t common = a.size() < b.size() ? a.size() : b.size();
        const int order = common == 0 ? 0 : std::memcmp(a.data(), b.data(), common);
        return order != 0 ? order < 0 : a.size() < b.size();
    }
};

/// What is to become of keys: bytes, or nothing where a key goes.
using Changes = std::map<Bytes, std::optional<Bytes>, KeyOrder>;

/// Changes over a state that is left as it is: a call that is refused leaves nothing.
/// Threads: one at a time.
class Overlay final : public State {
public:
    explicit Overlay(const State& below) : below_(below) {}
    /// Over another one, too: a copy of all its changes is never what is meant.
    explicit Overlay(const Overlay& below) : below_(below) {}
    Overlay& operator=(const Overlay&) = delete;

    [[nodiscard]] Result<std::optional<Bytes>> get(BytesView key) const override;
    void put(BytesView key, Bytes value);
    void erase(BytesView key);
    /// What has been done, also where a key has now what it had before.
    [[nodiscard]] const Changes& changes() const { return changes_; }
    /// Makes the changes of one that lies over this one. It has none then.
    void take(Overlay& above);

private:
    const State& below_;
    Changes changes_;
};

/// In memory. Threads: many may read, one may write.
class MemoryState final : public State {
public:
    [[nodiscard]] Result<std::optional<Bytes>> get(BytesView key) const override;
    void apply(const Changes& changes);
    [[nodiscard]] const std::map<Bytes, Bytes, KeyOrder>& all() const { return all_; }

private:
    std::map<Bytes, Bytes, KeyOrder> all_;
};

} // namespace codex::market
