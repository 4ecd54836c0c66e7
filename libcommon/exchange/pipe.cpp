#include "exchange/pipe.hpp"

#include "crypto/hash/sha256.hpp"
#include "exchange/detail/thrown.hpp"

#include <algorithm>

namespace codex::exchange {
namespace {

constexpr std::string_view kGreeting = "codex-exchange";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kBlocks = "blocks";
constexpr std::size_t kMaxGreeting = 256;
constexpr std::size_t kShown = 60; ///< of what is none
constexpr std::size_t kReadBytes = std::size_t{64} << 10;

/// The multihash of a name stands where others have that of a key.
net::PeerId id_of(std::string_view name) {
    Bytes bytes{0x12, 0x20};
    append(bytes, crypto::sha256(as_bytes(name)));
    return *net::PeerId::from_bytes(bytes);
}

std::vector<std::string_view> words_of(std::string_view line) {
    std::vector<std::string_view> words;
    while (!line.empty()) {
        const std::size_t end = std::min(line.find(' '), line.size());
        if (end > 0)
            words.push_back(line.substr(0, end));
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    return words;
}

} // namespace

/// Threads: the loop's. Streams keep it alive.
struct PipePeer::State {
    State(EventLoop& on, std::unique_ptr<Socket> socket)
        : loop(on), pipe(std::move(socket)), changed(on) {}

    EventLoop& loop;
    std::unique_ptr<Socket> pipe;
    Bytes unread;
    std::size_t read_to = 0; ///< of `unread`, consumed
    bool greeted = false;
    bool ended = false;
    bool finishing = false; ///< what comes is passed over
    bool writing = false;   ///< the one stream to write to is given out
    std::optional<Error> error;
    Signal changed;

    [[nodiscard]] BytesView view() const { return BytesView(unread).subspan(read_to); }
    void end(Error why) {
        if (std::exchange(ended, true))
            return;
        error = std::move(why);
        pipe->close();
        changed.notify();
    }
    /// More behind what is unread; false at the end.
    static Task<Result<bool>> more(std::shared_ptr<State> self, Clock::Instant until) {
        self->unread.erase(self->unread.begin(),
                           self->unread.begin() + static_cast<std::ptrdiff_t>(self->read_to));
        self->read_to = 0;
        const std::size_t have = self->unread.size();
        while (!self->ended) {
            self->unread.resize(have + kReadBytes);
            auto got = self->pipe->try_read(MutableBytes(self->unread).subspan(have));
            self->unread.resize(have + (got ? got->value_or(0) : 0));
            if (!got)
                co_return fail(std::move(got.error()));
            if (*got)
                co_return Result<bool>(**got > 0);
            CODEX_CO_CHECK(self->pipe->readable(until));
        }
        co_return fail(Errc::unavailable, "the pipe is closed");
    }
    static Task<Result<void>> write(std::shared_ptr<State> self, BytesView bytes,
                                    Clock::Instant until) {
        while (!bytes.empty()) {
            if (self->ended)
                co_return fail(Errc::unavailable, "the pipe is closed");
            auto put = self->pipe->try_write(bytes);
            if (!put)
                co_return fail(std::move(put.error()));
            bytes = bytes.subspan(*put);
            if (*put == 0) {
                CODEX_CO_CHECK(self->pipe->writable(until));
            }
        }
        co_return Result<void>();
    }
};

/// Threads: as PeerStream.
class PipePeer::Reader final : public PeerStream {
public:
    Reader(std::shared_ptr<State> state, const PipePeer& peer)
        : state_(std::move(state)), id_(peer.id()), name_(peer.name()) {}

