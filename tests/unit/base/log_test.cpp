#include "base/log.hpp"

#include "base/detail/log_filter.hpp"
#include "base/detail/log_format.hpp"
#include "base/fd.hpp"
#include "must.hpp"

#include <unistd.h>

namespace codex::log {
namespace {

/// 2026-11-21 04:44:40.123 UTC
constexpr std::int64_t kMoment = 1795236280123;

detail::Record record_of(std::span<const detail::RenderedField> fields = {}) {
    detail::Record record;
    record.level = Level::info;
    record.unix_ms = kMoment;
    record.thread = 7;
    record.topics = "codex node";
    record.message = "Stored data";
    record.fields = fields;
    return record;
}

template <class Value> std::string text_of(const Value& value) {
    const detail::RenderedField field{"v", Field("v", value).render()};
    const std::string line = detail::format_text(record_of({&field, 1}));
    return line.substr(line.find(" v=") + 3);
}

template <class Value> std::string json_of(const Value& value) {
    const detail::RenderedField field{"v", Field("v", value).render()};
    const std::string line = detail::format_json(record_of({&field, 1}));
    const std::string_view key = ",\"v\":";
    const std::size_t at = line.find(key) + key.size();
    return line.substr(at, line.size() - at - 1);
}

TEST(LogText, LineHasTheColumnsParsersDependOn) {
    const std::string line = detail::format_text(record_of());
    EXPECT_EQ(line, "INF 2026-11-21 04:44:40.123+00:00 Stored data                               "
                    " topics=\"codex node\" tid=7");
    EXPECT_EQ(line[3], ' ');
    EXPECT_EQ(line[33], ' ');
    EXPECT_EQ(line.find(" topics="), 34U + 42U);
}

TEST(LogText, LongMessageIsFollowedByOneBlank) {
    detail::Record record = record_of();
    const std::string message(50, 'm');
    record.message = message;
    EXPECT_TRUE(detail::format_text(record).ends_with(message + " topics=\"codex node\" tid=7"));
}

TEST(LogText, NoTopicsLeavesThePartOut) {
    detail::Record record = record_of();
    record.topics = "";
    EXPECT_EQ(detail::format_text(record),
              "INF 2026-11-21 04:44:40.123+00:00 Stored data                                tid=7");
}

TEST(LogText, MessageStaysOnOneLine) {
    detail::Record record = record_of();
    record.message = "two\nlines";
    EXPECT_NE(detail::format_text(record).find(" two\\nlines "), std::string::npos);
}

TEST(LogText, ZoneAndDatesAcrossTheirBorders) {
    const struct {
        std::int64_t ms;
        int zone;
        std::string_view expected;
    } cases[] = {
        {kMoment, 60, "2026-11-21 05:44:40.123+01:00"},
        {kMoment, -330, "2026-11-20 23:14:40.123-05:30"},
        {0, 0, "1970-01-01 00:00:00.000+00:00"},
        {-1, 0, "1969-12-31 23:59:59.999+00:00"},
        {951782400000, 0, "2000-02-29 00:00:00.000+00:00"},
        {4107542399999, 0, "2100-02-28 23:59:59.999+00:00"},
        {4107542400000, 0, "2100-03-01 00:00:00.000+00:00"},
    };
    for (const auto& c : cases) {
        detail::Record record = record_of();
        record.unix_ms = c.ms;
        record.zone_minutes = c.zone;
        EXPECT_EQ(detail::format_text(record).substr(4, 29), c.expected);
    }
}

TEST(LogText, LevelLetters) {
    std::string all;
    for (const Level level : {Level::trace, Level::debug, Level::info, Level::notice, Level::warn,
                              Level::error, Level::fatal})
        all += std::string(detail::level_letters(level)) + " ";
    EXPECT_EQ(all, "TRC DBG INF NTC WRN ERR FAT ");
}

TEST(LogText, ColourOnlyAroundTheLevel) {
    const std::string line = detail::format_text(record_of(), true);
    EXPECT_TRUE(line.starts_with("\x1b[32mINF\x1b[0m 2026-")) << line;
}

TEST(LogText, ValuesAreQuotedAndEscapedOnlyWhereNeeded) {
    const struct {
        std::string_view value;
        std::string_view expected;
    } cases[] = {
        {"bare", "bare"},
        {"", ""},
        {"a b", "\"a b\""},
        {"a=b", "\"a=b\""},
        {"a\"b", "\"a\\\"b\""},
        {"a\\b", "\"a\\\\b\""},
        {"a\r\n\tb", "\"a\\r\\n\\tb\""},
        {"\x01", "\"\\x01\""},
        {"\x7f", "\"\\x7f\""},
        {"\xc3\xa9", "\"\\xc3\\xa9\""},
        {"a'b,c:d", "a'b,c:d"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(text_of(c.value), c.expected);
}

TEST(LogValues, ShortInTextWholeInJson) {
    const std::string_view cid = "zDvZRwzkvmgWzSgotGJSsx5aQFPkFVpwZgcBo4Sdi8t1yPftrs32";
    EXPECT_EQ(text_of(Id{cid}), "zDv*ftrs32");
    EXPECT_EQ(json_of(Id{cid}), "\"" + std::string(cid) + "\"");
    EXPECT_EQ(text_of(Id{"zDvshort12"}), "zDvshort12");

    Digest digest{};
    digest[0] = 0x81;
    digest[1] = 0xa6;
    digest[30] = 0xb1;
    digest[31] = 0xc1;
    EXPECT_EQ(text_of(Hash{digest}), "0x81a6..b1c1");
    EXPECT_EQ(json_of(Hash{digest}), "\"0x81a6" + std::string(56, '0') + "b1c1\"");

    EXPECT_EQ(text_of(ByteCount{65536}), "65536'NByte");
    EXPECT_EQ(json_of(ByteCount{65536}), "65536");
}

TEST(LogValues, JsonHasRealTypes) {
    EXPECT_EQ(json_of(std::uint64_t{12}), "12");
    EXPECT_EQ(json_of(std::int64_t{-12}), "-12");
    EXPECT_EQ(json_of(std::uint64_t{9007199254740993}), "\"9007199254740993\"");
    EXPECT_EQ(json_of(BigInteger{"340282366920938463463374607431768211455"}),
              "\"340282366920938463463374607431768211455\"");
    EXPECT_EQ(json_of(true), "true");
    EXPECT_EQ(json_of("true"), "\"true\"");
    EXPECT_EQ(json_of(None{}), "null");
    EXPECT_EQ(text_of(None{}), "none");
    EXPECT_EQ(json_of(Error(Errc::io, "disk gone")), "{\"error\":\"disk gone\"}");
    EXPECT_EQ(text_of(Error(Errc::io, "disk gone")), "\"disk gone\"");
}

TEST(LogValues, ListsShortenTheirItems) {
    const std::vector<Rendered> list = {log_value(Id{"zDvAAAAAAAAAAAA123456"}),
                                        log_value(std::uint64_t{3})};
    EXPECT_EQ(text_of(list), "\"@[zDv*123456, 3]\"");
    EXPECT_EQ(json_of(list), "[\"zDvAAAAAAAAAAAA123456\",3]");
    EXPECT_EQ(text_of(std::vector<std::string>{}), "@[]");
    EXPECT_EQ(json_of(std::vector<int>{-1, 2}), "[-1,2]");
}

TEST(LogJson, OneObjectWithTheSameTimestamp) {
    const detail::RenderedField field{"size", log_value(std::uint64_t{5})};
    EXPECT_EQ(detail::format_json(record_of({&field, 1})),
              "{\"lvl\":\"INF\",\"ts\":\"2026-11-21 04:44:40.123+00:00\",\"msg\":\"Stored data\","
              "\"topics\":\"codex node\",\"tid\":7,\"size\":5}");
    detail::Record record = record_of();
    record.topics = "";
    record.message = "\xff\"\n";
    EXPECT_EQ(detail::format_json(record),
              "{\"lvl\":\"INF\",\"ts\":\"2026-11-21 04:44:40.123+00:00\","
              "\"msg\":\"\xef\xbf\xbd\\\"\\n\",\"tid\":7}");
}

detail::Filter filter_of(std::string_view directives) {
    detail::Filter filter;
    const auto applied = filter.apply(directives);
    EXPECT_TRUE(applied) << directives;
    return filter;
}

TEST(LogFilter, GlobalLevelAndWordsInAnyCase) {
    EXPECT_FALSE(filter_of("INFO").passes(Level::debug, "codex"));
    EXPECT_TRUE(filter_of("info").passes(Level::info, ""));
    for (const std::string_view word : {"not", "ntc", "Notice"}) {
        EXPECT_TRUE(filter_of(word).passes(Level::notice, "codex"));
        EXPECT_FALSE(filter_of(word).passes(Level::info, "codex"));
    }
}

TEST(LogFilter, ATopicsOwnLevelStandsForTheGlobalOne) {
    const detail::Filter filter = filter_of("TRACE;warn:discv5,providers;warn:libp2p");
    EXPECT_TRUE(filter.passes(Level::trace, "codex"));
    EXPECT_FALSE(filter.passes(Level::info, "discv5"));
    EXPECT_FALSE(filter.passes(Level::info, "providers libp2p"));
    EXPECT_TRUE(filter.passes(Level::warn, "discv5"));
    EXPECT_TRUE(filter.passes(Level::info, "discv5 codex"));
    EXPECT_EQ(filter.lowest(), Level::trace);
    EXPECT_EQ(filter_of("error;debug:discv5").lowest(), Level::debug);
}

TEST(LogFilter, DisabledAndRequired) {
    const detail::Filter disabled = filter_of("trace;disabled:nat");
    EXPECT_FALSE(disabled.passes(Level::fatal, "nat codex"));
    EXPECT_TRUE(disabled.passes(Level::trace, "codex"));
    const detail::Filter required = filter_of("trace;required:nat,codex");
    EXPECT_FALSE(required.passes(Level::fatal, "nat"));
    EXPECT_FALSE(required.passes(Level::fatal, ""));
    EXPECT_TRUE(required.passes(Level::trace, "nat sales codex"));
}

TEST(LogFilter, SettingIsIncremental) {
    detail::Filter filter = filter_of("warn;debug:nat");
    ASSERT_TRUE(filter.apply("error"));
    EXPECT_TRUE(filter.passes(Level::debug, "nat"));
    EXPECT_FALSE(filter.passes(Level::warn, "codex"));
    ASSERT_TRUE(filter.apply("disabled:nat"));
    EXPECT_FALSE(filter.passes(Level::fatal, "nat"));
    ASSERT_TRUE(filter.apply("info:nat"));
    EXPECT_TRUE(filter.passes(Level::info, "nat"));
}

TEST(LogFilter, BadWordsAreNamedAndChangeNothing) {
    detail::Filter filter = filter_of("warn");
    for (const std::string_view bad : {"loud", "debug;loud:nat", "disabled", "required", "1"}) {
        const auto refused = filter.apply(bad);
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code(), Errc::argument_invalid);
        EXPECT_NE(refused.error().hint().find("trace, debug, info, notice"), std::string::npos);
    }
    EXPECT_FALSE(filter.passes(Level::debug, "codex"));
}

TEST(LogFilter, UnknownTopicsAreTakenAndNamed) {
    detail::Filter filter;
    const auto unknown = filter.apply("warn;debug:nat,tea , sales");
    ASSERT_TRUE(unknown);
    EXPECT_EQ(*unknown, std::vector<std::string>{"tea"});
    EXPECT_TRUE(filter.passes(Level::debug, "tea"));
}

/// An output whose lines a test reads.
class LogToPipe : public ::testing::Test {
protected:
    void SetUp() override {
        int ends[2];
        ASSERT_EQ(::pipe(ends), 0);
        read_ = Fd(ends[0]);
        write_ = Fd(ends[1]);
    }

    std::shared_ptr<Output> open(Format format, std::string directives) {
        Options options;
        options.format = format;
        options.directives = std::move(directives);
        options.fd = write_.get();
        options.clock = clock_;
        return test::must(Output::open(options));
    }
    std::string taken() {
        write_.reset();
        Bytes buffer(65536);
        const auto n = read_full(read_.get(), buffer, "pipe");
        EXPECT_TRUE(n);
        return std::string(as_text(BytesView(buffer).first(n.value_or(0))));
    }

    const SimulatedClock clock_{1'795'236'280};
    Fd read_;
    Fd write_;
};

TEST_F(LogToPipe, WritesWholeLinesThatPass) {
    const auto output = open(Format::json, "info");
    const Logger log = Logger(output).with_topics("codex");
    log.debug("not shown");
    log.error("shown", {{"cid", Id{"zDvX"}}});
    EXPECT_TRUE(log.passes(Level::info));
    EXPECT_FALSE(log.passes(Level::debug));
    ASSERT_TRUE(output->set_levels("debug:sales"));
    EXPECT_TRUE(log.with_topics("sales").passes(Level::debug));
    EXPECT_FALSE(log.passes(Level::debug));
    const std::string all = taken();
    EXPECT_THAT(all, ::testing::MatchesRegex(
                         "\\{\"lvl\":\"ERR\",\"ts\":\"[^\"]*\",\"msg\":\"shown\",\"topics\":"
                         "\"codex\",\"tid\":[0-9]+,\"cid\":\"zDvX\"\\}\n"));
}

TEST_F(LogToPipe, WarnsOfUnknownTopics) {
    open(Format::text, "warn;info:tea");
    const std::string all = taken();
    EXPECT_TRUE(all.starts_with("WRN ")) << all;
    EXPECT_NE(all.find(" Unrecognized logging topic "), std::string::npos);
    EXPECT_TRUE(all.ends_with(" topic=tea\n")) << all;
}

/// What it heard, a line a record.
struct Listening : Listener {
    void heard(const Heard& record) noexcept override {
        lines += fmt::format("{} {} {} {}\n", static_cast<int>(record.level), record.unix_ms,
                             record.topics, record.text);
    }
    std::string lines;
};

TEST_F(LogToPipe, AListenerHearsWhatPassesUntilAnotherDoes) {
    const auto output = open(Format::json, "info");
    const Logger log = Logger(output).with_topics("codex").with("peer", Id{"zDvZabcdefghijk"});
    const auto first = std::make_shared<Listening>();
    const auto second = std::make_shared<Listening>();
    log.info("before");
    output->set_listener(first);
    log.debug("not shown");
    log.error("a\nline", {{"why", "no \x1b[31m"}});
    output->set_listener(second);
    log.warn("later");
    output->set_listener(nullptr);
    log.warn("last");
    EXPECT_EQ(first->lines,
              "5 1795236280000 codex a\\nline peer=zDv*fghijk why=\"no \\x1b[31m\"\n");
    EXPECT_EQ(second->lines, "4 1795236280000 codex later peer=zDv*fghijk\n");
    EXPECT_EQ(first.use_count(), 1);
    const std::string all = taken();
    EXPECT_EQ(std::ranges::count(all, '\n'), 4);
}

TEST_F(LogToPipe, BadDirectivesOpenNothing) {
    Options options;
    options.directives = "loud";
    EXPECT_EQ(test::must_fail(Output::open(options)).code(), Errc::argument_invalid);
}

/// Counts how often it was looked at.
struct Costly {
    int* looks;
};
Rendered log_value(const Costly& value) {
    ++*value.looks;
    return {"costly", "\"costly\""};
}

TEST_F(LogToPipe, AValueIsRenderedOnlyWhenItsRecordPasses) {
    int looks = 0;
    const Logger log = Logger(open(Format::text, "info"));
    const Logger bound = log.with("bound", Costly{&looks});
    log.debug("no", {{"value", Costly{&looks}}});
    bound.debug("no", {{"value", Costly{&looks}}});
    Logger().fatal("nowhere", {{"value", Costly{&looks}}});
    EXPECT_EQ(looks, 0);
    bound.info("yes", {{"value", Costly{&looks}}});
    EXPECT_EQ(looks, 2);
}

TEST_F(LogToPipe, BoundFieldsStandBeforeTheRecordsOwn) {
    const Logger log = Logger(open(Format::text, "info")).with_topics("codex net");
    std::string id = "zDvpeerpeerpeer42";
    const Logger peer = log.with("peer", Id{id}).with("request", std::uint64_t{7});
    id = "is gone by now, and longer than it was";
    peer.info("one", {{"size", ByteCount{5}}});
    peer.with_topics("codex slots").with("slot", "3").info("two");
    log.info("three");
    const std::string all = taken();
    EXPECT_THAT(all,
                ::testing::MatchesRegex(
                    "INF [^\n]* one +topics=\"codex net\" tid=[0-9]+ peer=zDv\\*peer42 request=7 "
                    "size=5'NByte\n"
                    "INF [^\n]* two +topics=\"codex slots\" tid=[0-9]+ peer=zDv\\*peer42 "
                    "request=7 slot=3\n"
                    "INF [^\n]* three +topics=\"codex net\" tid=[0-9]+\n"));
}

TEST_F(LogToPipe, TimeIsTheClocks) {
    const Logger log = Logger(open(Format::json, "info"));
    clock_.advance(std::chrono::milliseconds(123));
    log.info("now");
    EXPECT_THAT(taken(), ::testing::HasSubstr(":40.123+"));
}

TEST_F(LogToPipe, OutputsAreApart) {
    const Logger quiet = Logger(open(Format::text, "error"));
    const Logger loud = Logger(open(Format::text, "trace"));
    quiet.info("not this");
    loud.trace("this");
    EXPECT_FALSE(quiet.passes(Level::warn));
    const std::string all = taken();
    EXPECT_TRUE(all.starts_with("TRC ")) << all;
    EXPECT_EQ(all.find("not this"), std::string::npos);
}

} // namespace
} // namespace codex::log
