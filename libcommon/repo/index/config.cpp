#include "base/json_writer.hpp"
#include "repo/index/store.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace codex::repo::detail {

namespace {

constexpr int kMaxZstdLevel = 19;

Unexpected<Error> refuse(std::string_view what) {
    return fail(Error(Errc::repo_config, fmt::format("config.json: {}", what))
                    .remedy({Remedy::change_settings, "correct the file, or"}));
}

} // namespace

Bytes encode_config(const Config& config) {
    JsonWriter json(2);
    // As numbers, however large: so the file's readers take them.
    json.begin_object().key("quota_bytes").raw(fmt::format("{}", config.quota_bytes));
    json.member("zstd_level", config.zstd_level);
    json.key("ttl_seconds").raw(fmt::format("{}", config.ttl_seconds)).end_object();
    const std::string text = std::move(json).text() + "\n";
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
