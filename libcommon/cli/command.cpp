#include "base/units.hpp"
#include "cli/detail/node.hpp"
#include "cli/settings.hpp"

#include <charconv>

namespace codex::cli {

namespace detail {

std::string OptionSpec::long_name() const {
    const std::string& name = names.back();
    return name.substr(name.find_first_not_of('-'));
}

OptionSpec option_spec(const std::string& names, std::string_view default_value,
                       const std::string& help) {
    OptionSpec spec;
    spec.value = default_value;
    spec.help = help;
    std::string_view rest = names;
    if (const std::size_t blank = rest.find(' '); blank != std::string_view::npos) {
        spec.value = rest.substr(blank + 1);
        rest = rest.substr(0, blank);
    }
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        spec.names.emplace_back(rest.substr(0, comma));
        rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    return spec;
}

Error empty_name(std::string_view what) {
    return Error(Errc::usage, fmt::format("{} is empty", what == "FILE"  ? "the file name"
                                                         : what == "DIR" ? "the folder name"
                                                                         : what))
        .hint("perhaps it is a variable that was never set");
}

std::string full_name(const CommandPath& path) {
    std::string name;
    for (const Command::Node* node : path) {
        name += name.empty() ? "" : " ";
        name += node->name;
    }
    return name;
}

bool applies(const OptionSpec& option, const Command::Node& node) {
    const std::string name = option.long_name();
    return (name != "output" || node.takes_output) && (name != "dry-run" || node.takes_dry_run) &&
           (name != "unordered" || node.takes_unordered) &&
           ((name != "batch" && name != "buffer") || node.takes_batch);
}

Result<std::uint64_t> parse_count(const std::string& text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error == std::errc::result_out_of_range)
        return fail(Errc::usage, "'{}' is too large", text);
    if (error != std::errc() || stop != end || text.empty())
        return fail(Errc::usage, "'{}' is no whole number", text);
    return value;
}

} // namespace detail

namespace {

using detail::parse_count;

/// An option with one value, made by `parse` and handed to `store`.
template <class Parse, class Store>
detail::OptionSpec one_value(const std::string& names, std::string_view value,
                             const std::string& help, Parse parse, Store store) {
    detail::OptionSpec spec = detail::option_spec(names, value, help);
    spec.apply = [parse, store](const std::vector<std::string>& given) -> Result<void> {
        auto parsed = parse(given.front());
        if (!parsed)
            return fail(std::move(parsed).error());
        store(*parsed);
        return {};
    };
    return spec;
}

Result<std::string> parse_text(const std::string& text) {
    return text;
}

} // namespace

Error bad_value(std::string_view option, const Error& error) {
    return Error(Errc::usage, fmt::format("{}: {}", option, error.text())).way_out_of(error);
}

Command::Command(std::shared_ptr<Node> node) : node_(std::move(node)) {}

Command& Command::command(std::string name, std::string summary) {
    auto child = std::make_shared<Node>();
    child->name = std::move(name);
    child->summary = std::move(summary);
    node_->children.push_back(child);
    return node_->handles.emplace_back(std::move(child));
}

Command& Command::example(std::string line) {
    node_->examples.push_back(std::move(line));
    return *this;
}

Command& Command::flag(const std::string& names, bool& target, const std::string& help) {
    detail::OptionSpec spec = detail::option_spec(names, "", help);
    spec.apply = [&target](const std::vector<std::string>&) -> Result<void> {
        target = true;
        return {};
    };
    spec.built_in = target ? "true" : "false";
    node_->options.push_back(std::move(spec));
    return *this;
}

Command& Command::option(const std::string& names, std::string& target, const std::string& help) {
    node_->options.push_back(one_value(names, "TEXT", help, parse_text,
                                       [&target](const std::string& v) { target = v; }));
    node_->options.back().built_in = target;
    return *this;
}

Command& Command::option(const std::string& names, std::optional<std::string>& target,
                         const std::string& help) {
    node_->options.push_back(one_value(names, "TEXT", help, parse_text,
                                       [&target](const std::string& v) { target = v; }));
    return *this;
}

Command& Command::option(const std::string& names, std::vector<std::string>& target,
                         const std::string& help) {
    detail::OptionSpec spec = detail::option_spec(names, "TEXT", help);
    spec.many = true;
    spec.apply = [&target](const std::vector<std::string>& given) -> Result<void> {
        target = given;
        return {};
    };
    node_->options.push_back(std::move(spec));
    return *this;
}

