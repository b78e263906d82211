//! The ring: the writer's and the reader's algorithm, over any memory.
//!
//! Both are generic over how a word is loaded or stored, so that the same code
//! that runs on shared memory can be run against a model checker's memory, and
//! against one that answers anything at all.

#![forbid(unsafe_code)]

pub mod reader;
pub mod words;
pub mod writer;

#[cfg(test)]
mod death;
#[cfg(test)]
mod havoc;
#[cfg(test)]
mod interleaving;
#[cfg(test)]
mod memory;
#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
