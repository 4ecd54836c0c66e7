// codex-testmarket CONFIGURATION TOKEN MARKETPLACE VAULT OWNER: the library's contracts, call by
// call, for whoever compares them with others. CONFIGURATION is what configuration() returns, as
// JSON. Each line of stdin is
//     {"block":N,"time":T,"from":"0x...","to":"0x...","data":"0x...","view":BOOLEAN}
// and is answered by
// {"ok":BOOLEAN,"data":"0x...","logs":[{"address":...,"topics":[...],"data":"0x..."}]}. The hash of
// block n is n + 1 as 32 bytes, the first of which is 5a.
//
// codex-testmarket verify VKEY: the library's verifier with a key as snarkjs writes it. Each line
// of stdin is
// {"proof":[eight numbers],"inputs":[three]}, and is answered by accepted, refused or overflow.
#include "base/fd.hpp"
#include "base/hex.hpp"
#include "ethereum/abi/json.hpp"
#include "market/contract/contracts.hpp"
#include "market/contract/groth16_verifier.hpp"

#include <iostream>
#include <nlohmann/json.hpp>

using namespace codex;
using namespace codex::market;
using ethereum::Address;
using ethereum::UInt256;
using Json = nlohmann::json;

namespace {

/// What is wrong here is a mistake of a test.
template <class T> T must(Result<T> result) {
    if (!result)
        throw std::runtime_error(result.error().text());
    return std::move(*result);
}

class NumberedHashes final : public BlockHashes {
public:
    [[nodiscard]] Digest hash(std::uint64_t block) const override {
        Digest hash = UInt256(block + 1).bytes();
        hash[0] = 0x5a;
        return hash;
    }
};

Address address(const std::string& text) {
    return must(Address::from_text(text));
}

std::string hex(BytesView bytes) {
    return fmt::format("0x{}", to_hex(bytes));
}

Json answer_of(const Outcome& outcome) {
    Json logs = Json::array();
    for (const auto& log : outcome.logs) {
        Json topics = Json::array();
        for (const auto& topic : log.topics)
            topics.push_back(hex(topic));
        logs.push_back({{"address", hex(log.address.bytes)},
                        {"topics", std::move(topics)},
                        {"data", hex(log.data)}});
    }
    return {{"ok", outcome.ok}, {"data", hex(outcome.data)}, {"logs", std::move(logs)}};
}

void run(char** arguments) {
    const TestVerifier verifier;
    const auto& types = marketplace_interface().function("configuration")->outputs;
    const auto configured = must(values_from_json(types, fmt::format("[{}]", arguments[1])));
    Contracts::Options options;
    options.configuration = Configuration::of(configured[0]);
    options.token = address(arguments[2]);
    options.marketplace = address(arguments[3]);
    options.vault = address(arguments[4]);
    options.vault_owner = address(arguments[5]);
    options.verifier = &verifier;
    const Contracts contracts(std::move(options));
    const NumberedHashes hashes;
    MemoryState state;
    for (std::string line; std::getline(std::cin, line);) {
        const Json call = Json::parse(line);
        const Bytes data = must(from_hex(call["data"].get<std::string>()));
        Overlay overlay(state);
        const Now now{call["block"], call["time"], hashes};
        const auto outcome = must(
            contracts.execute(overlay, now, {address(call["from"]), address(call["to"]), data}));
        if (!call["view"].get<bool>())
            state.apply(overlay.changes());
        std::cout << answer_of(outcome).dump() << std::endl;
    }
}

template <std::size_t count> std::array<UInt256, count> numbers(const Json& json) {
    std::array<UInt256, count> made;
    for (std::size_t i = 0; i < count; ++i)
        made[i] = must(UInt256::from_text(json.at(i).get<std::string>()));
    return made;
}

void verify(const std::string& path) {
    const Bytes key = must(read_file(path, 1 << 20));
    const Groth16Verifier verifier(must(snark::verifying_key_from_json(as_text(key))));
    for (std::string line; std::getline(std::cin, line);) {
        const Json asked = Json::parse(line);
        switch (verifier.verify({numbers<8>(asked["proof"])}, numbers<3>(asked["inputs"]))) {
        case Verdict::accepted:
            std::cout << "accepted" << std::endl;
            break;
        case Verdict::refused:
            std::cout << "refused" << std::endl;
            break;
        case Verdict::overflow:
            std::cout << "overflow" << std::endl;
        }
    }
}

} // namespace

int main(int argc, char** argv) try {
    if (argc == 3 && std::string_view(argv[1]) == "verify") {
        verify(argv[2]);
        return 0;
    }
    if (argc != 6)
        throw std::runtime_error("five arguments");
    run(argv);
    return 0;
} catch (const std::exception& error) {
    std::cerr << "codex-testmarket: " << error.what() << '\n';
    return 1;
}
