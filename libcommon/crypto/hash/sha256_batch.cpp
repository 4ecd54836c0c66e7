// Many messages at once: messages wait in a line, take a free lane of the widest kernel that is
// worth it, and leave it when they are done. So messages of any lengths keep the lanes filled; of
// equal lengths they go through in step.
#include "crypto/hash/sha256.hpp"

#include "base/endian.hpp"
#include "base/error.hpp"
#include "crypto/hash/detail/sha256_dispatch.hpp"

#include <algorithm>

namespace codex::crypto {

namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxLanes = detail::kSha256MaxLanes;

/// A message on its way: first its whole blocks where they lie, then its padded end.
struct Stream {
    std::uint32_t state[8];
    const std::uint8_t* data;
    std::size_t blocks; ///< left in the present part
    std::size_t tail_blocks;
    Digest* digest;
    std::uint8_t tail[2 * kBlockBytes];

    void start(BytesView message, Digest& to) {
        std::memcpy(state, detail::kSha256Initial, sizeof state);
        digest = &to;
        data = message.data();
        blocks = message.size() / kBlockBytes;
        const std::size_t rest = message.size() % kBlockBytes;
        tail_blocks = rest + 1 + kLengthBytes <= kBlockBytes ? 1 : 2;
        std::memset(tail, 0, sizeof tail);
        if (rest != 0)
            std::memcpy(tail, data + blocks * kBlockBytes, rest);
        tail[rest] = 0x80;
        store_be(tail + tail_blocks * kBlockBytes - kLengthBytes,
                 static_cast<std::uint64_t>(message.size()) * 8);
        if (blocks == 0)
            begin_tail();
    }
    void begin_tail() {
        data = tail;
        blocks = tail_blocks;
        tail_blocks = 0;
    }
    /// After `count` blocks: true when the message is done and its digest written.
    bool advance(std::size_t count) {
        data += count * kBlockBytes;
        blocks -= count;
        if (blocks != 0)
            return false;
        if (tail_blocks != 0) {
            begin_tail();
            return false;
        }
        for (std::size_t word = 0; word < 8; ++word)
            store_be(digest->data() + 4 * word, state[word]);
        return true;
    }
};

/// The streams at work: the first `count` of `active`; the others are free.
struct Lanes {
    std::array<Stream, kMaxLanes> streams;
    std::array<Stream*, kMaxLanes> active;
    std::size_t count = 0;

    Lanes() {
        for (std::size_t i = 0; i < kMaxLanes; ++i)
            active[i] = &streams[i];
    }
};

/// Takes the first `used` active streams as far as the shortest goes, in one call of a kernel.
/// Lanes beyond them repeat the first one's data into a scratch state.
void step(const detail::Sha256Kernels& kernels, Lanes& lanes) {
    const detail::Sha256Wide* wide = kernels.wide;
    while (wide->lanes != 0 && lanes.count < wide->worth_from)
        ++wide;
    const std::size_t width = wide->lanes != 0 ? wide->lanes : 1;
    const std::size_t used = std::min(width, lanes.count);
    std::size_t blocks = lanes.active[0]->blocks;
    for (std::size_t i = 1; i < used; ++i)
        blocks = std::min(blocks, lanes.active[i]->blocks);

    if (width == 1) {
        kernels.compress(lanes.active[0]->state, lanes.active[0]->data, blocks);
    } else {
        std::array<std::uint32_t*, kMaxLanes> states;
        std::array<const std::uint8_t*, kMaxLanes> data;
        std::uint32_t scratch[8] = {};
        for (std::size_t i = 0; i < width; ++i) {
            states[i] = i < used ? lanes.active[i]->state : scratch;
            data[i] = lanes.active[i < used ? i : 0]->data;
        }
        wide->compress(states.data(), data.data(), blocks);
    }
    // Done streams change places with the last active one.
    for (std::size_t i = used; i-- > 0;)
        if (lanes.active[i]->advance(blocks))
            std::swap(lanes.active[i], lanes.active[--lanes.count]);
}

} // namespace

void sha256_many(std::span<const BytesView> messages, std::span<Digest> digests) {
    CODEX_ASSERT(messages.size() == digests.size());
    const detail::Sha256Kernels& kernels = detail::sha256_kernels();
    const std::size_t width = std::max<std::size_t>(kernels.wide->lanes, 1);
    Lanes lanes;
    for (std::size_t next = 0; next < messages.size() || lanes.count != 0;) {
        for (; lanes.count < width && next < messages.size(); ++next)
            lanes.active[lanes.count++]->start(messages[next], digests[next]);
        step(kernels, lanes);
    }
}

void sha256_pairs(std::span<const Digest> nodes, std::uint8_t key, std::span<Digest> parents) {
    CODEX_ASSERT(nodes.size() == 2 * parents.size() && key < detail::kSha256NodeKeys);
    if (parents.empty())
        return;
    const detail::Sha256Kernels& kernels = detail::sha256_kernels();
    const std::uint8_t* children = nodes.data()->data();
    std::uint8_t* to = parents.data()->data();
    std::size_t count = parents.size();
    const auto run = [&](auto* kernel, std::size_t some) {
        kernel(children, key, some, to);
        children += 64 * some;
        to += 32 * some;
        count -= some;
    };
    for (const auto* wide = kernels.wide_nodes; wide->lanes != 0; ++wide) {
        if (count >= wide->lanes)
            run(wide->nodes, count - count % wide->lanes);
        if (count >= wide->worth_from) {
            std::uint8_t filled[kMaxLanes * 64] = {};
            std::memcpy(filled, children, 64 * count);
            wide->nodes(filled, key, wide->lanes, filled);
            std::memcpy(to, filled, 32 * count);
            return;
        }
    }
    run(kernels.nodes, count);
}

} // namespace codex::crypto
