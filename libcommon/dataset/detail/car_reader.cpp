#include "dataset/detail/car_reader.hpp"

#include "codec/uvarint.hpp"

#include <algorithm>
#include <optional>

namespace codex::dataset::detail {

namespace {

/// The length of the frame at the front of `bytes`: its prefix and its body. Nothing while the
/// prefix is cut. Errors: varint_invalid.
struct Frame {
    std::size_t prefix = 0;
    std::uint64_t body = 0;
};
Result<std::optional<Frame>> frame_at(BytesView bytes) {
    auto length = codec::read_uvarint(bytes);
    if (length)
        return Frame{length->size, length->value};
    if (length.error().code() == Errc::truncated)
        return std::optional<Frame>();
    return fail(std::move(length).error());
}

} // namespace

Error CarReader::invalid(std::uint64_t offset, std::string_view what) const {
    return {Errc::car_invalid, fmt::format("{}: byte {}: {}", name_, offset, what)};
}

Result<CarReader> CarReader::open(std::unique_ptr<ByteSource> source, std::string_view name) {
    CarReader reader(std::move(source), name);
    CODEX_CHECK(reader.read_header());
    return reader;
}

Result<void> CarReader::read_header() {
    rest_.resize(codec::kMaxUvarintBytes);
    CODEX_TRY(head, read(rest_));
    rest_.resize(head);
    const auto frame = frame_at(rest_);
    if (!frame || !*frame || (*frame)->body == 0 || (*frame)->body > codec::kMaxCarHeaderBytes)
        return fail(invalid(0, rest_.empty() ? "no bytes" : "not a CAR: no header here")
                        .hint("a CAR is what 'codex-chunk export' or 'ipfs dag export' writes"));
    const std::size_t end = (*frame)->prefix + static_cast<std::size_t>((*frame)->body);
    if (rest_.size() < end) {
        rest_.resize(end);
        CODEX_TRY(more, read(MutableBytes(rest_).subspan(head)));
        if (head + more < end)
            return fail(invalid(head + more, "the archive ends within its header"));
    }
    auto roots = codec::decode_car_header(BytesView(rest_).first(end).subspan((*frame)->prefix));
    if (!roots)
        return fail(std::move(roots).error().context(fmt::format("{}: header", name_)));
    roots_ = std::move(*roots);
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(end));
    offset_ = end;
    return {};
}

Result<bool> CarReader::next(CarBatch& batch) {
    std::size_t size = std::max(batch.buffer.bytes().size(), kBatchBytes);
    batch.sections.clear();
    for (;;) {
        size = std::max(size, rest_.size());
        if (batch.buffer.bytes().size() < size)
            batch.buffer = PageBuffer(size);
        const MutableBytes buffer = batch.buffer.bytes();
        std::copy(rest_.begin(), rest_.end(), buffer.begin());
        CODEX_TRY(got, read(buffer.subspan(rest_.size())));
        const BytesView bytes = buffer.first(rest_.size() + got);
        CODEX_TRY(used, cut(bytes, batch.sections));
        rest_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
        if (used != 0) {
            offset_ += used;
            return true;
        }
        if (ended_ && rest_.empty())
            return false;
        if (ended_)
            return fail(invalid(offset_ + rest_.size(), "the archive ends within a section"));
        CODEX_TRY(frame, frame_at(rest_)); // a section larger than the buffer; cut() checked it
        size = frame->prefix + static_cast<std::size_t>(frame->body);
    }
}

/// Appends the sections that are whole; gives the bytes they take.
Result<std::size_t> CarReader::cut(BytesView bytes, std::vector<CarSection>& sections) const {
    std::size_t at = 0;
    for (;;) {
        const auto frame = frame_at(bytes.subspan(at));
        if (!frame)
            return fail(invalid(offset_ + at, frame.error().text()));
        if (!*frame)
            return at;
        const auto [prefix, body] = **frame;
        if (body > codec::kMaxCarSectionBytes)
            return fail(invalid(offset_ + at, fmt::format("section of {} bytes, at most {} are "
                                                          "accepted",
                                                          body, codec::kMaxCarSectionBytes)));
        if (bytes.size() - at - prefix < body)
            return at;
        const BytesView section = bytes.subspan(at + prefix, static_cast<std::size_t>(body));
        const auto split = codec::split_section(section);
        if (!split)
            return fail(invalid(offset_ + at, split.error().text()));
        sections.push_back({offset_ + at, split->first, section.subspan(split->second)});
        at += prefix + section.size();
    }
}

/// Fills `to` or sets ended_. A compressed archive that is cut or damaged is an invalid archive.
Result<std::size_t> CarReader::read(MutableBytes to) {
    if (ended_)
        return std::size_t{0};
    auto got = source_->read(to);
    if (!got) {
        const Errc code = got.error().code();
        if (code == Errc::truncated || code == Errc::malformed)
            return fail(Error(Errc::car_invalid,
                              fmt::format("after byte {}: {}", offset_, got.error().text())));
        return fail(std::move(got).error());
    }
    ended_ = *got < to.size();
    return got;
}

} // namespace codex::dataset::detail
