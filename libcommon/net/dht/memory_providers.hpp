// Providers in memory (codex-dht(7), PROVIDERS).
#pragma once

#include "base/random.hpp"
#include "net/dht/providers.hpp"

#include <functional>
#include <list>
#include <map>
#include <set>
#include <tuple>

namespace codex::net::dht {

/// Counts are not 0.
struct ProviderLimits {
    std::size_t per_content = 200;
    std::size_t entries = 50'000; ///< peers, of all content together
    /// What entries and records take, with what they cost beside their bytes.
    std::size_t bytes = std::size_t{16} << 20;
    /// More than a record of 64 usual addresses has. An answer carries six.
    std::size_t envelope_bytes = 1024;
};

/// What is kept of one entry, for who keeps it elsewhere as well. Threads: as a value.
struct ProviderEntry {
    Id content;
    PeerId peer;
    std::uint64_t until = 0;
    Source source;
    bool first_hand = false; ///< the record names the address that said it

    friend bool operator==(const ProviderEntry&, const ProviderEntry&) = default;
};

/// Each entry is on the account of who said it first; of a peer that says it itself, on that one's.
/// Where there is no room, of one content or of all, the entry goes that was said longest ago of
/// the source with the most entries there: so whoever fills it, under however many names, pushes
/// out his own, as long as he has no more addresses than all others. Nothing is kept for longer
/// than kProviderSeconds by the clock of who asks or says something, whatever it was before.
/// Threads: one at a time.
class MemoryProviders final : public ProviderStore {
public:
    /// `random` outlives it.
    explicit MemoryProviders(Random& random, const ProviderLimits& limits = {});
    ~MemoryProviders() override;

    bool add(const Id& content, const NodeRecord& record, const Source& from, std::uint64_t until,
             std::uint64_t now) override;
    [[nodiscard]] std::vector<Provider> find(const Id& content, std::size_t most,
                                             std::uint64_t now) override;
    void remove(const PeerId& peer) override;
    /// `peer` provides `content` no more.
    void withdraw(const Id& content, const PeerId& peer);
    /// What it provides, also where that is over and nobody has looked.
    [[nodiscard]] std::set<Id> provided_by(const PeerId& peer) const;
    /// Lets go what is over. Goes through all of it.
    void expire(std::uint64_t now);

    struct Held {
        std::size_t contents, peers, entries, bytes;
    };
    [[nodiscard]] Held held() const;

    /// Is told of each entry and each record that changed, or went. It calls nothing of this.
    struct Observer {
        virtual ~Observer() = default;
        virtual void entry_changed(const Id& content, const PeerId& peer) = 0;
        virtual void record_changed(const PeerId& peer) = 0;
    };
    void observe(Observer* observer) { observer_ = observer; }
    /// What is there now; nothing, when it has gone.
    [[nodiscard]] std::optional<ProviderEntry> entry(const Id& content, const PeerId& peer) const;
    struct StoredRecord {
        PeerId peer;
        std::uint64_t sequence = 0;
        Bytes envelope;
    };
    [[nodiscard]] std::optional<StoredRecord> record(const PeerId& peer) const;
    void for_each(const std::function<void(const ProviderEntry&)>& visit) const;
    /// As add(), of what was kept elsewhere: `record` is that of its peer and was checked once.
    bool restore(const ProviderEntry& entry, const StoredRecord& record, std::uint64_t now);

private:
    struct Peer {
        std::uint64_t sequence = 0;
        Bytes envelope;
        std::set<Id> provides;
    };
    using Peers = std::map<PeerId, Peer>;
    struct Account;
    using Accounts = std::map<Source, Account>;
    struct Entry {
        Id content;
        Peers::iterator peer;
        std::uint64_t until = 0;
        std::uint64_t said = 0; ///< as the how-manieth
        Accounts::iterator account;
        bool first_hand = false;
    };
    using Entries = std::list<Entry>;
    struct Account {
        Entries entries; ///< the one that was said last at the end
        std::size_t counted = 0;
        std::uint64_t oldest = 0;
    };
    using OfContent = std::map<PeerId, Entries::iterator>;
    /// In the order in which they have to give something back: how many entries, and how long ago
    /// the oldest of them was said.
    struct Debt {
        std::size_t entries;
        std::uint64_t oldest;
        Source source;
        friend bool operator<(const Debt& a, const Debt& b) {
            return std::tie(a.entries, b.oldest, a.source) <
                   std::tie(b.entries, a.oldest, b.source);
        }
    };

    bool put(const ProviderEntry& said, const StoredRecord& record, std::uint64_t now);
    Peers::iterator take_record(const StoredRecord& record);
    void insert(const ProviderEntry& entry, Peers::iterator peer);
    void renew(Entries::iterator found, const ProviderEntry& said);
    void fit_content(const Id& content);
    void fit_all(std::uint64_t now);
    void bound(std::uint64_t now);
    void erase(Entries::iterator entry);
    [[nodiscard]] Accounts::iterator account_of(const Source& source);
    void account_changed(Accounts::iterator account);
    [[nodiscard]] const Entry* entry_of(const Id& content, const PeerId& peer) const;
    [[nodiscard]] static ProviderEntry plain(const Entry& entry);

    Random& random_;
    ProviderLimits limits_;
    Observer* observer_ = nullptr;
    Peers peers_;
    std::map<Id, OfContent> contents_;
    Accounts accounts_;
    std::set<Debt> debts_;
    std::size_t entries_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t said_ = 0;
    std::uint64_t expired_at_ = 0; ///< seconds since 1970
    std::uint64_t latest_ = 0;     ///< nothing is kept until later
};

} // namespace codex::net::dht
