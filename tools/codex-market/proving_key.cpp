#include "proving_key.hpp"

#include "base/hex.hpp"
#include "crypto/hash/sha256.hpp"
#include "snark/groth16.hpp"
#include "toolkit/input.hpp"

namespace codex::market_tool {

namespace {

constexpr std::uint64_t kMaxVerifyingKeyBytes = std::uint64_t{1} << 20;

/// A contract names the circuit's proving key by its SHA-256.
Result<std::string> hash_of_file(const std::string& path) {
    CODEX_TRY(input, toolkit::open_input(path));
    crypto::Sha256 hash;
    Bytes buffer(std::size_t{1} << 20);
    for (;;) {
        CODEX_TRY(got, read_some(input.fd(), buffer, input.name));
        if (got == 0)
            return to_hex(hash.finish());
        hash.update(BytesView(buffer).first(got));
    }
}

Result<snark::VerifyingKey> key_of_zkey(const std::string& path) {
    auto file = snark::BinaryFile::open(path, "zkey", 1);
    const bool none =
        !file && (file.error().code() == Errc::not_found ||
                  errc_exit_code(file.error().code()) == errc_exit_code(Errc::malformed));
    if (none && !file.error().has_way_out())
        return fail(std::move(file).error().remedy({Remedy::make_key}));
    if (!file)
        return fail(std::move(file).error());
    CODEX_TRY(key, snark::ProvingKey::read(std::move(*file)));
    return key.verifying_key();
}

} // namespace

void KeyOptions::declare(cli::Command& command) {
    command.option("--zkey FILE", zkey, "the proving key whose proofs are taken")
        .option("--vkey FILE", vkey, "the verification key as JSON instead")
        .option("--circuit-dir DIR", circuit_dir, "take proof_main.zkey of this folder")
        .choice("--verifier", verifier, {"groth16", "test"},
                "test: any proof is taken but one of zeros");
}

Result<void> KeyOptions::set(ledger::Genesis& genesis) const {
    const int given = int{zkey.has_value()} + int{vkey.has_value()} + int{circuit_dir.has_value()};
    if (verifier == "test") {
        genesis.verifier = ledger::VerifierKind::test;
        if (given != 0)
            return fail(Errc::usage, "--verifier test takes no key");
        return {};
    }
    if (given != 1)
        return fail(Error(Errc::usage, "one of --zkey, --vkey and --circuit-dir is needed")
                        .hint("to try the market out without proofs: --verifier test")
                        .remedy({Remedy::make_key}));
    if (vkey) {
        CODEX_TRY(text, toolkit::read_input(*vkey, kMaxVerifyingKeyBytes));
        auto key = snark::verifying_key_from_json(as_text(text));
        if (!key)
            return fail(std::move(key)
                            .error()
                            .context(toolkit::input_name(*vkey))
                            .hint("a key in JSON is JSON, as this prints it: codex-prove vkey "
                                  "--zkey FILE"));
        genesis.verifying_key = snark::verifying_key_to_json(*key);
        return {};
    }
    const std::string path = zkey ? *zkey : *circuit_dir + "/proof_main.zkey";
    CODEX_TRY(key, key_of_zkey(path));
    genesis.verifying_key = snark::verifying_key_to_json(key);
    CODEX_SET(genesis.configuration.zkey_hash, hash_of_file(path));
    return {};
}

} // namespace codex::market_tool
