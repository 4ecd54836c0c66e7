#include "serve.hpp"

#include "base/printable.hpp"
#include "base/units.hpp"
#include "net/identity/key_file.hpp"
#include "repo/repo.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace codex::serve_tool {

Result<std::string> key_path(const cli::Context& context, const std::string& given) {
    if (!given.empty())
        return given;
    CODEX_TRY(repo, context.repo_path());
    return repo + "/node/key";
}

Result<std::string> new_key_path(const cli::Context& context, const std::string& given) {
    CODEX_TRY(path, key_path(context, given));
    CODEX_TRY(repo, context.repo_path());
    if (path != repo + "/node/key")
        CODEX_CHECK(context.require_outside_of_repo(path));
    if (!given.empty())
        return path;
    repo::OpenOptions options;
    options.read_only = true;
    CODEX_CHECK(repo::Repo::open(repo, options)); // no folder where there is no repo
    const std::string folder = repo + "/node";
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(system_error(errno, "make " + folder));
    return path;
}

namespace {

/// The key of a node that keeps it and the repo in one folder (codex-serve(1), run); empty, where
/// the repo is none of such a folder.
std::string key_beside(std::string repo) {
    while (repo.size() > 1 && repo.ends_with('/'))
        repo.pop_back();
    const std::size_t slash = repo.rfind('/');
    if ((slash == repo.npos ? repo : repo.substr(slash + 1)) != "repo")
        return {};
    std::string key = slash == repo.npos ? std::string("key") : repo.substr(0, slash) + "/key";
    return net::read_key_file(key) ? key : std::string();
}

} // namespace

Result<net::SecretKey> read_node_key(cli::Context& context, const std::string& given,
                                     std::string_view command) {
    CODEX_TRY(path, key_path(context, given));
    context.about(path);
    auto key = net::read_key_file(path);
    if (!key && key.error().code() == Errc::not_found && given.empty()) {
        CODEX_TRY(repo, context.repo_path());
        if (const std::string beside = key_beside(repo); !beside.empty())
            return fail(std::move(key.error())
                            .hint(fmt::format("that of --data-dir is beside the repo: {} {}",
                                              command, shell_quoted(beside))));
    }
    if (!key && key.error().code() == Errc::not_found && given.empty())
        return fail(std::move(key.error()).remedy(Remedy::make_node_key));
    if (!key && key.error().code() == Errc::not_found)
        return fail(std::move(key.error())
                        .remedy(Remedy(Remedy::make_node_key)
                                    .by(fmt::format("codex-serve key new {}", shell_quoted(given))))
                        .remedy(Remedy::name_file));
    if (key)
        context.about({}); // what comes next is about something else
    return key;
}

Error key_not_made(Error error, const std::string& path) {
    const std::string folder = path.substr(0, path.rfind('/') == path.npos ? 0 : path.rfind('/'));
    if (error.code() == Errc::exists)
        return std::move(error)
            .remedy(Remedy::name_output)
            .remedy(Remedy(Remedy::describe_file, "see whose it is")
                        .by(fmt::format("codex-serve key show {}", shell_quoted(path))));
    if (error.code() == Errc::cannot_create && !folder.empty() &&
        ::access(folder.c_str(), F_OK) != 0)
        return std::move(error).remedy(Remedy(Remedy::make_folder).of(folder));
    return error;
}

namespace {

/// Without the blanks around it, and around an equals sign in it.
std::string trimmed(std::string_view text) {
    const auto without = [](std::string_view part) {
        part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
        return part.substr(0, part.find_last_not_of(' ') + 1);
    };
    const std::size_t equals = text.find('=');
    if (equals == text.npos)
        return std::string(without(text));
    return fmt::format("{}={}", without(text.substr(0, equals)), without(text.substr(equals + 1)));
}

} // namespace

Error not_permitted(Error error, std::uint16_t port, std::string_view instead) {
    constexpr std::uint16_t kFree = 1024; // from here on all may, unless the host says otherwise
    if (error.code() != Errc::permission || port == 0 || port >= kFree)
        return error;
    return std::move(error).hint(
        fmt::format("name a port of {} or more, which all users may take: {}", kFree, instead));
}

