// Manifests for tests: those of data-model.json, and parts to make others from.
#pragma once

#include "codec/manifest.hpp"
#include "must.hpp"
#include "vectors.hpp"

namespace codex::codec::test {

using codex::test::data_model;
using codex::test::Json;
using codex::test::must;

inline Cid cid_of(const Json& text) {
    return must(Cid::from_text(text.get<std::string>()));
}

inline Digest number_digest(std::uint32_t number) {
    Digest digest{};
    for (std::size_t i = 0; i < 4; ++i)
        digest[i] = static_cast<std::uint8_t>(number >> (8 * i));
    return digest;
}

inline Cid slot_root(std::uint32_t number) {
    return Cid::make(Multicodec::codex_slot_root, HashCodec::identity, number_digest(number));
}

inline Cid verify_root(std::uint32_t number) {
    return Cid::make(Multicodec::codex_proving_root, HashCodec::identity, number_digest(number));
}

inline Cid tree_root(std::uint32_t number) {
    return Cid::sha256(Multicodec::codex_root, number_digest(number));
}

inline std::optional<std::string> optional_text(const Json& value) {
    return value.is_null() ? std::nullopt : std::optional(value.get<std::string>());
}

/// What one of *datasets* says, without its manifest bytes.
inline Manifest plain_of(const Json& set) {
    Manifest manifest;
    manifest.tree = cid_of(set["treeCid"]);
    manifest.block_size_bytes = set["blockSize"];
    manifest.dataset_size_bytes = set["size"];
    manifest.filename = optional_text(set["filename"]);
    manifest.mimetype = optional_text(set["mimetype"]);
    return manifest;
}

/// The same for one of *protectedDatasets*.
inline Manifest protected_of(const Json& set) {
    Manifest manifest;
    manifest.tree = cid_of(set["treeCid"]);
    manifest.block_size_bytes = set["blockSize"];
    manifest.dataset_size_bytes =
        set["blockSize"].get<std::uint64_t>() * set["totalBlocks"].get<std::uint64_t>();
    ErasureInfo erasure;
    if (set["name"] == "262144 bytes, K=2 M=1") { // its names are in its manifest bytes only
        manifest.filename = "x.bin";
        manifest.mimetype = "application/octet-stream";
    }
    erasure.k = set["k"];
    erasure.m = set["m"];
    erasure.original_tree = cid_of(set["originalTreeCid"]);
    erasure.original_size_bytes = set["size"];
    manifest.erasure = erasure;
    return manifest;
}

inline Manifest verifiable_of(const Json& set) {
    Manifest manifest = protected_of(set);
    VerificationInfo verification;
    verification.verify_root = verify_root(100);
    for (std::uint32_t i = 0; i < manifest.erasure->k + manifest.erasure->m; ++i)
        verification.slot_roots.push_back(slot_root(i + 1));
    manifest.erasure->verification = verification;
    return manifest;
}

/// k = 3, m = 2 over 5 blocks: 2 columns, 10 blocks, 5 slot roots.
inline Manifest good() {
    return verifiable_of(data_model()["protectedDatasets"][0]);
}

inline void expect_both_ways(const Manifest& manifest, const Bytes& bytes) {
    EXPECT_EQ(to_hex(must(encode_manifest(manifest))), to_hex(bytes));
    EXPECT_EQ(must(decode_manifest(bytes)), manifest);
}

} // namespace codex::codec::test
