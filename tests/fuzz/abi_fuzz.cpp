// Arguments that are accepted are values, which have one form of their own and are read from it
// again.
#include "ethereum/abi/interface.hpp"
#include "property.hpp"

using namespace codex;
using namespace codex::ethereum;

namespace {

const std::vector<std::vector<abi::Type>>& shapes() {
    static const auto all = [] {
        std::vector<std::vector<abi::Type>> made;
        for (const char* text :
             {"((address,(uint256,uint256,uint256,uint64,uint64,uint64,uint64),(bytes,bytes32),"
              "uint64,bytes32))",
              "(bytes32,uint64,((uint256,uint256),((uint256,uint256),(uint256,uint256)),"
              "(uint256,uint256)))",
              "(bytes32[])", "(((uint8,bool),(uint64,bytes4,string),(uint8),uint64))",
              "((string,bytes)[],uint8)"}) {
            auto types = abi::types_from_text(text);
            FUZZ_CHECK(types.has_value());
            made.push_back(std::move(*types));
        }
        return made;
    }();
    return all;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const BytesView bytes(data, size);
    for (const auto& types : shapes()) {
        const auto values = abi::decode_arguments(types, bytes);
        if (!values)
            continue;
        const Bytes again = abi::encode(types, *values);
        const auto same = abi::decode_arguments(types, again);
        FUZZ_CHECK(same && *same == *values);
        FUZZ_CHECK(equal(abi::encode(types, *same), again));
    }
    // Types are text from outside, too.
    if (const auto types = abi::types_from_text(as_text(bytes))) {
        const auto again = abi::types_from_text(abi::text_of(*types));
        FUZZ_CHECK(again && abi::text_of(*again) == abi::text_of(*types));
    }
    return 0;
}
