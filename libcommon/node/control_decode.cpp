#include "node/detail/names.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace codex::node {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kErrcNames[] = {
#define CODEX_ERRC(name, dotted, exit_code, http) dotted,
#include "base/errc.def"
#undef CODEX_ERRC
};
constexpr std::string_view kRemedyNames[] = {
#define CODEX_REMEDY(name) #name,
#include "base/remedy.def"
#undef CODEX_REMEDY
};

/// Lists of more entries than this are refused.
constexpr std::size_t kMostEntries = 1024;

/// Reads members of an object; what is wrong first is remembered, and makes the rest of no meaning.
class Members {
public:
    explicit Members(const Json& object) : object_(object) {}

    void text(const char* name, std::string& to) {
        const Json* value = find(name);
        if (value != nullptr && value->is_string())
            to = value->get<std::string>();
        else if (value != nullptr)
            refuse(name, "no string");
    }
    /// What JsonWriter makes of a number: digits in a string, where it is large.
    void number(const char* name, std::uint64_t& to) {
        const Json* value = find(name);
        if (value == nullptr)
            return;
        if (value->is_number_unsigned())
            to = value->get<std::uint64_t>();
        else if (!value->is_string() || !take_digits(value->get_ref<const std::string&>(), to))
            refuse(name, "no whole number");
    }
    void text(const char* name, std::optional<std::string>& to) {
        if (find(name) == nullptr)
            return;
        to.emplace();
        text(name, *to);
    }
    void number(const char* name, std::optional<std::uint64_t>& to) {
        if (find(name) == nullptr)
            return;
        to = 0;
        number(name, *to);
    }
    void flag(const char* name, bool& to) {
        const Json* value = find(name);
        if (value != nullptr && value->is_boolean())
            to = value->get<bool>();
        else if (value != nullptr)
            refuse(name, "neither true nor false");
    }
    /// Calls `take` with each entry of a list.
    template <class Take> void list(const char* name, const Take& take) {
        const Json* value = find(name);
        if (value == nullptr)
            return;
        if (!value->is_array() || value->size() > kMostEntries)
            return refuse(name, "no list, or too long");
        for (const Json& entry : *value)
            if (!take(entry))
                return refuse(name, "a list, but not all of its entries are of its kind");
    }
    void texts(const char* name, std::vector<std::string>& to) {
        list(name, [&to](const Json& entry) {
            if (entry.is_string())
                to.push_back(entry.get<std::string>());
            return entry.is_string();
        });
    }
    [[nodiscard]] bool good() const { return wrong_.empty(); }
    [[nodiscard]] Result<void> over() const {
        if (good())
            return {};
        return fail(Errc::json_invalid, "{}", wrong_);
    }
    /// What they were read into, when all of them were right.
    template <class T> [[nodiscard]] Result<Reply> reply(T value) const {
        CODEX_CHECK(over());
        return Reply(std::move(value));
    }

private:
    [[nodiscard]] const Json* find(const char* name) const {
        const auto found = object_.find(name);
        return found == object_.end() ? nullptr : &*found;
    }
    static bool take_digits(const std::string& digits, std::uint64_t& to) {
        if (digits.empty() || digits.size() > 20)
            return false;
        std::uint64_t value = 0;
        for (const char c : digits) {
            if (c < '0' || c > '9' || value > (UINT64_MAX - static_cast<unsigned>(c - '0')) / 10)
                return false;
            value = value * 10 + static_cast<unsigned>(c - '0');
        }
        to = value;
        return true;
    }
    void refuse(const char* name, std::string_view why) {
        if (wrong_.empty())
            wrong_ = fmt::format("\"{}\" is {}", name, why);
    }

    const Json& object_;
    std::string wrong_;
};

Result<Json> object_of(std::string_view line) {
    if (line.size() > kMaxLineBytes)
        return fail(Errc::json_invalid, "longer than {} bytes", kMaxLineBytes);
    Json value = Json::parse(line, nullptr, false);
    // To the parser a NUL is the end of the text.
    if (value.is_discarded() || line.find('\0') != std::string_view::npos)
        return fail(Errc::json_invalid, "not valid JSON");
    if (!value.is_object())
        return fail(Errc::json_invalid, "no object");
    return value;
}