Result<std::vector<std::string>> split_list(std::string_view option, std::string_view what,
                                            const std::vector<std::string>& values) {
    std::vector<std::string> parts;
    for (std::string_view value : values) {
        if (value.ends_with('\n')) // of the last line
            value.remove_suffix(1);
        for (std::size_t at = 0; at <= value.size();) {
            const std::size_t end = std::min(value.find_first_of(",\n", at), value.size());
            const std::string part = trimmed(value.substr(at, end - at));
            if (part.empty())
                return fail(Error(Errc::usage, fmt::format("{}: {} is empty", option, what))
                                .hint("perhaps it is a variable that was never set, or a comma "
                                      "too many"));
            if (part.find(' ') != part.npos)
                return fail(
                    Error(Errc::usage, fmt::format("{}: \"{}\" is no {}: it has a blank in it",
                                                   option, part, what))
                        .hint("several are given with commas between them"));
            parts.push_back(part);
            at = end + 1;
        }
    }
    return parts;
}

std::optional<SocketAddress> parse_ip(const std::string& text, std::uint16_t port) {
    std::array<std::uint8_t, 16> ip{};
    if (::inet_pton(AF_INET, text.c_str(), ip.data()) == 1)
        return SocketAddress(BytesView(ip).first(4), port);
    if (::inet_pton(AF_INET6, text.c_str(), ip.data()) == 1)
        return SocketAddress(ip, port);
    return std::nullopt;
}

Result<Target> parse_target(const std::string& text) {
    CODEX_TRY(address, net::Multiaddr::from_text(text));
    const auto peer = address.peer();
    const auto rest = address.without_peer();
    if (!peer || !rest)
        return fail(Error(Errc::multiaddr_invalid, fmt::format("{}: names no peer", text))
                        .hint("put /p2p/ and the id of the node behind it; where it runs, all "
                              "of it is shown: codex-serve --repo OTHER health"));
    const auto endpoint = rest->tcp_endpoint();
    if (!endpoint || endpoint->port == 0)
        return fail(Error(Errc::multiaddr_invalid,
                          fmt::format("{}: not an IP address or a host name, and a TCP port", text))
                        .hint("an address looks like /ip4/192.0.2.7/tcp/8070/p2p/16Uiu2HA..."));
    return Target{*peer, *rest};
}

Remedy longer_than(std::uint64_t seconds) {
    constexpr std::uint64_t kLongest = std::uint64_t{1} << 32;
    return Remedy(Remedy::wait_longer, "give it longer")
        .by("--timeout " + format_duration(2 * std::clamp<std::uint64_t>(seconds, 1, kLongest)));
}

Error with_way_to_node(Error error, std::uint64_t seconds) {
    if (error.has_way_out())
        return error;
    if (error.code() == Errc::timeout)
        return std::move(error)
            .remedy(longer_than(seconds))
            .remedy(
                Remedy(Remedy::show_node, "or see there whether it runs, and at which address"));
    if (error.code() == Errc::peer_wrong)
        return std::move(error).remedy(
            Remedy(Remedy::show_node,
                   "see the address of the node that is meant there, which ends in its id"));
    if (error.code() != Errc::unavailable)
        return error;
    return std::move(error).hint(
        "see there whether it runs, and at which address, for its port may "
        "be another one each time: codex-serve --repo OTHER health");
}

Result<std::unique_ptr<Node>> Node::make(const cli::Context& context, net::SecretKey key,
                                         net::HostOptions options) {
    auto node = std::make_unique<Node>(context.clock());
    options.logger = context.log().with_topics("libp2p");
    CODEX_SET(node->host,
              net::Host::make(std::move(key), node->network, Random::system(), std::move(options)));
    return node;
}

Result<std::unique_ptr<Node>> Node::anonymous(const cli::Context& context) {
    CODEX_TRY(key, net::SecretKey::generate(Random::system()));
    return make(context, std::move(key), {});
}

} // namespace codex::serve_tool
