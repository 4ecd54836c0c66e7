#include "snark/detail/batch_search.hpp"

namespace codex::snark::detail {

namespace {

class Search {
public:
    Search(const Looks& looks, const LookCosts& costs, std::size_t count)
        : looks_(looks), costs_(costs),
          allowed_(static_cast<double>(count) * (1 + costs.overdraft)), unknown_(count) {}

    std::vector<std::size_t> run(std::vector<std::size_t> all) && {
        group(std::move(all));
        return std::move(bad_);
    }

private:
    /// Looks at a group; and when it is not right, at its parts.
    void group(std::vector<std::size_t> part) {
        for (;;) {
            const std::size_t before = part.size();
            const double look = costs_.group + costs_.each * static_cast<double>(before);
            // What is unknown could still be looked at one by one after this.
            if (before < 2 ||
                spent_ + look + costs_.alone * static_cast<double>(unknown_) > allowed_) {
                alone(part);
                return;
            }
            spent_ += look;
            const bool right = looks_.group(part);
            unknown_ -= right ? before : before - part.size();
            if (right)
                return;
            if (part.size() == before)
                break;
            // What was named is out; the rest may be right.
        }
        const std::size_t first = looks_.choose(part.size());
        std::swap(part[first], part.back());
        const bool sparse = alone(std::span(part).last(1));
        part.pop_back();
        if (!sparse) {
            alone(part);
            return;
        }
        const auto middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
        group({part.begin(), middle});
        group({middle, part.end()});
    }

    /// Whether all of them are right.
    bool alone(std::span<const std::size_t> some) {
        spent_ += costs_.alone * static_cast<double>(some.size());
        unknown_ -= some.size();
        const std::vector<std::size_t> bad = looks_.alone(some);
        bad_.insert(bad_.end(), bad.begin(), bad.end());
        return bad.empty();
    }

    const Looks& looks_;
    const LookCosts& costs_;
    double allowed_;
    double spent_ = 0;
    std::size_t unknown_;
    std::vector<std::size_t> bad_;
};

} // namespace

std::vector<std::size_t> find_bad(std::vector<std::size_t> all, const Looks& looks,
                                  const LookCosts& costs) {
    const std::size_t count = all.size();
    return Search(looks, costs, count).run(std::move(all));
}

} // namespace codex::snark::detail
