// input.json, the inputs of the circuit as circom's tools read them (codex-circuit(5), INPUT.JSON).
//
// The writer's form is the reference's, space for space: one value a line, a comma before it, and
// names padded to one column.
#include "crypto/field/text.hpp"
#include "proof/circuit.hpp"
#include "proof/detail/json_scanner.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace codex::proof {

namespace {

constexpr std::size_t kMaxInputBytes = std::size_t{64} << 20;
/// Of those that are read as a whole, into much more memory, to see which circuit they are for.
constexpr std::size_t kMaxShapedBytes = std::size_t{1} << 20;

// --- writing ------------------------------------------------------------------------------------

std::string quoted(const Fr& value) {
    return '"' + crypto::field_to_text(value) + '"';
}

/// "[ first", then ", next" under it, then "]", each line at `indent`; `lead` is what stands on the
/// first line before the bracket.
void write_list(std::string& out, const std::string& lead, std::span<const Fr> values,
                std::size_t length) {
    const std::string indent(lead.size(), ' ');
    for (std::size_t i = 0; i < std::max(length, values.size()); ++i)
        out += (i == 0 ? lead + "[ " : indent + ", ") +
               quoted(i < values.size() ? values[i] : Fr::zero()) + '\n';
    out += indent + "]\n";
}

void write_lists(std::string& out, const std::vector<std::vector<Fr>>& rows, std::size_t length) {
    const std::string indent = "    ";
    for (std::size_t i = 0; i < rows.size(); ++i)
        write_list(out, indent + (i == 0 ? "[ " : ", "), rows[i], length);
    out += indent + "]\n";
}

// --- reading ------------------------------------------------------------------------------------

using detail::JsonScanner;

Result<Fr> read_element(JsonScanner& json, std::string_view key) {
    CODEX_TRY(text, json.scalar());
    auto value = crypto::field_from_text<Fr>(text);
    if (!value)
        return fail(std::move(value).error().context(key));
    return *value;
}

Result<std::uint64_t> read_count(JsonScanner& json, std::string_view key) {
    CODEX_TRY(text, json.scalar());
    std::uint64_t value = 0;
    bool good = !text.empty() && text.size() <= 20;
    for (const char digit : text) {
        good = good && digit >= '0' && digit <= '9' &&
               !__builtin_mul_overflow(value, std::uint64_t{10}, &value) &&
               !__builtin_add_overflow(value, static_cast<std::uint64_t>(digit - '0'), &value);
    }
    if (!good)
        return fail(Errc::malformed, "{}: not a number of 64 bits", key);
    return value;
}

Result<std::vector<Fr>> read_elements(JsonScanner& json, const std::string& key, std::size_t most) {
    std::vector<Fr> values;
    CODEX_CHECK(json.expect('['));
    for (bool more = !json.take(']'); more;) {
        if (values.size() == most)
            return fail(Errc::malformed, "{}: more than {} values", key, most);
        CODEX_TRY(value, read_element(json, key));
        values.push_back(value);
        CODEX_SET(more, json.more(']'));
    }
    return values;
}

Result<std::vector<std::vector<Fr>>> read_rows(JsonScanner& json, const std::string& key,
                                               std::size_t rows, std::size_t most) {
    std::vector<std::vector<Fr>> values;
    CODEX_CHECK(json.expect('['));
    for (bool more = !json.take(']'); more;) {
        if (values.size() == rows)
            return fail(Errc::malformed, "{}: more than {} rows", key, rows);
        CODEX_TRY(row, read_elements(json, fmt::format("{}[{}]", key, values.size()), most));
        values.push_back(std::move(row));
        CODEX_SET(more, json.more(']'));
    }
    if (values.size() != rows)
        return fail(Errc::malformed, "{}: {} rows for {} samples", key, values.size(), rows);
    return values;
}

constexpr std::array<std::string_view, 9> kKeys = {"dataSetRoot",      "entropy",   "nCellsPerSlot",
                                                   "nSlotsPerDataSet", "slotIndex", "slotRoot",
                                                   "slotProof",        "cellData",  "merklePaths"};

/// The value of kKeys[which] into its place.
Result<void> read_member(JsonScanner& json, std::size_t which, const CircuitParameters& p,
                         ProofInput& input) {
    const std::string key(kKeys[which]);
    const auto into = [](auto& place, auto result) -> Result<void> {
        if (!result)
            return fail(std::move(result).error());
        place = std::move(*result);
        return {};
    };
    switch (which) {
    case 0:
        return into(input.dataset_root, read_element(json, key));
    case 1:
        return into(input.entropy, read_element(json, key));
    case 2:
        return into(input.cells_per_slot, read_count(json, key));
    case 3:
        return into(input.slots_per_dataset, read_count(json, key));
    case 4:
        return into(input.slot_index, read_count(json, key));
    case 5:
        return into(input.slot_root, read_element(json, key));
    case 6:
        return into(input.slot_proof, read_elements(json, key, p.max_log2_slots));
    case 7:
        return into(input.cell_data, read_rows(json, key, p.samples, p.cell_elements));
    default:
        return into(input.merkle_paths, read_rows(json, key, p.samples, p.max_depth));
    }
}

} // namespace

