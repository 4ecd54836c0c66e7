#include "net/select/negotiation.hpp"

#include "codec/uvarint.hpp"
#include "net/shown.hpp"

namespace codex::net::select {
namespace {

/// All protocols in the answer to ls: each as a line, these together as one more.
void append_list(Bytes& to, const std::vector<std::string>& protocols) {
    Bytes lines;
    for (const std::string& protocol : protocols)
        append_line(lines, protocol);
    codec::append_uvarint(to, lines.size() + 1);
    append(to, lines);
    to.push_back('\n');
}

} // namespace

Dialer::Dialer(std::vector<std::string> protocols) : protocols_(std::move(protocols)) {
    CODEX_ASSERT(!protocols_.empty());
}

void Dialer::start(Bytes& out) {
    append_line(out, kHeader);
    append_line(out, protocols_.front());
}

Result<std::size_t> Dialer::receive(BytesView input, Bytes& out) {
    std::size_t taken = 0;
    while (!done_) {
        CODEX_TRY(line, read_line(input.subspan(taken)));
        if (!line)
            break;
        taken += line->size;
        // Some listeners leave their header out.
        if (!header_seen_ && line->text == kHeader) {
            header_seen_ = true;
            continue;
        }
        header_seen_ = true;
        if (line->text == protocols_[proposed_]) {
            done_ = true;
        } else if (line->text == kNotAvailable) {
            if (proposed_ + 1 == protocols_.size())
                return fail(Errc::protocol_unsupported, "the other side does not speak {}",
                            fmt::join(protocols_, ", "));
            append_line(out, protocols_[++proposed_]);
        } else {
            return fail(Errc::select_invalid, "\"{}\" answers the proposal {}",
                        shown(line->text, 64), protocols_[proposed_]);
        }
    }
    return taken;
}

Result<std::size_t> Listener::receive(BytesView input, Bytes& out) {
    std::size_t taken = 0;
    while (!done()) {
        CODEX_TRY(line, read_line(input.subspan(taken)));
        if (!line)
            break;
        taken += line->size;
        if (header_seen_) {
            if (++proposals_ > kMaxProposals)
                return fail(Errc::select_invalid, "more than {} proposals", kMaxProposals);
            answer(line->text, out);
        } else if (line->text == kHeader) {
            header_seen_ = true;
            append_line(out, kHeader);
        } else {
            return fail(Errc::select_invalid, "\"{}\" is not {}", shown(line->text, 64), kHeader);
        }
    }
    return taken;
}

void Listener::answer(std::string_view proposal, Bytes& out) {
    for (const std::string& protocol : *protocols_)
        if (protocol == proposal)
            chosen_ = &protocol;
    if (done())
        append_line(out, *chosen_);
    else if (proposal == kList)
        append_list(out, *protocols_);
    else
        append_line(out, kNotAvailable);
}

} // namespace codex::net::select
