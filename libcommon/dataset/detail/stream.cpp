#include "dataset/detail/stream.hpp"

#include "base/endian.hpp"

#include <algorithm>
#include <zstd.h>
#include <zstd_errors.h>

namespace codex::dataset::detail {

namespace {

constexpr std::size_t kGatherBytes = std::size_t{1} << 20;
constexpr int kZstdLevel = 3;

class GatheringSink final : public ByteSink {
public:
    explicit GatheringSink(ByteSink& out) : ByteSink(out.name()), out_(out) {
        gathered_.reserve(kGatherBytes);
    }

    Result<void> write(BytesView bytes) override {
        if (gathered_.size() + bytes.size() > kGatherBytes)
            CODEX_CHECK(write_gathered());
        if (bytes.size() >= kGatherBytes)
            return out_.write(bytes);
        append(gathered_, bytes);
        return {};
    }
    Result<void> flush() override {
        CODEX_CHECK(write_gathered());
        return out_.flush();
    }
    void cancel() override { out_.cancel(); }

private:
    Result<void> write_gathered() {
        CODEX_CHECK(out_.write(gathered_));
        gathered_.clear();
        return {};
    }

    ByteSink& out_;
    Bytes gathered_;
};

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdSink final : public ByteSink {
public:
    ZstdSink(ByteSink& out, unsigned threads)
        : ByteSink(out.name()), context_(ZSTD_createCCtx()), out_(out),
          compressed_(ZSTD_CStreamOutSize()) {
        if (!context_)
            throw std::bad_alloc();
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
        ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
        // Refused by a library built without threads, which then works in this one.
        if (threads > 1)
            ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_nbWorkers, static_cast<int>(threads));
    }

    Result<void> write(BytesView bytes) override { return run(bytes, ZSTD_e_continue); }

    Result<void> flush() override {
        CODEX_CHECK(run({}, ZSTD_e_end));
        return out_.flush();
    }
    void cancel() override { out_.cancel(); }

private:
    Result<void> run(BytesView bytes, ZSTD_EndDirective mode) {
        ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
        for (;;) {
            ZSTD_outBuffer out{compressed_.data(), compressed_.size(), 0};
            const std::size_t left = ZSTD_compressStream2(context_.get(), &out, &in, mode);
            if (ZSTD_isError(left) != 0)
                return fail(Errc::internal, "zstd: {}", ZSTD_getErrorName(left));
            CODEX_CHECK(out_.write(BytesView(compressed_).first(out.pos)));
            if (mode == ZSTD_e_end ? left == 0 : in.pos == in.size)
                return {};
        }
    }

    std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
    GatheringSink out_;
    Bytes compressed_;
};

constexpr std::size_t kMagicBytes = 4;

/// The input, after the few bytes that were read to recognise it.
class PlainSource final : public ByteSource {
public:
    PlainSource(ByteSource& input, Bytes head)
        : ByteSource(input.name()), input_(input), head_(std::move(head)) {}

    void cancel() override { input_.cancel(); }

private:
    Result<std::size_t> take(MutableBytes to) override {
        if (head_at_ == head_.size())
            return input_.read_some(to);
        const std::size_t old = std::min(head_.size() - head_at_, to.size());
        std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(head_at_), old, to.begin());
        head_at_ += old;
        return old;
    }

    ByteSource& input_;
    Bytes head_;
    std::size_t head_at_ = 0;
};

class ZstdSource final : public ByteSource {
public:
    ZstdSource(ByteSource& input, const Bytes& head, std::uint64_t free_bytes)
        : ByteSource(input.name()), input_(input), free_bytes_(free_bytes),
          context_(ZSTD_createDCtx()), buffer_(ZSTD_DStreamInSize()) {
        if (!context_)
            throw std::bad_alloc();
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kWindowLogMax);
        std::copy(head.begin(), head.end(), buffer_.begin());
        in_ = {buffer_.data(), head.size(), 0};
    }

    void cancel() override { input_.cancel(); }

private:
    Result<std::size_t> take(MutableBytes to) override {
        ZSTD_outBuffer out{to.data(), to.size(), 0};
        while (out.pos < out.size) {
            const std::size_t had = out.pos;
            if (in_.pos == in_.size && !ended_) {
                CODEX_TRY(got, input_.read_some(buffer_));
                in_ = {buffer_.data(), got, 0};
                ended_ = got == 0;
            }
            if (ended_ && frame_done_)
                break;
            const std::size_t wanted = ZSTD_decompressStream(context_.get(), &out, &in_);
            if (ZSTD_isError(wanted) != 0)
                return fail(broken(wanted));
            CODEX_CHECK(check_expansion(out.pos - had));
            frame_done_ = wanted == 0;
            // Nothing came out and nothing more goes in: the last frame has no end.
            if (ended_ && !frame_done_ && out.pos == had)
                return fail(Errc::truncated, "{}: the zstd data ends early", input_.name());
        }
        return out.pos;
    }

    Error broken(std::size_t code) const {
        if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
            return Error(Errc::limit_exceeded,
                         fmt::format("{}: needs a zstd window of more than {} MiB", input_.name(),
                                     (1U << kWindowLogMax) >> 20))
                .hint("pipe it in uncompressed, with more memory: zstd -dc --long=31");
        return {Errc::malformed,
                fmt::format("{}: damaged zstd data: {}", input_.name(), ZSTD_getErrorName(code))};
    }

    Result<void> check_expansion(std::size_t more) {
        given_ += more;
        if (given_ <= free_bytes_ || given_ - free_bytes_ <= input_.bytes_read() * kMostExpansion)
            return {};
        return fail(Error(Errc::limit_exceeded,
                          fmt::format("{}: {} compressed bytes stand for more than {}",
                                      input_.name(), input_.bytes_read(), given_))
                        .hint("when you trust it, pipe it in uncompressed: zstd -dc"));
    }

    static constexpr int kWindowLogMax = 27; // what zstd -d itself accepts
    ByteSource& input_;
    std::uint64_t free_bytes_;
    std::uint64_t given_ = 0;
    std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
    Bytes buffer_;
    ZSTD_inBuffer in_{};
    bool frame_done_ = false;
    bool ended_ = false;
};

bool is_zstd(const Bytes& head) {
    if (head.size() < kMagicBytes)
        return false;
    const auto magic = load_le<std::uint32_t>(head.data());
    // Parallel compressors put a skippable frame first.
    return magic == ZSTD_MAGICNUMBER ||
           (magic & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

} // namespace

std::unique_ptr<ByteSink> gathering_sink(ByteSink& out) {
    return std::make_unique<GatheringSink>(out);
}

std::unique_ptr<ByteSink> zstd_sink(ByteSink& out, unsigned threads) {
    return std::make_unique<ZstdSink>(out, threads);
}

Result<std::unique_ptr<ByteSource>> open_source(ByteSource& input, std::uint64_t free_bytes) {
    Bytes head(kMagicBytes);
    CODEX_TRY(got, input.read(head));
    head.resize(got);
    if (is_zstd(head))
        return std::unique_ptr<ByteSource>(std::make_unique<ZstdSource>(input, head, free_bytes));
    return std::unique_ptr<ByteSource>(std::make_unique<PlainSource>(input, std::move(head)));
}

} // namespace codex::dataset::detail
