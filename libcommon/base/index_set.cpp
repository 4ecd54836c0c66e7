#include "base/index_set.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace codex {
namespace {

/// A list up to so many takes no more memory than bits do; it becomes one again only below half of
/// that, so that a set at the border does not change its form with each call.
constexpr std::size_t kMostInList = 4096;
constexpr std::size_t kBackToList = kMostInList / 2;
constexpr std::uint32_t kWordBits = 64;
/// A range up to so long is put into a list, or taken out of it, one by one: all of a list becomes
/// bits, and a list again, only where that is cheaper.
constexpr std::uint32_t kFewAtOnce = 8;

/// Bits begin to end - 1 of a word.
std::uint64_t word_mask(std::uint32_t begin, std::uint32_t end) {
    const std::uint64_t below_end =
        end == kWordBits ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1;
    return below_end & ~((std::uint64_t{1} << begin) - 1);
}

/// Calls f(word, mask) for each word that has bits of begin to end - 1.
template <class F> void for_words(std::uint32_t begin, std::uint32_t end, const F& f) {
    while (begin < end) {
        const std::uint32_t word = begin / kWordBits;
        const std::uint32_t word_end = std::min(end, (word + 1) * kWordBits);
        f(word, word_mask(begin % kWordBits, word_end - word * kWordBits));
        begin = word_end;
    }
}

} // namespace

bool IndexSet::Piece::contains(std::uint32_t at) const {
    if (is_full())
        return true;
    if (bits)
        return ((*bits)[at / kWordBits] >> at % kWordBits & 1) != 0;
    return std::binary_search(list.begin(), list.end(), static_cast<std::uint16_t>(at));
}

std::uint32_t IndexSet::Piece::count(std::uint32_t begin, std::uint32_t end) const {
    if (is_full())
        return end - begin;
    std::uint32_t found = 0;
    if (bits) {
        for_words(begin, end, [&](std::uint32_t word, std::uint64_t mask) {
            found += static_cast<std::uint32_t>(std::popcount((*bits)[word] & mask));
        });
        return found;
    }
    return static_cast<std::uint32_t>(std::lower_bound(list.begin(), list.end(), end) -
                                      std::lower_bound(list.begin(), list.end(), begin));
}

std::uint32_t IndexSet::Piece::next(std::uint32_t from) const {
    if (is_full() || from == kPieceIndices)
        return from;
    if (!bits) {
        const auto found = std::lower_bound(list.begin(), list.end(), from);
        return found == list.end() ? kPieceIndices : *found;
    }
    std::uint64_t mask = word_mask(from % kWordBits, kWordBits);
    for (std::uint32_t word = from / kWordBits; word < bits->size(); ++word) {
        const std::uint64_t set = (*bits)[word] & mask;
        if (set != 0)
            return word * kWordBits + static_cast<std::uint32_t>(std::countr_zero(set));
        mask = ~std::uint64_t{0};
    }
    return kPieceIndices;
}

std::uint32_t IndexSet::Piece::next_missing(std::uint32_t from) const {
    if (is_full() || from == kPieceIndices)
        return kPieceIndices;
    if (!bits) {
        auto found = std::lower_bound(list.begin(), list.end(), from);
        for (; found != list.end() && *found == from; ++found)
            ++from;
        return from;
    }
    std::uint64_t mask = word_mask(from % kWordBits, kWordBits);
    for (std::uint32_t word = from / kWordBits; word < bits->size(); ++word) {
        const std::uint64_t clear = ~(*bits)[word] & mask;
        if (clear != 0)
            return word * kWordBits + static_cast<std::uint32_t>(std::countr_zero(clear));
        mask = ~std::uint64_t{0};
    }
    return kPieceIndices;
}

void IndexSet::Piece::to_bits() {
    if (bits)
        return;
    bits = std::make_unique<Bits>();
    if (is_full())
        bits->fill(~std::uint64_t{0});
    for (const std::uint16_t at : list)
        (*bits)[at / kWordBits] |= std::uint64_t{1} << at % kWordBits;
    list = std::vector<std::uint16_t>();
}

/// Takes the form that fits the size.
void IndexSet::Piece::settle() {
    if (is_full()) {
        bits.reset();
        list = std::vector<std::uint16_t>();
    } else if (bits && size <= kBackToList) {
        std::vector<std::uint16_t> few;
        few.reserve(size);
        for (std::uint32_t at = next(0); at != kPieceIndices; at = next(at + 1))
            few.push_back(static_cast<std::uint16_t>(at));
        list = std::move(few);
        bits.reset();
    } else if (!bits && list.size() > kMostInList) {
        to_bits();
    }
}

