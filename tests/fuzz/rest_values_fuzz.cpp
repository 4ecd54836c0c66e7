// What fields and queries of requests to a node say: whatever it is, what is made of it keeps its
// bounds, and no answer gets a field of it that it was not given.
#include "http/message.hpp"
#include "http/target.hpp"
#include "node/rest/access.hpp"
#include "node/rest/headers.hpp"
#include "property.hpp"

#include <algorithm>

using namespace codex;
using namespace codex::node::rest;

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return out;
}

/// Every byte as two digits, which stands for itself wherever it is.
std::string digits(std::string_view text) {
    std::string out;
    for (const char c : text)
        out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    return out;
}

void ranges(std::string_view text) {
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1000}, UINT64_MAX}) {
        const auto part = read_range(text, size);
        if (!part || !*part)
            continue;
        FUZZ_CHECK((*part)->begin < (*part)->end && (*part)->end <= size);
        const auto again =
            read_range(fmt::format("bytes={}-{}", (*part)->begin, (*part)->end - 1), size);
        FUZZ_CHECK(again && *again == *part);
    }
}

/// The head that is sent has one line more than that of an answer without fields.
void is_one_field(std::string_view name, std::string value) {
    const auto bare = http::encode_head({});
    http::Answer answer;
    answer.fields.push_back({std::string(name), std::move(value)});
    const auto head = http::encode_head(answer);
    FUZZ_CHECK(bare && head);
    FUZZ_CHECK(std::ranges::count(*head, '\n') == std::ranges::count(*bare, '\n') + 1);
}

void names(std::string_view text) {
    const auto uploaded = uploaded_name(text);
    if (uploaded && *uploaded)
        FUZZ_CHECK((*uploaded)->find('"') == std::string::npos && !(*uploaded)->empty());
    const std::string shown = attachment(std::string(text));
    is_one_field("Content-Disposition", shown);
    // Behind a quote, which no name has: the rest of it one may have.
    constexpr std::string_view kOther = "\"; filename*=UTF-8''";
    const std::size_t at = shown.find(kOther);
    const std::string_view plain =
        std::string_view(shown).substr(0, at == std::string::npos ? at : at + 1);
    FUZZ_CHECK(plain == "attachment" || std::ranges::count(plain, '"') == 2);
    if (at == std::string::npos || text.find('\0') != std::string_view::npos)
        return;
    const auto whole = http::percent_decode(std::string_view(shown).substr(at + kOther.size()));
    FUZZ_CHECK(whole && *whole == text);
}

void types(std::string_view text) {
    is_one_field("Content-Type", content_type(std::string(text)));
    const auto uploaded = uploaded_type(text);
    FUZZ_CHECK(!uploaded || !*uploaded || is_type(text));
    if (uploaded && *uploaded)
        FUZZ_CHECK(content_type(**uploaded) == **uploaded);
}

void targets(std::string_view text) {
    const auto target = http::parse_target("/?" + std::string(text));
    if (!target) {
        FUZZ_CHECK(target.error().code() == Errc::malformed);
        return;
    }
    std::string again = "/?";
    for (const auto& [name, value] : target->query)
        again += fmt::format("{}={}&", digits(name), digits(value));
    const auto same = http::parse_target(again);
    FUZZ_CHECK(same && same->query == target->query);
}

void cids(std::string_view text) {
    const auto cid = path_cid(text);
    if (cid)
        FUZZ_CHECK(path_cid(cid->text()) && *path_cid(cid->text()) == *cid);
    else
        FUZZ_CHECK(cid.error().text() == "Incorrect Cid" ||
                   cid.error().text() == "Unsupported Cid" || cid.error().text() == "Overrun Cid");
}

/// Nobody gets in by a host, an origin or a token that are not the ones that were said.
void access(std::string_view text) {
    AccessOptions options;
    options.hosts = loopback_hosts("127.0.0.1");
    options.token = "secret";
    http::Request request;
    request.method = "POST";
    request.fields = {{"Host", "localhost"}, {"Authorization", std::string(text)}};
    const std::string shown = lower(text);
    if (!refusal(options, request))
        FUZZ_CHECK(shown.starts_with("bearer ") && text.ends_with("secret"));
    request.fields = {{"Host", std::string(text)}, {"Authorization", "Bearer secret"}};
    if (!refusal(options, request))
        FUZZ_CHECK(std::ranges::any_of(options.hosts, [&shown](const std::string& host) {
            return shown == host ||
                   (shown.starts_with(host + ":") &&
                    shown.find_first_not_of("0123456789", host.size() + 1) == std::string::npos);
        }));
    request.fields = {
        {"Host", "localhost"}, {"Authorization", "Bearer secret"}, {"Origin", std::string(text)}};
    if (!refusal(options, request))
        FUZZ_CHECK(shown == "http://localhost" || shown == "https://localhost");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = as_text(BytesView(data, size));
    ranges(text);
    if (prefers_text(text))
        FUZZ_CHECK(lower(text).find("text/plain") != std::string::npos);
    if (has_tag(text, "\"zDv\""))
        FUZZ_CHECK(text.find("\"zDv\"") != std::string_view::npos ||
                   text.find('*') != std::string_view::npos);
    names(text);
    types(text);
    targets(text);
    cids(text);
    access(text);
    return 0;
}
