// What peers want, told in any order: what is due is bounded and was asked for, and nothing is left
// when all was taken back.
#include "crypto/hash/sha256.hpp"
#include "exchange/want_list.hpp"
#include "property.hpp"

#include <vector>

using namespace codex;
using namespace codex::exchange;
using net::exchange::BlockAddress;
using net::exchange::Want;
using net::exchange::WantType;

namespace {

constexpr std::size_t kMost = 16;
constexpr WantLimits kLimits{40, 3};

BlockAddress new_address(std::uint8_t byte) {
    const std::array<std::uint8_t, 1> name{static_cast<std::uint8_t>(byte % 5)};
    BlockAddress address;
    address.leaf = byte % 5 != 4;
    address.cid = address.leaf ? Cid::sha256(codec::Multicodec::codex_root, crypto::sha256(name))
                               : Cid::block(crypto::sha256(BytesView(&byte, 1)));
    address.index = address.leaf ? byte / 5 : 0;
    return address;
}

/// One of a few trees and blocks, so that the same are met again. Each step takes one, so they are
/// hashed once.
const BlockAddress& address_of(std::uint8_t byte) {
    static const std::vector<BlockAddress> all = [] {
        std::vector<BlockAddress> addresses;
        for (unsigned one = 0; one < 256; ++one)
            addresses.push_back(new_address(static_cast<std::uint8_t>(one)));
        return addresses;
    }();
    return all[byte];
}

/// The steps of an input, two bytes each.
class Run {
public:
    void step(std::uint8_t what, std::uint8_t which) {
        switch (what % 8) {
        case 0:
        case 1:
        case 2:
            return add(what, which);
        case 3:
            return (what & 8) != 0 ? list_.begin_list() : list_.end_list((what & 16) != 0);
        case 4:
            return answer(what);
        case 5:
            return send(what);
        case 6:
            return arrive(what, which);
        default:
            return list_.done(address_of(which));
        }
    }
    void finish() {
        for (unsigned byte = 0; byte < 256; ++byte) {
            Want want;
            want.address = address_of(static_cast<std::uint8_t>(byte));
            want.cancel = true;
            want.type = WantType::have;
            (void)list_.add(want);
            list_.done(want.address);
        }
        FUZZ_CHECK(!list_.has_blocks() && !list_.has_questions());
    }

private:
    void add(std::uint8_t what, std::uint8_t which) {
        Want want;
        want.address = address_of(which);
        want.cancel = what % 8 == 2;
        want.type = what % 8 == 0 ? WantType::block : WantType::have;
        want.send_dont_have = (what & 8) != 0;
        const auto taken = list_.add(want);
        FUZZ_CHECK(!want.cancel || taken != WantList::Taken::too_many);
        FUZZ_CHECK(list_.size() <= 4 * kLimits.wants);
    }
    void answer(std::uint8_t what) {
        if (!list_.has_questions())
            return;
        const auto questions = list_.next_questions(kMost);
        FUZZ_CHECK(!questions.indices.empty() && questions.indices.size() <= kMost);
        FUZZ_CHECK(questions.send_dont_have.size() == questions.indices.size());
        std::vector<bool> here(questions.indices.size());
        for (std::size_t i = 0; i < here.size(); ++i)
            here[i] = (what >> (i % 8) & 1) != 0;
        list_.answered(questions, here);
    }
    void send(std::uint8_t what) {
        if (!list_.has_blocks())
            return;
        const auto blocks = list_.next_blocks(kMost);
        FUZZ_CHECK(!blocks.empty() && blocks.size() <= kMost);
        for (std::size_t i = 0; i < blocks.size(); ++i) {
            if ((what & 8) != 0 && i + 1 < blocks.size())
                list_.done(blocks[i].address);
            else if ((what & 16) != 0)
                (void)list_.absent(blocks[i]);
            else
                list_.put_back(std::span(blocks).subspan(i, 1));
        }
    }
    void arrive(std::uint8_t what, std::uint8_t which) {
        const BlockAddress& address = address_of(which);
        if (!address.leaf)
            list_.arrived_plain();
        else if ((what & 8) != 0)
            list_.arrived(address.cid, {address.index, 8});
        else
            list_.arrived_anything();
        FUZZ_CHECK(list_.size() <= 4 * kLimits.wants);
    }

    WantList list_{kLimits};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run run;
    for (std::size_t i = 0; i + 1 < size; i += 2)
        run.step(data[i], data[i + 1]);
    run.finish();
    return 0;
}
