#include "session.hpp"

#include "base/printable.hpp"
#include "base/temporary.hpp"
#include "cli/for_each.hpp"
#include "crypto/field/text.hpp"
#include "proof/documents.hpp"
#include "toolkit/input.hpp"

#include <algorithm>
#include <fcntl.h>
#include <unistd.h>

namespace codex::prove_tool {

namespace {

constexpr std::uint64_t kMaxKeyJsonBytes = std::uint64_t{1} << 20;
constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

/// A file of the iden3 formats that is not there, or none of that kind.
Error not_opened(Error error, std::string_view magic) {
    if (error.code() == Errc::input_empty && !error.has_way_out()) // of a FIFO
        return std::move(error).remedy(Remedy::check_input);
    if (error.has_way_out() || (error.code() != Errc::not_found && error.code() != Errc::malformed))
        return error;
    if (error.code() == Errc::not_found)
        return std::move(error).remedy(Remedy::name_file);
    if (magic == "zkey")
        return std::move(error).remedy(Remedy::make_key);
    if (magic == "wtns")
        return std::move(error).remedy(Remedy::make_witness);
    if (magic == "r1cs")
        return std::move(error).remedy(Remedy::make_circuit);
    return std::move(error).remedy(
        {Remedy::name_file, "name the file of a ceremony's first phase"});
}

} // namespace

Result<snark::BinaryFile> open_named(const std::string& path, std::string_view magic,
                                     std::uint32_t max_version) {
    auto file = snark::BinaryFile::open(path, magic, max_version);
    if (!file)
        return fail(not_opened(std::move(file).error(), magic));
    return file;
}

namespace {

/// What begins as a file of the iden3 formats; empty: something else.
std::string container_kind(const std::string& path) {
    const auto file = open_file(path, O_RDONLY | O_NONBLOCK);
    Bytes magic(4);
    const auto got = file ? read_full(file->get(), magic, path) : Result<std::size_t>(0);
    const std::string kind(as_text(BytesView(magic).first(got.value_or(0))));
    return kind == "zkey" || kind == "wtns" || kind == "r1cs" || kind == "ptau" ? kind : "";
}

} // namespace

Error no_document(const std::string& path, std::string_view what, Error error) {
    const std::string kind = path == "-" ? std::string() : container_kind(path);
    if (!kind.empty())
        error = Error(error.code(), fmt::format("{}: is a .{} file, and no {}", path, kind, what));
    if (error.has_way_out())
        return error;
    if (kind == "zkey" && what == kJsonKey)
        return std::move(error).remedy(Remedy(Remedy::name_key, "that is a key, too, and taken so")
                                           .by(fmt::format("--zkey {}", shell_quoted(path))));
    const bool proof = what == kJsonProof;
    return std::move(error).remedy(
        Remedy(Remedy::name_file, fmt::format("a {} is JSON, as this prints it", what))
            .by(what == kJsonKey ? "codex-prove vkey --zkey FILE"
                : proof          ? "codex-prove prove --zkey FILE CID --slot I --challenge 0x..."
                                 : "codex-prove prove --public FILE"));
}

void CircuitFlags::declare(cli::Command& command) {
    command.option("--max-depth D", max_depth, "levels of the largest slot tree, cells below")
        .option("--max-log2-slots L", max_log2_slots, "log2 of the most slots")
        .option("--block-depth B", block_depth, "log2 of the cells a block")
        .option("--cell-elements N", cell_elements, "field elements a cell")
        .option("--samples S", samples, "cells a proof is about");
}

Result<proof::CircuitParameters> CircuitFlags::parameters() const {
    for (const std::uint64_t value :
         {max_depth, max_log2_slots, block_depth, cell_elements, samples})
        if (value > UINT32_MAX)
            return fail(Errc::usage, "circuit: a parameter is {}", value);
    const proof::CircuitParameters p{
        static_cast<std::uint32_t>(max_depth), static_cast<std::uint32_t>(max_log2_slots),
        static_cast<std::uint32_t>(block_depth), static_cast<std::uint32_t>(cell_elements),
        static_cast<std::uint32_t>(samples)};
    if (auto valid = proof::validate(p); !valid)
        return fail(Error(Errc::usage, valid.error().text()));
    return p;
}

void SystemFlags::declare(cli::Command& command) {
    command.option("--r1cs FILE", r1cs, "for this circuit; default: ours");
    circuit.declare(command);
}

Result<snark::R1cs> SystemFlags::read() const {
    if (r1cs) {
        CODEX_TRY(file, open_container(*r1cs, "r1cs", 1));
        return snark::R1cs::read(file);
    }
    CODEX_TRY(parameters, circuit.parameters());
    return proof::build_circuit(parameters);
}

std::string CircuitFlags::words() const {
    const CircuitFlags usual;
    std::string out;
    const auto add = [&](std::string_view name, std::uint64_t value, std::uint64_t default_value) {
        if (value != default_value)
            out += fmt::format(" {} {}", name, value);
    };
    add("--max-depth", max_depth, usual.max_depth);
    add("--max-log2-slots", max_log2_slots, usual.max_log2_slots);
    add("--block-depth", block_depth, usual.block_depth);
    add("--cell-elements", cell_elements, usual.cell_elements);
    add("--samples", samples, usual.samples);
    return out;
}

std::string circuit_words(const proof::CircuitParameters& parameters) {
    CircuitFlags flags;
    flags.max_depth = parameters.max_depth;
    flags.max_log2_slots = parameters.max_log2_slots;
    flags.block_depth = parameters.block_depth;
    flags.cell_elements = parameters.cell_elements;
    flags.samples = parameters.samples;
    return flags.words();
}

void SlotFlag::declare(cli::Command& command) {
    command.option("--slot I", slot, "the slot, from 0");
}

Result<std::uint64_t> SlotFlag::value() const {
    if (!slot)
        return fail(Error(Errc::usage, "--slot is needed").hint("slots count from 0"));
    return *slot;
}

void ChallengeFlags::declare(cli::Command& command) {
    command.option("--challenge HEX", challenge, "the contract's challenge, 32 bytes")
        .option("--entropy NUMBER", entropy, "the challenge as a field element");
}

Result<Fr> ChallengeFlags::value() const {
    if (challenge.has_value() == entropy.has_value())
        return fail(Error(Errc::usage, "either --challenge or --entropy is needed")
                        .hint("--challenge 0x... is what the contract's getChallenge gives"));
    auto value = challenge ? proof::entropy_from_challenge(*challenge)
                           : crypto::field_from_text<Fr>(*entropy);
    if (!value && challenge)
        return fail(cli::bad_value("--challenge", value.error())
                        .hint("a challenge is 64 hex digits; a number goes to --entropy"));
    if (!value)
        return fail(cli::bad_value("--entropy", value.error()));
    return *value;
}

void KeyFlags::declare(cli::Command& command, bool verifying) {
    command.option("--zkey FILE", zkey, "the proving key");
    takes_vkey_ = verifying;
    if (verifying)
        command.option("--vkey FILE", vkey, "the verification key as JSON");
    command.option("--circuit-dir DIR", circuit_dir, "take proof_main.zkey of this folder");
}

Result<std::string> KeyFlags::zkey_path(Remedy way) const {
    if (zkey.has_value() == circuit_dir.has_value())
        return fail(
            Error(Errc::usage, "either --zkey or --circuit-dir is needed").remedy(std::move(way)));
    return file();
}

std::string KeyFlags::file() const {
    return zkey ? *zkey : circuit_dir.value_or("") + "/proof_main.zkey";
}

Result<snark::ProvingKey> KeyFlags::proving_key(Remedy way) const {
    CODEX_TRY(path, zkey_path(way));
    auto file = snark::BinaryFile::open(path, "zkey", 1);
    if (!file)
        return fail(no_zkey(path, std::move(file).error(), std::move(way)));
    return snark::ProvingKey::read(std::move(*file));
}

/// What else it is, or where there may be one.
Error KeyFlags::no_zkey(const std::string& path, Error error, Remedy way) const {
    if (error.has_way_out())
        return error;
    if (error.code() == Errc::not_found && circuit_dir)
        return std::move(error).remedy(
            {Remedy::name_file, "name a folder that has a proof_main.zkey"});
    if (error.code() != Errc::malformed)
        return not_opened(std::move(error), "zkey");
    const auto text = read_file(path, kMaxKeyJsonBytes);
    if (!text || !snark::verifying_key_from_json(as_text(*text)))
        return std::move(error).remedy(std::move(way));
    Error told(error.code(), fmt::format("{}: is a verification key, and no .zkey file", path));
    if (!takes_vkey_)
        return std::move(told).remedy({Remedy::name_key, "name the proving key that it is of"});
    return std::move(told).remedy(Remedy(Remedy::name_key, "that is a key, too, and taken so")
                                      .by(fmt::format("--vkey {}", shell_quoted(path))));
}

Result<snark::VerifyingKey> KeyFlags::verifying_key(Remedy way) const {
    if (!vkey && !zkey && !circuit_dir)
        return fail(
            Error(Errc::usage, "--vkey, --zkey or --circuit-dir is needed").remedy(std::move(way)));
    if (!vkey) {
        CODEX_TRY(key, proving_key(std::move(way)));
        return key.verifying_key();
    }
    if (zkey || circuit_dir)
        return fail(Errc::usage, "--vkey excludes --zkey and --circuit-dir");
    auto text = toolkit::read_input(*vkey, kMaxKeyJsonBytes);
    if (!text && text.error().code() == Errc::limit_exceeded)
        return fail(no_document(*vkey, kJsonKey, std::move(text).error()));
    if (!text)
        return fail(std::move(text).error());
    auto key = snark::verifying_key_from_json(as_text(*text));
    if (!key)
        return fail(no_document(*vkey, kJsonKey,
                                std::move(key).error().context(toolkit::input_name(*vkey))));
    return key;
}

Result<snark::BinaryFile> open_container(const std::string& path, std::string_view magic,
                                         std::uint32_t max_version) {
    if (path != "-")
        return open_named(path, magic, max_version);
    auto file = snark::BinaryFile::read(STDIN_FILENO, "stdin", magic, max_version);
    if (!file && file.error().code() == Errc::input_empty)
        return fail(toolkit::nothing_came("-", fmt::format(".{} file", magic)));
    if (!file)
        return fail(not_opened(std::move(file).error(), magic));
    return file;
}

Result<snark::PowersOfTau> open_powers(const std::string& path) {
    CODEX_TRY(file, open_named(path, "ptau", 1));
    return snark::PowersOfTau::read(std::move(file));
}

Result<void> write_container(cli::Context& context,
                             const std::function<Result<void>(int, const std::string&)>& write) {
    CODEX_TRY(out, context.binary_output());
    if (context.output_is_new_file())
        return write(out, context.output_path());
    CODEX_TRY(file, unnamed_file(temporary_folder()));
    CODEX_CHECK(write(file.get(), "output"));
    Bytes buffer(kCopyBytes);
    for (std::uint64_t at = 0;;) {
        CODEX_TRY(got, pread_full(file.get(), buffer, at, "output"));
        CODEX_CHECK(write_full(out, BytesView(buffer).first(got), "stdout"));
        at += got;
        if (got < buffer.size())
            return {};
    }
}

std::string_view kind_of(const snark::ContributionLabel& label) {
    return label.type == 1 ? "beacon" : "contribution";
}

std::string decimal(const Digest& element) {
    return crypto::field_to_text(Fr::from_bytes_reduced(element));
}

} // namespace codex::prove_tool
