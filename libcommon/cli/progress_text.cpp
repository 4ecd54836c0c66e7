#include "cli/detail/progress_text.hpp"

#include "base/printable.hpp"
#include "cli/tool.hpp"

#include <array>

namespace codex::cli::detail {

namespace {

constexpr std::size_t kBarCells = 20;

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

} // namespace

std::string progress_line(const ProgressSample& sample, unsigned columns) {
    std::string line = printable(sample.label);
    const auto done = static_cast<double>(sample.done_bytes);
    if (sample.total_bytes > 0) {
        const double part = std::min(1.0, done / static_cast<double>(sample.total_bytes));
        const auto cells = static_cast<std::size_t>(part * static_cast<double>(kBarCells));
        line += fmt::format("  [{:#<{}}{:-<{}}]  {:3.0f}%  {} of {}", "", cells, "",
                            kBarCells - cells, part * 100, human_bytes(done),
                            human_bytes(static_cast<double>(sample.total_bytes)));
    } else if (sample.done_bytes > 0) {
        line += fmt::format("  {}", human_bytes(done));
    }
    if (sample.total_bytes + sample.done_bytes > 0)
        line += fmt::format("  {}/s", human_bytes(sample.bytes_per_second));
    else
        line += fmt::format("  {} done", sample.done_items);
    if (const auto left = seconds_left(sample))
        line += fmt::format("  {} left", clock(*left));
    if (columns > 0 && line.size() >= columns)
        line.resize(columns - 1);
    return line;
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
    return record.as_json();
}

} // namespace codex::cli::detail
