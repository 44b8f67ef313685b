//! Tests of the storage layout.