bool IndexSet::Piece::insert(std::uint32_t at) {
    if (contains(at))
        return false;
    if (bits)
        (*bits)[at / kWordBits] |= std::uint64_t{1} << at % kWordBits;
    else
        list.insert(std::lower_bound(list.begin(), list.end(), at), static_cast<std::uint16_t>(at));
    ++size;
    settle();
    return true;
}

bool IndexSet::Piece::erase(std::uint32_t at) {
    if (!contains(at))
        return false;
    if (is_full())
        to_bits();
    if (bits)
        (*bits)[at / kWordBits] &= ~(std::uint64_t{1} << at % kWordBits);
    else
        list.erase(std::lower_bound(list.begin(), list.end(), at));
    --size;
    settle();
    return true;
}

void IndexSet::Piece::insert(std::uint32_t begin, std::uint32_t end) {
    if (count(begin, end) == end - begin)
        return;
    if (end - begin <= kFewAtOnce) {
        for (std::uint32_t at = begin; at < end; ++at)
            insert(at);
        return;
    }
    to_bits();
    for_words(begin, end, [&](std::uint32_t word, std::uint64_t mask) {
        size += static_cast<std::uint32_t>(std::popcount(~(*bits)[word] & mask));
        (*bits)[word] |= mask;
    });
    settle();
}

void IndexSet::Piece::erase(std::uint32_t begin, std::uint32_t end) {
    if (count(begin, end) == 0)
        return;
    if (end - begin <= kFewAtOnce) {
        for (std::uint32_t at = begin; at < end; ++at)
            erase(at);
        return;
    }
    to_bits();
    for_words(begin, end, [&](std::uint32_t word, std::uint64_t mask) {
        size -= static_cast<std::uint32_t>(std::popcount((*bits)[word] & mask));
        (*bits)[word] &= ~mask;
    });
    settle();
}

IndexSet::Piece IndexSet::Piece::copy() const {
    Piece copied;
    copied.key = key;
    copied.size = size;
    copied.list = list;
    if (bits)
        copied.bits = std::make_unique<Bits>(*bits);
    return copied;
}

IndexSet::IndexSet(const IndexSet& other) : size_(other.size_) {
    pieces_.reserve(other.pieces_.size());
    for (const Piece& piece : other.pieces_)
        pieces_.push_back(piece.copy());
}

IndexSet& IndexSet::operator=(const IndexSet& other) {
    return *this = IndexSet(other);
}

/// Where the piece is, or is to be.
std::size_t IndexSet::find(std::uint64_t key) const {
    const auto found = std::lower_bound(
        pieces_.begin(), pieces_.end(), key,
        [](const Piece& piece, std::uint64_t wanted) { return piece.key < wanted; });
    return static_cast<std::size_t>(found - pieces_.begin());
}

const IndexSet::Piece* IndexSet::piece(std::uint64_t key) const {
    const std::size_t at = find(key);
    return at < pieces_.size() && pieces_[at].key == key ? &pieces_[at] : nullptr;
}

bool IndexSet::contains(std::uint64_t index) const {
    const Piece* const found = piece(index / kPieceIndices);
    return found != nullptr && found->contains(static_cast<std::uint32_t>(index % kPieceIndices));
}

bool IndexSet::insert(std::uint64_t index) {
    if (contains(index) || index >= kMaxIndices)
        return false;
    insert(IndexRange{index, 1});
    return true;
}

bool IndexSet::erase(std::uint64_t index) {
    if (!contains(index))
        return false;
    erase(IndexRange{index, 1});
    return true;
}

void IndexSet::insert(IndexRange range) {
    if (range.first >= kMaxIndices)
        return;
    const std::uint64_t end = range.first + std::min(range.count, kMaxIndices - range.first);
    for (std::uint64_t at = range.first; at < end;) {
        const std::uint64_t key = at / kPieceIndices;
        const std::size_t place = find(key);
        if (place == pieces_.size() || pieces_[place].key != key) {
            Piece fresh;
            fresh.key = static_cast<std::uint32_t>(key);
            pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(place), std::move(fresh));
        }
        Piece& to = pieces_[place];
        const std::uint64_t base = key * kPieceIndices;
        const std::uint64_t stop = std::min(end, base + kPieceIndices);
        size_ -= to.size;
        if (stop - at == 1)
            to.insert(static_cast<std::uint32_t>(at - base));
        else
            to.insert(static_cast<std::uint32_t>(at - base),
                      static_cast<std::uint32_t>(stop - base));
        size_ += to.size;
        at = stop;
    }
}