Result<Reply> about_of(const Json& object) {
    About about;
    Members members(object);
    members.text("id", about.id);
    members.texts("addresses", about.addresses);
    members.number("peers", about.peers);
    members.text("api", about.api);
    members.text("metrics", about.metrics);
    members.number("nodes", about.nodes);
    return members.reply(std::move(about));
}

Result<Reply> peer_of(const Json& object) {
    PeerRow peer;
    Members members(object);
    members.text("id", peer.id);
    members.text("address", peer.address);
    members.flag("incoming", peer.incoming);
    members.text("muxer", peer.muxer);
    members.text("agent", peer.agent);
    members.number("streams", peer.streams);
    members.number("bytesIn", peer.bytes_in);
    members.number("bytesOut", peer.bytes_out);
    members.number("wants", peer.wants);
    return members.reply(std::move(peer));
}

Result<Reply> limit_of(const Json& object) {
    LimitRow limit;
    Members members(object);
    members.text("name", limit.name);
    members.text("value", limit.value);
    members.number("hits", limit.hits);
    return members.reply(std::move(limit));
}

Result<Reply> pong_of(const Json& object) {
    Pong pong;
    Members members(object);
    members.number("microseconds", pong.microseconds);
    return members.reply(pong);
}

Result<Reply> progress_of(const Json& object) {
    SoFar so_far;
    Members members(object);
    members.number("done", so_far.done);
    members.number("total", so_far.total);
    members.number("peers", so_far.peers);
    members.number("duplicates", so_far.duplicates);
    members.text("waiting", so_far.waiting);
    members.number("seconds", so_far.seconds);
    return members.reply(std::move(so_far));
}

Result<Reply> gave_of(const Json& object) {
    std::string id;
    std::uint64_t rate = 0;
    std::uint64_t micros = 0;
    Members members(object);
    members.text("id", id);
    members.number("bytesPerSecond", rate);
    members.number("roundTripMicroseconds", micros);
    CODEX_CHECK(members.over());
    CODEX_TRY(peer_id, net::PeerId::from_text(id));
    exchange::FetchPeer peer{std::move(peer_id)};
    peer.name = peer.id.text();
    members.number("blocks", peer.blocks);
    members.number("bytes", peer.bytes);
    members.number("duplicates", peer.duplicates);
    members.number("unasked", peer.unasked);
    members.number("wrong", peer.wrong);
    members.number("late", peer.late);
    members.text("error", peer.error);
    CODEX_CHECK(members.over());
    constexpr std::uint64_t kMostMicros = std::uint64_t{1} << 50;
    peer.rate = static_cast<double>(rate);
    peer.round_trip = std::chrono::microseconds(std::min(micros, kMostMicros));
    return Reply(std::move(peer));
}

Result<Reply> totals_of(const Json& object) {
    Totals totals;
    Members members(object);
    members.number("blocks", totals.blocks);
    members.number("blocksHere", totals.blocks_here);
    members.number("blocksFetched", totals.blocks_fetched);
    members.number("bytesFetched", totals.bytes_fetched);
    return members.reply(totals);
}

Result<Reply> own_record_of(const Json& object) {
    OwnRecord record;
    Members members(object);
    members.text("spr", record.spr);
    members.number("nodes", record.nodes);
    return members.reply(std::move(record));
}

Result<Reply> found_of(const Json& object) {
    FoundPeer found;
    Members members(object);
    members.text("id", found.id);
    members.texts("addresses", found.addresses);
    return members.reply(std::move(found));
}

Result<Reply> asked_of(const Json& object) {
    Asked asked;
    Members members(object);
    members.number("nodes", asked.nodes);
    return members.reply(asked);
}

Result<Reply> provided_of(const Json& object) {
    Provided provided;
    Members members(object);
    members.number("nodes", provided.nodes);
    return members.reply(provided);
}

Result<Reply> later_of(const Json& object) {
    Later later;
    Members members(object);
    members.text("setting", later.setting);
    return members.reply(std::move(later));
}

