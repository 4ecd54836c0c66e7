// The loop of a command over its inputs.
#pragma once

#include "cli/context.hpp"
#include "cli/inputs.hpp"

#include <functional>
#include <optional>
#include <string>
#include <type_traits>

namespace codex::cli {

/// How a command goes through its inputs.
struct Loop {
    std::string label; ///< before the progress
    /// Called when the first input has come: the place to open the repo, which the tool before this
    /// one in a pipe may be about to make. Its failure is the loop's.
    std::function<Result<void>()> begin;
    /// One input's turn. A failure is reported under the input's name, and the next one follows,
    /// unless --fail-fast. With --unordered, several turns run at once, each in a thread of its
    /// own, and print as they finish.
    std::function<Result<void>(const std::string& item, Progress& progress)> turn;
    /// Does what turns have put off, to do it for several inputs together, and prints and reports
    /// that: called before a failure is reported, before another input is waited for, and at the
    /// end; so everything is said in the order of the inputs. With --unordered it is not, and only
    /// turns of quick inputs put something off.
    std::function<void()> settle{};
    /// With --unordered: whether this input keeps nobody waiting. Such take their turns one after
    /// another in the calling thread, beside those of the others.
    std::function<bool(const std::string& item)> quick{};
    /// Told before an input's turn where it stands ("stdin line 3"; empty: it is an argument), and
    /// what is wrong with a line that is none and is to be answered (Inputs::wrong()). Not with
    /// --unordered.
    std::function<void(std::string place, const std::optional<Error>& wrong)> at{};
};
/// Runs the loop over `inputs` and shows its progress. Gives the exit code so far. Errors: those of
/// `begin` and of reading the list itself.
[[nodiscard]] Result<int> for_each(Context& context, Inputs inputs, const Loop& loop);

/// The same where every turn needs one thing, a repo: `open()` gives it when the first input has
/// come, and `turn(opened, item, progress)` takes it. What the thing can explain of the error of a
/// turn, with a method explain(item, error), it does. `settle(opened)` is Loop::settle.
template <class Open, class Turn, class Settle>
[[nodiscard]] Result<int> for_each_in(Context& context, Inputs inputs, const std::string& label,
                                      const Open& open, const Turn& turn, const Settle& settle) {
    std::optional<typename std::invoke_result_t<Open>::value_type> opened;
    const auto begin = [&]() -> Result<void> {
        auto result = open();
        if (!result)
            return fail(std::move(result).error());
        opened.emplace(std::move(*result));
        return {};
    };
    return for_each(
        context, std::move(inputs),
        {label, begin,
         [&](const std::string& item, Progress& progress) -> Result<void> {
             Result<void> done = turn(*opened, item, progress);
             if constexpr (requires(Error error) { opened->explain(item, std::move(error)); }) {
                 if (!done)
                     return fail(opened->explain(item, std::move(done).error()));
             }
             return done;
         },
         [&] { settle(*opened); }});
}
template <class Open, class Turn>
[[nodiscard]] Result<int> for_each_in(Context& context, Inputs inputs, const std::string& label,
                                      const Open& open, const Turn& turn) {
    return for_each_in(context, std::move(inputs), label, open, turn, [](auto&) {});
}

} // namespace codex::cli
