#include "ethereum/abi/coder.hpp"

#include <algorithm>

namespace codex::ethereum::abi {

namespace {

constexpr std::size_t kWord = 32;

// --- encoding -----------------------------------------------------------------------------------

void put_word(Bytes& to, const UInt256& number) {
    append(to, number.bytes());
}

void put_padding(Bytes& to, std::size_t length) {
    to.resize(to.size() + (kWord - length % kWord) % kWord);
}

void put(Bytes& to, const Type& type, const Value& value);

/// Heads, and behind them what has no fixed length; offsets count from where the heads begin.
template <class TypeOf>
void put_members(Bytes& to, const TypeOf& type_of, std::size_t heads, const Value::List& values) {
    Bytes tail;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const Type& type = type_of(i);
        if (type.is_dynamic()) {
            put_word(to, heads + tail.size());
            put(tail, type, values[i]);
        } else {
            put(to, type, values[i]);
        }
    }
    append(to, tail);
}

void put(Bytes& to, const Type& type, const Value& value) {
    switch (type.kind) {
    case Kind::number:
        CODEX_ASSERT(value.number().bits() <= type.size);
        return put_word(to, value.number());
    case Kind::boolean:
        CODEX_ASSERT(value.number() <= UInt256(1));
        return put_word(to, value.number());
    case Kind::address:
        return put_word(to, UInt256::from_bytes(value.address().bytes));
    case Kind::word:
        return append(to, value.word());
    case Kind::bytes:
    case Kind::string:
        put_word(to, value.bytes().size());
        append(to, value.bytes());
        return put_padding(to, value.bytes().size());
    case Kind::tuple:
        CODEX_ASSERT(value.list().size() == type.members.size());
        return put_members(
            to, [&](std::size_t i) -> const Type& { return type.members[i]; },
            head_bytes_of(type.members), value.list());
    case Kind::array:
        break;
    }
    put_word(to, value.list().size());
    put_members(
        to, [&](std::size_t) -> const Type& { return type.members[0]; },
        value.list().size() * type.members[0].head_bytes(), value.list());
}

// --- decoding -----------------------------------------------------------------------------------

template <class T> using Decoded = Expected<T, DecodeFault>;

Unexpected<DecodeFault> malformed() {
    return Unexpected<DecodeFault>(DecodeFault::malformed);
}

/// Lengths and offsets are numbers of 256 bits; what is beyond 64 is outside of everything.
std::optional<std::uint64_t> near_number(BytesView bytes, std::uint64_t at) {
    return UInt256::from_bytes(bytes.subspan(at, kWord)).as_u64();
}

/// A part of `bytes`: whether `size` of them are at `at`.
bool has(BytesView bytes, std::uint64_t at, std::uint64_t size) {
    return at <= bytes.size() && size <= bytes.size() - at;
}

/// What a contract's memory counts before it takes a length: the numbers it has stored, and the
/// object itself. A sum beyond 64 bits panics.
constexpr std::uint64_t kMemoryBefore = 0x240;

Decoded<Value> get(const Type& type, BytesView bytes, std::uint64_t at);

/// The members of which the heads begin at `base`, which offsets count from.
template <class TypeOf>
Decoded<Value::List> get_members(const TypeOf& type_of, std::size_t count, BytesView bytes,
                                 std::uint64_t base) {
    Value::List values;
    std::uint64_t head = base;
    for (std::size_t i = 0; i < count; ++i) {
        const Type& type = type_of(i);
        std::uint64_t at = head;
        if (type.is_dynamic()) {
            const auto offset = near_number(bytes, head);
            if (!offset || *offset > bytes.size())
                return malformed();
            at = base + *offset;
        }
        auto value = get(type, bytes, at);
        if (!value)
            return Unexpected<DecodeFault>(value.error());
        values.push_back(std::move(*value));
        head += type.head_bytes();
    }
    return values;
}

Decoded<Value> get_bytes(BytesView bytes, std::uint64_t at) {
    if (!has(bytes, at, kWord))
        return malformed();
    const auto length = near_number(bytes, at);
    if (!length || *length > UINT64_MAX - kMemoryBefore - 2 * kWord)
        return Unexpected<DecodeFault>(DecodeFault::too_large);
    if (!has(bytes, at + kWord, *length))
        return malformed();
    const BytesView content = bytes.subspan(at + kWord, *length);
    return Value(Bytes(content.begin(), content.end()));
}

Decoded<Value> get_array(const Type& element, BytesView bytes, std::uint64_t at) {
    if (!has(bytes, at, kWord))
        return malformed();
    const auto length = near_number(bytes, at);
    if (!length)
        return Unexpected<DecodeFault>(DecodeFault::too_large);
    // Each takes a word at least, so this also bounds what is allocated.
    if (*length > bytes.size() / kWord || !has(bytes, at + kWord, *length * element.head_bytes()))
        return malformed();
    auto values = get_members([&](std::size_t) -> const Type& { return element; }, *length, bytes,
                              at + kWord);
    if (!values)
        return Unexpected<DecodeFault>(values.error());
    return Value(std::move(*values));
}

Decoded<Value> get_tuple(const Type& type, BytesView bytes, std::uint64_t at) {
    if (!has(bytes, at, head_bytes_of(type.members)))
        return malformed();
    auto values = get_members([&](std::size_t i) -> const Type& { return type.members[i]; },
                              type.members.size(), bytes, at);
    if (!values)
        return Unexpected<DecodeFault>(values.error());
    return Value(std::move(*values));
}

/// Of fixed length; the word is there, for it is part of a head that is.
Decoded<Value> get_word(const Type& type, BytesView word) {
    if (type.kind == Kind::word) {
        Word value{};
        std::ranges::copy(word, value.begin());
        const auto behind = value.begin() + static_cast<std::ptrdiff_t>(type.size);
        if (std::any_of(behind, value.end(), [](std::uint8_t byte) { return byte != 0; }))
            return malformed();
        return Value(value);
    }
    const UInt256 number = UInt256::from_bytes(word);
    const unsigned most = type.kind == Kind::boolean   ? 1
                          : type.kind == Kind::address ? 8 * Address::kBytes
                                                       : type.size;
    if (number.bits() > most)
        return malformed();
    if (type.kind == Kind::address)
        return Value(Address::from_bytes(word.last(Address::kBytes)));
    return Value(number);
}

Decoded<Value> get(const Type& type, BytesView bytes, std::uint64_t at) {
    switch (type.kind) {
    case Kind::number:
    case Kind::boolean:
    case Kind::address:
    case Kind::word:
        return get_word(type, bytes.subspan(at, kWord));
    case Kind::bytes:
    case Kind::string:
        return get_bytes(bytes, at);
    case Kind::tuple:
        return get_tuple(type, bytes, at);
    case Kind::array:
        break;
    }
    return get_array(type.members[0], bytes, at);
}

} // namespace

Bytes encode(const std::vector<Type>& types, const Value::List& values) {
    CODEX_ASSERT(types.size() == values.size());
    Bytes to;
    put_members(
        to, [&](std::size_t i) -> const Type& { return types[i]; }, head_bytes_of(types), values);
    return to;
}

Expected<Value::List, DecodeFault> decode_arguments(const std::vector<Type>& types,
                                                    BytesView bytes) {
    if (!has(bytes, 0, head_bytes_of(types)))
        return malformed();
    return get_members([&](std::size_t i) -> const Type& { return types[i]; }, types.size(), bytes,
                       0);
}

Result<Value::List> decode(const std::vector<Type>& types, BytesView bytes) {
    auto values = decode_arguments(types, bytes);
    if (!values)
        return fail(Errc::abi_invalid, "{} bytes are no {}", bytes.size(), text_of(types));
    return std::move(*values);
}

} // namespace codex::ethereum::abi
