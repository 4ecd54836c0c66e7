// What a node shows to Prometheus, and what of it moves when something happens.
#include "exchange/fetch_fixture.hpp"
#include "http/server.hpp"
#include "node/metrics/exposition.hpp"
#include "node/metrics/metrics.hpp"

#include <gmock/gmock.h>

namespace codex::node::metrics {
namespace {

using codex::test::must;
using exchange::test::Dataset;
using exchange::test::Store;
using exchange::test::World;
using std::chrono::seconds;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Exposition, HasEveryMetricFromTheStart) {
    const std::string text = Exposition(1700000000).text();
    for (std::size_t i = 0; i < kMetricCount; ++i) {
        const Row& row = row_of(static_cast<Metric>(i));
        const std::string name(row.name);
        if (row.kind == Kind::histogram || !row.labels.empty())
            continue;
        const std::string shown = row.kind == Kind::counter ? name + "_total" : name;
        EXPECT_THAT(text, HasSubstr("\n" + shown + " 0\n"));
        EXPECT_THAT(text, HasSubstr(fmt::format("# HELP {} {}\n", shown, row.help)));
        EXPECT_THAT(text, HasSubstr(fmt::format("# TYPE {} {}\n", shown,
                                                row.kind == Kind::gauge ? "gauge" : "counter")));
    }
}

TEST(Exposition, WritesEachKindUnderItsNames) {
    Exposition of(1700000000);
    of.set(Metric::blocks_sent, 7);
    of.set(Metric::discovery_requests, 3);
    of.set(Metric::network_bytes, {"in"}, 1e15 + 1);
    of.set(Metric::network_bytes, {"out"}, 2);
    of.set(Metric::process_cpu, 1.5);
    net::HostTraffic traffic;
    traffic.queue_length.observe(1);
    traffic.queue_length.observe(1.5);
    traffic.queue_length.observe(513);
    of.set(Metric::mplex_qlen, traffic.queue_length);
    const std::string text = of.text();
    for (const char* line : {
             "codex_block_exchange_blocks_sent_total 7",
             "codex_block_exchange_blocks_sent_created 1700000000",
             "codex_block_exchange_discovery_requests_total 3",
             "codex_block_exchange_discovery_requests_total_total 3",
             "codex_block_exchange_discovery_requests_total_created 1700000000",
             "libp2p_network_bytes_total{direction=\"in\"} 1000000000000001",
             "libp2p_network_bytes_total{direction=\"out\"} 2",
             "libp2p_network_bytes_created{direction=\"out\"} 1700000000",
             "process_cpu_seconds_total 1.5",
             "libp2p_mplex_qlen_bucket{le=\"0\"} 0",
             "libp2p_mplex_qlen_bucket{le=\"1\"} 1",
             "libp2p_mplex_qlen_bucket{le=\"2\"} 2",
             "libp2p_mplex_qlen_bucket{le=\"512\"} 2",
             "libp2p_mplex_qlen_bucket{le=\"+Inf\"} 3",
             "libp2p_mplex_qlen_sum 515.5",
             "libp2p_mplex_qlen_count 3",
             "libp2p_mplex_qlen_created 1700000000",
         })
        EXPECT_THAT(text, HasSubstr(fmt::format("\n{}\n", line)));
    EXPECT_THAT(text, Not(HasSubstr("process_cpu_seconds_created")));
    EXPECT_THAT(text, Not(HasSubstr("codex_repostore_blocks_created")));
}

TEST(Exposition, WhatLabelsSayMakesNoOtherLines) {
    Exposition of(1);
    of.set(Metric::build_info, {"1\n2", "a\"b\\c"}, 1);
    EXPECT_THAT(of.text(),
                HasSubstr("\ncodex_build_info{version=\"1\\n2\",revision=\"a\\\"b\\\\c\"} 1\n"));
}

TEST(Agents, AreThoseThatAreToldApart) {
    EXPECT_EQ(net::agent_of("Codex/0.2"), net::Agent::codex);
    EXPECT_EQ(net::agent_of("js-libp2p/2.0 UserAgent=v20"), net::Agent::js_libp2p);
    EXPECT_EQ(net::agent_of("kubo/0.3"), net::Agent::kubo);
    EXPECT_EQ(net::agent_of(""), net::Agent::unknown);
    EXPECT_EQ(net::agent_of("code"), net::Agent::unknown);
    EXPECT_EQ(net::agent_of("codex\"} 1\nevil 2"), net::Agent::codex);
    EXPECT_EQ(net::agent_name(net::Agent::rust_libp2p), "rust-libp2p");
}

class MetricsTest : public ::testing::Test {
protected:
    MetricsTest() {
        there_.serve();
        here_.serve();
        MetricsOptions options;
        options.version = "1.2";
        options.revision = "abc";
        options.system = [this]() -> Result<SystemFigures> {
            if (broken_)
                return fail(Errc::io, "the disk is gone");
            SystemFigures figures;
            figures.open_files = 12;
            return figures;
        };
        metrics_ = std::make_unique<Metrics>(*here_.peers, *here_.server, here_.repo,
                                             here_.executor, std::move(options));
        auto acceptor = must(network_->listen({ip_, 80}));
        server_ = std::make_unique<http::Server>(world_.loop, std::move(acceptor), *metrics_);
    }
    /// The whole answer.
    std::string ask(std::string_view method, std::string_view path, std::string_view host = "x") {
        auto dialled =
            run_task(world_.loop, network_->connect({ip_, 80}, world_.loop.now() + seconds(60)));
        const std::unique_ptr<Socket> socket = must(std::move(*dialled));
        const std::string request = fmt::format(
            "{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", method, path, host);
        auto said = run_task(world_.loop, write_all(socket.get(), as_bytes(request),
                                                    world_.loop.now() + seconds(60)));
        must(std::move(*said));
        std::string all;
        for (const Clock::Instant until = world_.loop.now() + seconds(60);;) {
            Bytes room(100000);
            auto got = run_task(world_.loop, read_some(socket.get(), room, until));
            if (!*got || **got == 0)
                return all;
            all += as_text(BytesView(room).first(**got));
        }
    }
    /// What a line of /metrics that begins so says; -1, where there is none.
    double figure(const std::string& name) {
        const std::string all = ask("GET", "/metrics");
        const std::size_t at = all.find("\n" + name + " ");
        return at == std::string::npos ? -1 : std::stod(all.substr(at + name.size() + 2));
    }
    exchange::Fetch& fetch(const Dataset& data) {
        exchange::FetchOptions options;
        options.peers = {there_.address()};
        fetches_.push_back(std::make_unique<exchange::Fetch>(*here_.peers, here_.repo, data.cid,
                                                             std::move(options), codex::Job()));
        return *fetches_.back();
    }

