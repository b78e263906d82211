//! The service as a process, asked by real clients: curl, openssl, plain sockets, Chromium.
//! A display writes to it over real channels; the PKI is made by `tests/pki.sh`.
#![forbid(unsafe_code)]

mod browser;
mod clients;
mod display;
mod events;
mod fhir;
mod limits;
mod process;
mod seen;
mod stale;
mod startup;
mod tls;
