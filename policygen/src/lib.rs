//! From a Plan to a SELinux module.
#![forbid(unsafe_code)]
