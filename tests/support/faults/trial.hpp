// One command, one fault, and a look at what is left.
#pragma once

#include "../preload/record.hpp"
#include "cases.hpp"

#include <array>

namespace codex::faults {

struct Fault {
    preload::Kind kind;
    std::uint64_t number; // which call of the kind fails
    bool all;             // and all later ones

    /// The value of CODEX_TEST_FAIL.
    [[nodiscard]] std::string text() const;
};

using Counts = std::array<std::uint64_t, preload::kKinds>;

/// Runs the case without a fault, and notes in it what it does then. Gives the calls of each kind.
Counts measure(const World& world, Case& one, const std::string& folder);

/// Gives what is wrong, or nothing. The folder holds what is left.
std::string try_fault(const World& world, const Case& one, const Fault& fault,
                      const std::string& folder);

} // namespace codex::faults