    World world_{WireOptions{std::chrono::milliseconds(10)}};
    Store here_{world_, 1};
    Store there_{world_, 2};
    bool broken_ = false;
    std::array<std::uint8_t, 4> ip_{127, 0, 0, 1};
    std::unique_ptr<Network> network_ = world_.internet.host(ip_);
    std::unique_ptr<Metrics> metrics_;
    std::unique_ptr<http::Server> server_;
    std::vector<std::unique_ptr<exchange::Fetch>> fetches_;
};

TEST_F(MetricsTest, AnswersTwoPathsAndNamesOne) {
    const std::string metrics = ask("GET", "/metrics");
    EXPECT_THAT(metrics, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(metrics, HasSubstr("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
    EXPECT_THAT(metrics, HasSubstr("\ncodex_build_info{version=\"1.2\",revision=\"abc\"} 1\n"));
    EXPECT_THAT(metrics, HasSubstr("\nprocess_open_fds 12\n"));
    EXPECT_THAT(ask("GET", "/metrics?name=x"), StartsWith("HTTP/1.1 200 "));
    const std::string head = ask("HEAD", "/metrics");
    EXPECT_THAT(head, StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(head, EndsWith("\r\n\r\n"));
    EXPECT_THAT(ask("GET", "/health"), EndsWith("\r\n\r\nOK"));
    for (const char* path : {"/", "/metrics/", "/health/x", "/api/codex/v1/spr", "/%zz"}) {
        const std::string answer = ask("GET", path);
        EXPECT_THAT(answer, StartsWith("HTTP/1.1 404 ")) << path;
        EXPECT_THAT(answer, EndsWith("\r\n\r\nTry /metrics")) << path;
    }
    EXPECT_THAT(ask("POST", "/metrics"), StartsWith("HTTP/1.1 404 "));
}

/// A page of others that was led here by its own name reads nothing.
TEST_F(MetricsTest, AnswersToItsNamesAlone) {
    EXPECT_THAT(ask("GET", "/metrics", "elsewhere"), StartsWith("HTTP/1.1 200 "));
    metrics_->set_hosts({"localhost", "[::1]"});
    for (const char* host : {"localhost", "LOCALHOST:8008", "[::1]:1"})
        EXPECT_THAT(ask("GET", "/health", host), StartsWith("HTTP/1.1 200 ")) << host;
    for (const char* path : {"/metrics", "/health", "/"})
        for (const char* host : {"elsewhere", "localhost.elsewhere", "127.0.0.1"})
            EXPECT_THAT(ask("GET", path, host), StartsWith("HTTP/1.1 421 ")) << path << host;
}

TEST_F(MetricsTest, ShowsHowLateTheLoopWas) {
    EXPECT_EQ(figure("codex_event_loop_lag_seconds"), 0);
    world_.loop.post([this] { world_.clock.advance(seconds(3)); });
    const double late = figure("codex_event_loop_lag_seconds");
    EXPECT_GT(late, 2.8);
    EXPECT_LE(late, 3);
}

TEST_F(MetricsTest, SaysWhyThereIsNothingToShow) {
    broken_ = true;
    const std::string answer = ask("GET", "/metrics");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 500 "));
    EXPECT_THAT(answer, EndsWith("\r\n\r\nthe disk is gone"));
    EXPECT_THAT(ask("GET", "/health"), EndsWith("OK"));
}

TEST_F(MetricsTest, CountsWhatAFetchDoes) {
    const Dataset data(repo::test::seeds(1, 40));
    there_.store(data);
    EXPECT_EQ(figure("libp2p_peers"), 0);
    EXPECT_EQ(figure("codex_repostore_blocks"), 0);
    exchange::Fetch& fetching = fetch(data);
    must(world_.run(exchange::Fetch::run(&fetching)));
    EXPECT_EQ(figure("codex_block_exchange_blocks_received_total"), 41); // and the manifest
    EXPECT_EQ(figure("codex_repostore_blocks"), 41);
    EXPECT_EQ(figure("codex_repostore_datasets"), 1);
    EXPECT_GE(figure("codex_block_exchange_want_have_lists_sent_total") +
                  figure("codex_block_exchange_want_block_lists_sent_total"),
              2);
    EXPECT_GT(figure("codex_block_exchange_retrieval_time_us"), 0);
    EXPECT_EQ(figure("codex_block_exchange_pending_block_requests"), 0);
    EXPECT_EQ(figure("codex_block_exchange_requests_failed_total_total"), 0);
    EXPECT_EQ(figure("libp2p_peers"), 1);
    EXPECT_EQ(figure("libp2p_total_dial_attempts_total"), 1);
    EXPECT_EQ(figure("libp2p_successful_dials_total"), 1);
    EXPECT_EQ(figure("libp2p_failed_dials_total"), 0);
    EXPECT_EQ(figure("libp2p_peers_identity{agent=\"codex\"}"), 1);
    EXPECT_EQ(figure("libp2p_open_streams{type=\"ChronosStream\",dir=\"Out\"}"), 1);
    EXPECT_GE(figure("libp2p_open_streams{type=\"LPChannel\",dir=\"Out\"}"), 1);
    const std::string peer = there_.id().text();
    EXPECT_GE(figure("libp2p_mplex_channels{initiator=\"true\",peer=\"" + peer + "\"}"), 1);
    EXPECT_GE(figure("libp2p_mplex_qlen_count"), 1);
    EXPECT_EQ(figure("libp2p_mplex_qlen_count"), figure("libp2p_mplex_qtime_count"));
    const double content = 40.0 * static_cast<double>(repo::test::kBlock);
    const std::string exchanged = "protocol=\"/codex/blockexc/1.0.0\",direction=";
    EXPECT_GT(figure("libp2p_protocols_bytes_total{" + exchanged + "\"in\"}"), content);
    EXPECT_GT(figure("libp2p_protocols_bytes_total{" + exchanged + "\"out\"}"), 0);
    EXPECT_GT(figure("libp2p_network_bytes_total{direction=\"in\"}"), content);
    // What is counted by program is all there is.
    for (const char* way : {"in", "out"}) {
        double sum = 0;
        for (std::size_t i = 0; i < net::kAgentCount; ++i)
            sum += figure(fmt::format("libp2p_peers_traffic_{}_total{{agent=\"{}\"}}",
                                      way == std::string_view("in") ? "read" : "write",
                                      net::agent_name(static_cast<net::Agent>(i))));
        EXPECT_EQ(sum, figure(fmt::format("libp2p_network_bytes_total{{direction=\"{}\"}}", way)));
    }
}

TEST_F(MetricsTest, CountsWhatWasServed) {
    const Dataset data(repo::test::seeds(2, 10));
    here_.store(data);
    exchange::FetchOptions options;
    options.peers = {here_.address()};
    exchange::Fetch fetching(*there_.peers, there_.repo, data.cid, std::move(options),
                             codex::Job());
    must(world_.run(exchange::Fetch::run(&fetching)));
    EXPECT_EQ(figure("codex_block_exchange_blocks_sent_total"), 11);
    EXPECT_GT(figure("codex_block_exchange_bytes_sent_total"),
              10.0 * static_cast<double>(repo::test::kBlock));
    EXPECT_EQ(figure("codex_block_exchange_want_block_lists_received_total"), 11);
    EXPECT_GE(figure("codex_block_exchange_want_have_lists_received_total"), 1);
    EXPECT_EQ(figure("libp2p_open_streams{type=\"ChronosStream\",dir=\"In\"}"), 1);
}

TEST_F(MetricsTest, CountsWhatFails) {
    const Dataset data(repo::test::seeds(3, 4)); // nobody has it
    exchange::Fetch& fetching = fetch(data);
    EXPECT_FALSE(world_.run(exchange::Fetch::run(&fetching)));
    EXPECT_EQ(figure("codex_block_exchange_requests_failed_total"), 1);
    const net::Multiaddr nowhere =
        must(net::Multiaddr::from_text("/ip4/192.0.2.9/tcp/1")); // of no host
    const auto dialled = world_.run(here_.host->connect(
        must(net::PeerId::from_text("16Uiu2HAmLb6x8CmU6v6Mopiftir16SeBnhcat5dWwKCxbs3P8oRt")),
        {nowhere}, world_.loop.now() + seconds(20)));
    EXPECT_FALSE(dialled);
    EXPECT_EQ(figure("libp2p_failed_dials_total"), 1);
    EXPECT_EQ(figure("libp2p_total_dial_attempts_total"), 2);
    here_.host->count_limit(net::Limit::evicted, "somebody");
    EXPECT_EQ(figure("codex_limit_hits_total{limit=\"evicted\"}"), 1);
    EXPECT_EQ(figure("codex_limit_hits_total{limit=\"connections\"}"), 0);
}

} // namespace
} // namespace codex::node::metrics
