// Requests and slots as they are now, as records.
#pragma once

#include "market/challenge.hpp"
#include "session.hpp"

namespace codex::market_tool {

/// "request TAB state TAB cid TAB slots TAB slot size TAB expires at TAB ends at". Errors:
/// market_unknown, when there is none.
[[nodiscard]] Result<cli::Record> request_record(const Views& views, const Word& request);
/// "slot TAB request TAB index TAB state TAB host TAB collateral TAB missed". Errors:
/// market_unknown, when there is none.
[[nodiscard]] Result<cli::Record> slot_record(const Views& views, const SlotName& slot);

/// One that is to be had: "slot TAB request TAB index TAB state TAB size TAB pay a second TAB
/// collateral that is taken TAB until when it can be filled". Errors: market_unknown.
[[nodiscard]] Result<cli::Record> open_slot_record(const Views& views, const Word& request,
                                                   std::uint64_t index, market::SlotState state);
/// What the market takes of who fills a slot in that state, where that can be counted.
[[nodiscard]] UInt256 collateral_to_fill(const Views& views, const market::Request& request,
                                         market::SlotState state);

/// The request of that id. Errors: market_unknown, when there is none.
[[nodiscard]] Result<market::Request> known_request(const Views& views, const Word& request);
/// A CID as text, or 0x and hexadecimal digits where the bytes are none.
[[nodiscard]] std::string cid_text(const Bytes& cid);

/// What a slot is to prove now. Errors: market_unknown, when there is none; market_refused.
[[nodiscard]] Result<market::Challenge> challenge_now(const Views& views, const SlotName& slot);

/// Calls `visit` with each request that was ever posted, in that order, until it gives false.
/// Errors: those of `visit`; Ledger::events()'s.
[[nodiscard]] Result<void>
for_each_request(const ledger::Ledger& ledger,
                 const std::function<Result<bool>(const Word& request)>& visit);

} // namespace codex::market_tool
