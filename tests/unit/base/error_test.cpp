#include "must.hpp"

#include <cerrno>
#include <set>

namespace codex {
namespace {

using test::must;
using test::must_fail;

constexpr std::pair<Errc, std::string_view> kAll[] = {
#define CODEX_ERRC(name, dotted, exit_code, http) {Errc::name, dotted},
#include "base/errc.def"
#undef CODEX_ERRC
};

TEST(Errc, EveryRowIsReachableAndWellFormed) {
    std::set<std::string_view> names;
    for (const auto& [code, dotted] : kAll) {
        EXPECT_EQ(errc_name(code), dotted);
        EXPECT_TRUE(names.insert(dotted).second) << dotted << " twice";
        EXPECT_EQ(dotted.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._"),
                  std::string_view::npos);
        const int exit_code = errc_exit_code(code);
        EXPECT_TRUE(exit_code == 1 || (exit_code >= 64 && exit_code <= 78)) << dotted;
        EXPECT_GE(errc_http_status(code), 400) << dotted;
        EXPECT_LE(errc_http_status(code), 599) << dotted;
    }
    EXPECT_EQ(errc_name(Errc::cid_invalid), "cid.invalid");
    EXPECT_EQ(errc_exit_code(Errc::usage), 64);
    EXPECT_EQ(errc_http_status(Errc::block_not_found), 404);
}

TEST(Error, IsSmallAndABareCodeSaysItsName) {
    EXPECT_LE(sizeof(Error), 16u);
    const Error error(Errc::truncated);
    EXPECT_EQ(error.text(), "input.truncated");
    EXPECT_EQ(error.hint(), "");
}

TEST(Error, ContextsGoInFrontAndTheLastHintStays) {
    Error error(Errc::malformed, "byte 3 is odd");
    error = std::move(error).context("header").context("file x").hint("first").hint("second");
    EXPECT_EQ(error.code(), Errc::malformed);
    EXPECT_EQ(error.text(), "file x: header: byte 3 is odd");
    EXPECT_EQ(error.hint(), "second");
    EXPECT_EQ(Error(Errc::io).context("disk").text(), "disk: io.failed");
}

TEST(Error, RemediesStandBehindTheHintAndGoWithIt) {
    Error error = Error(Errc::io, "gone").remedy(Remedy::list_blocks);
    EXPECT_TRUE(error.has_way_out());
    EXPECT_EQ(error.hint(), "");
    error = std::move(error)
                .hint("try again")
                .remedy(Remedy(Remedy::repair_dataset, "restore it").of("zDv"));
    ASSERT_EQ(error.remedies().size(), 1U) << "a hint replaces what was said before";
    EXPECT_EQ(error.remedies().front().action(), Remedy::repair_dataset);
    EXPECT_EQ(error.remedies().front().words(), "restore it");
    EXPECT_EQ(error.remedies().front().object(), "zDv");
    const Error other = Error(Errc::usage).hint("no").way_out_of(error);
    EXPECT_EQ(other.code(), Errc::usage);
    EXPECT_EQ(other.hint(), "try again");
    EXPECT_EQ(other.remedies().size(), 1U);
    EXPECT_FALSE(Error(Errc::usage).hint("no").way_out_of(Error(Errc::io)).has_way_out());
    EXPECT_EQ(remedy_name(Remedy::list_datasets), "list_datasets");
    EXPECT_EQ(remedy_name(Remedy::name_circuit_sizes), "name_circuit_sizes");
}

TEST(Error, SystemErrorsMapToCodes) {
    const std::pair<int, Errc> cases[] = {
        {ENOENT, Errc::not_found},
        {EACCES, Errc::permission},
        {EPERM, Errc::permission},
        {EROFS, Errc::permission},
        {ENOSPC, Errc::no_space},
        {EDQUOT, Errc::no_space},
        {EIO, Errc::io},
        {EISDIR, Errc::unsupported},
        {EMFILE, Errc::files_exhausted},
        {ENFILE, Errc::files_exhausted},
    };
    for (const auto& [number, code] : cases)
        EXPECT_EQ(system_error(number, "open x").code(), code) << number;
    EXPECT_EQ(system_error(ENOENT, "open x").text(), "open x: No such file or directory");
    EXPECT_EQ(system_error(EFBIG, "write x").code(), Errc::no_space);
    EXPECT_EQ(system_error(EFBIG, "write x").text(), "write x: File too large");
}

Result<int> half(int number) {
    if (number % 2 != 0)
        return fail(Errc::malformed, "{} is odd", number);
    return number / 2;
}

Result<int> quarter(int number) {
    CODEX_TRY(once, half(number));
    CODEX_TRY(twice, half(once));
    return twice;
}

Result<int> sum_of_halves(std::initializer_list<int> numbers) {
    int sum = 0;
    int last = 0;
    for (const int number : numbers) {
        if (number != 0)
            CODEX_SET(last, half(number));
        sum += last;
    }
    return sum;
}

TEST(Error, SetAssignsOrReturnsTheError) {
    EXPECT_EQ(must(sum_of_halves({2, 0, 8})), 1 + 1 + 4);
    EXPECT_EQ(must_fail(sum_of_halves({2, 3, 8})).text(), "3 is odd");
    // What is moved is the value, and only when there is one.
    std::unique_ptr<int> place = std::make_unique<int>(1);
    const auto replace = [&place](Result<std::unique_ptr<int>> with) -> Result<void> {
        CODEX_SET(place, std::move(with));
        return {};
    };
    EXPECT_FALSE(replace(fail(Errc::io)));
    EXPECT_EQ(*place, 1);
    must(replace(std::make_unique<int>(2)));
    EXPECT_EQ(*place, 2);
}

Result<void> check_quarter(int number) {
    CODEX_CHECK(quarter(number));
    return {};
}

TEST(Error, TryAndCheckReturnTheError) {
    EXPECT_EQ(must(quarter(12)), 3);
    EXPECT_EQ(must_fail(quarter(3)).text(), "3 is odd");
    EXPECT_EQ(must_fail(quarter(6)).text(), "3 is odd");
    EXPECT_TRUE(check_quarter(8).has_value());
    EXPECT_EQ(must_fail(check_quarter(2)).code(), Errc::malformed);
}

TEST(AssertDeathTest, EndsWithExitCode70) {
    CODEX_ASSERT(1 + 1 == 2);
    EXPECT_EXIT(CODEX_ASSERT(1 + 1 == 3), testing::ExitedWithCode(70),
                "bug: .*1 \\+ 1 == 3 does not hold");
}

} // namespace
} // namespace codex