Result<Reply> done_of(const Json& /*object*/) {
    return Reply(Done{});
}

/// One that a newer program knows and this one does not is left out.
Result<std::optional<Remedy>> remedy_of(const Json& object) {
    std::string name;
    std::string words;
    std::string of;
    std::optional<std::uint64_t> number;
    Members members(object);
    members.text("name", name);
    members.text("words", words);
    members.text("object", of);
    members.number("number", number);
    CODEX_CHECK(members.over());
    const auto* const found = std::ranges::find(kRemedyNames, name);
    if (found == std::end(kRemedyNames))
        return std::optional<Remedy>();
    Remedy remedy(static_cast<Remedy::Action>(found - std::begin(kRemedyNames)), std::move(words));
    static_cast<void>(std::move(remedy).of(std::move(of)));
    if (number)
        static_cast<void>(std::move(remedy).with(*number));
    return std::optional<Remedy>(std::move(remedy));
}

Result<Reply> error_of(const Json& object) {
    std::string code;
    std::string text;
    std::string hint;
    std::vector<Remedy> remedies;
    Members members(object);
    members.text("code", code);
    members.text("text", text);
    members.text("hint", hint);
    members.list("remedies", [&remedies](const Json& entry) {
        auto remedy = entry.is_object() ? remedy_of(entry) : fail(Errc::json_invalid);
        if (remedy && *remedy)
            remedies.push_back(std::move(**remedy));
        return remedy.has_value();
    });
    CODEX_CHECK(members.over());
    // One that a newer program knows and this one does not is still an error.
    const auto* const found = std::ranges::find(kErrcNames, code);
    const auto errc = found == std::end(kErrcNames)
                          ? Errc::internal
                          : static_cast<Errc>(found - std::begin(kErrcNames));
    Error error(errc, std::move(text));
    if (!hint.empty())
        static_cast<void>(std::move(error).hint(std::move(hint)));
    for (Remedy& remedy : remedies)
        static_cast<void>(std::move(error).remedy(std::move(remedy)));
    return Reply(std::move(error));
}

struct Kind {
    const char* name;
    Result<Reply> (*read)(const Json&);
};
constexpr Kind kKinds[] = {
    {"node", about_of},        {"peer", peer_of},   {"limit", limit_of},
    {"pong", pong_of},         {"gave", gave_of},   {"fetched", totals_of},
    {"progress", progress_of}, {"later", later_of}, {"done", done_of},
    {"record", own_record_of}, {"found", found_of}, {"provided", provided_of},
    {"asked", asked_of},       {"error", error_of}};

} // namespace

Result<Request> decode_request(std::string_view line) {
    CODEX_TRY(object, object_of(line));
    Request request;
    std::string ask;
    Members members(object);
    members.text("request", ask);
    members.text("address", request.address);
    members.number("count", request.count);
    members.number("seconds", request.seconds);
    members.text("cid", request.cid);
    members.text("peer", request.peer);
    members.texts("peers", request.peers);
    members.number("expiry", request.expiry);
    members.text("label", request.label);
    members.text("range", request.range);
    members.number("slot", request.slot);
    members.flag("inOrder", request.in_order);
    CODEX_CHECK(members.over());
    const auto* const found = std::ranges::find(detail::kAsks, ask);
    if (found == detail::kAsks.end())
        return fail(Errc::unsupported, "\"request\" is none that is known here");
    request.ask = static_cast<Ask>(found - detail::kAsks.begin());
    return request;
}

Result<Reply> decode_reply(std::string_view line) {
    CODEX_TRY(object, object_of(line));
    for (const Kind& kind : kKinds)
        if (const auto found = object.find(kind.name); found != object.end()) {
            if (!found->is_object())
                return fail(Errc::json_invalid, "\"{}\" is no object", kind.name);
            return kind.read(*found);
        }
    if (std::ranges::any_of(object, [](const Json& member) { return member.is_object(); }))
        return Reply(NotKnown{});
    return fail(Errc::json_invalid, "no answer of a node");
}

} // namespace codex::node
