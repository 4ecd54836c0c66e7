#include "dataset/detail/car_reader.hpp"

#include "codec/uvarint.hpp"

#include <algorithm>
#include <optional>

namespace codex::dataset::detail {

namespace {

/// As much of what was left over is looked at in one batch.
constexpr std::size_t kTinyRest = std::size_t{1} << 20;

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
    return {Errc::car_invalid, fmt::format("{}: byte {}: {}", source_->name(), offset, what)};
}

Error CarReader::cut_off(std::uint64_t offset, std::string_view what) const {
    return invalid(offset, what)
        .remedy({Remedy::check_input, "the archive is cut off; make or fetch it again"});
}

Error CarReader::no_archive() const {
    return Error(Errc::car_invalid,
                 fmt::format("{}: no archive: it does not begin as a CAR does", source_->name()))
        .remedy({Remedy::export_dataset, "a CAR archive is needed, as other tools write them, too; "
                                         "make one of a dataset"});
}

Result<CarReader> CarReader::open(std::unique_ptr<ByteSource> source) {
    CarReader reader(std::move(source));
    CODEX_CHECK(reader.read_header());
    return reader;
}

Result<void> CarReader::read_header() {
    rest_.resize(codec::kMaxUvarintBytes);
    CODEX_TRY(head, read(rest_));
    rest_.resize(head);
    if (rest_.empty())
        return fail(
            Error(Errc::input_empty,
                  fmt::format("{}: no bytes, where an archive was to come", source_->name()))
                .remedy({Remedy::check_input,
                         "perhaps what was to write it failed, or found nothing"}));
    const auto frame = frame_at(rest_);
    if (!frame || !*frame || (*frame)->body == 0 || (*frame)->body > codec::kMaxCarHeaderBytes)
        return fail(no_archive());
    const std::size_t prefix = (*frame)->prefix;
    if (!codec::may_begin_car_header(BytesView(rest_).subspan(prefix)))
        return fail(no_archive());
    const std::size_t end = prefix + static_cast<std::size_t>((*frame)->body);
    if (rest_.size() < end) {
        rest_.resize(end);
        CODEX_TRY(more, read(MutableBytes(rest_).subspan(head)));
        if (head + more < end)
            return fail(cut_off(head + more, "the archive ends within its header"));
    }
    auto roots = codec::decode_car_header(BytesView(rest_).first(end).subspan(prefix));
    if (!roots)
        return fail(std::move(roots).error().context(fmt::format("{}: header", source_->name())));
    roots_ = std::move(*roots);
    rest_.erase(rest_.begin(), rest_.begin() + static_cast<std::ptrdiff_t>(end));
    offset_ = end;
    return {};
}

Result<bool> CarReader::next(CarBatch& batch) {
    // Sections of a few bytes come by the million: the batch is full long before its buffer, and
    // what is left over is not copied again as a whole.
    std::size_t size = std::max(batch.buffer.bytes().size(), kBatchBytes);
    if (rest_.size() - rest_at_ > kTinyRest)
        size = kTinyRest;
    batch.sections.clear();
    for (;;) {
        CODEX_TRY(filled, fill(batch, size));
        const BytesView bytes = batch.buffer.bytes().first(filled);
        CODEX_TRY(used, cut(bytes, batch.sections));
        if (used != 0) {
            give_back(bytes.subspan(used));
            offset_ += used;
            return true;
        }
        if (ended_ && filled == 0)
            return false;
        if (ended_ && rest_at_ == rest_.size())
            return fail(cut_off(offset_ + filled, "the archive ends within a section"));
        CODEX_TRY(frame, frame_at(bytes)); // a section larger than the buffer; cut() checked it
        give_back(bytes);
        size = frame ? frame->prefix + static_cast<std::size_t>(frame->body) : kBatchBytes;
    }
}

/// Puts `size` bytes at the front of the batch's buffer, or as many as there are; gives how many.
Result<std::size_t> CarReader::fill(CarBatch& batch, std::size_t size) {
    if (batch.buffer.bytes().size() < size)
        batch.buffer = PageBuffer(size);
    const MutableBytes buffer = batch.buffer.bytes().first(size);
    const std::size_t old = std::min(size, rest_.size() - rest_at_);
    std::copy_n(rest_.begin() + static_cast<std::ptrdiff_t>(rest_at_), old, buffer.begin());
    rest_at_ += old;
    if (old == size)
        return size;
    CODEX_TRY(got, read(buffer.subspan(old)));
    return old + got;
}

/// Keeps what was taken by fill() and not used.
void CarReader::give_back(BytesView bytes) {
    if (bytes.size() <= rest_at_) { // it came from there, or there is room
        rest_at_ -= bytes.size();
        std::copy(bytes.begin(), bytes.end(),
                  rest_.begin() + static_cast<std::ptrdiff_t>(rest_at_));
        return;
    }
    Bytes rest;
    rest.reserve(bytes.size() + rest_.size() - rest_at_);
    append(rest, bytes);
    append(rest, BytesView(rest_).subspan(rest_at_));
    rest_ = std::move(rest);
    rest_at_ = 0;
}

/// Appends the sections that are whole; gives the bytes they take.
Result<std::size_t> CarReader::cut(BytesView bytes, std::vector<CarSection>& sections) const {
    std::size_t at = 0;
    for (;;) {
        if (sections.size() == kMaxBatchBlocks)
            return at;
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
        const auto what = [&] {
            return fmt::format("after byte {}: {}", offset_, got.error().text());
        };
        if (code == Errc::truncated)
            return fail(Error(Errc::car_invalid, what())
                            .remedy({Remedy::check_input,
                                     "the archive is cut off; make or fetch it again"}));
        if (code == Errc::malformed)
            return fail(
                Error(Errc::car_invalid, what())
                    .remedy({Remedy::check_input,
                             "the archive was damaged on the way; make or fetch it again"}));
        return fail(std::move(got).error());
    }
    ended_ = *got < to.size();
    return got;
}

} // namespace codex::dataset::detail
