// codex-prove verify, batch-verify, calldata.
#include "base/hex.hpp"
#include "commands.hpp"
#include "session.hpp"
#include "toolkit/input.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

constexpr std::uint64_t kMaxProofBytes = std::uint64_t{1} << 20;
constexpr std::size_t kPieceBytes = std::size_t{1} << 16;
/// More at once would save nothing.
constexpr std::size_t kBatchProofs = 4096;

struct Options {
    KeyFlags key;
    std::string file;
    std::optional<std::string> proof_file, public_file;
    bool snarkjs = false;
};

/// From --proof and --public, or from one document.
Result<snark::BatchItem> read_statement(const Options& options) {
    if (options.proof_file.has_value() != options.public_file.has_value())
        return fail(Errc::usage, "--proof and --public go together");
    if (!options.proof_file) {
        CODEX_TRY(text,
                  toolkit::read_input(options.file.empty() ? "-" : options.file, kMaxProofBytes));
        return snark::statement_from_json(as_text(text));
    }
    if (!options.file.empty())
        return fail(Errc::usage, "either FILE or --proof and --public");
    CODEX_TRY(proof_text, read_file(*options.proof_file, kMaxProofBytes));
    CODEX_TRY(made, snark::proof_from_json(as_text(proof_text)));
    CODEX_TRY(public_text, read_file(*options.public_file, kMaxProofBytes));
    CODEX_TRY(inputs, snark::inputs_from_json(as_text(public_text)));
    return snark::BatchItem{std::move(inputs), made};
}

Result<int> verify(cli::Context& context, const Options& options) {
    CODEX_TRY(key, options.key.verifying_key());
    CODEX_TRY(item, read_statement(options));
    CODEX_CHECK(snark::verify(key, item.inputs, item.proof));
    CODEX_CHECK(context.print(cli::Record("verified").field("result", "right")));
    return 0;
}

/// The lines of a file or of stdin that are not blank, one after another.
class Lines {
public:
    [[nodiscard]] static Result<Lines> open(const std::string& path) {
        Lines lines;
        CODEX_TRY(input, toolkit::open_input(path.empty() ? "-" : path));
        lines.input_ = std::move(input);
        return lines;
    }

    /// Nothing at the end. Errors: limit_exceeded for a line longer than a proof may be.
    Result<std::optional<std::string>> next() {
        for (;;) {
            const std::size_t end = buffer_.find('\n', start_);
            if (end == std::string::npos && !ended_) {
                CODEX_CHECK(more());
                continue;
            }
            if (end == std::string::npos && start_ == buffer_.size())
                return std::nullopt;
            std::string line =
                buffer_.substr(start_, end == std::string::npos ? end : end - start_);
            start_ = end == std::string::npos ? buffer_.size() : end + 1;
            if (line.find_first_not_of(" \t\r") != std::string::npos)
                return line;
        }
    }

private:
    Result<void> more() {
        buffer_.erase(0, std::exchange(start_, 0));
        const std::size_t had = buffer_.size();
        if (had > kMaxProofBytes)
            return fail(Errc::limit_exceeded, "{}: a line is longer than {} bytes", input_.name,
                        kMaxProofBytes);
        buffer_.resize(had + kPieceBytes);
        const MutableBytes to(reinterpret_cast<std::uint8_t*>(buffer_.data()) + had, kPieceBytes);
        CODEX_TRY(got, read_full(input_.fd(), to, input_.name));
        buffer_.resize(had + got);
        ended_ = got < kPieceBytes;
        return {};
    }

    toolkit::InputFile input_;
    std::string buffer_;
    std::size_t start_ = 0;
    bool ended_ = false;
};

/// Proofs as they are read, verified some thousands at a time.
class Batch {
public:
    Batch(cli::Context& context, const snark::VerifyingKey& key) : context_(context), key_(key) {}

    /// False when no further line is wanted.
    Result<bool> add(std::string_view line) {
        ++lines_;
        auto item = snark::statement_from_json(line);
        if (item && item->inputs.size() + 1 != key_.ic.size())
            item = fail(Errc::malformed, "{} public inputs, the key has {}", item->inputs.size(),
                        key_.ic.size() - 1);
        if (!item) {
            ++unread_;
            return context_.report(fmt::format("proof {}", lines_), std::move(item).error());
        }
        items_.push_back(std::move(*item));
        numbers_.push_back(lines_);
        if (items_.size() == kBatchProofs)
            CODEX_CHECK(verify());
        return true;
    }

