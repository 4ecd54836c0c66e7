#include "market/contract/proof_inputs.hpp"

#include <algorithm>

namespace codex::market {

using ethereum::UInt256;
using ethereum::abi::Word;

namespace {

UInt256 from_lowest_first(Word word) {
    std::ranges::reverse(word);
    return UInt256::from_bytes(word);
}

} // namespace

std::array<UInt256, 3> proof_inputs(const Word& challenge, const Word& root, std::uint64_t index) {
    Word taken = challenge;
    taken.back() = 0;
    return {from_lowest_first(taken), from_lowest_first(root), UInt256(index)};
}

} // namespace codex::market
