//! Sizes of the device's directories: what their file systems hold them to.

use super::Proof;
use crate::compartment::{open_source, quota_found, quota_wanted};
use cordon_manifest::plan::{Component, Layer};
use std::os::fd::AsFd;

/// Project and limit of each directory with a quota.
pub fn compare(proof: &mut Proof, component: &Component) {
    for file in &component.files {
        let Some(bytes) = file.quota else { continue };
        let words = |(membership, limit): (crate::sys::quota::Membership, _)| {
            let crate::sys::quota::Limit { bytes, inodes } = limit;
            let inherited = if membership.inherited {
                ""
            } else {
                ", not inherited"
            };
            format!(
                "project {}{inherited}: {bytes} bytes, {inodes} files",
                membership.project
            )
        };
        let found = open_source(&file.source)
            .map_err(|failure| failure.to_string())
            .and_then(|place| {
                quota_found(file, place.as_fd()).map_err(|errno| errno.desc().to_owned())
            });
        let found = found.map_or_else(|why| why, words);
        let name = format!("size of {}", file.path);
        proof.compare(Layer::Root, &name, words(quota_wanted(file, bytes)), found);
    }
}