Command& Command::option(const std::string& names, std::uint64_t& target, const std::string& help) {
    node_->options.push_back(
        one_value(names, "N", help, parse_count, [&target](std::uint64_t v) { target = v; }));
    node_->options.back().built_in = fmt::format("{}", target);
    return *this;
}

Command& Command::option(const std::string& names, std::optional<std::uint64_t>& target,
                         const std::string& help) {
    node_->options.push_back(
        one_value(names, "N", help, parse_count, [&target](std::uint64_t v) { target = v; }));
    return *this;
}

Command& Command::option(const std::string& names, SizeValue& target, const std::string& help) {
    node_->options.push_back(one_value(
        names, "SIZE", help, [](const std::string& text) { return parse_size(text); },
        [&target](std::uint64_t v) { target = {v, true}; }));
    return *this;
}

Command& Command::option(const std::string& names, DurationValue& target, const std::string& help) {
    node_->options.push_back(one_value(
        names, "DURATION", help, [](const std::string& text) { return parse_duration(text); },
        [&target](std::uint64_t v) { target = {v, true}; }));
    return *this;
}

Command& Command::option(const std::string& names, ExpiryValue& target, const std::string& help) {
    // Before the option it is about, because options take effect in this order.
    const auto forced = std::make_shared<bool>(false);
    detail::OptionSpec force =
        detail::option_spec("--force", "", "take a time to expire that is in the past");
    force.apply = [forced](const std::vector<std::string>&) -> Result<void> {
        *forced = true;
        return {};
    };
    node_->options.push_back(std::move(force));
    node_->options.push_back(one_value(
        names, "WHEN", help,
        [forced](const std::string& text) -> Result<std::uint64_t> {
            const std::uint64_t now = process_clock().unix_seconds();
            CODEX_TRY(when, parse_expiry(text, now));
            if (when != 0 && when <= now && !*forced)
                return fail(Error(Errc::usage, fmt::format("{} is not in the future", text))
                                .hint("the next gc would remove it; if you mean that, add "
                                      "--force"));
            return when;
        },
        [&target](std::uint64_t v) { target = {v, true}; }));
    return *this;
}

Command& Command::choice(const std::string& names, std::string& target,
                         const std::vector<std::string>& choices, const std::string& help) {
    const std::string all = fmt::format("{}", fmt::join(choices, "|"));
    detail::OptionSpec spec = one_value(
        names, all, help,
        [choices, all](const std::string& text) -> Result<std::string> {
            if (std::find(choices.begin(), choices.end(), text) == choices.end())
                return fail(Errc::usage, "'{}' is none of {}", text, all);
            return text;
        },
        [&target](const std::string& v) { target = v; });
    spec.choices = choices;
    node_->options.push_back(std::move(spec));
    return *this;
}

Command& Command::offers(std::vector<std::string> values) {
    node_->options.back().offered = std::move(values);
    return *this;
}

Command& Command::shows_settings() {
    node_->shows_settings = true;
    return *this;
}

Command& Command::only_needs(std::vector<std::string> settings) {
    node_->needs = std::move(settings);
    return *this;
}

Command& Command::checks_settings(std::function<Result<void>(Context&)> check) {
    node_->check = std::move(check);
    return *this;
}

Command& Command::setting(std::string variable, std::string other_variable) {
    node_->options.back().variable = std::move(variable);
    node_->options.back().other_variable = std::move(other_variable);
    return *this;
}

Command& Command::in_repo(std::string name) {
    node_->options.back().in_repo = std::move(name);
    return *this;
}

Command& Command::argument(const std::string& name, std::string& target, const std::string& help,
                           bool required) {
    node_->arguments.push_back(
        {name, help, required, false,
         [&target](const std::vector<std::string>& given) { target = given.front(); }});
    return *this;
}

Command& Command::arguments(const std::string& name, std::vector<std::string>& target,
                            const std::string& help, bool required) {
    node_->arguments.push_back(
        {name, help, required, true,
         [&target](const std::vector<std::string>& given) { target = given; }});
    return *this;
}

Command& Command::takes_output() {
    node_->takes_output = true;
    return *this;
}

Command& Command::takes_dry_run() {
    node_->takes_dry_run = true;
    return *this;
}

Command& Command::takes_unordered() {
    node_->takes_unordered = true;
    return *this;
}

Command& Command::takes_batch() {
    node_->takes_batch = true;
    return *this;
}

Command& Command::takes_log() {
    node_->takes_log = true;
    return *this;
}

Command& Command::run(std::function<Result<int>(Context&)> body) {
    node_->body = std::move(body);
    return *this;
}

} // namespace codex::cli
