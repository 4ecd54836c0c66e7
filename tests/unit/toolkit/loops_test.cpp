// Commands that take turns over datasets of a repo, or open it for one.
#include "toolkit/loops.hpp"

#include "base/fd_stream.hpp"
#include "cli/run_tool.hpp"
#include "must.hpp"
#include "temporary_folder.hpp"

#include <gmock/gmock.h>
#include <memory>
#include <unistd.h>

namespace codex::toolkit {
namespace {

using cli::test::Call;
using cli::test::Outcome;
using test::must;
using testing::HasSubstr;

/// `put` stores a dataset of its input, `ARGUMENTS` of the others are CIDs.
void declare(cli::Command& root) {
    const auto cids = std::make_shared<std::vector<std::string>>();
    root.command("put", "store stdin").run([](cli::Context& context) -> Result<int> {
        CODEX_TRY(repo, open_repo(context, Access::create));
        CODEX_TRY(source, FdSource::create(STDIN_FILENO, "stdin"));
        CODEX_TRY(made, dataset::put({repo, context.pool()}, source, {}));
        CODEX_CHECK(context.print(cli::Record("dataset").field("cid", made.manifest)));
        return 0;
    });
    root.command("sizes", "a turn for each")
        .arguments("CID", *cids, "datasets")
        .run([cids](cli::Context& context) {
            return for_each_dataset(context, Access::read, "sizes", *cids,
                                    [&](const dataset::Job& job, const Cid& cid) -> Result<void> {
                                        CODEX_TRY(info, job.repo.dataset(cid));
                                        return context.print(cli::Record("size").field(
                                            "size", info.manifest.content_size_bytes()));
                                    });
        });
    root.command("relabel", "needs a repo that may be written")
        .arguments("CID", *cids, "datasets")
        .run([cids](cli::Context& context) {
            return for_each_dataset(context, Access::read, "relabel", *cids,
                                    [](const dataset::Job& job, const Cid& cid) {
                                        return job.repo.set_label(cid, "other");
                                    });
        });
    root.command("one", "the one dataset")
        .arguments("CID", *cids, "a dataset")
        .run([cids](cli::Context& context) -> Result<int> {
            CODEX_TRY(opened, open_with(context, *cids, repo::Named::dataset));
            CODEX_CHECK(context.print(cli::Record("one").field("cid", opened.cid)));
            return 0;
        });
}

class Loops : public ::testing::Test {
protected:
    Outcome run(std::vector<std::string> arguments, std::string input = {}) {
        arguments.insert(arguments.begin() + 1, {"-r", path_});
        return cli::test::run(declare, Call{std::move(arguments), std::move(input), {}});
    }
    /// Stores `content`; gives the CID.
    std::string put(const std::string& content) {
        const Outcome outcome = run({"put"}, content);
        EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
        return outcome.out.substr(0, outcome.out.find('\n'));
    }
    test::TemporaryFolder folder_;
    std::string path_ = folder_.file("repo");
};

TEST_F(Loops, OnlyWhoCreatesMakesARepo) {
    const Outcome nowhere = run({"sizes", "zDvZRwzm"});
    EXPECT_EQ(nowhere.exit_code, errc_exit_code(Errc::repo_missing)) << nowhere.err;
    EXPECT_NE(::access(path_.c_str(), F_OK), 0);
    const std::string cid = put("eleven byte");
    const Outcome sizes = run({"sizes", cid});
    EXPECT_EQ(sizes.exit_code, 0) << sizes.err;
    EXPECT_EQ(sizes.out, "11\n");
}

TEST_F(Loops, AFailedTurnIsNamedAndTheOthersFollow) {
    const std::string first = put("one");
    const std::string second = put("three");
    const Outcome sizes =
        run({"sizes"}, first + "\nzDvZRwzmNOWHERE\n" + second.substr(0, 16) + "\n");
    EXPECT_NE(sizes.exit_code, 0);
    EXPECT_EQ(sizes.out, "3\n5\n");
    EXPECT_THAT(sizes.err, HasSubstr("zDvZRwzmNOWHERE"));
}

TEST_F(Loops, AReadersHandleRefusesToWrite) {
    const std::string cid = put("x");
    const Outcome outcome = run({"relabel", cid});
    EXPECT_EQ(outcome.exit_code, errc_exit_code(Errc::repo_read_only)) << outcome.err;
}

TEST_F(Loops, OneDatasetIsOneAndNoMore) {
    const std::string cid = put("x");
    const Outcome one = run({"one", cid.substr(0, 14)});
    EXPECT_EQ(one.exit_code, 0) << one.err;
    EXPECT_EQ(one.out, cid + "\n");
    EXPECT_EQ(run({"one", cid, cid}).exit_code, errc_exit_code(Errc::usage));
    const Outcome unknown = run({"one"}, "zDvZRwzmNOWHERE\n");
    EXPECT_NE(unknown.exit_code, 0);
    EXPECT_THAT(unknown.err, HasSubstr("zDvZRwzmNOWHERE"));
}

} // namespace
} // namespace codex::toolkit
