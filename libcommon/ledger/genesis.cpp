// A parsed document from outside is never copied or written out again: nlohmann does both by
// recursion, as deep as the document is. What is read of it is written anew, and has to be the
// same.
#include "ledger/genesis.hpp"

#include "base/hex.hpp"
#include "base/json_writer.hpp"
#include "base/printable.hpp"
#include "crypto/hash/keccak256.hpp"
#include "market/refusal.hpp"
#include "snark/groth16.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace codex::ledger {

using ethereum::Address;
using ethereum::UInt256;
using Json = nlohmann::json;

namespace {

constexpr std::array<std::string_view, 2> kClocks = {"wall", "manual"};
constexpr std::array<std::string_view, 2> kVerifiers = {"groth16", "test"};

Unexpected<Error> damaged(std::string_view what) {
    return fail(Errc::ledger_damaged, "{}", what);
}

/// Errors name the member.
Result<const Json*> member(const Json& of, const char* name) {
    const auto found = of.find(name);
    if (found == of.end())
        return fail(Errc::ledger_damaged, "{}: is missing", name);
    return &*found;
}

Result<std::string> text_in(const Json& of, const char* name) {
    CODEX_TRY(value, member(of, name));
    if (!value->is_string())
        return fail(Errc::ledger_damaged, "{}: not a text", name);
    return value->get<std::string>();
}

/// As JsonWriter writes it: a number, or its digits where that is above 2^53.
Result<std::uint64_t> number_in(const Json& of, const char* name) {
    CODEX_TRY(value, member(of, name));
    if (value->is_number_unsigned())
        return value->get<std::uint64_t>();
    if (value->is_string())
        if (const auto number = UInt256::from_text(value->get_ref<const std::string&>());
            number && number->fits_u64())
            return number->low();
    return fail(Errc::ledger_damaged, "{}: not a whole number", name);
}

Result<std::uint8_t> byte_in(const Json& of, const char* name) {
    CODEX_TRY(number, number_in(of, name));
    if (number > UINT8_MAX)
        return fail(Errc::ledger_damaged, "{}: above 255", name);
    return static_cast<std::uint8_t>(number);
}

Result<Address> address_in(const Json& of, const char* name) {
    CODEX_TRY(text, text_in(of, name));
    auto address = Address::from_text(text);
    if (!address)
        return fail(Errc::ledger_damaged, "{}: {}", name, address.error().text());
    return *address;
}

template <class Kind>
Result<Kind> kind_in(const Json& of, const char* name, const std::array<std::string_view, 2>& all) {
    CODEX_TRY(text, text_in(of, name));
    for (std::size_t i = 0; i < all.size(); ++i)
        if (text == all[i])
            return static_cast<Kind>(i);
    return fail(Errc::ledger_damaged, "{}: unknown", name);
}

Result<market::Configuration> configuration_in(const Json& of) {
    CODEX_TRY(all, member(of, "configuration"));
    CODEX_TRY(collateral, member(*all, "collateral"));
    CODEX_TRY(proofs, member(*all, "proofs"));
    CODEX_TRY(reservations, member(*all, "reservations"));
    market::Configuration read;
    CODEX_SET(read.repair_reward_percentage, byte_in(*collateral, "repairRewardPercentage"));
    CODEX_SET(read.max_number_of_slashes, byte_in(*collateral, "maxNumberOfSlashes"));
    CODEX_SET(read.slash_percentage, byte_in(*collateral, "slashPercentage"));
    CODEX_SET(read.validator_reward_percentage, byte_in(*collateral, "validatorRewardPercentage"));
    CODEX_SET(read.period, number_in(*proofs, "period"));
    CODEX_SET(read.timeout, number_in(*proofs, "timeout"));
    CODEX_SET(read.downtime, byte_in(*proofs, "downtime"));
    CODEX_SET(read.downtime_product, byte_in(*proofs, "downtimeProduct"));
    CODEX_SET(read.zkey_hash, text_in(*proofs, "zkeyHash"));
    CODEX_SET(read.max_reservations, byte_in(*reservations, "maxReservations"));
    CODEX_SET(read.request_duration_limit, number_in(*all, "requestDurationLimit"));
    return read;
}

void write(JsonWriter& json, const market::Configuration& of) {
    json.key("configuration").begin_object();
    json.key("collateral").begin_object();
    json.member("repairRewardPercentage", of.repair_reward_percentage);
    json.member("maxNumberOfSlashes", of.max_number_of_slashes);
    json.member("slashPercentage", of.slash_percentage);
    json.member("validatorRewardPercentage", of.validator_reward_percentage);
    json.end_object().key("proofs").begin_object();
    json.member("period", of.period).member("timeout", of.timeout);
    json.member("downtime", of.downtime).member("downtimeProduct", of.downtime_product);
    json.member("zkeyHash", of.zkey_hash);
    json.end_object().key("reservations").begin_object();
    json.member("maxReservations", of.max_reservations);
    json.end_object();
    json.member("requestDurationLimit", of.request_duration_limit);
    json.end_object();
}

Result<std::map<Address, UInt256>> balances_in(const Json& of) {
    CODEX_TRY(all, member(of, "balances"));
    if (!all->is_object())
        return damaged("balances: not an object");
    if (all->size() > Genesis::kMostBalances)
        return damaged("balances: too many");
    std::map<Address, UInt256> balances;
    for (const auto& [key, value] : all->items()) {
        const auto address = Address::from_text(key);
        const auto amount = value.is_string()
                                ? UInt256::from_text(value.get_ref<const std::string&>())
                                : Result<UInt256>(fail(Errc::amount_invalid));
        if (!address || !amount)
            return damaged("balances: not an account and an amount");
        balances[*address] = *amount;
    }
    return balances;
}

Result<Genesis> read(const Json& json) {
    CODEX_TRY(version, number_in(json, "version"));
    if (version != Genesis::kVersion)
        return fail(Errc::ledger_version, "is a ledger of format {}, and this reads format {}",
                    version, Genesis::kVersion);
    Genesis genesis;
    CODEX_SET(genesis.name, text_in(json, "name"));
    CODEX_SET(genesis.start, number_in(json, "start"));
    CODEX_SET(genesis.block_seconds, number_in(json, "blockSeconds"));
    CODEX_SET(genesis.clock, kind_in<ClockKind>(json, "clock", kClocks));
    CODEX_SET(genesis.token, address_in(json, "token"));
    CODEX_SET(genesis.marketplace, address_in(json, "marketplace"));
    if (json.contains("vault")) {
        CODEX_SET(genesis.vault, address_in(json, "vault"));
        CODEX_SET(genesis.vault_owner, address_in(json, "vaultOwner"));
    }
    CODEX_SET(genesis.configuration, configuration_in(json));
    CODEX_SET(genesis.verifier, kind_in<VerifierKind>(json, "verifier", kVerifiers));
    if (json.contains("verifyingKey"))
        CODEX_SET(genesis.verifying_key, text_in(json, "verifyingKey"));
    CODEX_SET(genesis.balances, balances_in(json));
    return genesis;
}

} // namespace

