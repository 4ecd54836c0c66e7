#include "node/page/page.hpp"

#include "node/page/detail/files.hpp"

#include <array>

namespace codex::node::page {

namespace {

constexpr std::string_view kScriptType = "text/javascript; charset=utf-8";

/// Made when it is first asked for: the texts are of another file, which may begin later.
std::span<const File> all() {
    static const std::array kAll = {
        File{"/", "text/html; charset=utf-8", kHtml},
        File{"/page.css", "text/css; charset=utf-8", kStyle},
        File{"/icon.svg", "image/svg+xml", kIcon},
        File{"/page.js", kScriptType, kScript},
        File{"/texts.js", kScriptType, kTexts},
        File{"/api.js", kScriptType, kApi},
        File{"/files.js", kScriptType, kFiles},
        File{"/health.js", kScriptType, kHealth},
        File{"/network.js", kScriptType, kNetwork},
    };
    return kAll;
}

/// Nothing of it stands in the page itself; what it asks, it asks of this node; and no text becomes
/// markup, whoever has written it. The nonce is in the middle.
constexpr std::string_view kPolicyBefore = "default-src 'none'; script-src 'nonce-";
constexpr std::string_view kPolicyBehind =
    "'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";
constexpr std::string_view kNoncePlace = "nonce=\"";

} // namespace

std::span<const File> files() {
    return all();
}

const File* find(const http::Request& request) {
    if (request.method != "GET" && request.method != "HEAD")
        return nullptr;
    const std::string_view target(request.target);
    const std::string_view path = target.substr(0, target.find('?'));
    for (const File& file : all())
        if (file.path == path)
            return &file;
    return nullptr;
}

http::Answer head_of(const File& file, std::string_view nonce) {
    http::Answer head{200, {{"Content-Type", std::string(file.type)}}};
    http::set(head.fields, "Content-Security-Policy",
              fmt::format("{}{}{}", kPolicyBefore, nonce, kPolicyBehind));
    http::set(head.fields, "X-Content-Type-Options", "nosniff");
    http::set(head.fields, "X-Frame-Options", "DENY");
    http::set(head.fields, "Referrer-Policy", "no-referrer");
    http::set(head.fields, "Cross-Origin-Opener-Policy", "same-origin");
    http::set(head.fields, "Cross-Origin-Resource-Policy", "same-origin");
    // A node of another version has another page at the same address.
    http::set(head.fields, "Cache-Control", "no-cache");
    return head;
}

std::string text_of(const File& file, std::string_view nonce) {
    std::string text(file.text);
    if (file.path == "/")
        text.insert(text.find(kNoncePlace) + kNoncePlace.size(), nonce);
    return text;
}

} // namespace codex::node::page
