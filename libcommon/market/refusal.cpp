#include "market/refusal.hpp"

#include "base/hex.hpp"
#include "base/printable.hpp"
#include "ethereum/abi/json.hpp"
#include "market/detail/refusal_rows.hpp"

namespace codex::market {

using ethereum::abi::Value;

namespace {

constexpr std::uint64_t kAssertion = 0x01;
constexpr std::uint64_t kArithmetic = 0x11;
constexpr std::uint64_t kTooLarge = 0x41;
/// As much of what nobody knows as is said.
constexpr std::size_t kShownBytes = 36;

/// Message and hint of what every contract may say, and of what says nothing.
struct Words {
    std::string message;
    std::string_view hint;
};

Words words_of_panic(const Value& code) {
    switch (code.u64()) {
    case kAssertion:
        return {"the block that the challenge is made of has no hash",
                "there have to be 256 blocks before this one"};
    case kArithmetic:
        return {"a sum or product of the call is beyond what its type can have",
                "an amount, a time or a number in it is too large"};
    case kTooLarge:
        return {"something in the call is longer than any memory",
                "a length in its bytes is wrong"};
    default:
        return {fmt::format("the contract stopped with panic 0x{:02x}", code.u64()),
                "it is another contract than it should be"};
    }
}

Words words_without_row(const Refusal& refusal) {
    if (refusal.name == "Panic")
        return words_of_panic(refusal.arguments[0]);
    if (refusal.name == "Error")
        return {fmt::format("the contract says: {}", printable(refusal.arguments[0].text())),
                "it is another contract than it should be"};
    if (refusal.data.empty())
        return {"the contract gives no reason",
                "its bytes are no call of that contract, or more than was sent for"};
    const auto shown = BytesView(refusal.data).first(std::min(refusal.data.size(), kShownBytes));
    return {fmt::format("the contract gives a reason that is not known, 0x{}{}", to_hex(shown),
                        shown.size() < refusal.data.size() ? "..." : ""),
            "it is another contract than it should be"};
}

/// What the arguments of a token's errors add.
std::string counted(const Refusal& refusal) {
    if (refusal.name == "ERC20InsufficientAllowance")
        return fmt::format(
            ": {} may take {}, and {} are needed", refusal.arguments[0].address().text(),
            refusal.arguments[1].number().text(), refusal.arguments[2].number().text());
    if (refusal.name == "ERC20InsufficientBalance")
        return fmt::format(": {} has {}, and {} are needed", refusal.arguments[0].address().text(),
                           refusal.arguments[1].number().text(),
                           refusal.arguments[2].number().text());
    if (!refusal.arguments.empty())
        return fmt::format(": {}", refusal.arguments[0].address().text());
    return "";
}

Remedy remedy_of(const detail::RefusalRow& row, const Refusal& refusal, const Subject& subject) {
    Remedy remedy(*row.remedy, std::string(row.remedy_words));
    // Of tokens the error itself says who, and how many.
    if (row.remedy == Remedy::mint_tokens)
        return std::move(remedy).of(refusal.arguments[0].address().text());
    if (row.remedy == Remedy::approve_tokens)
        return std::move(remedy).of(refusal.arguments[2].number().text());
    switch (row.about) {
    case detail::About::request:
        return std::move(remedy).of(subject.request);
    case detail::About::slot:
        return std::move(remedy).of(subject.slot);
    case detail::About::caller:
        return std::move(remedy).of(subject.caller);
    case detail::About::nothing:
        break;
    }
    return remedy;
}

} // namespace

std::string Refusal::message() const {
    if (const auto* row = detail::refusal_row(name))
        return fmt::format("{}{}", row->message, counted(*this));
    return words_without_row(*this).message;
}

Error Refusal::error(const Subject& subject) const {
    Error error(Errc::market_refused, message());
    const auto* row = detail::refusal_row(name);
    if (row == nullptr)
        return std::move(error).hint(std::string(words_without_row(*this).hint));
    if (!row->hint.empty())
        error = std::move(error).hint(std::string(row->hint));
    if (row->remedy)
        error = std::move(error).remedy(remedy_of(*row, *this, subject));
    return error;
}

void Refusal::write(JsonWriter& json) const {
    if (fault == nullptr) {
        json.key("contractError").value(nullptr);
        json.key("args").begin_array().end_array();
        return;
    }
    json.member("contractError", name);
    json.key("args").begin_array();
    for (std::size_t i = 0; i < arguments.size(); ++i)
        write_value(json, fault->inputs[i], arguments[i]);
    json.end_array();
}

Refusal refusal_of(BytesView revert_data) {
    Refusal made;
    made.data.assign(revert_data.begin(), revert_data.end());
    const auto* fault = fault_of(revert_data);
    if (fault == nullptr)
        return made;
    auto arguments = decode(fault->inputs, revert_data.subspan(fault->selector.size()));
    if (!arguments) // whoever says that, has another error with this selector
        return made;
    made.name = fault->name;
    made.fault = fault;
    made.arguments = std::move(*arguments);
    return made;
}

} // namespace codex::market
