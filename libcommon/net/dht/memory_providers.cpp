#include "net/dht/memory_providers.hpp"

#include <algorithm>

namespace codex::net::dht {

namespace {

// What each costs beside its bytes, about, with what the allocator adds.
constexpr std::size_t kEntryBytes = 320;
constexpr std::size_t kPeerBytes = 208;
constexpr std::size_t kContentBytes = 128;
constexpr std::size_t kAccountBytes = 224;
/// All of it is gone through for what is over at most so often.
constexpr std::uint64_t kExpireSeconds = 60;

bool names(const PeerRecord& record, const Source& source) {
    return source.size != 0 && std::ranges::any_of(record.addresses, [&](const Multiaddr& address) {
               const auto endpoint = address.tcp_endpoint();
               return endpoint && (endpoint->ip.size() == 4 || endpoint->ip.size() == 16) &&
                      Source::of(SocketAddress(endpoint->ip, 0)) == source;
           });
}

} // namespace

MemoryProviders::MemoryProviders(Random& random, const ProviderLimits& limits)
    : random_(random), limits_(limits) {
    CODEX_ASSERT(limits.per_content != 0 && limits.entries != 0 && limits.bytes != 0);
}

MemoryProviders::~MemoryProviders() = default;

bool MemoryProviders::add(const Id& content, const NodeRecord& record, const Source& from,
                          std::uint64_t until, std::uint64_t now) {
    return put({content, record.record.peer, until, from, names(record.record, from)},
               {record.record.peer, record.record.sequence, record.envelope}, now);
}

bool MemoryProviders::restore(const ProviderEntry& entry, const StoredRecord& record,
                              std::uint64_t now) {
    return put(entry, record, now);
}

/// First it is there, and then it is seen who has too much: so the newest counts like any other.
bool MemoryProviders::put(const ProviderEntry& said, const StoredRecord& record,
                          std::uint64_t now) {
    bound(now);
    ProviderEntry entry = said;
    entry.until = std::min(entry.until, now + kProviderSeconds);
    if (record.envelope.size() > limits_.envelope_bytes || entry.until <= now)
        return false;
    const Peers::iterator peer = take_record(record);
    const auto content = contents_.find(entry.content);
    if (content != contents_.end() && content->second.contains(entry.peer))
        renew(content->second.at(entry.peer), entry);
    else
        insert(entry, peer);
    latest_ = std::max(latest_, entry.until);
    if (observer_ != nullptr)
        observer_->entry_changed(entry.content, entry.peer);
    fit_content(entry.content);
    fit_all(now);
    return entry_of(entry.content, entry.peer) != nullptr;
}

MemoryProviders::Peers::iterator MemoryProviders::take_record(const StoredRecord& record) {
    const auto [peer, is_new] = peers_.try_emplace(record.peer);
    if (is_new)
        bytes_ += kPeerBytes;
    if (is_new || record.sequence > peer->second.sequence) {
        bytes_ += record.envelope.size();
        bytes_ -= peer->second.envelope.size();
        peer->second.sequence = record.sequence;
        peer->second.envelope = record.envelope;
        if (observer_ != nullptr)
            observer_->record_changed(record.peer);
    }
    return peer;
}

void MemoryProviders::insert(const ProviderEntry& entry, Peers::iterator peer) {
    const auto [content, is_new] = contents_.try_emplace(entry.content);
    if (is_new)
        bytes_ += kContentBytes;
    const Accounts::iterator account = account_of(entry.source);
    Entries made; // joined when all else is done: memory may have an end
    made.push_back({entry.content, peer, entry.until, ++said_, account, entry.first_hand});
    peer->second.provides.insert(entry.content);
    content->second.emplace(entry.peer, made.begin());
    account->second.entries.splice(account->second.entries.end(), made);
    ++entries_;
    bytes_ += kEntryBytes;
    account_changed(account);
}

void MemoryProviders::renew(Entries::iterator found, const ProviderEntry& said) {
    found->until = std::max(found->until, said.until);
    found->said = ++said_;
    const Accounts::iterator before = found->account;
    // Else who repeats what others say would have their entries on his account, and push them out.
    const Accounts::iterator after = said.first_hand ? account_of(said.source) : before;
    found->account = after;
    found->first_hand |= said.first_hand;
    after->second.entries.splice(after->second.entries.end(), before->second.entries, found);
    account_changed(after);
    if (before != after)
        account_changed(before);
}

void MemoryProviders::fit_content(const Id& content) {
    struct Share {
        std::size_t entries = 0;
        Entries::iterator oldest;
    };
    for (auto found = contents_.find(content);
         found != contents_.end() && found->second.size() > limits_.per_content;
         found = contents_.find(content)) {
        std::map<Source, Share> shares;
        for (const auto& [peer, entry] : found->second) {
            Share& share = shares[entry->account->first];
            if (share.entries++ == 0 || entry->said < share.oldest->said)
                share.oldest = entry;
        }
        erase(std::ranges::max_element(shares, [](const auto& a, const auto& b) {
                  return std::tie(a.second.entries, b.second.oldest->said) <
                         std::tie(b.second.entries, a.second.oldest->said);
              })->second.oldest);
    }
}

void MemoryProviders::fit_all(std::uint64_t now) {
    const auto too_much = [this] { return entries_ > limits_.entries || bytes_ > limits_.bytes; };
    if (too_much() && now - expired_at_ >= kExpireSeconds)
        expire(now);
    while (too_much() && !debts_.empty())
        erase(accounts_.at(debts_.rbegin()->source).entries.begin());
}

/// Nothing lasts longer than a day from now, also where the clock has been set back.
void MemoryProviders::bound(std::uint64_t now) {
    const std::uint64_t most = now + kProviderSeconds;
    expired_at_ = std::min(expired_at_, now);
    if (latest_ <= most)
        return;
    latest_ = most;
    for (auto& [source, account] : accounts_)
        for (Entry& entry : account.entries)
            if (entry.until > most) {
                entry.until = most;
                if (observer_ != nullptr)
                    observer_->entry_changed(entry.content, entry.peer->first);
            }
}

void MemoryProviders::expire(std::uint64_t now) {
    bound(now);
    expired_at_ = now;
    for (auto account = accounts_.begin(); account != accounts_.end();) {
        Entries& entries = (account++)->second.entries; // it goes with its last one
        for (std::size_t left = entries.size(); left != 0; --left) {
            const auto entry = entries.begin();
            if (entry->until <= now)
                erase(entry);
            else
                entries.splice(entries.end(), entries, entry); // once round: in the same order
        }
    }
}

void MemoryProviders::erase(Entries::iterator entry) {
    const Id content = entry->content;
    const Peers::iterator peer = entry->peer;
    const PeerId name = peer->first;
    const Accounts::iterator account = entry->account;
    const auto of = contents_.find(content);
    of->second.erase(name);
    if (of->second.empty()) {
        contents_.erase(of);
        bytes_ -= kContentBytes;
    }
    account->second.entries.erase(entry);
    --entries_;
    bytes_ -= kEntryBytes;
    account_changed(account);
    peer->second.provides.erase(content);
    const bool last = peer->second.provides.empty();
    if (last) {
        bytes_ -= kPeerBytes + peer->second.envelope.size();
        peers_.erase(peer);
    }
    if (observer_ != nullptr) {
        observer_->entry_changed(content, name);
        if (last)
            observer_->record_changed(name);
    }
}

MemoryProviders::Accounts::iterator MemoryProviders::account_of(const Source& source) {
    const auto [account, is_new] = accounts_.try_emplace(source);
    if (is_new)
        bytes_ += kAccountBytes;
    return account;
}

void MemoryProviders::account_changed(Accounts::iterator account) {
    Account& of = account->second;
    debts_.erase({of.counted, of.oldest, account->first});
    if (of.entries.empty()) {
        accounts_.erase(account);
        bytes_ -= kAccountBytes;
        return;
    }
    of.counted = of.entries.size();
    of.oldest = of.entries.front().said;
    debts_.insert({of.counted, of.oldest, account->first});
}

std::vector<Provider> MemoryProviders::find(const Id& content, std::size_t most,
                                            std::uint64_t now) {
    bound(now);
    std::vector<Entries::iterator> live;
    std::vector<Entries::iterator> over;
    if (const auto found = contents_.find(content); found != contents_.end())
        for (const auto& [peer, entry] : found->second)
            (entry->until > now ? live : over).push_back(entry);
    for (const auto& entry : over)
        erase(entry);
    // Of what is popular there are hundreds: the system is asked for one number, not for each.
    SeededRandom order(random_.number().value_or(0));
    for (std::size_t i = 0; i < live.size(); ++i) {
        const auto which = order.below(live.size() - i);
        std::swap(live[i], live[i + which.value_or(0)]);
    }
    // One of each account before another one of any: or who says most of it hides the others.
    std::map<const void*, std::size_t> of_account;
    std::vector<std::pair<std::size_t, std::size_t>> ranked;
    for (std::size_t i = 0; i < live.size(); ++i)
        ranked.emplace_back(of_account[&*live[i]->account]++, i);
    std::sort(ranked.begin(), ranked.end());
    std::vector<Provider> chosen;
    for (const auto& [rank, which] : ranked) {
        if (chosen.size() == most)
            break;
        const auto& entry = live[which];
        const auto& [peer, record] = *entry->peer;
        chosen.push_back({peer, record.sequence, record.envelope, entry->until});
    }
    return chosen;
}

void MemoryProviders::remove(const PeerId& peer) {
    const auto found = peers_.find(peer);
    if (found == peers_.end())
        return;
    const std::set<Id> provides = found->second.provides;
    for (const Id& content : provides)
        withdraw(content, peer);
}

void MemoryProviders::withdraw(const Id& content, const PeerId& peer) {
    if (const auto of = contents_.find(content); of != contents_.end())
        if (const auto entry = of->second.find(peer); entry != of->second.end())
            erase(entry->second);
}

std::set<Id> MemoryProviders::provided_by(const PeerId& peer) const {
    const auto found = peers_.find(peer);
    return found == peers_.end() ? std::set<Id>() : found->second.provides;
}

MemoryProviders::Held MemoryProviders::held() const {
    return {contents_.size(), peers_.size(), entries_, bytes_};
}

const MemoryProviders::Entry* MemoryProviders::entry_of(const Id& content,
                                                        const PeerId& peer) const {
    const auto of = contents_.find(content);
    if (of == contents_.end())
        return nullptr;
    const auto found = of->second.find(peer);
    return found == of->second.end() ? nullptr : &*found->second;
}

ProviderEntry MemoryProviders::plain(const Entry& entry) {
    return {entry.content, entry.peer->first, entry.until, entry.account->first, entry.first_hand};
}

std::optional<ProviderEntry> MemoryProviders::entry(const Id& content, const PeerId& peer) const {
    const Entry* const found = entry_of(content, peer);
    return found == nullptr ? std::nullopt : std::optional(plain(*found));
}

std::optional<MemoryProviders::StoredRecord> MemoryProviders::record(const PeerId& peer) const {
    const auto found = peers_.find(peer);
    if (found == peers_.end())
        return std::nullopt;
    return StoredRecord{peer, found->second.sequence, found->second.envelope};
}

void MemoryProviders::for_each(const std::function<void(const ProviderEntry&)>& visit) const {
    for (const auto& [source, account] : accounts_)
        for (const Entry& entry : account.entries)
            visit(plain(entry));
}

} // namespace codex::net::dht
