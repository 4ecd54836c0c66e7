#include "repo/index/store.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace codex::repo::detail {

namespace {

constexpr int kMaxZstdLevel = 19;

tl::unexpected<Error> refuse(std::string_view what) {
    return fail(Error(Errc::repo_config, fmt::format("config.json: {}", what))
                    .remedy({Remedy::change_settings, "correct the file, or"}));
}

} // namespace

Bytes encode_config(const Config& config) {
    // Not from null by the first assignment: when memory is refused there, the library aborts.
    auto json = nlohmann::ordered_json::object();
    json["quota_bytes"] = config.quota_bytes;
    json["zstd_level"] = config.zstd_level;
    json["ttl_seconds"] = config.ttl_seconds;
    const std::string text = json.dump(2) + "\n";
    const BytesView bytes = as_bytes(text);
    return {bytes.begin(), bytes.end()};
}

Result<Config> decode_config(BytesView text) {
    const auto json = nlohmann::json::parse(text.begin(), text.end(), nullptr, false);
    // To the parser a NUL is the end of the text.
    if (!json.is_object() || std::ranges::find(text, 0) != text.end())
        return refuse("is not a JSON object");
    Config config;
    for (const auto& [key, value] : json.items()) {
        if (!value.is_number_unsigned())
            return refuse(key + " is not a whole number");
        const auto number = value.get<std::uint64_t>();
        if (key == "quota_bytes")
            config.quota_bytes = number;
        else if (key == "ttl_seconds")
            config.ttl_seconds = number;
        else if (key == "zstd_level" && number <= kMaxZstdLevel)
            config.zstd_level = static_cast<int>(number);
        else if (key == "zstd_level")
            return refuse("zstd_level is above 19");
        else
            return refuse("unknown key " + key);
    }
    return config;
}

} // namespace codex::repo::detail
