// The reader stays inside the message, and what it gave, written again, reads the same.
#include "codec/protobuf.hpp"
#include "property.hpp"

#include <vector>

using namespace codex;
using namespace codex::codec::protobuf;

namespace {

/// All fields up to the end or the first error.
std::vector<Field> read_all(BytesView message, bool& clean) {
    std::vector<Field> fields;
    Reader reader(message);
    for (;;) {
        const auto field = reader.next();
        clean = field.has_value();
        if (!field || !*field)
            return fields;
        fields.push_back(**field);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    bool clean = false;
    std::vector<Field> fields = read_all({data, size}, clean);
    Writer writer;
    for (const Field& field : fields) {
        FUZZ_CHECK(field.number >= 1 && field.number < 1u << 29);
        if (field.type == WireType::bytes) {
            FUZZ_CHECK(field.bytes.data() >= data &&
                       field.bytes.data() + field.bytes.size() <= data + size);
            writer.bytes(field.number, field.bytes);
        } else {
            writer.varint(field.number, field.value);
        }
    }
    const std::vector<Field> again = read_all(writer.view(), clean);
    FUZZ_CHECK(clean && again.size() == fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
        FUZZ_CHECK(again[i].number == fields[i].number && again[i].value == fields[i].value);
        FUZZ_CHECK(equal(again[i].bytes, fields[i].bytes));
    }
    return 0;
}
