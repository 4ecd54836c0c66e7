// The multicodec numbers this network uses (codex-cid(5), CODECS).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace codex::codec {

/// Content codecs: what the bytes behind a CID are.
enum class Multicodec : std::uint64_t {
    identity = 0x00,
    raw = 0x55,
    dag_pb = 0x70,
    dag_cbor = 0x71,
    libp2p_key = 0x72,
    codex_manifest = 0xCD01,
    codex_block = 0xCD02,
    codex_root = 0xCD03,
    codex_slot_root = 0xCD04,
    codex_proving_root = 0xCD05,
    codex_slot_cell = 0xCD06,
};

/// Hash functions a multihash may name.
enum class HashCodec : std::uint64_t {
    identity = 0x00,
    sha2_256 = 0x12,
    sha2_512 = 0x13,
    poseidon2_sponge_r2 = 0xCD10,
    poseidon2_merkle_2kb = 0xCD11,
    poseidon2_keyed_compress = 0xCD12,
};

/// The registered name ("codex-block"), or nothing for a number not known here.
[[nodiscard]] std::optional<std::string_view> name_of(Multicodec codec);
[[nodiscard]] std::optional<std::string_view> name_of(HashCodec codec);
/// The inverse of name_of.
[[nodiscard]] std::optional<Multicodec> multicodec_named(std::string_view name);

} // namespace codex::codec
