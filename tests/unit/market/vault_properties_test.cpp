// What is true of the vault after every step of seeded random runs.
#include "market/calls.hpp"
#include "market/contract/detail/vault_funds.hpp"
#include "random_run.hpp"

#include <gtest/gtest.h>

namespace codex::market {
namespace {

using random_run::numbered_address;

const Address kFundsVault = numbered_address(0xcc);

/// A vault on which chance calls, for two controllers with three funds each, of four accounts.
class VaultRun {
public:
    explicit VaultRun(std::uint64_t seed) : chance_(seed) {
        chain_.time = 1000;
        for (const Address& controller : controllers_) {
            send(controller, options().token,
                 calls::mint(controller, UInt256(1000000000000000000)));
            send(controller, options().token, calls::approve(kFundsVault, UInt256::max()));
        }
    }

    /// The function that was called, and whether it was done.
    std::pair<std::string, bool> step() {
        chain_.time += below(100) == 0 ? 60 : below(2);
        ++chain_.block;
        const Word fund = numbered(below(3));
        const Word to = account(below(4));
        const Word from = account(below(4));
        const UInt256 amount(below(20) == 0 ? ~std::uint64_t{0} : below(300));
        const UInt256 deposit(below(20000));
        const UInt256 expiry(chain_.time + below(300));
        switch (below(12)) {
        case 0:
            return call("lock", {fund, expiry, UInt256(chain_.time + 150 + below(200))});
        case 1:
            return call("extendLock", {fund, expiry});
        case 2:
        case 3:
            return call("deposit", {fund, to, deposit});
        case 4:
            return call("designate", {fund, to, amount});
        case 5:
            return call("transfer", {fund, from, to, amount});
        case 6:
        case 7:
            return call("flow", {fund, from, to, UInt256(below(8))});
        case 8:
            return call("burnDesignated", {fund, to, amount});
        case 9:
            return below(2) == 0 ? call("burnAccount", {fund, to})
                                 : call("deposit", {fund, to, deposit});
        case 10:
            return below(3) == 0 ? call("freezeFund", {fund})
                                 : call("deposit", {fund, to, deposit});
        default:
            return call("withdraw", {fund, to});
        }
    }

    /// Of an account, as it is kept and as it is now.
    struct SeenAccount {
        detail::Account kept;
        detail::Account now;
    };
    struct SeenFund {
        detail::Fund kept;
        detail::FundStatus status{};
        std::vector<SeenAccount> accounts;
    };

    [[nodiscard]] std::vector<SeenFund> funds() const {
        std::vector<SeenFund> all;
        Overlay overlay(chain_.state());
        std::vector<ethereum::abi::Log> logs;
        detail::Frame frame(chain_.contracts(), overlay, {chain_.block, chain_.time, hashes_}, {},
                            logs);
        for (const Address& controller : controllers_)
            for (std::uint64_t number = 0; number < 3; ++number)
                all.push_back(fund(frame, controller, numbered(number)));
        return all;
    }
    [[nodiscard]] UInt256 balance() const {
        return must(ask(chain_.contracts(), chain_.state(), {chain_.block, chain_.time, hashes_},
                        {}, questions::balance_of(kFundsVault)));
    }

private:
    static Contracts::Options options() {
        Contracts::Options made = random_run::RandomRun::options();
        made.vault = kFundsVault;
        return made;
    }
    std::uint64_t below(std::uint64_t bound) { return chance_() % bound; }
    static Word numbered(std::uint64_t number) { return UInt256(number + 1).bytes(); }
    /// An address, and what tells accounts of the same one from each other.
    [[nodiscard]] static Word account(std::uint64_t number) {
        Word made{};
        std::fill_n(made.begin(), Address::kBytes, static_cast<std::uint8_t>(0x60 + number / 2));
        made.back() = static_cast<std::uint8_t>(number);
        return made;
    }

