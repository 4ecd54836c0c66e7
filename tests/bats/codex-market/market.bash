# What the tests of codex-market share.
# shellcheck shell=bash disable=SC2034 # variables here are used by the files that load this one

vectors=$CODEX_SOURCE/tests/vectors/marketplace.json

# account N: the secret key, as hex, and the address of an account of the vectors.
account_key() { jq -r ".accounts[$1].privateKey" "$vectors"; }
account_address() { jq -r ".accounts[$1].address" "$vectors"; }
