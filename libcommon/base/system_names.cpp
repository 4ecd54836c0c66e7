// Host names, by the system's resolver.
#include "base/detail/system_address.hpp"
#include "base/system_network.hpp"
#include "base/thread.hpp"

#include <netdb.h>

namespace codex {

/// What the threads that ask know of whom they ask for; they may outlive him.
struct SystemNetwork::Resolver {
    /// More at once wait for a resolver that is slow already.
    static constexpr int kMostAtOnce = 8;
    std::mutex mutex;
    EventLoop* loop; ///< none, when it is no more
    int running = 0;
};

namespace {

struct Answer {
    explicit Answer(EventLoop& loop) : changed(loop) {}
    Result<std::vector<SocketAddress>> addresses = std::vector<SocketAddress>();
    bool known = false;
    Signal changed;
};

Result<std::vector<SocketAddress>> ask(const std::string& name, bool v4, bool v6) {
    addrinfo wanted{};
    wanted.ai_family = v4 && v6 ? AF_UNSPEC : v4 ? AF_INET : AF_INET6;
    wanted.ai_socktype = SOCK_STREAM;
    addrinfo* first = nullptr;
    const int error = ::getaddrinfo(name.c_str(), nullptr, &wanted, &first);
    if (error == EAI_MEMORY)
        return fail(Errc::no_space, "look up {}: {}", name, ::gai_strerror(error));
    if (error != 0)
        return fail(Errc::unavailable, "look up {}: {}", name, ::gai_strerror(error));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> all(first, &::freeaddrinfo);
    std::vector<SocketAddress> addresses;
    for (const addrinfo* one = first; one != nullptr; one = one->ai_next) {
        if (const auto address = detail::SystemAddress::of(one->ai_addr))
            addresses.push_back(*address);
    }
    return addresses;
}

} // namespace

SystemNetwork::SystemNetwork(SystemLoop& loop)
    : loop_(loop), resolver_(std::make_shared<Resolver>()) {
    resolver_->loop = &loop;
}

SystemNetwork::~SystemNetwork() {
    const std::lock_guard lock(resolver_->mutex);
    resolver_->loop = nullptr;
}

Task<Result<std::vector<SocketAddress>>> SystemNetwork::resolve(std::string name, bool v4, bool v6,
                                                                Clock::Instant until) {
    const std::shared_ptr<Resolver> resolver = resolver_;
    const auto answer = std::make_shared<Answer>(loop_);
    auto job = [resolver, answer, name, v4, v6]() noexcept {
        try {
            answer->addresses = ask(name, v4, v6);
        } catch (const std::bad_alloc&) {
            answer->addresses = std::vector<SocketAddress>();
        }
        const std::lock_guard lock(resolver->mutex);
        --resolver->running;
        try {
            if (resolver->loop != nullptr)
                resolver->loop->post([answer] {
                    answer->known = true;
                    answer->changed.notify();
                });
        } catch (const std::bad_alloc&) {
            // Who waits for it gives up at his time.
        }
    };
    {
        const std::lock_guard lock(resolver->mutex);
        if (resolver->running >= Resolver::kMostAtOnce)
            co_return fail(Errc::unavailable, "look up {}: {} names are being looked up", name,
                           resolver->running);
        ++resolver->running;
    }
    if (!Thread::start_unawaited(std::move(job))) {
        const std::lock_guard lock(resolver->mutex);
        --resolver->running;
        co_return fail(no_thread().context("look up " + name));
    }
    while (!answer->known) {
        const auto in_time = co_await answer->changed.wait(until);
        if (!in_time)
            co_return fail(Errc::timeout, "look up {}: no answer in time", name);
    }
    if (answer->addresses && answer->addresses->empty())
        co_return fail(Errc::unavailable, "look up {}: it has no address", name);
    co_return std::move(answer->addresses);
}

} // namespace codex
