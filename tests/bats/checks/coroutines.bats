# scripts/check-coroutines accepts the three forms of co_await, and nothing else.
load ../common

# check_body STATEMENT: checks a function with that body.
check_body() {
    mkdir -p libcommon/net
    printf 'task f(int n) {\n    %s\n}\n' "$1" >libcommon/net/a.cpp
    run "$CODEX_SOURCE/scripts/check-coroutines" .
}

accepts() {
    check_body "$1"
    assert_success
}

refuses() {
    check_body "$1"
    assert_failure
    assert_line --partial 'libcommon/net/a.cpp:'
    assert_line --partial 'statements with co_await break the rule'
}

@test "the three forms are accepted" {
    accepts 'co_await call(a, 1);'
    accepts 'auto x = co_await timer.async_wait(as_tuple);'
    accepts 'const auto x = co_await net::call(std::move(a), size(b));'
    accepts 'co_return co_await this->next<int>(a, "text; { co_await }");'
    accepts 'if (ready) { co_await call(); }'
    accepts 'for (;;) { auto x = co_await call(a); if (!x) { co_return; } }'
    accepts 'switch (n) { case 1: co_await call(); break; default: co_await call(2); }'
}

@test "the macros are accepted around one call" {
    accepts 'CODEX_CO_TRY(block, fetch(peer, cid));'
    accepts 'CODEX_CO_CHECK(store->put(std::move(block), size(b)));'
    accepts 'for (;;) { CODEX_CO_TRY(x, net::call<int>(a, "text {")); if (x == 0) { CODEX_CO_CHECK(call()); } }'
    accepts $'CODEX_CO_TRY(block,\n        fetch(peer, cid));'
}

@test "the macros are refused around anything else" {
    refuses 'CODEX_CO_TRY(x, Agg{1}.run());'
    refuses 'CODEX_CO_TRY(x, call(Agg{1}));'
    refuses 'CODEX_CO_TRY(x, call([n] { return n; }));'
    refuses 'CODEX_CO_TRY(x, a ? call(1) : call(2));'
    refuses 'CODEX_CO_TRY([a, b], call(1));'
    refuses 'CODEX_CO_TRY(x, co_await call(1));'
    refuses 'CODEX_CO_CHECK(call(1) && call(2));'
    refuses 'CODEX_CO_CHECK(waiting);'
    refuses 'while (CODEX_CO_CHECK(call(1))) { }'
    refuses 'call(CODEX_CO_CHECK(other(1)));'
    refuses 'if (ready) CODEX_CO_TRY(x, call(1));'
}

@test "what a macro is made of does not count" {
    mkdir -p libcommon/base
    printf '#define AWAIT(x) \\\n    if (co_await x) \\\n        return\nint a();\n' >libcommon/base/a.hpp
    run "$CODEX_SOURCE/scripts/check-coroutines" .
    assert_success
    echo 'task f() { if (co_await x()) return; }' >>libcommon/base/a.hpp
    run "$CODEX_SOURCE/scripts/check-coroutines" .
    assert_failure
}

@test "comments and strings do not count" {
    accepts '// if (co_await x()) return;'
    accepts '/* while (co_await x()) {} */'
    accepts 'log("if (co_await x())");'
}

@test "co_await in a condition is refused" {
    refuses 'if (co_await f()) { return; }'
    refuses 'while (co_await f()) { }'
    refuses 'for (; co_await f();) { }'
    refuses 'do { } while (co_await f());'
    refuses 'switch (co_await f()) { }'
    refuses 'auto x = !co_await f();'
    refuses 'auto x = co_await f() || co_await g();'
    refuses 'auto x = co_await f() == 2;'
}

@test "co_await in an expression is refused" {
    refuses 'x = co_await f();'
    refuses 'int y = co_await f();'
    refuses 'call(co_await f());'
    refuses 'auto x = a ? co_await f() : co_await g();'
    refuses 'auto x = co_await f() + 1;'
    refuses 'auto [a, b] = co_await f();'
    refuses 'co_return 1 + co_await f();'
}

@test "aggregates, braces and lambdas among the arguments are refused" {
    refuses 'co_await call(Agg{x, 1});'
    refuses 'co_await call({});'
    refuses 'co_await call([n] { return n; });'
    refuses 'Agg c{N{}, co_await f()};'
    refuses 'auto v = co_await call(std::vector{a, b});'
}
