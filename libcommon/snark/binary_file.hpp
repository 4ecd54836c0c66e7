// The iden3 container of .r1cs, .wtns, .zkey and .ptau files: a magic, a version, and typed
// sections in any order, all integers little-endian (codex-groth16(5), CONTAINER).
#pragma once

#include "base/bytes.hpp"
#include "base/error.hpp"
#include "base/fd.hpp"

#include <map>
#include <memory>
#include <string>

namespace codex::snark {

/// A container, mapped read-only or held in memory. Moves keep views valid. A mapped file may be
/// cut or written to by others at any time: its views stay readable, but what was made of them
/// counts only when intact() says so afterwards.
/// Threads: const calls from any thread, at once.
class BinaryFile {
public:
    /// Maps `path`, or reads it, where it is a pipe or a device. `magic` is four characters.
    /// Errors: malformed (magic, version above `max_version`, a section outside the file, or the
    /// same type twice), the system's.
    [[nodiscard]] static Result<BinaryFile> open(const std::string& path, std::string_view magic,
                                                 std::uint32_t max_version);
    /// The same of an open file; `name` is for error texts.
    [[nodiscard]] static Result<BinaryFile> map(int fd, std::string name, std::string_view magic,
                                                std::uint32_t max_version);
    /// The same of a stream that is read to its end, and into a temporary file when it is large; at
    /// most 8 GiB. The magic and
    /// the head of each section are looked at as soon as they come. Errors: also limit_exceeded,
    /// input_empty.
    [[nodiscard]] static Result<BinaryFile> read(int fd, std::string name, std::string_view magic,
                                                 std::uint32_t max_version);
    /// The same over bytes in memory.
    [[nodiscard]] static Result<BinaryFile> parse(Bytes bytes, std::string_view magic,
                                                  std::uint32_t max_version);
    ~BinaryFile();
    BinaryFile(BinaryFile&&) noexcept;
    BinaryFile& operator=(BinaryFile&&) noexcept;

    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] std::uint32_t version() const;
    /// Types and sizes, in file order.
    [[nodiscard]] const std::vector<std::pair<std::uint32_t, BytesView>>& sections() const;
    [[nodiscard]] bool has(std::uint32_t type) const;
    /// Errors: malformed naming the missing section.
    [[nodiscard]] Result<BytesView> section(std::uint32_t type) const;
    /// A section of just `count` points of `each` bytes. Errors: malformed when it is missing or
    /// has another size.
    [[nodiscard]] Result<BytesView> points(std::uint32_t type, std::uint64_t count,
                                           std::size_t each) const;
    /// That the file is as it was when it was mapped. Errors: io naming it.
    [[nodiscard]] Result<void> intact() const;
    /// `result`, unless the file that it was made of is not intact any more: then that error.
    template <class T> [[nodiscard]] Result<T> if_intact(Result<T> result) const {
        CODEX_CHECK(intact());
        return result;
    }

private:
    struct Impl;
    explicit BinaryFile(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Writes a container to a descriptor that can seek; sections are begun and ended one after another
/// and their lengths filled in.
/// Threads: one at a time.
class BinaryWriter {
public:
    [[nodiscard]] static Result<BinaryWriter> begin(int fd, std::string name,
                                                    std::string_view magic, std::uint32_t version,
                                                    std::uint32_t sections);
    [[nodiscard]] Result<void> begin_section(std::uint32_t type);
    [[nodiscard]] Result<void> write(BytesView bytes);
    [[nodiscard]] Result<void> write_u32(std::uint32_t value);
    [[nodiscard]] Result<void> write_u64(std::uint64_t value);
    [[nodiscard]] Result<void> end_section();
    /// Writes what is buffered.
    [[nodiscard]] Result<void> finish();

private:
    BinaryWriter() = default;
    [[nodiscard]] Result<void> flush();
    int fd_ = -1;
    std::string name_;
    Bytes buffer_;
    std::uint64_t written_ = 0;
    std::uint64_t section_at_ = 0;
};

} // namespace codex::snark
