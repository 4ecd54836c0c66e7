#include "base/error.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace codex {

namespace {

struct Row {
    std::string_view name;
    int exit_code;
    int http_status;
};

constexpr auto kRows = std::to_array<Row>({
#define CODEX_ERRC(name, dotted, exit_code, http) {dotted, exit_code, http},
#include "base/errc.def"
#undef CODEX_ERRC
});

const Row& row(Errc code) {
    return kRows.at(static_cast<std::size_t>(code));
}

constexpr auto kRemedyNames = std::to_array<std::string_view>({
#define CODEX_REMEDY(name) #name,
#include "base/remedy.def"
#undef CODEX_REMEDY
});

} // namespace

std::string_view remedy_name(Remedy::Action action) {
    return kRemedyNames.at(action);
}
std::string_view errc_name(Errc code) {
    return row(code).name;
}
int errc_exit_code(Errc code) {
    return row(code).exit_code;
}
int errc_http_status(Errc code) {
    return row(code).http_status;
}

struct Error::Detail {
    std::string text;
    std::string hint;
    std::vector<Remedy> remedies;
};

void Error::drop(Detail* detail) noexcept {
    delete detail;
}

Error::Error(Errc code, std::string message) : code_(code) {
    detail().text = std::move(message);
}

Error::Detail& Error::detail() {
    if (detail_ == nullptr)
        detail_ = new Detail();
    return *detail_;
}

std::string Error::text() const {
    return std::string(detail_ && !detail_->text.empty() ? std::string_view(detail_->text)
                                                         : errc_name(code_));
}

std::string_view Error::hint() const {
    return detail_ ? detail_->hint : std::string_view();
}

std::span<const Remedy> Error::remedies() const {
    return detail_ ? std::span<const Remedy>(detail_->remedies) : std::span<const Remedy>();
}

Error&& Error::context(std::string_view what) && {
    std::string text_now = text();
    detail().text = fmt::format("{}: {}", what, text_now);
    return std::move(*this);
}

Error&& Error::hint(std::string text) && {
    detail().hint = std::move(text);
    detail().remedies.clear();
    return std::move(*this);
}

Error&& Error::remedy(Remedy remedy) && {
    detail().remedies.push_back(std::move(remedy));
    return std::move(*this);
}

Error&& Error::way_out_of(const Error& other) && {
    if (!other.detail_)
        return std::move(*this).hint({});
    Detail& own = detail();
    own.hint = other.detail_->hint;
    own.remedies = other.detail_->remedies;
    return std::move(*this);
}

Unexpected<Error> vfail(Errc code, fmt::string_view form, fmt::format_args args) {
    return Unexpected<Error>(Error(code, fmt::vformat(form, args)));
}

Error system_error(int errno_value, std::string_view what) {
    Errc code = Errc::io;
    switch (errno_value) {
    case ENOENT:
        code = Errc::not_found;
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        code = Errc::permission;
        break;
    case ENOSPC:
    case EDQUOT:
        code = Errc::no_space;
        break;
    case EFBIG:
        return Error(Errc::no_space,
                     fmt::format("{}: {}", what, std::generic_category().message(errno_value)))
            .hint("allow larger files: ulimit -f unlimited; or use another file system");
    case ENOMEM:
        code = Errc::out_of_memory;
        break;
    case EISDIR: // of a read: what was to be a file; writers say their own
        return Error(Errc::unsupported, fmt::format("{}: is a folder", what))
            .remedy({Remedy::name_file, "name a file in it"});
    case EMFILE:
    case ENFILE:
        return Error(Errc::files_exhausted,
                     fmt::format("{}: {}", what, std::generic_category().message(errno_value)))
            .hint("allow more open files (ulimit -n), then try again");
    default:
        break;
    }
    return {code, fmt::format("{}: {}", what,
                              std::error_code(errno_value, std::generic_category()).message())};
}

Error out_of_memory() {
    return {Errc::out_of_memory, "out of memory"};
}

void assertion_failed(const char* expression, const char* file, int line) {
    std::fprintf(stderr, "bug: %s:%d: %s does not hold\n", file, line, expression);
    std::fflush(nullptr);
    std::_Exit(70);
}

} // namespace codex
