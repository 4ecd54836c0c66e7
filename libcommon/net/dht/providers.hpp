// Who provides what, as others have said (codex-dht(7), PROVIDERS).
#pragma once

#include "net/dht/record.hpp"
#include "net/dht/source.hpp"

namespace codex::net::dht {

/// For so long after it was said for the last time a peer counts as a provider.
constexpr std::uint64_t kProviderSeconds = std::uint64_t{24} * 3600;

/// One that provides something. Threads: as a value.
struct Provider {
    PeerId peer;
    std::uint64_t sequence = 0; ///< of its record
    Bytes envelope;             ///< its record, byte for byte as it came
    std::uint64_t until = 0;    ///< seconds since 1970, at which it counts no more

    friend bool operator==(const Provider&, const Provider&) = default;
};

/// Answers are wanted while a node does other things at its full rate: nothing here waits for a
/// disk. Times are seconds since 1970.
/// Threads: the loop's.
class ProviderStore {
public:
    virtual ~ProviderStore() = default;

    /// Takes that the peer of `record` provides `content` until `until`, as `from` said, or this
    /// node itself. Of several records of one peer the one with the highest number is kept; others
    /// only renew. Gives whether it is known now: not where the record is larger than is kept, nor
    /// where there is less room than it takes.
    virtual bool add(const Id& content, const NodeRecord& record, const Source& from,
                     std::uint64_t until, std::uint64_t now) = 0;
    /// At most `most` of those that provide `content` still, each at once. Where there are more,
    /// by chance, but of as many sources as there are.
    [[nodiscard]] virtual std::vector<Provider> find(const Id& content, std::size_t most,
                                                     std::uint64_t now) = 0;
    /// Forgets a peer that cannot be reached, with all that it provides.
    virtual void remove(const PeerId& peer) = 0;
};

} // namespace codex::net::dht
