// Arguments that are accepted are values, which have one form of their own and are read from it
// again.
#include "ethereum/abi/interface.hpp"
#include "property.hpp"

using namespace codex;
namespace contract = codex::ethereum::abi; // <cxxabi.h> has an abi, too

namespace {

const std::vector<std::vector<contract::Type>>& shapes() {
    static const auto all = [] {
        std::vector<std::vector<contract::Type>> made;
        for (const char* text :
             {"((address,(uint256,uint256,uint256,uint64,uint64,uint64,uint64),(bytes,bytes32),"
              "uint64,bytes32))",
              "(bytes32,uint64,((uint256,uint256),((uint256,uint256),(uint256,uint256)),"
              "(uint256,uint256)))",
              "(bytes32[])", "(((uint8,bool),(uint64,bytes4,string),(uint8),uint64))",
              "((string,bytes)[],uint8)"}) {
            auto types = contract::types_from_text(text);
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
        const auto values = contract::decode_arguments(types, bytes);
        if (!values)
            continue;
        const Bytes again = contract::encode(types, *values);
        const auto same = contract::decode_arguments(types, again);
        FUZZ_CHECK(same && *same == *values);
        FUZZ_CHECK(equal(contract::encode(types, *same), again));
    }
    // Types are text from outside, too.
    if (const auto types = contract::types_from_text(as_text(bytes))) {
        const auto again = contract::types_from_text(contract::text_of(*types));
        FUZZ_CHECK(again && contract::text_of(*again) == contract::text_of(*types));
    }
    return 0;
}
