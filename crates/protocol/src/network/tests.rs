//! Tests of the network description.
