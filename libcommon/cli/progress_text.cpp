#include "cli/detail/progress_text.hpp"

#include "base/printable.hpp"
#include "cli/record.hpp"

#include <array>

namespace codex::cli::detail {

namespace {

constexpr std::size_t kBarCells = 20;
/// So much of a label stays, as long as there is any room for numbers.
constexpr std::size_t kShortLabel = 8;

std::string human_bytes(double bytes) {
    constexpr std::array<std::string_view, 7> kUnits = {"B",   "KiB", "MiB", "GiB",
                                                        "TiB", "PiB", "EiB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < kUnits.size()) {
        bytes /= 1024;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 100 ? 0 : 1, kUnits.at(unit));
}

std::optional<std::uint64_t> seconds_left(const ProgressSample& sample) {
    if (sample.total_bytes < sample.done_bytes || sample.bytes_per_second < 1)
        return std::nullopt;
    return static_cast<std::uint64_t>(static_cast<double>(sample.total_bytes - sample.done_bytes) /
                                      sample.bytes_per_second);
}

std::string clock(std::uint64_t seconds) {
    if (seconds < 3600)
        return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
    return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string bar(double part) {
    const auto cells = static_cast<std::size_t>(part * static_cast<double>(kBarCells));
    return fmt::format("  [{:#<{}}{:-<{}}]", "", cells, "", kBarCells - cells);
}

} // namespace

std::string progress_line(const ProgressSample& sample, unsigned columns) {
    const std::size_t room = columns == 0 ? SIZE_MAX : columns - 1;
    const auto done = static_cast<double>(sample.done_bytes);
    const double part = std::min(1.0, done / static_cast<double>(sample.total_bytes));
    std::vector<std::string> numbers; // the most important first
    if (sample.total_bytes > 0)
        numbers = {fmt::format("  {:3.0f}%", part * 100),
                   fmt::format("  {} of {}", human_bytes(done),
                               human_bytes(static_cast<double>(sample.total_bytes)))};
    else if (sample.done_bytes > 0)
        numbers = {"  " + human_bytes(done)};
    numbers.push_back(sample.total_bytes + sample.done_bytes > 0
                          ? fmt::format("  {}/s", human_bytes(sample.bytes_per_second))
                          : fmt::format("  {} done", sample.done_items));
    if (const auto left = seconds_left(sample))
        numbers.push_back(fmt::format("  {} left", clock(*left)));
    for (const std::string& column : sample.more.columns())
        numbers.push_back("  " + column);

    // What there is no room for goes in this order: the bar, most of the label, the last numbers.
    const std::string label = printable(sample.label);
    std::string text;
    for (const std::string& number : numbers)
        if (text.empty() ||
            std::min(label.size(), kShortLabel) + text.size() + number.size() <= room)
            text += number;
        else
            break;
    const std::size_t for_label = room - std::min(room, text.size());
    std::string line(whole_front(label, for_label));
    if (const std::string drawn = bar(part);
        sample.total_bytes > 0 && line.size() + drawn.size() + text.size() <= room)
        line += drawn;
    return std::string(whole_front(line + text, room));
}

std::string progress_json(const ProgressSample& sample) {
    Record record("progress");
    record.json("label", sample.label).json("doneBytes", sample.done_bytes);
    if (sample.total_bytes > 0)
        record.json("totalBytes", sample.total_bytes);
    else
        record.json("totalBytes", nullptr);
    record.json("doneItems", sample.done_items);
    record.json("bytesPerSecond", static_cast<std::uint64_t>(sample.bytes_per_second));
    if (const auto left = seconds_left(sample))
        record.json("secondsLeft", *left);
    else
        record.json("secondsLeft", nullptr);
    record.members_of(sample.more);
    return record.as_json();
}

} // namespace codex::cli::detail