    Result<void> finish() {
        CODEX_CHECK(verify());
        for (const std::uint64_t number : wrong_)
            context_.report(
                Error(Errc::proof_invalid, fmt::format("proof {} of {} is wrong", number, lines_)));
        return context_.print(
            cli::Record("batch").field("proofs", lines_).field("wrong", wrong_.size() + unread_));
    }
    [[nodiscard]] std::uint64_t lines() const { return lines_; }

private:
    Result<void> verify() {
        CODEX_TRY(bad, snark::verify_batch(key_, items_, &context_.pool()));
        for (const std::size_t index : bad)
            wrong_.push_back(numbers_[index]);
        items_.clear();
        numbers_.clear();
        return {};
    }

    cli::Context& context_;
    const snark::VerifyingKey& key_;
    std::vector<snark::BatchItem> items_;
    std::vector<std::uint64_t> numbers_; // of the items, among the lines that are not blank
    std::vector<std::uint64_t> wrong_;
    std::uint64_t lines_ = 0;
    std::uint64_t unread_ = 0;
};

Result<int> batch_verify(cli::Context& context, const Options& options) {
    CODEX_TRY(key, options.key.verifying_key());
    CODEX_TRY(lines, Lines::open(options.file));
    Batch batch(context, key);
    for (;;) {
        CODEX_TRY(line, lines.next());
        if (!line)
            break;
        CODEX_TRY(more, batch.add(*line));
        if (!more)
            return context.exit_code();
    }
    if (batch.lines() == 0)
        return fail(Errc::truncated, "no proof is given");
    CODEX_CHECK(batch.finish());
    return context.exit_code();
}

Result<int> calldata(cli::Context& context, const Options& options) {
    CODEX_TRY(item, read_statement(options));
    if (options.snarkjs)
        CODEX_CHECK(
            context.print_text(snark::proof_to_snarkjs_calldata(item.proof, item.inputs) + "\n"));
    else
        CODEX_CHECK(
            context.print_text("0x" + to_hex(snark::proof_to_contract_words(item.proof)) + "\n"));
    return 0;
}

void declare_statement(cli::Command& command, Options& options) {
    command.option("--proof FILE", options.proof_file, "proof.json")
        .option("--public FILE", options.public_file, "public.json")
        .argument("FILE", options.file, "what prove printed; default: from stdin", false);
}

} // namespace

void declare_verify(cli::Command& root) {
    auto options = std::make_shared<Options>();
    cli::Command& command = root.command("verify", "check a proof");
    options->key.declare(command, true);
    declare_statement(command, *options);
    command.example("codex-prove verify --zkey proof_main.zkey proof.ndjson")
        .example("codex-prove verify --vkey vkey.json --proof proof.json --public public.json")
        .run([options](cli::Context& context) { return verify(context, *options); });
}

void declare_batch_verify(cli::Command& root) {
    auto options = std::make_shared<Options>();
    cli::Command& command = root.command("batch-verify", "check many proofs at once");
    options->key.declare(command, true);
    command.argument("FILE", options->file, "a proof a line; default: from stdin", false)
        .example("codex-prove prove --zkey k.zkey --watch <jobs | codex-prove batch-verify --zkey "
                 "k.zkey")
        .example("codex-prove batch-verify --vkey vkey.json proofs.ndjson")
        .run([options](cli::Context& context) { return batch_verify(context, *options); });
}

void declare_calldata(cli::Command& root) {
    auto options = std::make_shared<Options>();
    cli::Command& command = root.command("calldata", "print a proof as the contracts take it");
    command.flag("--snarkjs", options->snarkjs,
                 "in the order of snarkjs's verifier contracts, with the public inputs");
    declare_statement(command, *options);
    command.takes_output()
        .example("codex-prove calldata proof.ndjson")
        .example("codex-prove calldata --snarkjs --proof proof.json --public public.json")
        .run([options](cli::Context& context) { return calldata(context, *options); });
}

} // namespace codex::prove_tool
