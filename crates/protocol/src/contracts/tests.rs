//! Tests of the contracts: the compiled code, run.
