#!/bin/bash
# tests/reliability/faults.sh [COMMAND...]: each command meets the failure of its n-th call of a kind
# (README.md). CODEX_FAULTS (5; 0: all) of each command and kind, chosen by CODEX_SEED; CODEX_KINDS are
# the kinds, all of them unless it is set. What is found stays in a folder for a look.
set -uo pipefail
# shellcheck source=tests/reliability/common.bash
source "$(dirname "$0")/common.bash"

export CODEX_BIN CODEX_TEST_BIN CODEX_FAULTS=${CODEX_FAULTS:-5} CODEX_SEED=$seed
keep_when_failed
codex-testfaults "$scratch/faults" "$@" || die 'see above'
