#include "base/json_writer.hpp"
#include "base/printable.hpp"
#include "cli/detail/again.hpp"
#include "cli/detail/remedies.hpp"
#include "cli/detail/state.hpp"

#include <algorithm>
#include <cstdlib>
#include <sys/ioctl.h>
#include <unistd.h>

namespace codex::cli {

namespace detail {

void Stderr::put(std::string_view text) {
    // Nobody is left to tell when stderr itself fails.
    static_cast<void>(write_full(STDERR_FILENO, as_bytes(text), "stderr"));
}

void Stderr::message(std::string_view text) {
    const std::lock_guard lock(mutex_);
    put(drawn_ ? fmt::format("\r\x1b[K{}", text) : std::string(text));
    drawn_ = false;
}

void Stderr::draw(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (stopped_)
        return;
    put(fmt::format("\r{}\x1b[K", line));
    drawn_ = true;
}

void Stderr::wipe() {
    if (drawn_)
        put("\r\x1b[K");
    drawn_ = false;
}

void Stderr::stop_drawing() {
    const std::lock_guard lock(mutex_);
    wipe();
    stopped_ = true;
}

void Stderr::end_drawing(bool keep) {
    const std::lock_guard lock(mutex_);
    if (drawn_)
        put(keep ? "\n" : "\r\x1b[K");
    drawn_ = false;
}

namespace {

/// Of what is longer than what is said.
constexpr std::size_t kShown = 512;

std::string bounded(std::string_view text) {
    return text.size() <= kMostSaid ? std::string(text) : without_middle(text, kShown);
}

std::string bounded_object(std::string_view object) {
    return object.size() <= kMostSaid ? std::string(object) : beginning_of(object, kShown);
}

/// In JSON the object is a member, and need not stand before the message as well.
void write_said(JsonWriter& json, Errc code, const Said& of) {
    std::string_view message = of.text;
    const std::string before = of.object + ": ";
    if (!of.object.empty() && message.starts_with(before))
        message.remove_prefix(before.size());
    write_error(json, code, bounded_object(of.object), bounded(message), of.hint, of.remedies);
}

} // namespace

std::string error_lines(const Context::State& state, Errc code, const Said& said,
                        const Record& more) {
    const std::string& object = said.object;
    if (state.globals.json) {
        JsonWriter json;
        json.begin_object().member("type", "error");
        write_said(json, code, said);
        more.write_members(json);
        return std::move(json.end_object()).text() + "\n";
    }
    const std::string_view red = state.color_err ? "\x1b[1;31m" : "";
    const std::string_view cyan = state.color_err ? "\x1b[36m" : "";
    const std::string_view plain = state.color_err ? "\x1b[0m" : "";
    const bool named = object.empty() || names(said.text, object); // once is enough
    const std::string line = named ? said.text : fmt::format("{}: {}", object, said.text);
    std::string lines = fmt::format("{}: {}error:{} {}\n", state.tool, red, plain,
                                    printable(detail::bounded(line)));
    if (!said.hint.empty())
        lines += fmt::format("{}: {}hint:{} {}\n", state.tool, cyan, plain, printable(said.hint));
    return lines;
}

} // namespace detail

Context::Context(std::shared_ptr<State> state) : state_(std::move(state)) {}

const std::string& Context::tool() const {
    return state_->tool;
}
void Context::use_repo(std::string path) {
    // As if the command line said it, so that the commands of hints name it.
    const auto setting = std::ranges::find(state_->settings, "repo", &Setting::name);
    if (setting != state_->settings.end()) {
        setting->value = path;
        setting->origin = Origin::flag;
    }
    state_->globals.repo = std::move(path);
}

bool Context::given(std::string_view option) const {
    const auto found = std::ranges::find(state_->settings, option, &Setting::name);
    return found != state_->settings.end() && found->origin == Origin::flag;
}

Result<std::string> Context::repo_path() const {
    if (!state_->globals.repo.empty())
        return state_->globals.repo;
    const char* home = std::getenv("HOME");
    return fail(
        Error(Errc::config_invalid,
              fmt::format("no repo is named, and there is no home to look in: HOME is {}",
                          home == nullptr || *home == '\0' ? "not set" : "no absolute path"))
            .hint("name one with --repo DIR, or set CODEX_REPO or HOME"));
}
bool Context::json() const {
    return state_->globals.json;
}
bool Context::quiet() const {
    return state_->globals.quiet;
}
bool Context::verbose() const {
    return state_->globals.verbose > 0;
}
bool Context::dry_run() const {
    return state_->globals.dry_run;
}
bool Context::sync() const {
    return !state_->globals.no_sync;
}
bool Context::fail_fast() const {
    return state_->globals.fail_fast;
}
bool Context::color() const {
    return state_->color_out;
}
const std::string& Context::output_path() const {
    return state_->globals.output;
}
bool Context::unordered() const {
    return state_->globals.unordered;
}
bool Context::batch() const {
    return state_->globals.batch;
}
std::uint64_t Context::lock_timeout_seconds() const {
    return state_->globals.lock_timeout_seconds;
}

std::size_t Context::columns() const {
    constexpr std::size_t kUsual = 80;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0)
        return size.ws_col;
    const char* columns = std::getenv("COLUMNS");
    const unsigned long given = columns == nullptr ? 0 : std::strtoul(columns, nullptr, 10);
    return given != 0 && given < 10'000 ? given : kUsual;
}