void IndexSet::erase(IndexRange range) {
    if (range.first >= kMaxIndices)
        return;
    const std::uint64_t end = range.first + std::min(range.count, kMaxIndices - range.first);
    bool emptied = false;
    for (std::size_t place = find(range.first / kPieceIndices); place < pieces_.size(); ++place) {
        Piece& from = pieces_[place];
        const std::uint64_t base = std::uint64_t{from.key} * kPieceIndices;
        if (base >= end)
            break;
        const auto begin = static_cast<std::uint32_t>(std::max(range.first, base) - base);
        const auto stop =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(end - base, kPieceIndices));
        size_ -= from.size;
        if (begin == 0 && stop == kPieceIndices)
            from.size = 0;
        else if (stop - begin == 1)
            from.erase(begin);
        else
            from.erase(begin, stop);
        size_ += from.size;
        emptied |= from.size == 0;
    }
    if (emptied)
        std::erase_if(pieces_, [](const Piece& piece) { return piece.size == 0; });
}

void IndexSet::clear() {
    pieces_.clear();
    size_ = 0;
}

std::uint64_t IndexSet::count(IndexRange range) const {
    if (range.first >= kMaxIndices)
        return 0;
    const std::uint64_t end = range.first + std::min(range.count, kMaxIndices - range.first);
    std::uint64_t found = 0;
    for (std::size_t place = find(range.first / kPieceIndices); place < pieces_.size(); ++place) {
        const std::uint64_t base = std::uint64_t{pieces_[place].key} * kPieceIndices;
        if (base >= end)
            break;
        found += pieces_[place].count(
            static_cast<std::uint32_t>(std::max(range.first, base) - base),
            static_cast<std::uint32_t>(std::min<std::uint64_t>(end - base, kPieceIndices)));
    }
    return found;
}

std::optional<std::uint64_t> IndexSet::next(std::uint64_t from) const {
    for (std::size_t place = find(from / kPieceIndices); place < pieces_.size(); ++place) {
        const std::uint64_t base = std::uint64_t{pieces_[place].key} * kPieceIndices;
        const std::uint32_t at =
            pieces_[place].next(base >= from ? 0 : static_cast<std::uint32_t>(from - base));
        if (at != kPieceIndices)
            return base + at;
    }
    return std::nullopt;
}

std::uint64_t IndexSet::next_missing(std::uint64_t from) const {
    for (const Piece* found = piece(from / kPieceIndices); found != nullptr;
         found = piece(from / kPieceIndices)) {
        const std::uint64_t base = std::uint64_t{found->key} * kPieceIndices;
        const std::uint32_t at = found->next_missing(static_cast<std::uint32_t>(from - base));
        from = base + at;
        if (at != kPieceIndices)
            break;
    }
    return from;
}

std::optional<IndexRange> IndexSet::next_run(std::uint64_t from) const {
    const auto first = next(from);
    if (!first)
        return std::nullopt;
    return IndexRange{*first, next_missing(*first) - *first};
}

void IndexSet::unite(const IndexSet& other) {
    if (this == &other)
        return;
    for (auto run = other.next_run(0); run; run = other.next_run(run->end()))
        insert(*run);
}

void IndexSet::subtract(const IndexSet& other) {
    if (this == &other)
        return clear();
    for (auto run = other.next_run(0); run; run = other.next_run(run->end()))
        erase(*run);
}

void IndexSet::intersect(const IndexSet& other) {
    if (this == &other)
        return;
    std::uint64_t kept = 0; // up to here what is to go is gone
    for (auto run = other.next_run(0); run; run = other.next_run(run->end())) {
        erase(IndexRange{kept, run->first - kept});
        kept = run->end();
    }
    erase(IndexRange{kept, kMaxIndices - kept});
}

std::uint64_t IndexSet::common(const IndexSet& other) const {
    std::uint64_t found = 0;
    for (auto run = other.next_run(0); run; run = other.next_run(run->end()))
        found += count(*run);
    return found;
}

std::size_t IndexSet::memory_bytes() const {
    std::size_t bytes = pieces_.capacity() * sizeof(Piece);
    for (const Piece& piece : pieces_)
        bytes += piece.list.capacity() * sizeof(std::uint16_t) + (piece.bits ? sizeof(Bits) : 0);
    return bytes;
}

bool operator==(const IndexSet& a, const IndexSet& b) {
    if (a.size_ != b.size_)
        return false;
    auto left = a.next_run(0);
    auto right = b.next_run(0);
    for (; left && left == right; right = b.next_run(right->end()))
        left = a.next_run(left->end());
    return left == right;
}

} // namespace codex
