// CAR version 1, the archive IPFS tools read: a header that names the roots, then one section for
// each block. Both are frames: uvarint(length of the body) | body. This file knows the bodies;
// reading and writing streams is the caller's matter, so every function here works on whole views.
//
//   header body:  DAG-CBOR map {"roots": [CID, ...], "version": 1}, a CID being tag 42 over 00 |
//   CID section body: CID | the block's bytes
//
// Format: ipld.io/specs/transport/car/carv1.
#pragma once

#include "codec/cid.hpp"
#include "codec/manifest.hpp"

#include <span>
#include <vector>

namespace codex::codec {

/// Most roots in one archive.
constexpr std::size_t kMaxCarRoots = 10'000;
/// Longest header body accepted: room for that many of the longest CIDs.
constexpr std::size_t kMaxCarHeaderBytes = 1024 * 1024;
/// Longest section body accepted: the largest block behind the longest CID.
constexpr std::size_t kMaxCarSectionBytes = kMaxBlockSizeBytes + Cid::kMaxBytes;

/// The first frame of an archive, its length included; at most kMaxCarRoots roots, none null.
[[nodiscard]] Bytes encode_car_header(std::span<const Cid> roots);

/// The roots of a header body (without the frame's length), in order; may be none. Errors:
/// car_invalid naming the byte; unsupported for version 2.
[[nodiscard]] Result<std::vector<Cid>> decode_car_header(BytesView body);

/// Whether a header's body, of version 1 or 2, may begin with these bytes: else it is no archive at
/// all, and none that was cut.
[[nodiscard]] bool may_begin_car_header(BytesView bytes);

/// What stands before a block's `data_size` bytes: the frame's length, then the CID.
[[nodiscard]] Bytes encode_car_section_prefix(const Cid& cid, std::uint64_t data_size);

/// The CID of a section body (without the frame's length) and where the data begins in it; the
/// first Cid::kMaxBytes bytes of the body are enough. That the data has this CID is not checked
/// here. Errors: car_invalid.
[[nodiscard]] Result<std::pair<Cid, std::size_t>> split_section(BytesView section);

} // namespace codex::codec