const Clock& Context::clock() const {
    return state_->clock;
}

const std::vector<Setting>& Context::settings() const {
    return state_->settings;
}

std::string Context::hint_of(const Error& error) {
    return detail::hint_of(error);
}

void Context::set_log_listener(std::shared_ptr<log::Listener> listener) {
    state_->log_output->set_listener(std::move(listener));
}

const log::Logger& Context::log() const {
    return state_->log;
}

std::uint64_t Context::elapsed_ms() const {
    const auto elapsed = state_->clock.now() - state_->started;
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count());
}

ThreadPool& Context::pool() {
    const std::lock_guard lock(state_->mutex);
    if (!state_->pool)
        state_->pool = std::make_unique<ThreadPool>(static_cast<unsigned>(state_->globals.threads));
    return *state_->pool;
}

void Context::write_error(JsonWriter& json, std::string_view item, const Error& error) const {
    const detail::Said said = detail::said_of(*state_, item, error);
    detail::write_said(json, error.code(), said);
}

std::string Context::command_with_options() const {
    return detail::command_with_options(*state_);
}

bool Context::report(const Error& error) {
    return report({}, error);
}

bool Context::report(std::string_view item, const Error& error) {
    return report(item, error, Record("error"));
}

bool Context::report(std::string_view item, const Error& error, const Record& more) {
    state_->err.message(
        detail::error_lines(*state_, error.code(), detail::said_of(*state_, item, error), more));
    const std::lock_guard lock(state_->mutex);
    ++state_->failures;
    state_->exit_code = std::max(state_->exit_code, errc_exit_code(error.code()));
    state_->stopped = state_->stopped || fail_fast();
    return !state_->stopped;
}

void Context::about(std::string_view item) {
    const std::lock_guard lock(state_->mutex);
    state_->subject = item;
}

bool Context::stopped() const {
    const std::lock_guard lock(state_->mutex);
    return state_->stopped;
}

void Context::answer_no() {
    const std::lock_guard lock(state_->mutex);
    state_->exit_code = std::max(state_->exit_code, 1);
}

int Context::exit_code(int otherwise) const {
    const std::lock_guard lock(state_->mutex);
    return state_->exit_code != 0 ? state_->exit_code : otherwise;
}

void Context::say(std::string_view type, std::string_view word, std::string_view item,
                  std::string_view whole_text) {
    const std::string text = detail::bounded(whole_text);
    const std::string object = detail::bounded_object(item);
    if (json()) {
        Record record((std::string(type)));
        if (!object.empty())
            record.json("object", object);
        state_->err.message(record.json("message", text).as_json() + "\n");
        return;
    }
    state_->err.message(fmt::format("{}: {}{}{}{}\n", tool(), word, printable(object),
                                    object.empty() ? "" : ": ", printable(text)));
}

void Context::warn(std::string_view text) {
    warn({}, text);
}

void Context::warn(std::string_view item, std::string_view text) {
    if (!quiet())
        say("warning", "warning: ", item, detail::completed(*state_, text, item));
}

void Context::inform(std::string_view text) {
    inform({}, text);
}

void Context::inform(std::string_view item, std::string_view text) {
    if (!quiet() && verbose())
        say("info", "", item, text);
}

} // namespace codex::cli
