# scripts/check-seams fails when a clock, randomness, the environment or a thread is called past its
# one place, or a command is named below cli, and only then.
load ../common

setup() {
    codex_setup
    mkdir -p libcommon/base libcommon/cli libcommon/repo/index libcommon/toolkit tools/codex-x tools/codex-chunk
    printf '%s\n' 'base : |' 'repo : base |' 'cli : base |' 'toolkit : base repo cli |' >libcommon/floors.txt
    echo 'auto t = std::chrono::steady_clock::now();' >libcommon/base/clock.cpp
    echo 'getrandom(p, n, 0);' >libcommon/base/random.cpp
    echo 'std::thread thread_;' >libcommon/base/thread.hpp
    echo 'localtime_r(&seconds, &local);' >libcommon/base/log.cpp
    echo 'std::getenv("CODEX_CPU");' >libcommon/cli/settings.cpp
    printf '%s\n' '#include <thread>' '// as std::thread and time(nullptr) do' \
        'clock.sleep_until(a); b.time(); format_time(c); file.random(); this->clock(); sleep();' \
        '/* getenv' '   getenv("X") */ int seeded_random(4);' >libcommon/repo/index/a.cpp
    echo 'int main() {}' >tools/codex-x/main.cpp
}

check() { run "$CODEX_SOURCE/scripts/check-seams" .; }

# refuses FILE LINE WAY: the check names file and line, and the way to do it.
refuses() {
    printf '#pragma once\n%s\n' "$2" >"$1"
    check
    assert_failure 1
    assert_line "$1:2: $2: $3"
    assert_line 'check-seams: 1 lines break the rule'
    rm "$1"
}

@test "a tree that keeps the rule passes" {
    check
    assert_success
    assert_output 'check-seams: 7 files, all right'
}

@test "the tree itself passes" {
    run "$CODEX_SOURCE/scripts/check-seams"
    assert_success
}

@test "a second clock is refused in every floor" {
    for call in 'std::chrono::system_clock::now()' 'steady_clock::now()' 'clock_gettime(CLOCK_REALTIME, &t)' \
        '::time(nullptr)' 'time(0)' 'std::time(&t)' 'gettimeofday(&t, nullptr)' 'nanosleep(&t, nullptr)' \
        'std::this_thread::sleep_for(nap)' '::usleep(5)' '::sleep(1)'; do
        for file in libcommon/base/b.cpp libcommon/base/log.hpp libcommon/repo/index/b.hpp \
            libcommon/cli/b.cpp tools/codex-x/b.cpp; do
            refuses "$file" "auto t = $call;" 'ask a Clock (base/clock.hpp)'
        done
    done
    refuses libcommon/base/random.hpp 'time(nullptr);' 'ask a Clock (base/clock.hpp)'
}

@test "other randomness is refused" {
    for call in 'getrandom(p, n, 0)' 'std::random_device()()' 'rand()' 'std::rand()' '::random()' \
        'open("/dev/urandom", 0)'; do
        refuses libcommon/repo/b.cpp "auto t = $call;" 'ask a Random (base/random.hpp)'
        refuses tools/codex-x/b.cpp "auto t = $call;" 'ask a Random (base/random.hpp)'
    done
}

@test "the environment is refused outside cli" {
    for call in 'std::getenv("X")' 'secure_getenv("X")' 'environ[0]' 'setenv("X", "", 1)'; do
        refuses libcommon/repo/b.cpp "auto t = $call;" 'only cli reads the environment'
        refuses tools/codex-x/b.cpp "auto t = $call;" 'only cli reads the environment'
    done
}

@test "a thread is refused outside its one place" {
    for call in 'std::thread t([] {})' 'std::jthread t' 'std::async(f)' 'pthread_create(&t, nullptr, f, nullptr)'; do
        refuses libcommon/repo/b.cpp "auto t = $call;" 'start it by base/thread.hpp, or post to an Executor'
    done
}

@test "the name of a tool, or a flag, is refused in strings below cli" {
    for text in 'list them: codex-chunk ls' '{}: codex-x' '--lock-timeout' 'wait (--lock-timeout)' 'name one: -r DIR'; do
        for file in libcommon/base/b.cpp libcommon/repo/b.hpp libcommon/repo/index/b.cpp; do
            refuses "$file" "return error.hint(fmt::format(\"{}\", \"$text\"));" 'name an action (base/remedy.hpp)'
        done
        for file in libcommon/cli/b.cpp libcommon/toolkit/b.cpp tools/codex-x/b.cpp; do
            echo "hint(\"$text\");" >"$file"
            check
            assert_success
        done
    done
    printf '%s\n' '// as codex-chunk(1) says, "codex-chunk put" --here' 'auto a = "codex-block"; --i;' \
        'auto b = "x -- y, a--b, -1 K"; /* "codex-chunk ls" */' 'hint("zstd -dc --long=31 | x");' >libcommon/repo/b.cpp
    check
    assert_success
}

@test "planted in this very tree, a command in the library is refused" {
    rm -r libcommon tools
    cp -r "$CODEX_SOURCE/libcommon" "$CODEX_SOURCE/tools" .
    check
    assert_success
    echo 'auto text = "repair it: codex-ec repair CID";' >>libcommon/dataset/get.cpp
    check
    assert_failure 1
    assert_line --partial 'libcommon/dataset/get.cpp:'
    assert_line 'check-seams: 1 lines break the rule'
}

@test "a public class that says nothing on threads is refused" {
    refuses libcommon/repo/b.hpp 'class Store final : public Base {' 'says nothing on threads'
    printf '%s\n' '/// Threads: any.' 'namespace x {' 'class Store {' >libcommon/repo/b.hpp
    check
    assert_failure
    printf '%s\n' '/// Threads: any.' '/// And more.' 'class Store {' 'class Declared;' >libcommon/repo/b.hpp
    check
    assert_success
    printf '%s\n' 'class Inside {' >libcommon/repo/index/b.hpp
    check
    assert_success
    for begin in 'template <class T> class Store {' 'class [[nodiscard]] Store {' 'class Store final' \
        'template <class T> class [[nodiscard]] Store : public Base {'; do
        refuses libcommon/base/b.hpp "$begin" 'says nothing on threads'
    done
    printf '%s\n' '/// Threads: any.' 'template <class T>' 'class Store {' >libcommon/repo/b.hpp
    check
    assert_success
}

@test "JSON that is put together in a string is refused" {
    for file in libcommon/repo/b.cpp tools/codex-x/b.cpp; do
        refuses "$file" 'return fmt::format("{{\"index\":{}}}", index);' 'write JSON by base/json_writer.hpp'
    done
    echo 'return text.starts_with("{\"");' >libcommon/repo/b.cpp
    check
    assert_success
}

@test "the error of a command line is refused below cli" {
    refuses libcommon/repo/b.cpp 'return fail(Errc::usage, "not a number");' \
        'only a tool is used wrongly: say what is wrong with the value'
    echo 'return fail(Errc::usage, "not a number");' >libcommon/toolkit/b.cpp
    check
    assert_success
}

@test "a wrong folder is refused" {
    mkdir empty
    run "$CODEX_SOURCE/scripts/check-seams" empty
    assert_failure
}
