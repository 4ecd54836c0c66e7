// The interface of a node over HTTP, as options say where it is and who may ask.
#pragma once

#include "http/server.hpp"
#include "node/rest/rest.hpp"
#include "serve.hpp"

#include <optional>

namespace codex::serve_tool {

struct ApiOptions {
    std::string bind_address = "127.0.0.1";
    std::uint64_t port = 8080;
    std::string cors_origin;
    std::vector<std::string> hosts;
    std::string token_file;
};

void declare_api_options(cli::Command& command, ApiOptions& options);

/// Lets the interface show the settings, what can be done about errors, and what is logged from now
/// on.
void show_to_browsers(cli::Context& context, node::rest::RestOptions& options);

/// The same, understood.
struct ApiSettings {
    std::optional<SocketAddress> at; ///< nothing: there is no such interface
    bool is_loopback = true;
    std::vector<std::string> more_hosts; ///< what this host may be called besides
    node::rest::AccessOptions access;
};
/// Reads the file of the token. Errors: usage, naming the option; permission, when others may read
/// that file; not_found, malformed.
[[nodiscard]] Result<ApiSettings> api_settings_of(const ApiOptions& options);

/// Errors: address_in_use, config_invalid, naming the address, with what to say instead.
[[nodiscard]] Result<std::unique_ptr<Acceptor>>
listen_for_api(cli::Context& context, Network& network, const ApiSettings& settings);

/// It answers from when it is made. Threads: the loop's.
class Api {
public:
    /// As node::rest::Rest and http::Server.
    Api(EventLoop& loop, std::unique_ptr<Acceptor> acceptor, node::Daemon& daemon,
        exchange::Peers& peers, repo::Repo& repo, Executor& executor,
        node::rest::RestOptions options, const log::Logger& log);

    /// "http://127.0.0.1:8080".
    [[nodiscard]] std::string url() const;
    [[nodiscard]] const node::rest::Rest& rest() const { return rest_; }
    void set_access(const node::rest::AccessOptions& access) { rest_.set_access(access); }
    void close() { server_.close(); }
    [[nodiscard]] std::size_t answering() const { return server_.answering(); }

private:
    node::rest::Rest rest_;
    http::Server server_; ///< the first to go
};

} // namespace codex::serve_tool
