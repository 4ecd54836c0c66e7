// codex-prove batch-verify: many proofs at once.
#include "base/printable.hpp"
#include "commands.hpp"
#include "statement.hpp"
#include "toolkit/input.hpp"

#include <memory>

namespace codex::prove_tool {

namespace {

constexpr std::size_t kPieceBytes = std::size_t{1} << 16;
/// More at once would save nothing.
constexpr std::size_t kBatchProofs = 4096;

struct BatchVerifyOptions {
    KeyFlags key;
    std::string file;
};

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
            ++number_;
            if (line.find_first_not_of(" \t\r") != std::string::npos)
                return line;
        }
    }

private:
    Result<void> more() {
        buffer_.erase(0, std::exchange(start_, 0));
        const std::size_t had = buffer_.size();
        if (had > kMaxProofBytes)
            return fail(Errc::limit_exceeded, "{} line {}: longer than {} bytes", input_.name,
                        number_ + 1, kMaxProofBytes);
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
    std::uint64_t number_ = 0; // of the last line that was taken
    bool ended_ = false;
};

/// Proofs as they are read, verified some thousands at a time.
class Batch {
public:
    Batch(cli::Context& context, const snark::VerifyingKey& key) : context_(context), key_(key) {}

    /// False when no further line is wanted.
    Result<bool> add(std::string_view line) {
        ++lines_;
        auto statement = snark::statement_from_json(line);
        if (statement && statement->inputs.size() + 1 != key_.ic.size())
            statement = fail(Errc::malformed, "{} public inputs, the key has {}",
                             statement->inputs.size(), key_.ic.size() - 1);
        if (!statement) {
            ++unread_;
            return context_.report(fmt::format("proof {}", lines_), std::move(statement).error());
        }
        statements_.push_back(std::move(*statement));
        numbers_.push_back(lines_);
        if (statements_.size() == kBatchProofs)
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
        CODEX_TRY(bad, snark::verify_batch(key_, statements_, context_.pool()));
        for (const std::size_t index : bad)
            wrong_.push_back(numbers_[index]);
        statements_.clear();
        numbers_.clear();
        return {};
    }

    cli::Context& context_;
    const snark::VerifyingKey& key_;
    std::vector<snark::Statement> statements_;
    std::vector<std::uint64_t> numbers_; // of the statements, among the lines that are not blank
    std::vector<std::uint64_t> wrong_;
    std::uint64_t lines_ = 0;
    std::uint64_t unread_ = 0;
};

Remedy way_to_batch_key(const std::string& file) {
    const bool named = !file.empty() && file != "-";
    const std::string proofs = named ? shell_quoted(file) : "PROOFS";
    return Remedy(Remedy::name_key, "name the key that the proofs were made with")
        .by(fmt::format("codex-prove batch-verify --zkey FILE {}", proofs));
}

Result<int> batch_verify(cli::Context& context, const BatchVerifyOptions& options) {
    CODEX_TRY(key, options.key.verifying_key(way_to_batch_key(options.file)));
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
        return fail(toolkit::nothing_came(options.file.empty() ? "-" : options.file, "proof"));
    CODEX_CHECK(batch.finish());
    return context.exit_code();
}

} // namespace

void declare_batch_verify(cli::Command& root) {
    auto options = std::make_shared<BatchVerifyOptions>();
    cli::Command& command = root.command("batch-verify", "check many proofs at once");
    options->key.declare(command, true);
    command.argument("FILE", options->file, "a proof a line; default: from stdin", false)
        .example("codex-prove prove --zkey k.zkey --watch <jobs | codex-prove batch-verify --zkey "
                 "k.zkey")
        .example("codex-prove batch-verify --vkey vkey.json proofs.ndjson")
        .run([options](cli::Context& context) { return batch_verify(context, *options); });
}

} // namespace codex::prove_tool
