#!/bin/bash
# tests/reliability/crash.sh [SCENARIO...]: states that a power loss may leave, rebuilt from logs of
# what the tools write (README.md). CODEX_STATES (10; 0: all) of each scenario and variant, chosen by
# CODEX_SEED. What is found stays in a folder for a look.
set -uo pipefail
# shellcheck source=tests/reliability/common.bash
source "$(dirname "$0")/common.bash"

export CODEX_BIN CODEX_TEST_BIN CODEX_STATES=${CODEX_STATES:-10} CODEX_SEED=$seed
keep_when_failed
codex-testcrash "$scratch/states" "$@" || die 'bad states, see above'
