//! The manifest language: model, validation with source spans, resolution into a Plan.
#![forbid(unsafe_code)]

pub mod facts;
pub mod plan;
