// codex-market init: a ledger, and the market on it.
#include "base/units.hpp"
#include "market.hpp"
#include "names.hpp"
#include "options.hpp"
#include "proving_key.hpp"
#include "session.hpp"
#include "terms_text.hpp"

#include <memory>

namespace codex::market_tool {

namespace {

/// Those that the network's own test chain gives to token and market.
constexpr std::string_view kToken = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
constexpr std::string_view kMarketplace = "0x9fE46736679d2D9a65F0992F2272dE9f3c7fa6e0";

struct InitOptions {
    LedgerOption ledger;
    KeyOptions key;
    std::string name = "codex";
    std::string clock = "wall";
    cli::DurationValue block_time{1, false};
    std::string start;
    std::vector<std::string> balances;
    std::string token{kToken};
    std::string marketplace{kMarketplace};
    cli::DurationValue period{90, false}; // these four as on the network's own test chain
    cli::DurationValue timeout{30, false};
    cli::DurationValue duration_limit{2592000, false};
    std::uint64_t repair_reward = 10;
    std::uint64_t slashes = 2;
    std::uint64_t slash = 20;
    std::uint64_t validator_reward = 20;
    std::uint64_t downtime = 96;
    std::uint64_t downtime_product = 97;
    std::uint64_t reservations = 3;
};

Result<std::uint8_t> small(std::string_view option, std::uint64_t value) {
    if (value > UINT8_MAX)
        return fail(Errc::usage, "{}: {} is more than 255", option, value);
    return static_cast<std::uint8_t>(value);
}

Result<void> set_configuration(const InitOptions& options, market::Configuration& to) {
    CODEX_SET(to.repair_reward_percentage,
              small("--repair-reward-percentage", options.repair_reward));
    CODEX_SET(to.max_number_of_slashes, small("--max-number-of-slashes", options.slashes));
    CODEX_SET(to.slash_percentage, small("--slash-percentage", options.slash));
    CODEX_SET(to.validator_reward_percentage,
              small("--validator-reward-percentage", options.validator_reward));
    to.period = options.period.seconds;
    to.timeout = options.timeout.seconds;
    CODEX_SET(to.downtime, small("--downtime", options.downtime));
    CODEX_SET(to.downtime_product, small("--downtime-product", options.downtime_product));
    CODEX_SET(to.max_reservations, small("--max-reservations", options.reservations));
    to.request_duration_limit = options.duration_limit.seconds;
    return {};
}

Result<void> add_balance(ledger::Genesis& genesis, const std::string& text) {
    const std::size_t sign = text.find('=');
    if (sign == std::string::npos)
        return fail(Error(Errc::usage, fmt::format("--mint: '{}' is no ACCOUNT=AMOUNT", text))
                        .hint("for example: --mint "
                              "0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1000tst"));
    auto account = account_from_text(std::string_view(text).substr(0, sign));
    if (!account)
        return fail(cli::bad_value("--mint", account.error()));
    auto amount = amount_from_text(std::string_view(text).substr(sign + 1));
    if (!amount)
        return fail(cli::bad_value("--mint", amount.error()));
    UInt256& balance = genesis.balances[*account];
    const auto sum = checked_add(balance, *amount);
    if (!sum)
        return fail(Errc::usage, "--mint: {} would have 2^256 and more", account->text());
    balance = *sum;
    if (balance == 0)
        genesis.balances.erase(*account);
    return {};
}

Result<Address> contract(std::string_view option, const std::string& text) {
    auto address = account_from_text(text);
    if (!address)
        return fail(cli::bad_value(option, address.error()));
    return address;
}

Result<ledger::Genesis> genesis_of(cli::Context& context, const InitOptions& options) {
    ledger::Genesis genesis;
    genesis.name = options.name;
    CODEX_CHECK(set_configuration(options, genesis.configuration));
    CODEX_CHECK(options.key.set(genesis));
    genesis.block_seconds = options.block_time.seconds;
    genesis.clock = options.clock == "manual" ? ledger::ClockKind::manual : ledger::ClockKind::wall;
    genesis.start = context.clock().unix_seconds();
    if (!options.start.empty()) {
        auto start = parse_expiry(options.start, genesis.start);
        if (!start)
            return fail(cli::bad_value("--start", start.error()));
        genesis.start = *start;
    }
    CODEX_SET(genesis.token, contract("--token-address", options.token));
    CODEX_SET(genesis.marketplace, contract("--marketplace-address", options.marketplace));
    for (const std::string& text : options.balances)
        CODEX_CHECK(add_balance(genesis, text));
    // It is made of options, so what is wrong in it is wrong on the command line.
    if (auto right = genesis.check(); !right)
        return fail(Error(Errc::usage, right.error().text()).way_out_of(right.error()));
    return genesis;
}

Result<int> run_init(cli::Context& context, const InitOptions& options) {
    CODEX_TRY(path, ledger_path(context));
    CODEX_TRY(genesis, genesis_of(context, options));
    context.about(path);
    auto repo = context.repo_path();
    if (repo && path == *repo + "/ledger")
        CODEX_CHECK(make_private_folder(*repo));
    CODEX_TRY(made, ledger::Ledger::create(path, genesis, ledger_options(context)));
    warn_of_flaws(context, genesis);
    CODEX_CHECK(context.print(cli::Record("ledger")
                                  .field("folder", path)
                                  .field("head", text_of(genesis.hash()))
                                  .field("marketplace", genesis.marketplace.text())
                                  .field("token", genesis.token.text())
                                  .json("name", genesis.name)));
    return 0;
}

void declare_configuration(cli::Command& command, InitOptions& options) {
    command.option("--period DURATION", options.period, "in each a proof may be owed; default 90s")
        .option("--timeout DURATION", options.timeout,
                "so long after it one can be marked as missing; default 30s")
        .option("--downtime N", options.downtime, "blocks of 256 without proofs; default 96")
        .option("--downtime-product N", options.downtime_product,
                "how a period moves the pointer, a prime; default 97")
        .option("--slash-percentage N", options.slash, "of the collateral, a miss; default 20")
        .option("--max-number-of-slashes N", options.slashes,
                "so many misses, and a slot is freed; default 2")
        .option("--validator-reward-percentage N", options.validator_reward,
                "of that, for who marks a miss; default 20")
        .option("--repair-reward-percentage N", options.repair_reward,
                "off the collateral of who fills a freed slot; default 10")
        .option("--max-reservations N", options.reservations, "of a slot; default 3")
        .option("--request-duration-limit DURATION", options.duration_limit, "default 30d");
}

} // namespace

void declare_init(cli::Command& root) {
    const auto options = std::make_shared<InitOptions>();
    cli::Command& init = root.command("init", "make a ledger, and a market on it");
    options->ledger.declare(init);
    options->key.declare(init);
    init.option("--mint ACCOUNT=AMOUNT", options->balances,
                "tokens that an account begins with; may be repeated")
        .option("--name TEXT", options->name, "what the ledger is called")
        .choice("--clock", options->clock, {"wall", "manual"},
                "the time of who calls, or what `ledger advance` says")
        .option("--block-time DURATION", options->block_time, "of a block; default 1s")
        .option("--start WHEN", options->start, "when time begins; default: now");
    declare_configuration(init, *options);
    init.option("--marketplace-address CONTRACT", options->marketplace, "of the marketplace")
        .option("--token-address CONTRACT", options->token, "of the token")
        .example("codex-market init --circuit-dir circuit")
        .example("codex-market init --verifier test --clock manual --mint "
                 "0x70997970C51812dc3A010C7d01b50e0d17dc79C8=1000tst")
        .run([options](cli::Context& context) { return run_init(context, *options); });
}

} // namespace codex::market_tool
