#include "selection.hpp"

#include "base/counted.hpp"

#include <algorithm>
#include <charconv>
#include <random>

namespace codex::ec {

namespace {

struct Interval {
    std::uint64_t first = 0;
    std::uint64_t last = 0; // included
};

Result<std::uint64_t> parse_number(std::string_view text, std::string_view what) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
        return fail(Error(Errc::usage, fmt::format("{}: '{}' is not a number", what, text))
                        .hint("a list looks like 5,9-12"));
    return number;
}

/// "5,9-12" as it stands there.
Result<std::vector<Interval>> parse_intervals(std::string_view text, std::string_view what) {
    std::vector<Interval> intervals;
    for (;;) {
        const std::size_t comma = text.find(',');
        const std::string_view item = text.substr(0, comma);
        const std::size_t dash = item.find('-');
        CODEX_TRY(first, parse_number(item.substr(0, dash), what));
        std::uint64_t last = first;
        if (dash != std::string_view::npos) {
            CODEX_SET(last, parse_number(item.substr(dash + 1), what));
        }
        if (last < first)
            return fail(Errc::usage, "{}: the range {} ends before it begins", what, item);
        intervals.push_back({first, last});
        if (comma == std::string_view::npos)
            return intervals;
        text.remove_prefix(comma + 1);
    }
}

/// There are fewer, `count` of them. Of blocks the hint is what it always is.
Error none_there(std::string_view what, std::uint64_t number, std::uint64_t count) {
    Error error(Errc::merkle_index,
                fmt::format("{0} {1}: the dataset has {0}s 0 to {2}", what, number, count - 1));
    if (what != "slot")
        return error;
    return std::move(error).remedy(
        Remedy(Remedy::describe_dataset, "slots count from 0; see what each of them has")
            .by("codex-ec status --map CID"));
}

void sort_unique(std::vector<std::uint64_t>& numbers) {
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
}

/// A number below `bound`, from a generator that is the same everywhere (the standard's
/// distributions are not).
std::uint64_t below(std::mt19937_64& random, std::uint64_t bound) {
    const std::uint64_t fair = UINT64_MAX - UINT64_MAX % bound;
    std::uint64_t number = random();
    while (number >= fair)
        number = random();
    return number % bound;
}

} // namespace

Result<void> check(const Selection& selection) {
    for (const std::string& list : selection.slots)
        CODEX_CHECK(parse_intervals(list, "slot"));
    for (const std::string& list : selection.blocks)
        CODEX_CHECK(parse_intervals(list, "block"));
    return {};
}

Result<std::vector<std::uint64_t>> parse_list(std::string_view text, std::uint64_t limit,
                                              std::string_view what) {
    CODEX_TRY(intervals, parse_intervals(text, what));
    std::vector<std::uint64_t> numbers;
    for (const Interval& interval : intervals) {
        for (const std::uint64_t end : {interval.first, interval.last})
            if (end >= limit)
                return fail(none_there(what, end, limit));
        for (std::uint64_t number = interval.first; number <= interval.last; ++number)
            numbers.push_back(number);
        // Repeated ranges must not grow the list beyond what there is.
        if (numbers.size() > limit)
            sort_unique(numbers);
    }
    sort_unique(numbers);
    return numbers;
}

Result<std::vector<std::uint64_t>> select(const Selection& selection,
                                          const erasure::Layout& layout) {
    std::vector<std::uint64_t> chosen;
    for (const std::string& list : selection.slots) {
        CODEX_TRY(slots, parse_list(list, layout.rows(), "slot"));
        for (const std::uint64_t slot : slots)
            for (std::uint64_t column = 0; column < layout.steps; ++column)
                chosen.push_back(layout.index(column, static_cast<std::uint32_t>(slot)));
    }
    for (const std::string& list : selection.blocks) {
        CODEX_TRY(blocks, parse_list(list, layout.total_blocks(), "block"));
        chosen.insert(chosen.end(), blocks.begin(), blocks.end());
    }
    sort_unique(chosen);
    std::erase_if(chosen, [&](std::uint64_t index) { return layout.is_padding(index); });

    if (selection.random != 0) {
        std::vector<std::uint64_t> others;
        for (std::uint64_t index = 0; index < layout.total_blocks(); ++index)
            if (!layout.is_padding(index) &&
                !std::binary_search(chosen.begin(), chosen.end(), index))
                others.push_back(index);
        if (selection.random > others.size())
            return fail(Errc::merkle_index, "--random {}: only {} left to choose from",
                        selection.random, counted(others.size(), "block is", "blocks are"));
        std::mt19937_64 random(selection.seed);
        for (std::uint64_t i = 0; i < selection.random; ++i)
            std::swap(others[i], others[i + below(random, others.size() - i)]);
        chosen.insert(chosen.end(), others.begin(),
                      others.begin() + static_cast<std::ptrdiff_t>(selection.random));
        std::sort(chosen.begin(), chosen.end());
    }
    return chosen;
}

} // namespace codex::ec
