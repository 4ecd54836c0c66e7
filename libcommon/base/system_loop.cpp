// What waits for descriptors of the system: Boost.Asio, which stands nowhere else.
#include "base/detail/descriptor.hpp"
#include "base/detail/socket_error.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

namespace codex {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

/// Threads: as SystemLoop.
struct SystemLoop::Reactor {
    asio::io_context context{1};
};

SystemLoop::SystemLoop(const Clock& clock) try
    : EventLoop(clock), reactor_(std::make_unique<Reactor>()) {
    // The first descriptor makes what waits for all of them; it is to fail here rather than within
    // a task.
    const stream_descriptor first(reactor_->context);
} catch (const boost::system::system_error& error) { // which to others is no std::system_error
    throw std::system_error(error.code().value(), std::system_category(), "an event loop");
}

SystemLoop::~SystemLoop() = default;

void SystemLoop::wait_outside(Clock::Instant until) {
    asio::io_context& context = reactor_->context;
    // Without work a context counts as ended, and would not wait.
    const auto work = asio::make_work_guard(context);
    context.restart();
    // What was posted before the restart may have been said by a stop.
    const Clock::Duration nap = until == Clock::Instant::min() || has_posted()
                                    ? Clock::Duration::zero()
                                    : clock().nap(until);
    if (nap > Clock::Duration::zero())
        context.run_one_for(nap); // at once, where something has happened; the rest is for the next
    else
        context.poll();
}

void SystemLoop::interrupt() noexcept {
    try {
        asio::post(reactor_->context, [] {});
    } catch (...) { // there is no memory for it; this takes none
        reactor_->context.stop();
    }
}

namespace detail {

struct Descriptor::Handle {
    explicit Handle(asio::io_context& context) : descriptor(context) {}
    stream_descriptor descriptor;
};

Result<DescriptorPtr> Descriptor::make(SystemLoop& loop, Fd fd, std::string name) {
    auto made = std::make_shared<Descriptor>(Private{}, loop, std::move(name));
    error_code error;
    made->handle_->descriptor.assign(fd.get(), error);
    if (!error) {
        (void)fd.release(); // it is the handle's now
        made->handle_->descriptor.native_non_blocking(true, error);
    }
    if (error)
        return fail(socket_error(error.value(), "wait for " + made->name_));
    return made;
}

Descriptor::Descriptor(Private, SystemLoop& loop, std::string name)
    : loop_(loop), name_(std::move(name)),
      handle_(std::make_unique<Handle>(loop.reactor_->context)), read_(loop), write_(loop) {}

Descriptor::~Descriptor() = default;

int Descriptor::fd() const {
    return closed_ ? -1 : handle_->descriptor.native_handle();
}

void Descriptor::close() {
    if (std::exchange(closed_, true))
        return;
    error_code ignored;
    handle_->descriptor.close(ignored);
    read_.ready.notify();
    write_.ready.notify();
}

Error Descriptor::closed_here() const {
    return {Errc::cancelled, name_ + " is closed"};
}

/// Handlers that the reactor holds keep it alive.
void Descriptor::ask(const DescriptorPtr& self, Way Descriptor::* way) {
    if (((*self).*way).asked)
        return;
    const auto what =
        way == &Descriptor::read_ ? stream_descriptor::wait_read : stream_descriptor::wait_write;
    self->handle_->descriptor.async_wait(what, [self, way](error_code) {
        Way& answered = (*self).*way;
        answered.asked = false;
        answered.ready.notify();
    });
    ((*self).*way).asked = true; // not before, for asking may throw
}

Task<Result<void>> Descriptor::wait(DescriptorPtr self, Way Descriptor::* way,
                                    Clock::Instant until) {
    if (self->closed_)
        co_return fail(self->closed_here());
    ask(self, way);
    Signal& ready = ((*self).*way).ready;
    const auto in_time = co_await ready.wait(until);
    if (self->closed_)
        co_return fail(self->closed_here());
    if (!in_time && way == &Descriptor::read_)
        co_return fail(Errc::timeout, "nothing came from {} in time", self->name_);
    if (!in_time)
        co_return fail(Errc::timeout, "{} took nothing in time", self->name_);
    co_return Result<void>();
}

Task<Result<void>> Descriptor::readable(DescriptorPtr self, Clock::Instant until) {
    return wait(std::move(self), &Descriptor::read_, until);
}

Task<Result<void>> Descriptor::writable(DescriptorPtr self, Clock::Instant until) {
    return wait(std::move(self), &Descriptor::write_, until);
}

} // namespace detail
} // namespace codex
