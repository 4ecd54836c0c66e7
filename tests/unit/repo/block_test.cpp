#include "repo/fixture.hpp"

namespace codex::repo::test {
namespace {

TEST(Block, PutGetHasStat) {
    const Scratch scratch;
    Repo repo = must(Repo::init(scratch.repo(), {}));
    const Bytes data = random_bytes(1, 1000);
    const Cid cid = cid_of(data);
    EXPECT_FALSE(must(repo.has(cid)));
    EXPECT_EQ(code_of(repo.get(cid)), Errc::block_not_found);
    must(repo.put(cid, data, 50));
    EXPECT_TRUE(must(repo.has(cid)));
    EXPECT_EQ(must(repo.get(cid)), data);
    const BlockInfo info = must(repo.stat(cid)).value();
    EXPECT_TRUE(info.kept);
    EXPECT_EQ(info.size_bytes, 1000U);
    EXPECT_EQ(info.expiry, 50U);
    EXPECT_EQ(info.references, 0U);
}

} // namespace
} // namespace codex::repo::test
