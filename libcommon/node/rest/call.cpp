#include "node/rest/call.hpp"

namespace codex::node::rest {

http::Fields guard_fields() {
    return {{"X-Content-Type-Options", "nosniff"},
            {"Content-Security-Policy", "default-src 'none'; sandbox"}};
}

void add_guards(http::Answer& head) {
    for (http::Field& field : guard_fields())
        http::set(head.fields, field.name, std::move(field.value));
}

std::string_view Call::field(std::string_view name) const {
    const std::string* value = http::find(exchange.request().fields, name);
    return value == nullptr ? std::string_view() : std::string_view(*value);
}

void Call::add_fields(http::Answer& head) const {
    add_guards(head);
    const bool succeeded = head.status < 300;
    for (http::Field& field : cors_fields(access_, exchange.request(), route, succeeded))
        http::set(head.fields, field.name, std::move(field.value));
}

Task<Result<void>> Call::answer(http::Answer head, std::string body) {
    add_fields(head);
    return exchange.answer(std::move(head), std::move(body));
}

Task<Result<void>> Call::text(unsigned status, std::string body) {
    return answer({status, {{"Content-Type", "text/plain"}}}, std::move(body));
}

Task<Result<void>> Call::json(unsigned status, std::string body) {
    return answer({status, {{"Content-Type", "application/json"}}}, std::move(body));
}

Task<Result<void>> Call::error(unsigned status, std::string text) {
    return answer({status, {{"Content-Type", "text/html"}}}, std::move(text));
}

Task<Result<void>> Call::empty(unsigned status) {
    return answer({status, {}}, {});
}

} // namespace codex::node::rest