std::string write_input_json(const CircuitParameters& parameters, const ProofInput& input) {
    std::string out = "{\n";
    out += "  \"dataSetRoot\":      " + quoted(input.dataset_root) + '\n';
    out += ", \"entropy\":          " + quoted(input.entropy) + '\n';
    out += fmt::format(", \"nCellsPerSlot\":    {}\n", input.cells_per_slot);
    out += fmt::format(", \"nSlotsPerDataSet\": {}\n", input.slots_per_dataset);
    out += fmt::format(", \"slotIndex\":        {}\n", input.slot_index);
    out += ", \"slotRoot\":         " + quoted(input.slot_root) + '\n';
    out += ", \"slotProof\":\n";
    write_list(out, "    ", input.slot_proof, parameters.max_log2_slots);
    out += ", \"cellData\":\n";
    write_lists(out, input.cell_data, 0);
    out += ", \"merklePaths\":\n";
    write_lists(out, input.merkle_paths, parameters.max_depth);
    return out + "}\n";
}

Result<ProofInput> read_input_json(const CircuitParameters& parameters, std::string_view text) {
    CODEX_CHECK(validate(parameters));
    if (text.size() > kMaxInputBytes)
        return fail(Errc::limit_exceeded, "proof input: {} bytes, more than {}", text.size(),
                    kMaxInputBytes);
    JsonScanner json(text);
    ProofInput input;
    std::array<bool, kKeys.size()> seen{};
    CODEX_CHECK(json.expect('{'));
    for (bool more = !json.take('}'); more;) {
        CODEX_TRY(key, json.string());
        CODEX_CHECK(json.expect(':'));
        const auto found = std::ranges::find(kKeys, key);
        if (found == kKeys.end())
            return fail(Errc::malformed, "proof input: unknown key \"{}\"", key.substr(0, 32));
        const auto which = static_cast<std::size_t>(found - kKeys.begin());
        if (seen[which])
            return fail(Errc::malformed, "proof input: {} occurs twice", key);
        seen[which] = true;
        CODEX_CHECK(read_member(json, which, parameters, input));
        CODEX_SET(more, json.more('}'));
    }
    CODEX_CHECK(json.end());
    for (std::size_t i = 0; i < kKeys.size(); ++i)
        if (!seen[i])
            return fail(Errc::malformed, "proof input: {} is missing", kKeys[i]);
    for (std::size_t i = 0; i < input.cell_data.size(); ++i)
        if (input.cell_data[i].size() != parameters.cell_elements)
            return fail(Errc::malformed, "cellData[{}]: {} values, a cell has {}", i,
                        input.cell_data[i].size(), parameters.cell_elements);
    return input;
}

std::optional<CircuitParameters> circuit_of_input_json(const CircuitParameters& like,
                                                       std::string_view text) {
    if (text.size() > kMaxShapedBytes)
        return std::nullopt;
    const auto input = nlohmann::json::parse(text, nullptr, false);
    const auto length = [](const nlohmann::json& list) {
        return list.is_array() ? static_cast<std::uint32_t>(list.size()) : 0;
    };
    const auto member = [&](const char* key) {
        return input.is_object() ? input.value(key, nlohmann::json()) : nlohmann::json();
    };
    const auto row_length = [&](const nlohmann::json& rows) {
        return length(rows) == 0 ? 0 : length(rows.front());
    };
    const nlohmann::json cells = member("cellData");
    CircuitParameters circuit = like;
    circuit.samples = length(cells);
    circuit.cell_elements = row_length(cells);
    circuit.max_depth = row_length(member("merklePaths"));
    circuit.max_log2_slots = length(member("slotProof"));
    if (!validate(circuit))
        return std::nullopt;
    return circuit;
}

} // namespace codex::proof
