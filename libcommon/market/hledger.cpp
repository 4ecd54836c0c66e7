// Books as text for hledger (codex-market(7), BOOKS).
#include "base/hex.hpp"
#include "market/accounts.hpp"
#include "market/amount.hpp"

#include <algorithm>
#include <chrono>

namespace codex::market {

namespace {

/// The last second of the last year with four digits, behind which the program reads no dates.
constexpr std::uint64_t kLastSecond = 253402300799;

std::string date_text(std::uint64_t time) {
    const std::chrono::sys_seconds at{std::chrono::seconds(std::min(time, kLastSecond))};
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(at)};
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

} // namespace

std::string hledger_head() {
    return "decimal-mark .\ncommodity 1.000000000000000000 TST\n\n";
}

std::string hledger_text(const Entry& entry) {
    std::string text = date_text(entry.time);
    if (entry.hash != Digest())
        text += fmt::format(" (0x{})", to_hex(entry.hash));
    text += fmt::format(" {}\n", entry.what);
    for (const Posting& posting : entry.postings)
        text += fmt::format("    {}  {}{} TST\n", posting.account, posting.goes ? "-" : "",
                            tokens_text(posting.amount));
    return text + "\n";
}

} // namespace codex::market
