#include "base/printable.hpp"

#include <cstdio>
#include <gmock/gmock.h>

namespace codex {
namespace {

TEST(Printable, ShowsTextAsItIs) {
    for (const char* text :
         {"", "plain", "a\\b \"c\" 'd'", "é ÿ 😀 \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"}) {
        EXPECT_EQ(printable(text), text);
        EXPECT_EQ(printable(printable(text)), printable(text));
    }
    EXPECT_EQ(printable_exact("a\\b"), "a\\\\b");
}

TEST(Printable, EscapesEveryControlCharacter) {
    for (unsigned c = 0; c < 0x20; ++c)
        EXPECT_THAT(printable(std::string(1, static_cast<char>(c))), testing::StartsWith("\\"))
            << c;
    EXPECT_EQ(printable("a\tb\nc\rd"), "a\\tb\\nc\\rd");
    EXPECT_EQ(printable("\x1b[2J\x7f"), "\\x1b[2J\\x7f");
    EXPECT_EQ(printable(std::string_view("a\0b", 3)), "a\\x00b");
    for (unsigned c = 0x80; c <= 0x9f; ++c) // C1, as one octet and as UTF-8
        for (const std::string& text :
             {std::string(1, static_cast<char>(c)), std::string{'\xc2', static_cast<char>(c)}})
            EXPECT_EQ(printable(text).find_first_not_of("\\xabcdef0123456789"), std::string::npos);
    EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");
    EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");
}

TEST(Printable, EscapesWhatTurnsTextAround) {
    for (const char* mark :
         {"\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9", "\xe2\x80\x8e",
          "\xe2\x80\x8f", "\xd8\x9c", "\xe2\x80\xa8", "\xe2\x80\xa9"})
        EXPECT_THAT(printable(mark), testing::StartsWith("\\x")) << mark;
    EXPECT_EQ(printable("a\xe2\x80\xae"
                        "b"),
              "a\\xe2\\x80\\xaeb");
}

TEST(Printable, EscapesWhatIsNotUtf8) {
    // A lone octet, an overlong form, a surrogate, above U+10FFFF, cut off.
    EXPECT_EQ(printable("\xff|\xc0\x80|\xed\xa0\x80|\xf4\x90\x80\x80|\xe2\x82"),
              "\\xff|\\xc0\\x80|\\xed\\xa0\\x80|\\xf4\\x90\\x80\\x80|\\xe2\\x82");
    // What follows a broken sequence is read anew.
    EXPECT_EQ(printable("\xe2\xc3\xa9"), "\\xe2\xc3\xa9");
}

TEST(Printable, Utf8FrontTellsCodePoints) {
    EXPECT_EQ(utf8_front("a").code_point, 0x61U);
    EXPECT_EQ(utf8_front("\xc3\xa9").code_point, 0xe9U);
    EXPECT_EQ(utf8_front("\xe2\x82\xac").code_point, 0x20acU);
    EXPECT_EQ(utf8_front("\xf0\x9f\x98\x80").code_point, 0x1f600U);
    EXPECT_EQ(utf8_front("\xf0\x9f\x98\x80").bytes, 4U);
    EXPECT_FALSE(utf8_front("\x80").well_formed);
}

TEST(Printable, LongTextsAreCutBetweenCharacters) {
    EXPECT_EQ(beginning_of("abcd", 4), "abcd");
    EXPECT_EQ(beginning_of("abcde", 4), "abcd...");
    EXPECT_EQ(without_middle("abcdefgh", 8), "abcdefgh");
    EXPECT_EQ(without_middle("abcdefghi", 8), "abcd...fghi");
    const std::string euros = "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac";
    for (std::size_t most = 0; most < euros.size(); ++most) {
        const std::string front = beginning_of(euros, most);
        EXPECT_EQ(front, euros.substr(0, most / 3 * 3) + "...");
        const std::string both = without_middle(euros, most);
        EXPECT_EQ(both, euros.substr(0, most / 6 * 3) + "..." + euros.substr(12 - most / 6 * 3));
    }
    // What is no UTF-8 is not gone through to its beginning.
    const std::string octets(1000, '\x80');
    EXPECT_EQ(whole_front(octets, 500).size(), 497U);
    EXPECT_EQ(without_middle(octets, 500).size(), 247U + 3 + 247);
}

/// What bash makes of `quoted` as a word of a command.
std::string read_back(const std::string& quoted) {
    std::string command = "exec bash -c \"$(cat <<'SCRIPT'\nprintf %s " + quoted + "\nSCRIPT\n)\"";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    std::string out;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe))
        out += static_cast<char>(c);
    EXPECT_EQ(::pclose(pipe), 0) << quoted;
    return out;
}

TEST(ShellQuoted, KeepsBareWords) {
    EXPECT_EQ(shell_quoted("/a/b-c_d.e"), "/a/b-c_d.e");
    EXPECT_EQ(shell_quoted("zDvZ@7"), "zDvZ@7");
    EXPECT_EQ(shell_quoted("a b"), "'a b'");
    EXPECT_EQ(shell_quoted(""), "''");
    EXPECT_EQ(shell_quoted("-rf"), "./-rf");
    EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
    EXPECT_EQ(shell_quoted("a\nb"), "$'a\\nb'");
}

TEST(ShellQuoted, AShellReadsTheSameWord) {
    for (const std::string word :
         {"a b", "it's", "$HOME `id` $(id)", "a\\b", "*?[x]", "~root", "=ls", "a;b|c&d", "#x", "!!",
          "{a,b}", "a\nb", "\x1b[2J", "\xff\x80",
          "\xc2\x9b"
          "1",
          "it's\n\\x", "\xe2\x80\xae"}) {
        const std::string quoted = shell_quoted(word);
        EXPECT_EQ(read_back(quoted), word) << quoted;
        EXPECT_EQ(printable(quoted), quoted) << "a message would change it";
    }
}

} // namespace
} // namespace codex
