// Making, opening, sharing and refusing repos.
#include "repo/fixture.hpp"
#include "repo/index/store.hpp"

#include "base/fd.hpp"
#include "nobody.hpp"

#include <fstream>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace codex::repo::test {

using namespace detail;

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

void write_text(const std::string& path, std::string_view text) {
    std::ofstream(path, std::ios::trunc) << text;
}

TEST(Open, RefusesWhatIsNoRepo) {
    const Scratch scratch;
    const auto missing = Repo::open(scratch.repo(), {});
    EXPECT_EQ(code_of(missing), Errc::repo_missing);
    ASSERT_EQ(missing.error().remedies().size(), 2U);
    EXPECT_EQ(missing.error().remedies().back().action(), Remedy::make_repo);
    EXPECT_FALSE(fs::exists(scratch.repo())) << "looking must not create anything";
    OpenOptions create;
    create.create = true;
    EXPECT_TRUE(Repo::open(scratch.repo(), create).has_value());
    EXPECT_TRUE(Repo::open(scratch.repo(), {}).has_value());
    EXPECT_EQ(code_of(Repo::init(scratch.repo(), {})), Errc::repo_exists);
}

TEST(Open, IsPrivateToItsUser) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    for (const char* part : {"", "/segments", "/writers"}) {
        struct stat st{};
        ASSERT_EQ(::stat((scratch.repo() + part).c_str(), &st), 0);
        EXPECT_EQ(st.st_mode & 0777U, 0700U) << part;
    }
}

TEST(Open, NeverMakesARepoAmongOtherFiles) {
    const Scratch scratch;
    write_text(scratch.path() + "/letter.txt", "dear");
    const auto refused = Repo::init(scratch.path(), {});
    EXPECT_EQ(code_of(refused), Errc::cannot_create);
    EXPECT_THAT(refused.error().text(), HasSubstr("letter.txt"));
    EXPECT_FALSE(fs::exists(scratch.path() + "/segments"));
}

TEST(Open, FinishesAnInterruptedInit) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    fs::remove(scratch.repo() + "/version"); // written last
    EXPECT_EQ(code_of(Repo::open(scratch.repo(), {})), Errc::repo_missing);
    EXPECT_TRUE(Repo::init(scratch.repo(), {}).has_value());
    write_text(scratch.repo() + "/version", ""); // its bytes did not reach the disk
    EXPECT_EQ(code_of(Repo::open(scratch.repo(), {})), Errc::repo_missing);
    EXPECT_TRUE(Repo::init(scratch.repo(), {}).has_value());
}

TEST(Open, RefusesOtherVersions) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    write_text(scratch.repo() + "/version", "3\n");
    const auto newer = Repo::open(scratch.repo(), {});
    EXPECT_EQ(code_of(newer), Errc::repo_version);
    EXPECT_THAT(newer.error().text(), HasSubstr("version 3"));
    EXPECT_FALSE(newer.error().hint().empty());
    for (const char* text : {"x\n", "1x\n", "0\n", "-1\n", "99999999999999999999\n"}) {
        write_text(scratch.repo() + "/version", text);
        EXPECT_EQ(code_of(Repo::open(scratch.repo(), {})), Errc::repo_damaged) << text;
    }
    write_text(scratch.repo() + "/version", "1\n");
    EXPECT_TRUE(Repo::open(scratch.repo(), {}).has_value());
}

TEST(Open, RefusesABadConfiguration) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    for (const char* text : {"", "[]", "{", R"({"quota_bytes":-1})", R"({"quota_bytes":"1"})",
                             R"({"zstd_level":20})", R"({"colour":1})"}) {
        write_text(scratch.repo() + "/config.json", text);
        EXPECT_EQ(code_of(Repo::open(scratch.repo(), {})), Errc::repo_config) << text;
    }
    write_text(scratch.repo() + "/config.json", std::string("{}\0more", 7));
    EXPECT_EQ(code_of(Repo::open(scratch.repo(), {})), Errc::repo_config) << "behind a NUL";
    Config config;
    config.zstd_level = 23;
    EXPECT_EQ(code_of(Repo::init(scratch.path() + "/other", config)), Errc::repo_config);
}

TEST(Open, RemembersItsConfiguration) {
    const Scratch scratch;
    Config config{1'000'000, 3, 86400};
    {
        Repo repo = must(Repo::init(scratch.repo(), config));
        must(write_blocks(repo, seeds(1, 50)));
        config.quota_bytes = 100;
        EXPECT_EQ(code_of(repo.set_config(config)), Errc::argument_invalid);
        config.quota_bytes = 2'000'000;
        must(repo.set_config(config));
        EXPECT_EQ(repo.config().quota_bytes, 2'000'000U);
    }
    Repo repo = must(Repo::open(scratch.repo(), {}));
    EXPECT_EQ(repo.config().quota_bytes, 2'000'000U);
    EXPECT_EQ(repo.config().zstd_level, 3);
    EXPECT_EQ(repo.config().ttl_seconds, 86400U);
    EXPECT_EQ(must(repo.space()).quota_bytes, 2'000'000U);
}

