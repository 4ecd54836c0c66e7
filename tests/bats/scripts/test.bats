# scripts/test and scripts/packages where packages cannot be installed: a test has no other way to fail them.
load ../common

setup() {
    codex_setup
    mkdir -p clone stubs
    cp -r "$CODEX_SOURCE/scripts" clone/
    # shellcheck disable=SC2016 # for the stubs
    printf '#!/bin/sh\necho "$0 $*" >>%q/calls\n' "$PWD" >stubs/cmake
    cp stubs/cmake stubs/ctest
    printf '#!/bin/sh\nexit 1\n' >stubs/dpkg-query # nothing is installed
    # shellcheck disable=SC2016
    printf '#!/bin/sh\nwhile case $1 in env | *=*) true ;; *) false ;; esac; do shift; done
exec "$@"\n' >stubs/sudo
    printf '#!/bin/sh\necho "E: Unable to fetch"; exit 100\n' >stubs/apt-get
    chmod +x stubs/*
    PATH=$PWD/stubs:$PATH
}

@test "packages that cannot be installed are named, with what may help" {
    run_split clone/scripts/packages build
    assert_failure 100
    assert_stderr --partial 'scripts/packages: error: apt-get could not install g++ cmake '
    assert_stderr --partial 'scripts/packages: hint: is a Debian mirror reachable?'
}

@test "without its packages scripts/test ends at once, and says so in its last line" {
    run_split clone/scripts/test
    assert_failure 1
    assert_line --partial 'packages: failed'
    assert_line --index -1 'scripts/test: FAILED: the packages could not be installed; nothing was built or tested'
    assert_not_exist calls
}
