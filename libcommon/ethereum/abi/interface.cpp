#include "ethereum/abi/interface.hpp"

#include "crypto/hash/keccak256.hpp"

#include <algorithm>

namespace codex::ethereum::abi {

namespace {

Digest digest_of(const std::string& signature) {
    return crypto::keccak256(as_bytes(signature));
}

Selector first_four(const Digest& digest) {
    Selector selector{};
    std::copy_n(digest.begin(), selector.size(), selector.begin());
    return selector;
}

/// Splits off the first word.
std::string_view word_of(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    const auto word = line.substr(0, line.find_first_of(" ("));
    line.remove_prefix(word.size());
    return word;
}

/// Splits off what stands in brackets, with them.
std::string_view brackets_of(std::string_view& line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    unsigned depth = 0;
    std::size_t end = 0;
    for (; end < line.size(); ++end) {
        depth += line[end] == '(' ? 1 : 0;
        if (line[end] == ')' && --depth == 0)
            break;
        if (depth == 0)
            return {};
    }
    const auto brackets = line.substr(0, std::min(end + 1, line.size()));
    line.remove_prefix(brackets.size());
    return brackets;
}

template <class T> const T* by_name(const std::vector<T>& all, std::string_view name) {
    if (name.find('(') != std::string_view::npos) {
        const auto found =
            std::ranges::find_if(all, [&](const T& one) { return one.signature() == name; });
        return found == all.end() ? nullptr : &*found;
    }
    const auto found = std::ranges::find(all, name, &T::name);
    if (found == all.end() || std::find_if(found + 1, all.end(), [&](const T& one) {
                                  return one.name == name;
                              }) != all.end())
        return nullptr;
    return &*found;
}

template <class T, class Key> const T* by_key(const std::vector<T>& all, Key T::* key, Key is) {
    const auto found = std::ranges::find(all, is, key);
    return found == all.end() ? nullptr : &*found;
}

} // namespace

Result<Interface> Interface::from_text(std::string_view text) {
    Interface made;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        auto added = made.add(line);
        if (!added)
            return fail(std::move(added).error().context(line));
    }
    return made;
}

Result<void> Interface::add(std::string_view line) {
    const auto kind = word_of(line);
    if (kind.empty())
        return {};
    const std::string name(word_of(line));
    CODEX_TRY(inputs, types_from_text(brackets_of(line)));
    const Digest digest = digest_of(name + text_of(inputs));
    const Selector selector = first_four(digest);
    if (kind == "event" && event(digest) == nullptr) {
        events_.push_back({name, std::move(inputs), digest});
    } else if (kind == "error" && fault(selector) == nullptr) {
        faults_.push_back({name, std::move(inputs), selector});
    } else if (kind == "function" && function(selector) == nullptr) {
        Function made{name, std::move(inputs), {}, false, selector};
        auto word = word_of(line);
        made.is_view = word == "view" || word == "pure";
        if (made.is_view)
            word = word_of(line);
        if (word == "returns") {
            CODEX_SET(made.outputs, types_from_text(brackets_of(line)));
            word = word_of(line);
        }
        if (!word.empty())
            return fail(Errc::abi_invalid, "'{}' is not known", word);
        functions_.push_back(std::move(made));
    } else {
        return fail(Errc::abi_invalid, "neither a function, an event nor an error, or one twice");
    }
    return {};
}

const Function* Interface::function(const Selector& selector) const {
    return by_key(functions_, &Function::selector, selector);
}
const Fault* Interface::fault(const Selector& selector) const {
    return by_key(faults_, &Fault::selector, selector);
}
const Event* Interface::event(const Digest& topic) const {
    return by_key(events_, &Event::topic, topic);
}
const Function* Interface::function(std::string_view name) const {
    return by_name(functions_, name);
}
const Fault* Interface::fault(std::string_view name) const {
    return by_name(faults_, name);
}
const Event* Interface::event(std::string_view name) const {
    return by_name(events_, name);
}

Bytes encode_call(const Function& function, const Value::List& arguments) {
    Bytes call(function.selector.begin(), function.selector.end());
    append(call, encode(function.inputs, arguments));
    return call;
}

Bytes encode_fault(const Fault& fault, const Value::List& arguments) {
    Bytes data(fault.selector.begin(), fault.selector.end());
    append(data, encode(fault.inputs, arguments));
    return data;
}

std::optional<Selector> selector_of(BytesView bytes) {
    Selector selector{};
    if (bytes.size() < selector.size())
        return std::nullopt;
    std::copy_n(bytes.begin(), selector.size(), selector.begin());
    return selector;
}

Log encode_log(const Address& contract, const Event& event, const Value::List& arguments) {
    Log log{contract, {event.topic}, {}};
    std::vector<Type> types;
    Value::List values;
    for (std::size_t i = 0; i < event.inputs.size(); ++i) {
        if (!event.inputs[i].indexed) {
            types.push_back(event.inputs[i]);
            values.push_back(arguments[i]);
            continue;
        }
        const Bytes word = encode({event.inputs[i]}, {arguments[i]});
        CODEX_ASSERT(word.size() == Word{}.size());
        std::ranges::copy(word, log.topics.emplace_back().begin());
    }
    log.data = encode(types, values);
    return log;
}

Result<Value::List> decode_log(const Event& event, const Log& log) {
    std::vector<Type> topics;
    std::vector<Type> types;
    for (const Type& input : event.inputs)
        (input.indexed ? topics : types).push_back(input);
    if (log.topics.size() != topics.size() + 1 || log.topics[0] != event.topic)
        return fail(Errc::abi_invalid, "a log that is none of {}", event.name);
    Bytes words;
    for (std::size_t i = 1; i < log.topics.size(); ++i)
        append(words, log.topics[i]);
    CODEX_TRY(indexed, decode(topics, words));
    CODEX_TRY(plain, decode(types, log.data));
    Value::List all;
    std::size_t from_topics = 0;
    std::size_t from_data = 0;
    for (const Type& input : event.inputs)
        all.push_back(input.indexed ? std::move(indexed[from_topics++])
                                    : std::move(plain[from_data++]));
    return all;
}

} // namespace codex::ethereum::abi
