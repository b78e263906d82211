//! The verified channel.
