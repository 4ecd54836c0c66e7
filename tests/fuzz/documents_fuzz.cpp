// The JSON lines between tools, from anywhere: a proof that is accepted survives a round trip, and
// a job's id is one line of JSON text whatever the job is.
#include "proof/documents.hpp"
#include "property.hpp"
#include "snark/groth16.hpp"

#include <nlohmann/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace codex;
    const std::string_view text = as_text({data, size});
    if (const auto statement = snark::statement_from_json(text)) {
        const auto again = snark::statement_from_json(snark::statement_to_json(*statement));
        FUZZ_CHECK(again && *again == *statement);
    }
    const std::string id = proof::job_id_from_json(text);
    FUZZ_CHECK(id.find('\n') == std::string::npos && nlohmann::json::accept(id));
    if (const auto job = proof::job_from_json(text))
        FUZZ_CHECK(text.size() <= proof::kMaxJobBytes);
    static_cast<void>(proof::entropy_from_challenge(text));
    return 0;
}
