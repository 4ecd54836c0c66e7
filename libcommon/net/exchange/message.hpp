// Messages of block exchange, and how they are written (codex-exchange(7), MESSAGES). Reading is in
// net/exchange/decoder.hpp.
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "codec/cid.hpp"

#include <optional>
#include <span>
#include <vector>

namespace codex::net::exchange {

constexpr std::string_view kBlockExchange = "/codex/blockexc/1.0.0";

/// A longer message is not read by anybody.
constexpr std::size_t kMaxMessageBytes = 100 * 1024 * 1024;
/// What one message of ours has at the most; more is read (codex-exchange(7), SIZES).
constexpr std::size_t kMaxBlocksWritten = 20;
constexpr std::size_t kMaxEntriesWritten = 1024;
/// Largest index: larger ones crash other nodes.
constexpr std::uint64_t kMaxIndex = INT64_MAX;
constexpr std::size_t kPriceBytes = 32;

/// Which block: by its CID, or as a leaf of a tree.
struct BlockAddress {
    Cid cid; ///< of the block; of a leaf that of the tree
    bool leaf = false;
    std::uint64_t index = 0; ///< of a leaf; at most kMaxIndex

    friend bool operator==(const BlockAddress&, const BlockAddress&) = default;
    friend auto operator<=>(const BlockAddress&, const BlockAddress&) = default;
};

enum class WantType : std::uint8_t { block = 0, have = 1 };

/// One entry of a want list.
struct Want {
    BlockAddress address;
    bool cancel = false; ///< forget an earlier one; written with WantType::have
    WantType type = WantType::block;
    bool send_dont_have = false; ///< say so, when it is not there

    friend bool operator==(const Want&, const Want&) = default;
};

/// Whether a block is there.
struct Presence {
    BlockAddress address;
    bool have = true;
    /// Of the block, the highest byte first; always 0 in this network.
    std::array<std::uint8_t, kPriceBytes> price{};

    friend bool operator==(const Presence&, const Presence&) = default;
};

/// A block. What are views outlives this.
struct Delivery {
    Cid cid; ///< of the block, of a leaf, too
    BytesView data;
    BlockAddress address; ///< as it was asked for
    BytesView proof;      ///< of a leaf: codex-tree(5), ENCODINGS
    /// Of one that is read: the memory of the views, where they may have it for themselves. Whoever
    /// moves it away keeps it and them, and it is empty for others.
    Bytes* memory = nullptr;
};

/// A message to write.
struct Message {
    std::vector<Want> wants;
    bool full = false; ///< the list is all that is wanted, and not an addition
    std::vector<Delivery> deliveries;
    std::vector<Presence> presences;
    Bytes account; ///< 20 bytes, or none; it asks for payment, which this network has not
};

/// The message, byte for byte as the reference writes it, without a length in front. Addresses are
/// within their bounds, and there are no more than kMaxBlocksWritten blocks: kMaxEntriesWritten is
/// for the caller to heed, whose lists are cut elsewhere.
[[nodiscard]] Bytes encode(const Message& message);
/// The same with its length in front, as it goes into the stream.
[[nodiscard]] Bytes encode_framed(const Message& message);

/// A message of blocks whose bytes are put into place by the caller, as they come from the disk:
/// first head() of the message, then for each block its head, data and tail, then tail().
/// Threads: one at a time.
class DeliveryMessage {
public:
    /// A block's fields in front of its data and behind them.
    struct Part {
        Bytes head;
        std::size_t data_bytes = 0;
        Bytes tail;
        [[nodiscard]] std::size_t size() const { return head.size() + data_bytes + tail.size(); }
    };
    /// Adds a block of `data_bytes`; `proof` only of a leaf. Returns its part, valid until the next
    /// call. There is room for kMaxBlocksWritten.
    const Part& add(const Cid& cid, std::size_t data_bytes, const BlockAddress& address,
                    BytesView proof);

    [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }
    /// Of the whole message, its length in front not counted.
    [[nodiscard]] std::size_t size() const;
    /// The length, and what is in front of the blocks.
    [[nodiscard]] Bytes head() const;
    [[nodiscard]] static Bytes tail();

private:
    std::vector<Part> parts_;
};

} // namespace codex::net::exchange
