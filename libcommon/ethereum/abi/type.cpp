#include "ethereum/abi/type.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace codex::ethereum::abi {

namespace {

constexpr std::size_t kHeadBytes = 32;
/// Brackets in brackets; who writes more wants this to end by its stack.
constexpr unsigned kMostDepth = 16;

/// Reads one text from the left. Threads: one.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() {
        skip_blanks();
        return text_.empty();
    }

    /// (T name, ...)
    [[nodiscard]] Result<std::vector<Type>> list(unsigned depth) {
        if (depth > kMostDepth || !take('('))
            return bad();
        std::vector<Type> types;
        if (take(')'))
            return types;
        do {
            CODEX_TRY(type, one(depth));
            types.push_back(std::move(type));
        } while (take(','));
        if (!take(')'))
            return bad();
        return types;
    }

private:
    [[nodiscard]] Result<Type> one(unsigned depth) {
        skip_blanks();
        Type type;
        if (text_.starts_with('(')) {
            type.kind = Kind::tuple;
            CODEX_SET(type.members, list(depth + 1));
        } else {
            CODEX_SET(type, plain(word()));
        }
        while (take('[')) {
            if (!take(']'))
                return fail(Errc::unsupported, "an array of a fixed length");
            Type array;
            array.kind = Kind::array;
            array.members.push_back(std::move(type));
            type = std::move(array);
        }
        std::string_view name = word();
        type.indexed = name == "indexed";
        if (type.indexed)
            name = word();
        type.name = name;
        return type;
    }

    [[nodiscard]] Result<Type> plain(std::string_view text) const {
        Type type;
        if (text == "address")
            type.kind = Kind::address;
        else if (text == "bool")
            type.kind = Kind::boolean;
        else if (text == "bytes")
            type.kind = Kind::bytes;
        else if (text == "string")
            type.kind = Kind::string;
        else if (text.starts_with("uint"))
            return sized(Kind::number, text.substr(4), 8, 256);
        else if (text.starts_with("bytes"))
            return sized(Kind::word, text.substr(5), 1, 32);
        else
            return text.starts_with("int") ? fail(Errc::unsupported, "a signed number") : bad();
        return type;
    }

    [[nodiscard]] Result<Type> sized(Kind kind, std::string_view digits, unsigned step,
                                     unsigned most) const {
        unsigned size = 0;
        const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), size);
        if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || size == 0 ||
            size > most || size % step != 0)
            return bad();
        Type type;
        type.kind = kind;
        type.size = size;
        return type;
    }

    void skip_blanks() {
        text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
    }

    [[nodiscard]] bool take(char c) {
        skip_blanks();
        if (!text_.starts_with(c))
            return false;
        text_.remove_prefix(1);
        return true;
    }

    /// Letters, digits and _, as many as there are.
    [[nodiscard]] std::string_view word() {
        skip_blanks();
        const auto end = std::ranges::find_if(text_, [](char c) {
            return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '_');
        });
        const auto word = text_.substr(0, static_cast<std::size_t>(end - text_.begin()));
        text_.remove_prefix(word.size());
        return word;
    }

    [[nodiscard]] static Unexpected<Error> bad() {
        return fail(Errc::abi_invalid, "not a list of types");
    }

    std::string_view text_;
};

} // namespace

std::string Type::text() const {
    switch (kind) {
    case Kind::number:
        return fmt::format("uint{}", size);
    case Kind::boolean:
        return "bool";
    case Kind::address:
        return "address";
    case Kind::word:
        return fmt::format("bytes{}", size);
    case Kind::bytes:
        return "bytes";
    case Kind::string:
        return "string";
    case Kind::tuple:
        return text_of(members);
    case Kind::array:
        break;
    }
    return members[0].text() + "[]";
}

bool Type::is_dynamic() const {
    switch (kind) {
    case Kind::number:
    case Kind::boolean:
    case Kind::address:
    case Kind::word:
        return false;
    case Kind::bytes:
    case Kind::string:
    case Kind::array:
        return true;
    case Kind::tuple:
        break;
    }
    return std::ranges::any_of(members, [](const Type& member) { return member.is_dynamic(); });
}

std::size_t Type::head_bytes() const {
    return kind == Kind::tuple && !is_dynamic() ? head_bytes_of(members) : kHeadBytes;
}

std::size_t head_bytes_of(const std::vector<Type>& members) {
    return std::accumulate(
        members.begin(), members.end(), std::size_t{0},
        [](std::size_t sum, const Type& member) { return sum + member.head_bytes(); });
}

std::string text_of(const std::vector<Type>& members) {
    std::string text = "(";
    for (const Type& member : members) {
        if (text.size() > 1)
            text += ',';
        text += member.text();
    }
    return text + ')';
}

Result<std::vector<Type>> types_from_text(std::string_view text) {
    Parser parser(text);
    CODEX_TRY(types, parser.list(0));
    if (!parser.at_end())
        return fail(Errc::abi_invalid, "something follows the list of types");
    return types;
}

} // namespace codex::ethereum::abi
