// codex-prove info: what a file of the iden3 formats says about itself.
#include "base/hex.hpp"
#include "base/json_writer.hpp"
#include "base/printable.hpp"
#include "commands.hpp"
#include "session.hpp"
#include "snark/witness_file.hpp"

#include <fcntl.h>
#include <memory>

namespace codex::prove_tool {

namespace {

/// [{"type":1,"bytes":64},...] in file order.
std::string sections_json(const snark::BinaryFile& file) {
    JsonWriter json;
    json.begin_array();
    for (const auto& [type, bytes] : file.sections())
        json.begin_object().member("type", type).member("bytes", bytes.size()).end_object();
    return std::move(json.end_array()).text();
}

/// "name value" in text, a member in JSON.
void add(cli::Record& record, std::string_view name, std::uint64_t value) {
    record.json(name, value);
    record.text(fmt::format("{} {}", name, value));
}

Result<void> describe_r1cs(const snark::BinaryFile& file, cli::Record& record) {
    CODEX_TRY(system, snark::R1cs::read(file));
    add(record, "constraints", system.constraint_count());
    add(record, "wires", system.wires);
    add(record, "publicOutputs", system.public_outputs);
    add(record, "publicInputs", system.public_inputs);
    add(record, "privateInputs", system.private_inputs);
    return {};
}

Result<void> describe_wtns(const snark::BinaryFile& file, cli::Record& record) {
    CODEX_TRY(words, snark::witness_words(file));
    add(record, "wires", words.size());
    return {};
}

/// [{"hash":...,"kind":"contribution","name":...},...] with the hash of each.
template <class List, class Hash> std::string contributions_json(const List& list, Hash hash) {
    JsonWriter json;
    json.begin_array();
    for (const auto& one : list)
        json.begin_object()
            .member("hash", "0x" + to_hex(hash(one)))
            .member("kind", kind_of(one.label))
            .member("name", one.label.name)
            .end_object();
    return std::move(json.end_array()).text();
}

/// What the key's sizes say about the circuit: its options, and once more for each that is as
/// large.
void add_circuits(cli::Record& record, const snark::ProvingKey& key) {
    JsonWriter json;
    json.begin_array();
    for (const auto& p : proof::circuits_with(key.wires, key.domain_log2)) {
        record.text(fmt::format("circuit --max-depth {} --max-log2-slots {} --cell-elements {} "
                                "--samples {}",
                                p.max_depth, p.max_log2_slots, p.cell_elements, p.samples));
        json.begin_object()
            .member("maxDepth", p.max_depth)
            .member("maxLog2Slots", p.max_log2_slots)
            .member("cellElements", p.cell_elements)
            .member("samples", p.samples)
            .end_object();
    }
    record.json_raw("circuits", std::move(json.end_array()).text());
}

Result<void> describe_zkey(snark::BinaryFile file, cli::Record& record) {
    CODEX_TRY(key, snark::ProvingKey::read(std::move(file)));
    CODEX_TRY(contributions, key.contributions());
    CODEX_TRY(circuit_hash, key.circuit_hash());
    add(record, "wires", key.wires);
    add(record, "publicInputs", key.public_count);
    add(record, "domainLog2", key.domain_log2);
    add(record, "coefficients", key.coefficient_count());
    add(record, "contributions", contributions.size());
    if (key.public_count == proof::kPublicInputs)
        add_circuits(record, key);
    record.json_hex("circuitHash", circuit_hash);
    record.json_raw("contributionList",
                    contributions_json(contributions, snark::contribution_hash));
    return {};
}

Result<void> describe_ptau(snark::BinaryFile file, cli::Record& record) {
    CODEX_TRY(powers, snark::PowersOfTau::read(std::move(file)));
    CODEX_TRY(contributions, powers.contributions());
    add(record, "power", powers.power);
    add(record, "ceremonyPower", powers.ceremony_power);
    add(record, "contributions", contributions.size());
    record.json("phase2Prepared", powers.prepared());
    record.json_raw("contributionList",
                    contributions_json(contributions, [](const snark::PowersContribution& one) {
                        return one.next_challenge;
                    }));
    return {};
}

/// What is said of a file begins with its name, and not with what was done to it.
Error about(const std::string& path, Error error) {
    const std::string text = error.text();
    for (const std::string_view verb : {"open ", "read "})
        if (text.starts_with(verb) && text.substr(verb.size()).starts_with(path + ": "))
            return Error(error.code(), text.substr(verb.size())).way_out_of(error);
    return error;
}

/// Of what is none of these files.
Error no_container(const std::string& path, BytesView begin) {
    const std::string_view text = as_text(begin);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos || (text[first] != '{' && text[first] != '['))
        return Error(Errc::malformed, "not an .r1cs, .wtns, .zkey or .ptau file")
            .remedy({Remedy::name_file, "name a circuit, a witness, or a key"})
            .remedy(Remedy::make_key);
    const std::string file = shell_quoted(path);
    return Error(Errc::malformed, "is JSON, and no .r1cs, .wtns, .zkey or .ptau file")
        .remedy(Remedy(Remedy::make_witness, "an input is tried so")
                    .by(fmt::format("codex-prove witness --check {}", file)))
        .remedy(Remedy(Remedy::name_key, "a proof so")
                    .by(fmt::format("codex-prove verify --zkey FILE {}", file)));
}

Result<void> describe(const std::string& path, cli::Context& context) {
    if (path == "-")
        return fail(Error(Errc::usage, "info reads files, and not stdin")
                        .hint("keep what comes in a file, and name that"));
    auto fd = open_file(path, O_RDONLY);
    if (!fd && fd.error().code() == Errc::not_found && !fd.error().has_way_out())
        return fail(std::move(fd).error().remedy(Remedy::name_file));
    if (!fd)
        return fail(std::move(fd).error());
    Bytes magic(4);
    CODEX_TRY(got, read_full(fd->get(), magic, path));
    const std::string_view kind = as_text(BytesView(magic).first(got));
    if (kind != "r1cs" && kind != "wtns" && kind != "zkey" && kind != "ptau")
        return fail(no_container(path, BytesView(magic).first(got)));
    CODEX_TRY(file, snark::BinaryFile::open(path, kind, 2));
    cli::Record record("info");
    record.field("file", path).field("kind", kind).field("version", std::uint64_t{file.version()});
    record.json_raw("sections", sections_json(file));
    if (kind == "r1cs")
        CODEX_CHECK(describe_r1cs(file, record));
    else if (kind == "wtns")
        CODEX_CHECK(describe_wtns(file, record));
    else if (kind == "zkey")
        CODEX_CHECK(describe_zkey(std::move(file), record));
    else
        CODEX_CHECK(describe_ptau(std::move(file), record));
    return context.print(record);
}

} // namespace

void declare_info(cli::Command& root) {
    auto files = std::make_shared<std::vector<std::string>>();
    root.command("info", "show what .r1cs, .wtns, .zkey and .ptau files are")
        .arguments("FILE", *files, "the files", true)
        .example("codex-prove info proof_main.zkey")
        .example("codex-prove info --json final.zkey | jq -r '.contributionList[]?.name'")
        .run([files](cli::Context& context) -> Result<int> {
            for (const std::string& file : *files)
                if (auto done = describe(file, context); !done)
                    if (!context.report(file, about(file, std::move(done).error())))
                        break;
            return context.exit_code();
        });
}

} // namespace codex::prove_tool
