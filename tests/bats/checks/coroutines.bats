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
