//! Vectors of other people for what this crate stands on.

mod structured_fields;
mod wycheproof;
