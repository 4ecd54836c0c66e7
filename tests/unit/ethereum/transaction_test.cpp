#include "ethereum/transaction.hpp"

#include "crypto/hash/keccak256.hpp"
#include "ethereum/rlp.hpp"
#include "marketplace.hpp"
#include "must.hpp"

#include <gtest/gtest.h>

namespace codex::ethereum {
namespace {

using test::Json;
using test::must;
using test::must_fail;
using test::unhex;

UInt256 number(const Json& text) {
    return must(UInt256::from_text(text.get<std::string>()));
}

Transaction transaction_of(const Json& fields) {
    Transaction made;
    const bool typed = fields["type"] == 2;
    made.kind = typed ? TransactionKind::eip1559 : TransactionKind::legacy;
    made.chain_id = fields["chainId"];
    made.nonce = fields["nonce"];
    if (typed)
        made.max_priority_fee = number(fields["maxPriorityFeePerGas"]);
    made.max_fee = number(fields[typed ? "maxFeePerGas" : "gasPrice"]);
    made.gas_limit = number(fields["gasLimit"]).low();
    made.to = must(Address::from_text(fields["to"].get<std::string>()));
    made.value = number(fields["value"]);
    made.data = unhex(fields["data"]);
    return made;
}

PrivateKey key_of(const Json& address) {
    for (const auto& account : test::marketplace()["accounts"])
        if (account["address"] == address)
            return must(PrivateKey::from_scalar(unhex(account["privateKey"])));
    throw std::runtime_error("no such account");
}

TEST(Transaction, IsSignedAsOthersSignIt) {
    for (const auto& vector : test::marketplace()["transactions"]) {
        const Transaction made = transaction_of(vector["fields"]);
        EXPECT_EQ(unsigned_bytes(made), unhex(vector["unsigned"]));
        EXPECT_EQ(to_hex(signing_digest(made)), to_hex(unhex(vector["signingHash"])));
        const auto signed_one = sign(made, key_of(vector["signer"]));
        EXPECT_EQ(to_hex(signed_one.signature.r), to_hex(unhex(vector["signature"]["r"])));
        EXPECT_EQ(to_hex(signed_one.signature.s), to_hex(unhex(vector["signature"]["s"])));
        EXPECT_EQ(signed_one.signature.parity, vector["signature"]["yParity"]);
        const Bytes raw = encode(signed_one);
        EXPECT_EQ(raw, unhex(vector["raw"]));
        EXPECT_EQ(to_hex(crypto::keccak256(raw)), to_hex(unhex(vector["hash"])));
        const auto read = must(decode_transaction(raw));
        EXPECT_EQ(read, signed_one);
        EXPECT_EQ(must(sender(read)).text(), vector["signer"].get<std::string>());
    }
}

TEST(Transaction, WithoutReceiverMakesAContract) {
    for (const auto kind : {TransactionKind::legacy, TransactionKind::eip1559}) {
        Transaction made;
        made.kind = kind;
        made.chain_id = 31337;
        made.data = {0x60, 0x00};
        const auto key = must(PrivateKey::from_scalar(Bytes(32, 3)));
        const auto raw = encode(sign(made, key));
        EXPECT_EQ(must(decode_transaction(raw)).transaction, made);
        EXPECT_EQ(must(sender(must(decode_transaction(raw)))), key.address());
    }
}

TEST(Transaction, IsRefusedCutOffOrWithMoreBehindIt) {
    for (const auto& vector : test::marketplace()["transactions"]) {
        Bytes raw = unhex(vector["raw"]);
        for (std::size_t size = 0; size < raw.size(); ++size)
            EXPECT_FALSE(decode_transaction(BytesView(raw).first(size))) << size;
        raw.push_back(0);
        EXPECT_EQ(must_fail(decode_transaction(raw)).code(), Errc::transaction_invalid);
    }
    EXPECT_EQ(must_fail(decode_transaction(unhex("0x01c0"))).code(), Errc::unsupported);
}

TEST(Transaction, HasOneForm) {
    // Whatever is read with a byte changed is written as it was read.
    for (const auto& vector : test::marketplace()["transactions"]) {
        const Bytes raw = unhex(vector["raw"]);
        for (std::size_t at = 0; at < raw.size(); ++at)
            for (const unsigned bit : {0U, 3U, 7U}) {
                Bytes other = raw;
                other[at] = static_cast<std::uint8_t>(other[at] ^ (1U << bit));
                if (const auto read = decode_transaction(other)) {
                    EXPECT_EQ(encode(*read), other) << at;
                }
            }
    }
}

TEST(Rlp, KnownAnswers) {
    // Of Ethereum's yellow paper, appendix B, and where lengths grow by a byte.
    const auto bytes = [](BytesView of) {
        Bytes to;
        rlp::put_bytes(to, of);
        return to_hex(to);
    };
    const auto of_number = [](std::uint64_t of) {
        Bytes to;
        rlp::put_number(to, of);
        return to_hex(to);
    };
    EXPECT_EQ(bytes({}), "80");
    EXPECT_EQ(bytes(Bytes{0}), "00");
    EXPECT_EQ(bytes(Bytes{0x7f}), "7f");
    EXPECT_EQ(bytes(Bytes{0x80}), "8180");
    EXPECT_EQ(bytes(as_bytes("dog")), "83646f67");
    EXPECT_EQ(bytes(Bytes(55, 1)).substr(0, 4), "b701");
    EXPECT_EQ(bytes(Bytes(56, 1)).substr(0, 6), "b83801");
    EXPECT_EQ(bytes(Bytes(127, 1)).substr(0, 6), "b87f01");
    EXPECT_EQ(bytes(Bytes(128, 1)).substr(0, 6), "b88001");
    EXPECT_EQ(bytes(Bytes(256, 1)).substr(0, 8), "b9010001");
    EXPECT_EQ(of_number(0), "80");
    EXPECT_EQ(of_number(127), "7f");
    EXPECT_EQ(of_number(1024), "820400");
    Bytes list;
    rlp::put_list(list, unhex("83636174"
                              "83646f67"));
    EXPECT_EQ(to_hex(list), "c88363617483646f67");
}

TEST(Rlp, ReadsOneFormOnly) {
    const auto read = [](std::string_view hex) {
        const Bytes bytes = unhex(hex);
        return rlp::Reader(bytes).bytes().has_value();
    };
    EXPECT_TRUE(read("80"));
    for (const char* wrong : {"", "8100", "817f", "b800",
                              "b837"
                              "00",
                              "b90038", "b838", "83aabb", "bfffffffffffffffff", "c0", "ba000100"})
        EXPECT_FALSE(read(wrong)) << wrong;
    const auto read_number = [](std::string_view hex) {
        const Bytes bytes = unhex(hex);
        return rlp::Reader(bytes).number().has_value();
    };
    EXPECT_TRUE(read_number("820100"));
    EXPECT_TRUE(read_number("a0" + std::string(64, 'f')));
    EXPECT_FALSE(read_number("00"));
    EXPECT_FALSE(read_number("820001"));
    EXPECT_FALSE(read_number("a1" + std::string(66, 'f')));
    const Bytes string = unhex("83646f67");
    EXPECT_FALSE(rlp::Reader(string).list());
}

} // namespace
} // namespace codex::ethereum
