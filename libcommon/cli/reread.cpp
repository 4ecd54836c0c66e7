#include "cli/detail/parse.hpp"
#include "cli/detail/state.hpp"
#include "cli/detail/tool_settings.hpp"

#include <algorithm>

namespace codex::cli {

namespace detail {

namespace {

Result<void> set_levels(Context::State& state, std::string_view directives) {
    const std::lock_guard lock(state.levels_mutex); // so that what is said is what is set
    CODEX_CHECK(state.log_output->set_levels(directives));
    state.levels_now = directives;
    return {};
}

} // namespace

Result<void> apply_log_levels(Context::State& state, const std::vector<Setting>& settings) {
    const auto level = std::ranges::find(settings, "log-level", &Setting::name);
    if (level == settings.end() || level->origin == Origin::built_in)
        return set_levels(state, state.log_levels);
    auto done = set_levels(state, level->value);
    if (done)
        return {};
    const bool flag = level->origin == Origin::flag;
    Error error(flag ? Errc::usage : Errc::config_invalid, done.error().text());
    return fail(std::move(error).context(level->from).way_out_of(done.error()));
}

void note_log_levels(std::string_view levels, std::vector<Setting>& settings) {
    const auto level = std::ranges::find(settings, "log-level", &Setting::name);
    if (level != settings.end() && level->origin == Origin::built_in)
        level->value = levels;
}

} // namespace detail

Result<std::vector<std::string>> Context::reread(const std::function<void(Command& root)>& declare,
                                                 const std::function<Result<void>()>& check) {
    const auto root = std::make_shared<Command::Node>();
    root->name = state_->tool;
    Command command(root);
    declare(command);
    detail::Globals globals;
    globals.config_patience.reset(); // who reads again serves others meanwhile
    auto parsed = detail::parse(*root, globals, state_->arguments);
    if (!parsed)
        return fail(std::move(parsed.error().error));
    if (auto checked = check(); !checked)
        return fail(detail::blame_setting(parsed->configuration.settings, checked.error()));
    CODEX_CHECK(detail::apply_log_levels(*state_, parsed->configuration.settings));
    detail::note_log_levels(state_->log_levels, parsed->configuration.settings);
    std::vector<std::string> changed;
    for (const Setting& setting : parsed->configuration.settings) {
        const auto before = std::ranges::find(state_->settings, setting.name, &Setting::name);
        if (before != state_->settings.end() && before->value != setting.value)
            changed.push_back(setting.name);
    }
    return changed;
}

Result<void> Context::set_log_levels(std::string_view directives) {
    return detail::set_levels(*state_, directives);
}

std::string Context::log_levels() const {
    const std::lock_guard lock(state_->levels_mutex);
    return state_->levels_now;
}

} // namespace codex::cli
