// The laws of the market's money, after every step of seeded random runs; and books of these runs,
// which another program adds up.
#include "base/fd.hpp"
#include "market/accounts.hpp"
#include "market/amount.hpp"
#include "random_run.hpp"
#include "temporary_folder.hpp"

#include <cstdio>
#include <gmock/gmock.h>

namespace codex::market {
namespace {

using random_run::RandomRun;
using random_run::seeded_runs;
using random_run::Step;
using test::must_fail;
using testing::HasSubstr;

/// What came to an account, and what went.
struct Sums {
    UInt256 came;
    UInt256 went;
    [[nodiscard]] bool covered() const { return came >= went; }
    [[nodiscard]] UInt256 rest() const { return wrapping_sub(came, went); }
};

/// The book of a run.
class Book {
public:
    explicit Book(const RandomRun& run) : run_(run) {}

    /// Calls `check` behind each step.
    void fill(const std::function<void(const Step& step)>& check) {
        for (const Step& step : run_.steps()) {
            if (step.outcome.ok)
                book(step);
            check(step);
            if (::testing::Test::HasFailure())
                FAIL() << step.function;
        }
    }
    [[nodiscard]] const Accounts& accounts() const { return accounts_; }
    [[nodiscard]] const std::map<std::string, Sums>& sums() const { return sums_; }
    [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

private:
    void book(const Step& step) {
        const auto entry = must(accounts_.take({.hash = {1},
                                                .time = step.time,
                                                .sender = step.from,
                                                .to = step.to,
                                                .data = step.data,
                                                .logs = step.outcome.logs}));
        if (!entry)
            return;
        entries_.push_back(*entry);
        Sums total;
        for (const Posting& posting : entry->postings) {
            EXPECT_NE(posting.amount, UInt256());
            for (Sums* sums : {&sums_[posting.account], &total}) {
                UInt256& side = posting.goes ? sums->went : sums->came;
                side = wrapping_add(side, posting.amount);
            }
        }
        EXPECT_EQ(total.came, total.went) << entry->what;
    }

    const RandomRun& run_;
    Accounts accounts_{RandomRun::options()};
    std::map<std::string, Sums> sums_;
    std::vector<Entry> entries_;
};

void in_every_book(const std::function<void(const RandomRun& run, Book& book)>& check) {
    for (const RandomRun& run : seeded_runs()) {
        Book book(run);
        check(run, book);
    }
}

std::string hex(const Word& word) {
    return "0x" + to_hex(word);
}

TEST(MoneyLaws, WhatHostsArePaidAndTheClientIsRefundedIsThePrice) {
    unsigned freed = 0;
    in_every_book([&](const RandomRun& run, Book& book) {
        book.fill([&](const Step& step) {
            for (const auto& [id, request] : book.accounts().requests())
                EXPECT_LE(wrapping_add(request.paid, request.refunded), request.price);
            freed += step.function == "markProofAsMissing" && step.outcome.ok ? 1 : 0;
        });
        // By now everything was called that can be.
        for (const auto& [id, request] : book.accounts().requests()) {
            EXPECT_EQ(wrapping_add(request.paid, request.refunded), request.price) << hex(id);
            EXPECT_EQ(request.price, run.requests().at(id).max_price());
        }
    });
    EXPECT_GE(freed, 20U);
}

TEST(MoneyLaws, TheMarketHasWhatItReceivedAndDidNotSendAndWhatWasGivenToIt) {
    in_every_book([](const RandomRun&, Book& book) {
        book.fill([&](const Step& step) {
            const auto kept = wrapping_sub(step.after.totals.received, step.after.totals.sent);
            const auto given =
                book.sums().find("wallet:" + RandomRun::options().marketplace.text());
            EXPECT_EQ(
                step.after.of_market,
                wrapping_add(kept, given == book.sums().end() ? UInt256() : given->second.rest()));
        });
    });
}

TEST(MoneyLaws, TheCollateralOfASlotCoversWhatIsPaidOfIt) {
    in_every_book([](const RandomRun&, Book& book) {
        book.fill([&](const Step&) {
            for (const auto& [account, sums] : book.sums())
                EXPECT_TRUE(sums.covered() || !account.starts_with("market:")) << account;
        });
    });
}

TEST(Books, HaveTheBalancesOfTheToken) {
    in_every_book([](const RandomRun&, Book& book) {
        book.fill([](const Step&) {});
        const auto& last = book.accounts();
        UInt256 all;
        for (const auto& [address, account] : last.accounts())
            all = wrapping_add(all, account.balance);
        EXPECT_EQ(all, UInt256(RandomRun::kBalance * RandomRun::kAccounts));
        for (std::size_t i = 0; i < RandomRun::kAccounts; ++i) {
            const auto& account = last.accounts().at(RandomRun::account(i));
            EXPECT_EQ(account.balance,
                      book.sums().at("wallet:" + RandomRun::account(i).text()).rest());
        }
    });
}

TEST(Books, WhatIsLockedIsTheCollateralOfSlotsThatAreNotOver) {
    in_every_book([](const RandomRun&, Book& book) {
        book.fill([&](const Step& step) {
            for (const auto& [id, slot] : book.accounts().slots()) {
                const auto& seen = step.after.slots.at(id);
                if (seen.effective == SlotState::filled || seen.effective == SlotState::finished ||
                    seen.effective == SlotState::cancelled) {
                    EXPECT_EQ(slot.locked, seen.slot.current_collateral);
                    EXPECT_TRUE(seen.slot.host.is_zero() || slot.host == seen.slot.host);
                } else if (seen.effective != SlotState::failed) {
                    EXPECT_EQ(slot.locked, UInt256());
                }
            }
        });
    });
}

TEST(Books, WhatIsReportedIsWhatIsBooked) {
    in_every_book([](const RandomRun&, Book& book) {
        std::map<Word, std::uint64_t> marked;
        book.fill([&](const Step& step) {
            if (step.function == "markProofAsMissing" && step.outcome.ok)
                ++marked[step.id];
        });
        Accounts::Account all;
        const auto add = [](UInt256& to, const UInt256& amount) { to = wrapping_add(to, amount); };
        for (const auto& [address, account] : book.accounts().accounts()) {
            add(all.locked, account.locked);
            add(all.earned, account.earned);
            add(all.rewarded, account.rewarded);
            add(all.lost, account.lost);
            add(all.spent, account.spent);
            add(all.refunded, account.refunded);
        }
        const auto booked = [&](const std::string& account) {
            const auto sums = book.sums().find(account);
            return sums == book.sums().end() ? Sums() : sums->second;
        };
        EXPECT_EQ(all.earned, booked("income:reward").went);
        EXPECT_EQ(all.earned, booked("expenses:storage").came);
        EXPECT_EQ(all.rewarded, booked("income:validator").went);
        EXPECT_EQ(all.lost, booked("expenses:slashed").came);
        UInt256 price;
        UInt256 refunded;
        for (const auto& [id, request] : book.accounts().requests()) {
            add(price, request.price);
            add(refunded, request.refunded);
        }
        EXPECT_EQ(all.spent, price);
        EXPECT_EQ(all.refunded, refunded);
        Accounts::SlotAccount slots;
        for (const auto& [id, slot] : book.accounts().slots()) {
            EXPECT_EQ(slot.missed, marked[id]);
            EXPECT_EQ(slot_id(slot.request, slot.index), id);
            add(slots.locked, slot.locked);
            add(slots.earned, slot.earned);
            add(slots.lost, slot.lost);
        }
        EXPECT_EQ(all.locked, slots.locked);
        EXPECT_EQ(all.earned, slots.earned);
        EXPECT_EQ(all.lost, slots.lost);
    });
}

TEST(Books, WhatIsNoCallIsRefused) {
    Accounts accounts(RandomRun::options());
    const std::vector<ethereum::abi::Log> logs;
    for (const Bytes& data : {Bytes(), Bytes(4, 7), calls::reserve_slot({}, 0)}) {
        const auto cut = BytesView(data).first(data.size() - std::min<std::size_t>(data.size(), 1));
        EXPECT_EQ(must_fail(accounts.take({.hash = {},
                                           .time = 0,
                                           .sender = {},
                                           .to = RandomRun::options().marketplace,
                                           .data = cut,
                                           .logs = logs}))
                      .code(),
                  Errc::abi_invalid);
    }
}

/// What a program prints, and whether it is content.
std::pair<std::string, bool> output_of(const std::string& command) {
    std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    std::string text;
    std::array<char, 4096> part{};
    for (std::size_t size = 0; (size = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
        text.append(part.data(), size);
    return {text, ::pclose(pipe) == 0};
}

TEST(Books, HledgerAcceptsThemAndCountsTheSame) {
    Book book(seeded_runs().front());
    book.fill([](const Step&) {});
    const test::TemporaryFolder folder;
    std::string text = hledger_head();
    for (const Entry& entry : book.entries())
        text += hledger_text(entry);
    must(write_file_atomic(folder.file("book"), as_bytes(text)));
    const std::string program = "LANG=C.UTF-8 hledger -f " + folder.file("book");
    const auto [said, content] = output_of(program + " check");
    EXPECT_TRUE(content) << said;
    const auto [csv, counted] = output_of(program + " balance -N --flat --empty -O csv");
    ASSERT_TRUE(counted) << csv;
    for (const auto& [account, sums] : book.sums()) {
        const bool covered = sums.covered();
        const UInt256 rest = covered ? sums.rest() : wrapping_sub(sums.went, sums.came);
        std::string tokens = tokens_text(rest);
        if (tokens.find('.') == tokens.npos && rest != UInt256())
            tokens += ".";
        if (rest != UInt256())
            tokens += std::string(kTokenDecimals + 1 + tokens.find('.') - tokens.size(), '0');
        EXPECT_THAT(csv, HasSubstr(fmt::format("\"{}\",\"{}{}{}\"\n", account, covered ? "" : "-",
                                               tokens, rest == UInt256() ? "" : " TST")));
    }
}

TEST(Books, AreDatedAndInWholeTokens) {
    const Entry entry{.hash = {0xab},
                      .time = 1709164800, // 29 February 2024
                      .what = "transfer",
                      .postings = {{"wallet:a", true, UInt256(1500000000000000000)},
                                   {"wallet:b", false, UInt256(1500000000000000000)}}};
    EXPECT_EQ(hledger_text(entry), "2024-02-29 (0xab" + std::string(62, '0') +
                                       ") transfer\n    wallet:a  -1.5 TST\n"
                                       "    wallet:b  1.5 TST\n\n");
    Entry late = entry;
    late.time = UINT64_MAX;
    late.hash = {};
    EXPECT_THAT(hledger_text(late), testing::StartsWith("9999-12-31 transfer\n"));
}

TEST(Amounts, AreReadInTokensAndBaseUnits) {
    for (const auto& [text, units] : std::initializer_list<std::pair<const char*, const char*>>{
             {"17", "17"},
             {"0x11", "17"},
             {"1tst", "1000000000000000000"},
             {"1.5tst", "1500000000000000000"},
             {"0.000000000000000001TST", "1"},
             {"0tst", "0"}})
        EXPECT_EQ(must(amount_from_text(text)).text(), units);
    for (const char* text : {"", "tst", "1.tst", ".5tst", "1.5", "-1tst", "1e3tst", "1 tst",
                             "1..5tst", "1.0000000000000000001tst", "1.5.1tst", "1eth"})
        EXPECT_EQ(must_fail(amount_from_text(text)).code(), Errc::amount_invalid) << text;
    EXPECT_EQ(must_fail(amount_from_text(std::string(70, '9') + "tst")).code(),
              Errc::amount_invalid);
    EXPECT_EQ(tokens_text(0), "0");
    EXPECT_EQ(tokens_text(1), "0.000000000000000001");
    EXPECT_EQ(tokens_text(UInt256(1500000000000000000)), "1.5");
    EXPECT_EQ(tokens_text(UInt256(10000000000000000000ULL)), "10");
}

} // namespace
} // namespace codex::market
