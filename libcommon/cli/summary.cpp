// Counting what a command prints, and the line that ends --json output.
#include "cli/detail/state.hpp"

#include <algorithm>
#include <climits>
#include <unistd.h>

namespace codex::cli {

void Context::State::total(std::string_view name, std::uint64_t count, bool flag) {
    const std::lock_guard lock(mutex);
    const auto known =
        std::ranges::find(totals, name, [](const detail::Total& total) { return total.name; });
    if (known == totals.end())
        totals.push_back({std::string(name), count, flag});
    else
        known->count = flag ? count : known->count + count;
}

void Context::add_total(std::string_view name, std::uint64_t count) {
    state_->total(name, count, false);
}

void Context::note_total(std::string_view name, bool value) {
    state_->total(name, value ? 1 : 0, true);
}

void Context::note_total_json(std::string_view name, std::string raw) {
    state_->total(name, 0, false);
    const std::lock_guard lock(state_->mutex);
    std::ranges::find(state_->totals, name, [](const detail::Total& total) {
        return total.name;
    })->raw = std::move(raw);
}

Result<void> Context::State::print_summary(std::uint64_t milliseconds) {
    // Of a document there is none, nor of a stream that is not whole.
    if (takes_output && records == 0 && !(binary && exit_code == 0))
        return {};
    if (!globals.json && !json_records)
        return {};
    Record summary("summary");
    summary.json("records", records).json("failures", failures);
    for (const detail::Total& total : totals) {
        if (!total.raw.empty())
            summary.json_raw(total.name, total.raw);
        else if (total.flag)
            summary.json(total.name, total.count != 0);
        else
            summary.json(total.name, total.count);
    }
    summary.json("milliseconds", milliseconds);
    const std::string line = summary.as_json() + "\n";
    if (!stdout_is_taken())
        return write(line);
    err.message(line);
    return {};
}

Result<void> Records::add(const Record& record) {
    const std::string line = json_ ? record.as_json() : record.as_text();
    if (text_.size() + line.size() + 1 > PIPE_BUF)
        CODEX_CHECK(flush());
    text_ += line;
    text_ += '\n';
    ++count_;
    return {};
}

Result<void> Records::flush() {
    if (count_ == 0)
        return {};
    Context::State& state = *context_->state_;
    const std::lock_guard lock(state.mutex);
    state.records += std::exchange(count_, 0);
    state.json_records = state.json_records || json_;
    return state.write(std::exchange(text_, {}));
}

} // namespace codex::cli
