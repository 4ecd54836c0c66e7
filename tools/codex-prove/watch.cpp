// codex-prove prove --watch: a prover that stays, with its key mapped.
#include "cli/line_jobs.hpp"
#include "proof/documents.hpp"
#include "prove.hpp"

namespace codex::prove_tool {

namespace {

/// {"error":{...}}: what a job that failed is answered (codex-pipes(7), ERRORS).
std::string failure_to_json(const cli::Context& context, std::string_view dataset,
                            const Error& error) {
    JsonWriter json;
    json.begin_object().key("error").begin_object();
    context.write_error(json, dataset, error);
    return std::move(json.end_object().end_object()).text();
}

} // namespace

Result<int> watch(cli::Context& context, const ProveOptions& options) {
    CODEX_TRY(prover, open_prover(options));
    CODEX_TRY(repo, toolkit::open_repo(context, toolkit::Access::read));
    const auto prove = [&](const cli::JobLine& line,
                           std::string& dataset) -> Result<snark::Statement> {
        if (line.too_long)
            return fail(Errc::limit_exceeded, "longer than {} bytes", proof::kMaxJobBytes);
        CODEX_TRY(job, proof::job_from_json(line.text));
        dataset = job.dataset.text();
        auto statement = prover.prove({repo, context.pool()}, job.dataset, job.slot, job.entropy);
        if (!statement)
            return fail(about_proof(std::move(statement).error(), options));
        return statement;
    };
    return cli::answer_lines(context, proof::kMaxJobBytes, [&](const cli::JobLine& line) {
        const std::string id = proof::job_id_from_json(line.text);
        const bool nameless = id == "null";
        std::string dataset;
        auto made = prove(line, dataset);
        const std::string about = nameless && dataset.empty() ? line.place : dataset;
        cli::JobAnswer answer{
            .name = nameless ? line.place : "job " + id,
            .text = made ? snark::statement_to_json(*made)
                         : failure_to_json(context, about, made.error()),
        };
        answer.text.insert(1, fmt::format("\"id\":{},", id));
        if (!made)
            answer.error.emplace(std::move(made).error());
        return answer;
    });
}

} // namespace codex::prove_tool
