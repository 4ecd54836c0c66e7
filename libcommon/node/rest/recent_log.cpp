#include "node/rest/recent_log.hpp"

#include "base/json_writer.hpp"
#include "base/printable.hpp"

#include <array>
#include <new>

namespace codex::node::rest {

namespace {

/// As codex-pipes(7), LOGS, has them.
std::string_view word_of(log::Level level) {
    constexpr std::array<std::string_view, 7> kWords = {"trace", "debug", "info", "notice",
                                                        "warn",  "error", "fatal"};
    return kWords.at(static_cast<std::size_t>(level));
}

} // namespace

void RecentLog::heard(const log::Heard& record) noexcept {
    try {
        Kept one{record.level, record.unix_ms, beginning_of(record.topics, kTextBytes),
                 beginning_of(record.text, kTextBytes)};
        const std::lock_guard lock(mutex_);
        kept_.push_back(std::move(one));
        ++last_;
        if (kept_.size() > kRecords)
            kept_.pop_front();
    } catch (const std::bad_alloc&) {
        return; // who logs goes on
    }
}

std::string RecentLog::json(std::uint64_t after) const {
    const std::lock_guard lock(mutex_);
    JsonWriter json;
    json.begin_object().member("last", last_).key("records").begin_array();
    std::uint64_t number = last_ - kept_.size();
    for (const Kept& one : kept_) {
        if (++number <= after)
            continue;
        json.begin_object()
            .member("number", number)
            .member("unixMs", one.unix_ms)
            .member("level", word_of(one.level))
            .member("topics", one.topics)
            .member("text", one.text)
            .end_object();
    }
    json.end_array().end_object();
    return std::move(json).text();
}

} // namespace codex::node::rest