    [[nodiscard]] const net::PeerId& peer() const override { return id_; }
    [[nodiscard]] BytesView unread() const override { return state_->view(); }
    void consume(std::size_t count) override { state_->read_to += count; }
    [[nodiscard]] Task<Result<bool>> wait_unread() override { return wait(state_); }
    [[nodiscard]] Task<Result<void>> write(BytesView /*bytes*/, Clock::Instant /*until*/) override {
        co_return fail(Errc::unsupported, "a stream to read");
    }
    void end() override {}
    void reset() override {
        state_->end(Error(Errc::exchange_invalid,
                          fmt::format("{}: what it sends is no message of block exchange", name_)));
    }

private:
    static Task<Result<bool>> wait(std::shared_ptr<State> state) {
        if (!state->view().empty())
            co_return Result<bool>(true);
        co_return co_await State::more(state, Clock::Instant::max());
    }
    std::shared_ptr<State> state_;
    net::PeerId id_;
    std::string name_;
};

/// Threads: as PeerStream.
class PipePeer::Writer final : public PeerStream {
public:
    Writer(std::shared_ptr<State> state, const PipePeer& peer)
        : state_(std::move(state)), id_(peer.id()), name_(peer.name()) {}
    ~Writer() override { Writer::reset(); }
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;

    [[nodiscard]] const net::PeerId& peer() const override { return id_; }
    [[nodiscard]] BytesView unread() const override { return {}; }
    void consume(std::size_t /*count*/) override {}
    [[nodiscard]] Task<Result<bool>> wait_unread() override { return wait_end(state_); }
    [[nodiscard]] Task<Result<void>> write(BytesView bytes, Clock::Instant until) override {
        return State::write(state_, bytes, until);
    }
    void end() override { state_->pipe->end(); }
    void reset() override {
        state_->end(Error(Errc::unavailable, fmt::format("{}: takes nothing more", name_)));
    }

private:
    static Task<Result<bool>> wait_end(std::shared_ptr<State> state) {
        while (!state->ended) {
            co_await state->changed.wait();
        }
        co_return Result<bool>(false);
    }
    std::shared_ptr<State> state_;
    net::PeerId id_;
    std::string name_;
};

PipePeer::PipePeer(EventLoop& loop, std::unique_ptr<Socket> pipe, PipeOptions options)
    : options_(std::move(options)), id_(id_of(options_.name)),
      state_(std::make_shared<State>(loop, std::move(pipe))),
      tasks_(loop,
             [this](const std::exception_ptr& thrown) { state_->end(detail::error_of(thrown)); }) {}

PipePeer::~PipePeer() {
    state_->end(Error(Errc::cancelled, "cancelled"));
}

const net::PeerId& PipePeer::id() const {
    return id_;
}
const std::string& PipePeer::name() const {
    return options_.name;
}
const std::string& PipePeer::listed() const {
    return options_.listed.empty() ? options_.name : options_.listed;
}
bool PipePeer::greeted() const {
    return state_->greeted;
}
bool PipePeer::ended() const {
    return state_->ended;
}
const std::optional<Error>& PipePeer::error() const {
    return state_->error;
}
std::vector<net::PeerId> PipePeer::connected() const {
    return is_connected(id_) ? std::vector<net::PeerId>{id_} : std::vector<net::PeerId>();
}
bool PipePeer::is_connected(const net::PeerId& peer) const {
    return peer == id_ && state_->greeted && !state_->ended;
}
Signal& PipePeer::changed() {
    return state_->changed;
}

void PipePeer::start(Handler handler) {
    handler_ = std::move(handler);
    tasks_.start(run(this));
}

void PipePeer::drop(const net::PeerId& peer, std::string_view why) {
    if (peer == id_)
        state_->end(Error(Errc::unavailable, fmt::format("{}: was left: {}", options_.name, why)));
}

Task<Result<std::unique_ptr<PeerStream>>> PipePeer::open(net::PeerId peer,
                                                         Clock::Instant /*until*/) {
    if (!is_connected(peer) || std::exchange(state_->writing, true))
        co_return fail(Errc::not_found, "{}: has ended", options_.name);
    std::unique_ptr<PeerStream> stream = std::make_unique<Writer>(state_, *this);
    co_return Result<std::unique_ptr<PeerStream>>(std::move(stream));
}

Task<void> PipePeer::run(PipePeer* self) {
    const std::shared_ptr<State> state = self->state_;
    const Clock::Instant until = state->loop.now() + self->options_.patience;
    auto greeted = co_await greet(self, until);
    if (!greeted) {
        state->end(std::move(greeted.error()));
        co_return;
    }
    state->greeted = true;
    state->changed.notify();
    std::unique_ptr<PeerStream> stream = std::make_unique<Reader>(state, *self);
    auto served = self->handler_(std::move(stream));
    co_await std::move(served);
    while (state->finishing) {
        state->read_to = state->unread.size();
        const auto more = co_await State::more(state, Clock::Instant::max());
        if (!more || !*more)
            break;
    }
    state->end(Error(Errc::unavailable, fmt::format("{}: has ended", self->options_.name)));
}

Task<void> PipePeer::finish(PipePeer* self, Clock::Instant until) {
    const std::shared_ptr<State> state = self->state_;
    if (state->ended)
        co_return;
    state->finishing = true;
    state->pipe->end();
    while (!state->ended && state->loop.now() < until) {
        co_await state->changed.wait(until);
    }
}

Task<Result<void>> PipePeer::greet(PipePeer* self, Clock::Instant until) {
    const std::shared_ptr<State> state = self->state_;
    const std::string ours =
        fmt::format("{} {}{}{}\n", kGreeting, kVersion, self->options_.serves ? " " : "",
                    self->options_.serves ? kBlocks : "");
    // Who has ended before may have said why, or nothing: what can be read says more.
    auto written = co_await State::write(state, as_bytes(ours), until);
    while (true) {
        const std::string_view said = as_text(state->view());
        const std::size_t end = said.find('\n');
        if (std::min(end, said.size()) > kMaxGreeting)
            co_return self->judge_endless(said.substr(0, kMaxGreeting));
        if (end != std::string_view::npos) {
            auto right = self->judge(said.substr(0, end));
            state->read_to += end + 1;
            if (right && !written) { // it wanted nothing, and has not waited for us to say so
                state->greeted = true;
                co_return fail(Errc::unavailable, "{}: has ended", self->options_.name);
            }
            co_return right;
        }
        auto more = co_await State::more(state, until);
        if (!more && more.error().code() == Errc::timeout)
            co_return fail(Errc::timeout, "{}: has not said in time that it exchanges blocks",
                           self->options_.name);
        if (!more)
            co_return fail(std::move(more.error()));
        if (!*more && state->view().empty())
            co_return fail(Errc::unavailable, "{}: has ended without a word", self->options_.name);
        if (!*more)
            co_return self->judge_endless(as_text(state->view()));
    }
}

/// Of a line that is cut, or too long, whatever it says.
Result<void> PipePeer::judge_endless(std::string_view beginning) const {
    CODEX_CHECK(judge(beginning));
    return fail(Errc::exchange_invalid, "{}: its first line has no end within {} bytes",
                options_.name, kMaxGreeting);
}

Result<void> PipePeer::judge(std::string_view line) const {
    const std::vector<std::string_view> words = words_of(line);
    if (words.size() < 2 || words[0] != kGreeting)
        return fail(Error(Errc::exchange_invalid,
                          fmt::format("{}: begins with \"{}\", which is no block exchange",
                                      options_.name, line.substr(0, kShown)))
                        .hint("nothing but the other node may write to that pipe, no greeting "
                              "of a shell either"));
    if (words[1] != kVersion)
        return fail(Errc::unsupported, "{}: speaks version {} of block exchange over pipes, not {}",
                    options_.name, words[1], kVersion);
    const bool offers = std::find(words.begin() + 2, words.end(), kBlocks) != words.end();
    if (!options_.serves && !offers)
        return fail(Errc::protocol_unsupported, "{}: has no blocks to give", options_.name);
    return {};
}

} // namespace codex::exchange