std::string Genesis::text() const {
    JsonWriter json;
    json.begin_object().member("version", kVersion).member("name", name);
    json.member("start", start).member("blockSeconds", block_seconds);
    json.member("clock", kClocks[static_cast<std::size_t>(clock)]);
    json.member("token", token.text()).member("marketplace", marketplace.text());
    if (vault)
        json.member("vault", vault->text()).member("vaultOwner", vault_owner.text());
    write(json, configuration);
    json.member("verifier", kVerifiers[static_cast<std::size_t>(verifier)]);
    if (!verifying_key.empty())
        json.member("verifyingKey", verifying_key);
    json.key("balances").begin_object();
    for (const auto& [account, amount] : balances)
        json.member(account.text(), amount.text());
    json.end_object().end_object();
    return std::move(json).text() + "\n";
}

Result<Genesis> Genesis::from_text(std::string_view text) {
    if (text.size() > kMostBytes)
        return fail(Errc::limit_exceeded, "a genesis of more than {} bytes", kMostBytes);
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object())
        return damaged("not a JSON object");
    CODEX_TRY(genesis, read(json));
    if (auto right = genesis.check(); !right)
        return damaged(right.error().text());
    if (genesis.text() != text)
        return damaged("not in the one form that it has");
    return genesis;
}

Result<void> Genesis::check() const {
    const auto wrong = [](std::string_view what) { return fail(Errc::config_invalid, "{}", what); };
    if (name.size() > kMostNameBytes || printable(name) != name)
        return wrong("name: longer than 255 bytes, or with characters that steer a terminal");
    if (block_seconds == 0 || block_seconds > kMostBlockSeconds)
        return wrong("a block takes 1 to 86400 seconds");
    if (start > kMostStart)
        return wrong("start: too late");
    if (token.is_zero() || marketplace.is_zero() || (vault && vault->is_zero()))
        return wrong("no contract is at the address of zeros");
    if (token == marketplace || vault == token || vault == marketplace)
        return wrong("each contract has an address of its own");
    if (vault.has_value() == vault_owner.is_zero())
        return wrong("a vault has an owner, and no vault has none");
    if (configuration.zkey_hash.size() > kMostNameBytes ||
        printable(configuration.zkey_hash) != configuration.zkey_hash)
        return wrong("zkeyHash: longer than 255 bytes, or with characters that steer a terminal");
    if (const auto data = market::Contracts::refusal(configuration, kFirstBlock)) {
        const market::Refusal refusal = market::refusal_of(*data);
        const Error why = refusal.error();
        return fail(Error(Errc::config_invalid,
                          fmt::format("the contract refuses it: {}: {}", refusal.name, why.text()))
                        .way_out_of(why));
    }
    if ((verifier == VerifierKind::test) != verifying_key.empty())
        return wrong("a key goes with Groth16, and none with the verifier for tests");
    if (verifier == VerifierKind::groth16)
        if (auto key = snark::verifying_key_from_json(verifying_key); !key)
            return fail(Errc::key_invalid, "verifying key: {}", key.error().text());
    if (balances.size() > kMostBalances)
        return wrong("more than 4096 first balances");
    UInt256 supply;
    for (const auto& [account, amount] : balances) {
        if (account.is_zero() || amount == UInt256())
            return wrong("a first balance is of an account, and more than nothing");
        const auto sum = checked_add(supply, amount);
        if (!sum)
            return fail(Errc::amount_invalid, "all first balances together are 2^256 or more");
        supply = *sum;
    }
    if (text().size() > kMostBytes)
        return wrong("longer than 1 MiB");
    return {};
}

Digest Genesis::hash() const {
    return crypto::keccak256(as_bytes(text()));
}

std::uint64_t Genesis::block_at(std::uint64_t unix_seconds) const {
    return unix_seconds <= start ? kFirstBlock
                                 : kFirstBlock + (unix_seconds - start) / block_seconds;
}

std::uint64_t Genesis::time_of(std::uint64_t block) const {
    return start + (block - kFirstBlock) * block_seconds;
}

} // namespace codex::ledger
