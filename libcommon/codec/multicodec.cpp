#include "codec/multicodec.hpp"

#include <utility>

namespace codex::codec {
namespace {

struct Named {
    std::uint64_t number;
    std::string_view name;
};

/// Ours and the content codecs the reference's libp2p registers (multiformats table).
constexpr Named kContentCodecs[] = {
    {0x00, "identity"},
    {0x55, "raw"},
    {0x70, "dag-pb"},
    {0x71, "dag-cbor"},
    {0x72, "libp2p-key"},
    {0x78, "git-raw"},
    {0x7B, "torrent-info"},
    {0x7C, "torrent-file"},
    {0x90, "eth-block"},
    {0x91, "eth-block-list"},
    {0x92, "eth-tx-trie"},
    {0x93, "eth-tx"},
    {0x94, "eth-tx-receipt-trie"},
    {0x95, "eth-tx-receipt"},
    {0x96, "eth-state-trie"},
    {0x97, "eth-account-snapshot"},
    {0x98, "eth-storage-trie"},
    {0xB0, "bitcoin-block"},
    {0xB1, "bitcoin-tx"},
    {0xC0, "zcash-block"},
    {0xC1, "zcash-tx"},
    {0xD0, "stellar-block"},
    {0xD1, "stellar-tx"},
    {0xE0, "decred-block"},
    {0xE1, "decred-tx"},
    {0xED, "ed25519-pub"},
    {0xF0, "dash-block"},
    {0xF1, "dash-tx"},
    {0x0129, "dag-json"},
    {0xCD01, "codex-manifest"},
    {0xCD02, "codex-block"},
    {0xCD03, "codex-root"},
    {0xCD04, "codex-slot-root"},
    {0xCD05, "codex-proving-root"},
    {0xCD06, "codex-slot-cell"},
};

constexpr Named kHashCodecs[] = {
    {0x00, "identity"},
    {0x12, "sha2-256"},
    {0x13, "sha2-512"},
    {0xCD10, "poseidon2-alt_bn_128-sponge-r2"},
    {0xCD11, "poseidon2-alt_bn_128-merkle-2kb"},
    {0xCD12, "poseidon2-alt_bn_128-keyed-compress"},
};

template <std::size_t n>
std::optional<std::string_view> find_name(const Named (&table)[n], std::uint64_t number) {
    for (const Named& entry : table)
        if (entry.number == number)
            return entry.name;
    return std::nullopt;
}

} // namespace

std::optional<std::string_view> name_of(Multicodec codec) {
    return find_name(kContentCodecs, static_cast<std::uint64_t>(codec));
}

std::optional<std::string_view> name_of(HashCodec codec) {
    return find_name(kHashCodecs, static_cast<std::uint64_t>(codec));
}

std::optional<Multicodec> multicodec_named(std::string_view name) {
    for (const Named& entry : kContentCodecs)
        if (entry.name == name)
            return static_cast<Multicodec>(entry.number);
    return std::nullopt;
}

} // namespace codex::codec
