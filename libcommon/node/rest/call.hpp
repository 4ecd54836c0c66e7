// A request on its way through its route, and how it is answered.
#pragma once

#include "http/server.hpp"
#include "http/target.hpp"
#include "node/rest/access.hpp"
#include "node/rest/guards.hpp"

namespace codex::node::rest {

/// Threads: the loop's.
class Call {
public:
    /// All outlive it.
    Call(http::Exchange& with, const AccessOptions& access, const Match& matched,
         const http::Target& asked)
        : exchange(with), route(*matched.route), parameters(matched.parameters), target(asked),
          access_(access) {}

    /// A field of the request; empty, where it has none.
    [[nodiscard]] std::string_view field(std::string_view name) const;

    // Whole answers, each with what browsers have to know. Errors: those of Exchange::answer().
    [[nodiscard]] Task<Result<void>> text(unsigned status, std::string body);
    [[nodiscard]] Task<Result<void>> json(unsigned status, std::string body);
    /// Of 4xx and 5xx: the bare text.
    [[nodiscard]] Task<Result<void>> error(unsigned status, std::string text);
    /// Without body and type.
    [[nodiscard]] Task<Result<void>> empty(unsigned status);
    [[nodiscard]] Task<Result<void>> answer(http::Answer head, std::string body);
    /// The fields that an answer of this status has, whatever it is.
    void add_fields(http::Answer& head) const;

    http::Exchange& exchange;
    const Route& route;
    const std::vector<std::string>& parameters;
    const http::Target& target;

private:
    const AccessOptions& access_;
};

} // namespace codex::node::rest
