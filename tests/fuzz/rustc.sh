#!/bin/sh
# The compiler for `cargo xtask fuzz`: leaves the counters out of elliptic curves and hashes, whose branches say
# nothing about ours and would take nearly all of the time.
case "$CARGO_PKG_NAME" in
cpubits | crypto-bigint | ecdsa | elliptic-curve | hmac | k256 | keccak | primefield | primeorder | sha2 | tiny-keccak)
  for word; do
    shift
    case "$word" in
    -Cpasses=sancov-module | -Cllvm-args=-sanitizer-coverage-*) ;;
    *) set -- "$@" "$word" ;;
    esac
  done
  ;;
esac
exec "$@"