TEST(Open, SharesOneStoreBetweenHandlesAndSpellings) {
    const Scratch scratch;
    Repo first = must(Repo::init(scratch.repo(), {}));
    Repo second = must(Repo::open(scratch.repo() + "/../repo/.", {}));
    const Bytes data = random_bytes(1, 100);
    must(first.put(cid_of(data), data, 0));
    EXPECT_EQ(must(second.get(cid_of(data))), data);
    {
        const Repo gone = std::move(first);
    }
    EXPECT_EQ(must(second.get(cid_of(data))), data) << "closing one handle closes no other";
}

TEST(Open, NamesTheHolderOfAnExclusiveLock) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    const Fd held = must(lock_repo(scratch.repo(), true, at_once()));
    OpenOptions options;
    options.lock_timeout_seconds = 0;
    const auto refused = Repo::open(scratch.repo(), options);
    EXPECT_EQ(code_of(refused), Errc::repo_locked);
    EXPECT_THAT(refused.error().text(), HasSubstr(std::to_string(::getpid())));
    EXPECT_THAT(refused.error().text(), HasSubstr("test_repo"));
}

TEST(Open, ExclusiveWaitsForSharedHolders) {
    const Scratch scratch;
    const Repo repo = must(Repo::init(scratch.repo(), {}));
    EXPECT_EQ(code_of(lock_repo(scratch.repo(), true, at_once())), Errc::repo_locked);
    EXPECT_TRUE(lock_repo(scratch.repo(), false, at_once()).has_value());
}

TEST(ReadOnly, ReadsAndRefusesEveryWrite) {
    const Scratch scratch;
    Made made;
    {
        Repo repo = must(Repo::init(scratch.repo(), {}));
        made = must(write_blocks(repo, seeds(1, 5)));
    }
    OpenOptions options;
    options.read_only = true;
    Repo repo = must(Repo::open(scratch.repo(), options));
    EXPECT_EQ(must(repo.get(made.blocks[0])), random_bytes(1, kBlock));
    EXPECT_THAT(problems(repo), IsEmpty());
    const Bytes data = random_bytes(9, 10);
    const Restored restored{cid_of(data), data};
    EXPECT_EQ(code_of(repo.put(cid_of(data), data, 0)), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.remove(made.blocks[0])), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.drop_bytes(made.blocks)), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.restore(std::span(&restored, 1))), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.write_dataset()), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.remove_dataset(made.manifest)), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.set_expiry(made.manifest, 1)), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.add_manifest(made.manifest, data, 1)), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.restore_tree(made.tree, {})), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.gc({})), Errc::repo_read_only);
    EXPECT_EQ(code_of(repo.set_config({})), Errc::repo_read_only);
    EXPECT_EQ(code_of(Repo::open(scratch.repo(), {})), Errc::unsupported)
        << "one process has one environment";
}

/// Runs `body` in a child without the rights of root; gives its exit code.
int as_nobody(const std::function<int()>& body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        if (!codex::test::become_nobody())
            ::_exit(99);
        ::_exit(body());
    }
    int status = 0;
    ::waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(ReadOnly, WorksOnAFolderThatCannotBeWritten) {
    const Scratch scratch;
    Cid block;
    {
        Repo repo = must(Repo::init(scratch.repo(), {}));
        block = must(write_blocks(repo, seeds(1, 5))).blocks[0];
    }
    // Readable for everybody, writable for nobody but root, whose rights the child gives up.
    fs::permissions(scratch.path(), fs::perms(0755));
    for (const auto& entry : fs::recursive_directory_iterator(scratch.repo()))
        fs::permissions(entry, fs::perms(entry.is_directory() ? 0555 : 0444));
    fs::permissions(scratch.repo(), fs::perms(0555));
    const int code = as_nobody([&] {
        OpenOptions options;
        options.read_only = true;
        const auto repo = Repo::open(scratch.repo(), options);
        if (!repo)
            return 1;
        const auto data = repo->get(block);
        if (!data || *data != random_bytes(1, kBlock))
            return 2;
        const auto writable = Repo::open(scratch.repo(), {});
        return writable ? 3 : 0;
    });
    for (const auto& entry : fs::recursive_directory_iterator(scratch.repo()))
        fs::permissions(entry, fs::perms(0700));
    fs::permissions(scratch.repo(), fs::perms(0700));
    EXPECT_EQ(code, 0);
}

TEST(ReadOnly, RefusesWritingWithoutTheRight) {
    const Scratch scratch;
    must(Repo::init(scratch.repo(), {}));
    fs::permissions(scratch.path(), fs::perms(0755));
    fs::permissions(scratch.repo(), fs::perms(0555));
    for (const auto& entry : fs::directory_iterator(scratch.repo()))
        fs::permissions(entry, fs::perms(entry.is_directory() ? 0555 : 0444));
    const int code = as_nobody([&] {
        const auto repo = Repo::open(scratch.repo(), {});
        return !repo && repo.error().code() == Errc::permission ? 0 : 1;
    });
    fs::permissions(scratch.repo(), fs::perms(0700));
    for (const auto& entry : fs::directory_iterator(scratch.repo()))
        fs::permissions(entry, fs::perms(0700));
    EXPECT_EQ(code, 0);
}

} // namespace
} // namespace codex::repo::test
