// The figures by which blocks are asked for (codex-exchange(7), ASKING), in one place.
#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>

namespace codex::exchange::plan {

/// Neighbours that are asked for together, of one peer mostly.
constexpr unsigned kRunBlocks = 16;
/// Runs that are asked about at a time: 8192 blocks.
constexpr unsigned kSlots = 512;

/// What may be open at one peer, in bytes and as time at its rate beyond two round trips.
constexpr std::size_t kMaxOpenBytes = std::size_t{64} << 20;
constexpr std::size_t kMinOpenBytes = std::size_t{2} << 20;
constexpr double kOpenSeconds = 0.25;
/// The time for which kMinOpenBytes may be open at the most.
constexpr double kMinOpenSeconds = 2;
constexpr std::size_t kFirstOpenBlocks = 16;
/// Bytes a second of a peer that has given nothing yet.
constexpr double kGuessedRate = 1 << 20;

/// A block is late after this many times of what it should take, within the bounds.
constexpr int kPatience = 4;
constexpr Clock::Duration kShortestPatience = std::chrono::seconds(2);
constexpr Clock::Duration kLongestPatience = std::chrono::seconds(10);
/// So many late ones in a row, and a peer is asked for one block at a time.
constexpr unsigned kLateUntilSnubbed = 3;
/// What is late and does not come at all, while nothing else does, is given up.
constexpr Clock::Duration kGiveUp = std::chrono::seconds(30);
/// A peer of which blocks are open and none comes is left.
constexpr Clock::Duration kSilence = std::chrono::seconds(60);

/// A block of more than kUsualBlockBytes may take longer than all of these, by what it takes at
/// kSlowestRate bytes a second.
constexpr std::size_t kUsualBlockBytes = std::size_t{1} << 20;
constexpr std::size_t kSlowestRate = std::size_t{128} << 10;
constexpr Clock::Duration slack_of(std::size_t block_bytes) {
    return block_bytes > kUsualBlockBytes ? std::chrono::seconds(block_bytes / kSlowestRate)
                                          : Clock::Duration::zero();
}

constexpr Clock::Duration kFirstBan = std::chrono::minutes(10);
constexpr unsigned kMaxBanDoublings = 10;
/// Blocks that nobody asked for: so many, and one more for each of so many useful ones, are borne.
constexpr std::uint64_t kUnaskedBorne = 64;
constexpr std::uint64_t kUsefulForUnasked = 20;
/// A block that was cancelled may still come for so long.
constexpr Clock::Duration kCancelledMayCome = std::chrono::seconds(30);
constexpr std::size_t kCancelledKept = 4096;

/// A peer that has said so often that it has what it was asked about, and never the contrary, is
/// taken to have all.
constexpr unsigned kSamplesOfAll = 16;
/// So many blocks that it was wrongly taken to have, and one for every second right guess, and each
/// block is asked about.
constexpr unsigned kMisledAtLeast = 16;
/// How long until a peer is asked once more about what nobody has.
constexpr Clock::Duration kFirstAskAgain = std::chrono::seconds(1);
constexpr Clock::Duration kLastAskAgain = std::chrono::seconds(36);
constexpr unsigned kAskAgainBlocks = 1024;
/// How long a run that nobody has keeps others out of the window.
constexpr Clock::Duration kParkAfter = std::chrono::seconds(3);
constexpr unsigned kParkedAtOnce = 64;

/// Of a hundred choices so many try a peer that is not the best one.
constexpr unsigned kExplorationPercent = 5;
/// How long changes are gathered, and how many.
constexpr Clock::Duration kDebounce = std::chrono::milliseconds(2);
constexpr std::size_t kDebounceEntries = 256;
constexpr Clock::Duration kTick = std::chrono::milliseconds(500);
/// In the end-game so many blocks, or this part of all, are asked of one more peer at a time.
constexpr std::uint64_t kDoubled = 4;
constexpr std::uint64_t kDoubledPart = 64;
/// A peer that has been silent for so many times of what another one needs for a block, and for so
/// long beyond, need not be waited for in the end-game, whatever its rate was.
constexpr int kSilentTimes = 4;
constexpr Clock::Duration kSilentBeyond = std::chrono::milliseconds(50);

} // namespace codex::exchange::plan
