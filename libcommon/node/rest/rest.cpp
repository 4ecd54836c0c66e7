#include "node/rest/rest.hpp"

#include "base/hex.hpp"
#include "node/page/page.hpp"
#include "node/rest/headers.hpp"
#include "node/rest/service.hpp"

#include <array>

namespace codex::node::rest {

class Rest::Impl {
public:
    Impl(Daemon& daemon, exchange::Peers& peers, repo::Repo& repo, Executor& executor,
         RestOptions options)
        : service(daemon, peers, repo, executor, std::move(options)) {}

    static Task<Result<void>> handle(Impl* self, http::Exchange* with);
    static Task<Result<void>> call(Impl* self, http::Exchange* with, http::Target target);
    [[nodiscard]] Task<Result<void>> dispatch(Call* call);
    [[nodiscard]] Task<Result<void>> refuse(http::Exchange& with, Refusal refused) const;
    [[nodiscard]] Task<Result<void>> show(http::Exchange& with, const page::File& file) const;
    [[nodiscard]] Task<Result<void>> not_there(http::Exchange& with, const http::Target& target);

    Service service;
};

namespace {

http::Answer bare(unsigned status) {
    http::Answer answer{status, {}};
    add_guards(answer);
    return answer;
}

/// A body without a type, or with one that is none, where one is asked for.
bool lacks_type(const http::Request& request, const Route& route) {
    if (route.raw || request.method == "GET" || request.method == "HEAD" ||
        request.method == "OPTIONS" || !request.has_body())
        return false;
    return http::count(request.fields, "content-type") != 1 ||
           !is_type(*http::find(request.fields, "content-type"));
}

/// The page has no secrets, and asks for the token itself.
std::optional<Refusal> refusal_of_page(AccessOptions access, const http::Exchange& with) {
    access.token.clear();
    return refusal(access, with.request());
}

} // namespace

std::uint64_t Service::expiry() const {
    const std::uint64_t ttl = repo.config().ttl_seconds;
    const std::uint64_t now = loop.clock().unix_seconds();
    return ttl == 0 ? 0 : (ttl > UINT64_MAX - now ? UINT64_MAX : now + ttl);
}

Task<Result<void>> Rest::Impl::refuse(http::Exchange& with, Refusal refused) const {
    http::Answer answer = bare(refused.status);
    http::set(answer.fields, "Content-Type", "text/html");
    for (http::Field& field : refused_fields(service.options.access, with.request(), refused))
        http::set(answer.fields, field.name, std::move(field.value));
    return with.answer(std::move(answer), std::move(refused.text));
}

/// A file of the page.
Task<Result<void>> Rest::Impl::show(http::Exchange& with, const page::File& file) const {
    std::array<std::uint8_t, 16> drawn{};
    if (auto done = service.options.random->fill(drawn); !done)
        return with.answer(bare(500), done.error().text());
    const std::string nonce = to_hex(drawn);
    return with.answer(page::head_of(file, nonce), page::text_of(file, nonce));
}

/// No such path, or not by this method. Browsers may ask about any that there is; what they may
/// send beyond what needs no asking is a token, where there is one.
Task<Result<void>> Rest::Impl::not_there(http::Exchange& with, const http::Target& target) {
    const AccessOptions& access = service.options.access;
    const std::string methods = methods_of(target.segments);
    if (methods.empty())
        return with.answer(bare(404), {});
    if (with.request().method != "OPTIONS" || access.cors_origin.empty()) {
        http::Answer other = bare(404);
        http::set(other.fields, "Content-Type", "text/html");
        return with.answer(std::move(other), fmt::format("What this path takes: {}", methods));
    }
    http::Answer answer = bare(200);
    http::set(answer.fields, "Content-Type", "text/plain");
    Route plain{"OPTIONS", {}, Action::preflight};
    if (!access.token.empty())
        plain.preflight = methods;
    for (http::Field& field : cors_fields(access, with.request(), plain, true))
        http::set(answer.fields, field.name, std::move(field.value));
    return with.answer(std::move(answer), {});
}

Task<Result<void>> Rest::Impl::dispatch(Call* call) {
    Service* const self = &service;
    switch (call->route.action) {
    case Action::upload:
        return rest::upload(self, call);
    case Action::list:
        return list_data(self, call);
    case Action::download:
    case Action::stream:
        return download(self, call);
    case Action::remove:
        return remove_data(self, call);
    case Action::fetch:
        return fetch_data(self, call);
    case Action::manifest:
        return show_manifest(self, call);
    case Action::exists:
        return show_exists(self, call);
    case Action::space:
        return show_space(self, call);
    case Action::record:
        return show_record(self, call);
    case Action::peer_id:
        return show_peer_id(self, call);
    case Action::connect:
        return connect_peer(self, call);
    case Action::debug_info:
        return show_debug_info(self, call);
    case Action::log_level:
        return set_log_level(self, call);
    case Action::openapi:
        return call->json(200, std::string(kOpenApi));
    case Action::health:
        return show_health(self, call);
    case Action::peers:
        return show_peers(self, call);
    case Action::fetches:
        return show_fetches(self, call);
    case Action::labels:
        return show_labels(self, call);
    case Action::settings:
        return show_settings(self, call);
    case Action::log:
        return show_log(self, call);
    case Action::preflight:
        return call->empty(204);
    case Action::market:
        break;
    }
    return call->error(503, "Persistence is not enabled");
}

Task<Result<void>> Rest::Impl::call(Impl* self, http::Exchange* with, http::Target target) {
    auto matched = match(with->request().method, target.segments);
    if (!matched) {
        co_return co_await self->not_there(*with, target);
    }
    Call call(*with, self->service.options.access, *matched, target);
    Call* const one = &call;
    if (lacks_type(with->request(), call.route)) {
        co_return co_await one->empty(400);
    }
    co_return co_await self->dispatch(one);
}

Task<Result<void>> Rest::Impl::handle(Impl* self, http::Exchange* with) {
    const page::File* const file = page::find(with->request());
    auto refused = file == nullptr ? refusal(self->service.options.access, with->request())
                                   : refusal_of_page(self->service.options.access, *with);
    if (refused) {
        co_return co_await self->refuse(*with, std::move(*refused));
    }
    if (file != nullptr) {
        co_return co_await self->show(*with, *file);
    }
    auto target = http::parse_target(with->request().target);
    if (!target) {
        http::Answer answer = bare(400);
        std::string nothing;
        co_return co_await with->answer(std::move(answer), std::move(nothing));
    }
    if (self->service.options.others != nullptr && !has_prefix(target->segments)) {
        co_return co_await self->service.options.others->handle(with);
    }
    co_return co_await call(self, with, std::move(*target));
}

Rest::Rest(Daemon& daemon, exchange::Peers& peers, repo::Repo& repo, Executor& executor,
           RestOptions options)
    : impl_(std::make_unique<Impl>(daemon, peers, repo, executor, std::move(options))) {}
Rest::~Rest() = default;

Task<Result<void>> Rest::handle(http::Exchange* with) {
    return Impl::handle(impl_.get(), with);
}

void Rest::set_access(const AccessOptions& access) {
    impl_->service.options.access = access;
}

std::uint64_t Rest::uploads() const {
    return impl_->service.uploads;
}

std::uint64_t Rest::downloads() const {
    return impl_->service.downloads;
}

} // namespace codex::node::rest