    SeenFund fund(detail::Frame& frame, const Address& controller, const Word& id) const {
        SeenFund seen;
        const auto key = detail::Packer(detail::Table::fund).put(controller).put(BytesView(id));
        if (const auto kept = frame.get(key)) {
            detail::Unpacker from(*kept);
            seen.kept = {from.u64(), from.u64(), from.u64()};
        }
        const detail::Funds funds(frame, controller, id);
        seen.status = funds.status();
        for (std::uint64_t number = 0; number < 4; ++number) {
            const auto kept = frame.get(detail::Packer(detail::Table::account)
                                            .put(controller)
                                            .put(BytesView(id))
                                            .put(BytesView(account(number))));
            if (!kept)
                continue;
            detail::Unpacker from(*kept);
            SeenAccount of;
            of.kept.available = from.number();
            of.kept.designated = from.number();
            of.kept.outgoing = from.number();
            of.kept.incoming = from.number();
            of.kept.updated = from.u64();
            of.now = funds.balance_of(account(number));
            seen.accounts.push_back(of);
        }
        return seen;
    }

    std::pair<std::string, bool> call(std::string_view name, const Value::List& arguments) {
        const auto* function = vault_interface().function(name);
        return {std::string(name),
                send(controllers_[below(2)], kFundsVault, encode_call(*function, arguments))};
    }
    bool send(const Address& from, const Address& to, const Bytes& data) {
        return chain_.send(from, to, data).ok;
    }

    std::array<Address, 2> controllers_ = {numbered_address(0x51), numbered_address(0x52)};
    Chain chain_{options()};
    NumberedHashes hashes_;
    std::mt19937_64 chance_;
};

/// `check` of a run behind each of its steps.
void after_every_step_of_the_vault(const std::function<void(const VaultRun& run)>& check) {
    std::map<std::string, unsigned> done;
    for (std::uint64_t seed = 0; seed < 16; ++seed) {
        VaultRun run(seed);
        for (int i = 0; i < 500; ++i) {
            const auto [function, was_done] = run.step();
            done[function] += was_done ? 1 : 0;
            check(run);
            if (::testing::Test::HasFailure())
                FAIL() << "seed " << seed << ", step " << i << ", " << function;
        }
    }
    for (const auto& [function, times] : done)
        EXPECT_GE(times, 5U) << function;
    EXPECT_EQ(done.size(), 10U);
}

TEST(VaultProperties, ALockExpiresAtItsMaximumOrBefore) {
    after_every_step_of_the_vault([](const VaultRun& run) {
        for (const auto& fund : run.funds())
            EXPECT_LE(fund.kept.lock_expiry, fund.kept.lock_maximum);
    });
}

TEST(VaultProperties, WhatFlowsOutUntilTheMaximumIsThere) {
    after_every_step_of_the_vault([](const VaultRun& run) {
        for (const auto& fund : run.funds())
            for (const auto& [kept, now] : fund.accounts) {
                ASSERT_LE(kept.updated, fund.kept.lock_maximum);
                const auto needed =
                    checked_mul(kept.outgoing, fund.kept.lock_maximum - kept.updated);
                ASSERT_TRUE(needed);
                EXPECT_LE(*needed, kept.available);
            }
    });
}

TEST(VaultProperties, InAFundThatIsLockedAsMuchFlowsInAsOut) {
    after_every_step_of_the_vault([](const VaultRun& run) {
        for (const auto& fund : run.funds()) {
            if (fund.status != detail::FundStatus::locked &&
                fund.status != detail::FundStatus::frozen)
                continue;
            UInt256 in;
            UInt256 out;
            for (const auto& [kept, now] : fund.accounts) {
                in = wrapping_add(in, kept.incoming);
                out = wrapping_add(out, kept.outgoing);
            }
            EXPECT_EQ(in, out);
        }
    });
}

TEST(VaultProperties, TheVaultHasWhatItsAccountsHave) {
    after_every_step_of_the_vault([](const VaultRun& run) {
        UInt256 all;
        for (const auto& fund : run.funds())
            for (const auto& [kept, now] : fund.accounts)
                all = wrapping_add(all, wrapping_add(now.available, now.designated));
        EXPECT_EQ(all, run.balance());
    });
}

} // namespace
} // namespace codex::market
