// A descriptor that an event loop of the system waits for: of a socket, a pipe.
#pragma once

#include "base/fd.hpp"
#include "base/system_network.hpp"

namespace codex::detail {

/// Reading and writing it never block. What waits for it keeps it alive. Threads: the loop's.
class Descriptor {
    struct Private {};

public:
    /// `name` stands for it in errors; `loop` outlives it. Errors: no_space, when the system can
    /// wait for no more; io.
    [[nodiscard]] static Result<std::shared_ptr<Descriptor>> make(SystemLoop& loop, Fd fd,
                                                                  std::string name);
    Descriptor(Private, SystemLoop& loop, std::string name);
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    /// -1, when it is closed.
    [[nodiscard]] int fd() const;
    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] SystemLoop& loop() const { return loop_; }
    [[nodiscard]] bool closed() const { return closed_; }
    /// What waits is woken.
    void close();
    /// What whoever uses it then is told.
    [[nodiscard]] Error closed_here() const;

    /// Wait until reading, or writing, may do something. Errors: timeout, at `until`; cancelled,
    /// when it is closed.
    [[nodiscard]] static Task<Result<void>> readable(std::shared_ptr<Descriptor> self,
                                                     Clock::Instant until);
    [[nodiscard]] static Task<Result<void>> writable(std::shared_ptr<Descriptor> self,
                                                     Clock::Instant until);

private:
    struct Handle;
    struct Way {
        explicit Way(EventLoop& loop) : ready(loop) {}
        Signal ready;
        bool asked = false; ///< the system was, and has not answered
    };
    static void ask(const std::shared_ptr<Descriptor>& self, Way Descriptor::* way);
    [[nodiscard]] static Task<Result<void>> wait(std::shared_ptr<Descriptor> self,
                                                 Way Descriptor::* way, Clock::Instant until);

    SystemLoop& loop_;
    std::string name_;
    std::unique_ptr<Handle> handle_;
    Way read_;
    Way write_;
    bool closed_ = false;
};
using DescriptorPtr = std::shared_ptr<Descriptor>;

} // namespace codex::detail
