// What is true after every step of seeded random runs, a test each. The runs are the same for all.
#include "market/refusal.hpp"
#include "random_run.hpp"

#include <gtest/gtest.h>

namespace codex::market {
namespace {

using random_run::RandomRun;
using random_run::seeded_runs;
using random_run::Seen;
using random_run::SeenSlot;
using random_run::Step;

/// `check` of every step; it stops at the first that fails.
void after_every_step(const std::function<void(const RandomRun& run, const Step& step)>& check) {
    for (std::uint64_t seed = 0; seed < seeded_runs().size(); ++seed) {
        std::size_t number = 0;
        for (const Step& step : seeded_runs()[seed].steps()) {
            check(seeded_runs()[seed], step);
            if (::testing::Test::HasFailure())
                FAIL() << "seed " << seed << ", step " << number << ", " << step.function << ": "
                       << (step.outcome.ok ? "done" : refusal_of(step.outcome.data).message());
            ++number;
        }
    }
}

const SeenSlot& slot_in(const Seen& seen, const Word& id) {
    return seen.slots.at(id);
}

// Else the others would say nothing.
TEST(Properties, TheRunsReachEverything) {
    std::map<std::string, unsigned> done;
    std::map<std::string, unsigned> refused;
    std::map<RequestState, unsigned> requests;
    std::map<SlotState, unsigned> slots;
    after_every_step([&](const RandomRun&, const Step& step) {
        ++(step.outcome.ok ? done : refused)[step.function];
        if (!step.outcome.ok)
            ++refused[refusal_of(step.outcome.data).name];
        for (const auto& [id, seen] : step.after.requests)
            ++requests[seen.effective];
        for (const auto& [id, seen] : step.after.slots)
            ++slots[seen.effective];
    });
    for (const char* function : {"requestStorage", "reserveSlot", "fillSlot", "submitProof",
                                 "markProofAsMissing", "freeSlot", "withdrawFunds", "transfer"}) {
        EXPECT_GE(done[function], 30U) << function;
        EXPECT_GE(refused[function], 10U) << function;
    }
    EXPECT_EQ(requests.size(), 5U);
    EXPECT_EQ(slots.size(), 7U);
    EXPECT_GE(refused.size(), 25U) << "with that many errors, and functions";
}

TEST(Properties, TotalSupplyIsTheSumOfAllBalances) {
    after_every_step([](const RandomRun&, const Step& step) {
        EXPECT_EQ(step.after.supply, step.after.of_all);
    });
}

TEST(Properties, ReceivedAndSentNeverDecreaseAndTheMarketHasWhatIsBetweenThem) {
    after_every_step([](const RandomRun&, const Step& step) {
        EXPECT_GE(step.after.totals.received, step.before.totals.received);
        EXPECT_GE(step.after.totals.sent, step.before.totals.sent);
        const auto kept = checked_sub(step.after.totals.received, step.after.totals.sent);
        ASSERT_TRUE(kept);
        EXPECT_GE(step.after.of_market, *kept);
    });
}

TEST(Properties, AStartedRequestHasLostNoMoreSlotsThanItMay) {
    after_every_step([](const RandomRun& run, const Step& step) {
        for (const auto& [id, seen] : step.after.requests) {
            const auto& ask = run.requests().at(id).ask;
            if (seen.stored == RequestState::started) {
                EXPECT_LE(ask.slots - seen.context.slots_filled, ask.max_slot_loss);
            }
        }
    });
}

TEST(Properties, WhatASlotHasMissedAreThePeriodsMarkedSinceItWasFreed) {
    std::map<std::pair<const RandomRun*, Word>, std::uint64_t> marked;
    after_every_step([&](const RandomRun& run, const Step& step) {
        if (!step.outcome.ok)
            return;
        if (step.function == "markProofAsMissing")
            ++marked[{&run, step.id}];
        for (const auto& [id, seen] : step.after.slots) {
            if (seen.stored == SlotState::repair)
                marked[{&run, id}] = 0;
            EXPECT_EQ(seen.missed, (marked[{&run, id}]));
        }
    });
}

TEST(Properties, APeriodIsNotMarkedAtItsEndOrBefore) {
    after_every_step([](const RandomRun&, const Step& step) {
        if (step.outcome.ok && step.function == "markProofAsMissing") {
            EXPECT_GT(step.time, (step.period + 1) * RandomRun::options().configuration.period);
        }
    });
}

TEST(Properties, ACancelledRequestHasExpired) {
    after_every_step([](const RandomRun&, const Step& step) {
        for (const auto& [id, seen] : step.after.requests)
            if (seen.effective == RequestState::cancelled) {
                EXPECT_LT(seen.context.expires_at, step.time);
            }
    });
}

TEST(Properties, AFailedRequestHasEnded) {
    after_every_step([](const RandomRun&, const Step& step) {
        for (const auto& [id, seen] : step.after.requests)
            if (seen.effective == RequestState::failed) {
                EXPECT_LT(seen.context.ends_at, step.time);
            }
    });
}

TEST(Properties, APaidSlotIsOfARequestThatIsFinishedOrCancelled) {
    after_every_step([](const RandomRun&, const Step& step) {
        for (const auto& [id, seen] : step.after.slots) {
            if (seen.effective != SlotState::paid)
                continue;
            const RequestState request = step.after.requests.at(seen.slot.request).effective;
            EXPECT_TRUE(request == RequestState::finished || request == RequestState::cancelled);
        }
    });
}

TEST(Properties, ACancelledOrFinishedSlotIsOfSuchARequest) {
    after_every_step([](const RandomRun&, const Step& step) {
        for (const auto& [id, seen] : step.after.slots) {
            if (seen.effective == SlotState::cancelled) {
                EXPECT_EQ(step.after.requests.at(seen.slot.request).effective,
                          RequestState::cancelled);
            }
            if (seen.effective == SlotState::finished) {
                EXPECT_EQ(step.after.requests.at(seen.slot.request).effective,
                          RequestState::finished);
            }
        }
    });
}

TEST(Properties, WhenARequestFailsEachOfItsSlotsIsFailedOrFree) {
    unsigned failed = 0;
    after_every_step([&](const RandomRun& run, const Step& step) {
        for (const auto& [id, seen] : step.after.requests) {
            const auto before = step.before.requests.find(id);
            if (seen.stored != RequestState::failed || before == step.before.requests.end() ||
                before->second.stored == RequestState::failed)
                continue;
            ++failed;
            for (std::uint64_t index = 0; index < run.requests().at(id).ask.slots; ++index) {
                const SlotState slot = slot_in(step.after, slot_id(id, index)).effective;
                EXPECT_TRUE(slot == SlotState::failed || slot == SlotState::free);
            }
        }
    });
    EXPECT_GE(failed, 10U);
}

/// `check` of every request that a call has changed the kept state of.
void when_a_request_changes(
    const std::function<void(const Step& step, RequestState from, RequestState to)>& check) {
    after_every_step([&](const RandomRun&, const Step& step) {
        for (const auto& [id, seen] : step.before.requests)
            if (seen.stored != step.after.requests.at(id).stored)
                check(step, seen.stored, step.after.requests.at(id).stored);
    });
}

TEST(Properties, EachStateOfARequestIsReachedByItsOwnCallsOnly) {
    when_a_request_changes([](const Step& step, RequestState, RequestState to) {
        if (to == RequestState::cancelled) {
            EXPECT_EQ(step.function, "withdrawFunds");
        }
        if (to == RequestState::started) {
            EXPECT_EQ(step.function, "fillSlot");
        }
        if (to == RequestState::finished) {
            EXPECT_TRUE(step.function == "freeSlot" || step.function == "withdrawFunds");
        }
        if (to == RequestState::failed) {
            EXPECT_TRUE(step.function == "freeSlot" || step.function == "markProofAsMissing");
        }
    });
}

TEST(Properties, EachStateOfARequestIsReachedFromItsOwnStatesOnly) {
    when_a_request_changes([](const Step&, RequestState from, RequestState to) {
        if (to == RequestState::started || to == RequestState::cancelled) {
            EXPECT_EQ(from, RequestState::fresh);
        }
        if (to == RequestState::failed || to == RequestState::finished) {
            EXPECT_EQ(from, RequestState::started);
        }
    });
}

TEST(Properties, ACancelledOrFinishedRequestStaysSo) {
    std::map<std::pair<const RandomRun*, Word>, RequestState> final;
    after_every_step([&](const RandomRun& run, const Step& step) {
        for (const auto& [id, seen] : step.after.requests) {
            const auto known = final.find({&run, id});
            if (known != final.end()) {
                EXPECT_EQ(seen.effective, known->second);
            }
            if (seen.effective == RequestState::cancelled ||
                seen.effective == RequestState::finished)
                final[{&run, id}] = seen.effective;
        }
    });
    EXPECT_GE(final.size(), 50U);
}

TEST(Properties, ACallChangesTheStateOfOneRequestAndOfOneSlotAtMost) {
    after_every_step([](const RandomRun&, const Step& step) {
        unsigned requests = 0;
        unsigned slots = 0;
        for (const auto& [id, seen] : step.before.requests)
            requests += seen.stored != step.after.requests.at(id).stored ? 1 : 0;
        for (const auto& [id, seen] : step.before.slots)
            slots += seen.stored != step.after.slots.at(id).stored ? 1 : 0;
        EXPECT_LE(requests, 1U);
        EXPECT_LE(slots, 1U);
    });
}

TEST(Properties, APaidSlotStaysSoAndIsPaidOnceByFreeingIt) {
    unsigned paid = 0;
    after_every_step([&](const RandomRun&, const Step& step) {
        for (const auto& [id, seen] : step.before.slots) {
            const SlotState after = step.after.slots.at(id).effective;
            if (seen.effective == SlotState::paid) {
                EXPECT_EQ(after, SlotState::paid);
            } else if (after == SlotState::paid) {
                ++paid;
                EXPECT_EQ(step.function, "freeSlot");
                EXPECT_EQ(id, step.id);
            }
        }
    });
    EXPECT_GE(paid, 30U);
}

TEST(Properties, ASlotIsFilledFromFreeOrRepairByFillingItOnly) {
    after_every_step([](const RandomRun&, const Step& step) {
        for (const auto& [id, seen] : step.before.slots) {
            const SlotState after = step.after.slots.at(id).effective;
            if (after == SlotState::filled && seen.effective != SlotState::filled) {
                EXPECT_EQ(step.function, "fillSlot");
                EXPECT_TRUE(seen.effective == SlotState::free ||
                            seen.effective == SlotState::repair);
            }
            if (seen.effective == SlotState::cancelled) {
                EXPECT_TRUE(after == SlotState::cancelled || after == SlotState::failed ||
                            after == SlotState::finished || after == SlotState::paid);
            }
        }
    });
}

TEST(Properties, TheSameCallsGiveTheSameState) {
    for (const RandomRun& run : seeded_runs()) {
        Chain again(RandomRun::options());
        for (const Step& step : run.steps()) {
            again.block = step.block;
            again.time = step.time;
            EXPECT_EQ(again.send(step.from, step.to, step.data).ok, step.outcome.ok);
        }
        EXPECT_EQ(again.state().all(), run.state().all());
    }
}

TEST(Properties, ACallThatIsRefusedChangesNothing) {
    after_every_step([](const RandomRun&, const Step& step) {
        if (step.outcome.ok)
            return;
        EXPECT_TRUE(step.left_alone);
        EXPECT_TRUE(step.outcome.logs.empty());
    });
}

} // namespace
} // namespace codex::market
