// CIDs by the beginning of their text, for people who do not type all of it.
#pragma once

#include "codec/cid.hpp"

#include <vector>

namespace codex::codec {

/// The shortest beginning that stands for a CID. The first eight characters of all CIDs of one kind
/// are nearly the same; the other four tell eleven million apart.
constexpr std::size_t kMinCidPrefixChars = 12;

/// Whether `text` may be the beginning of a CID's base58 text: z and more of its letters, fewer
/// than the shortest whole CID has. It may still be too short: see kMinCidPrefixChars.
[[nodiscard]] bool looks_like_cid_prefix(std::string_view text);

/// CIDv1 of one length of the binary form, from `first` to `last`, both included.
struct CidRange {
    Bytes first;
    Bytes last;
};
/// Where CIDs whose text() begins with `prefix`, for which looks_like_cid_prefix() holds, are among
/// binary forms: a few ranges, ascending. Each is of one length; keys of another length may stand
/// between its ends in an ordered table, so that what is found there has to be compared with the
/// text. CIDv0 are in none.
[[nodiscard]] std::vector<CidRange> cid_ranges(std::string_view prefix);

} // namespace codex::codec
