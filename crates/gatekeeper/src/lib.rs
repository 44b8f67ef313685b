//! gatekeeper
