#include "net/dht/dht.hpp"

namespace codex::net::dht {
namespace {

/// Records in a datagram of nodes or providers, each with its tag and length: with all around them
/// it has no more than 1200 bytes then, which pass everywhere.
constexpr std::size_t kRecordBytes = 1100;
/// Providers in an answer: who asks unites those of 16 nodes.
constexpr std::size_t kMostProviders = 6;
/// Longest record of a provider that is taken: with sixty addresses.
constexpr std::size_t kMaxProviderRecordBytes = 1024;

std::size_t cost_of(const Bytes& record) {
    return record.size() + 4;
}

} // namespace

void Dht::answer(const Received& received) {
    ++counters_.requests_in;
    const Body& body = received.message.body;
    if (std::holds_alternative<Ping>(body)) {
        answer_with(received, Pong{record_.record.sequence, received.from.address});
    } else if (const auto* distances = std::get_if<FindNode>(&body)) {
        answer_find_node(received, *distances);
    } else if (const auto* fast = std::get_if<FindNodeFast>(&body)) {
        answer_nodes(received, table_.closest_to_tell(fast->target, kMaxNodesToldFast + 1),
                     kMaxNodesToldFast);
    } else if (std::holds_alternative<TalkRequest>(body)) {
        answer_with(received, TalkResponse{});
    } else if (const auto* said = std::get_if<AddProvider>(&body)) {
        take_provider(received, *said);
    } else if (const auto* asked = std::get_if<GetProviders>(&body)) {
        answer_providers(received, *asked);
    } else {
        ++counters_.requests_silent; // nobody speaks it
    }
}

void Dht::answer_with(const Received& received, Body body) {
    auto out = transport_.reply(received.from, {received.message.id, std::move(body)});
    // Keys that have gone meanwhile are the asker's matter, who asks again.
    if (out)
        take(std::move(*out), Urgency::answer);
}

void Dht::answer_find_node(const Received& received, const FindNode& question) {
    bool itself = false;
    bool too_far = false;
    for (const std::uint16_t distance : question.distances) {
        itself = itself || distance == 0;
        too_far = too_far || distance > kMaxDistance;
    }
    if (itself)
        answer_with(received, Nodes{1, {record_.envelope}});
    else if (too_far)
        answer_with(received, Nodes{1, {}});
    else
        answer_nodes(received, table_.to_tell_at(question.distances, kMaxNodesTold + 1, choice()),
                     kMaxNodesTold);
}

/// In as few datagrams as they fit into; others may lose those that come in a train. The asker is
/// not told of itself.
void Dht::answer_nodes(const Received& received, const std::vector<const TableNode*>& nodes,
                       std::size_t most) {
    std::vector<Nodes> parts(1);
    std::size_t bytes = 0;
    std::size_t told = 0;
    for (const TableNode* node : nodes) {
        const Bytes& record = node->record.envelope;
        if (node->record.id == received.from.id || cost_of(record) > kRecordBytes || told == most)
            continue;
        ++told;
        if (bytes + cost_of(record) > kRecordBytes) {
            parts.emplace_back();
            bytes = 0;
        }
        bytes += cost_of(record);
        parts.back().records.push_back(record);
    }
    for (Nodes& part : parts) {
        part.total = parts.size();
        answer_with(received, std::move(part));
    }
}

void Dht::answer_providers(const Received& received, const GetProviders& question) {
    Providers answer;
    std::size_t bytes = 0;
    for (Provider& provider :
         providers_.find(question.content, kMostProviders, loop_.clock().unix_seconds())) {
        if (bytes + cost_of(provider.envelope) > kRecordBytes)
            continue;
        bytes += cost_of(provider.envelope);
        answer.records.push_back(std::move(provider.envelope));
    }
    answer_with(received, std::move(answer));
}

/// Of whoever it is, as it is signed; what one source may have here is the store's matter.
void Dht::take_provider(const Received& received, const AddProvider& said) {
    const auto record = said.record.size() <= kMaxProviderRecordBytes
                            ? opened_.open(said.record)
                            : Result<NodeRecord>(fail(Errc::limit_exceeded, "it is too long"));
    const std::uint64_t now = loop_.clock().unix_seconds();
    const bool taken =
        record && providers_.add(said.content, *record, Source::of(received.from.address),
                                 now + kProviderSeconds, now);
    ++counters_.requests_silent;
    ++(taken ? counters_.providers_taken : counters_.providers_refused);
    if (!taken)
        log_.debug("Dropping provider", {{"from", received.from.address.text()},
                                         {"content", log::Hash{said.content.bytes}}});
}

} // namespace codex::net::dht
