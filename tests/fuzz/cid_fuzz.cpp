// CIDs in binary and text: what is accepted is printed and read back as the same CID.
#include "codec/cid.hpp"
#include "property.hpp"

using namespace codex;

namespace {

void check_accepted(const Cid& cid) {
    const auto from_text = Cid::from_text(cid.text());
    FUZZ_CHECK(from_text && *from_text == cid);
    FUZZ_CHECK(std::hash<Cid>()(*from_text) == std::hash<Cid>()(cid));
    const auto from_bytes = Cid::from_bytes(cid.bytes());
    FUZZ_CHECK(from_bytes && *from_bytes == cid && from_bytes->version() == cid.version());
    FUZZ_CHECK((*from_bytes <=> cid) == 0);
    FUZZ_CHECK(Cid::make(cid.codec(), cid.hash(), cid.digest()) == cid);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView input(data, size);
    if (const auto found = Cid::from_prefix(input)) {
        const auto& [cid, length] = *found;
        FUZZ_CHECK(length <= size && equal(cid.bytes(), input.first(length)));
        FUZZ_CHECK(Cid::from_bytes(input).has_value() == (length == size));
        check_accepted(cid);
    } else {
        FUZZ_CHECK(found.error().code() == Errc::cid_invalid);
        FUZZ_CHECK(!Cid::from_bytes(input));
    }
    if (const auto cid = Cid::from_text(as_text(input)))
        check_accepted(*cid);
    else
        FUZZ_CHECK(!cid.error().text().empty());
    return 0;
}
