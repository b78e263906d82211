//! The ends of channels a component holds.

#![forbid(unsafe_code)]

use crate::attach::AttachError;
use crate::clock::now;
use crate::mapping::{ReadOnly, ReadWrite};
use crate::reading::{Reading, Violation};
use crate::record::Record;
use crate::ring::reader::RingReader;
use crate::ring::writer::RingWriter;
use crate::schema::Schema;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Where the control socket leaves a newly attached ring for its end. The flag
/// keeps the lock out of every publish and look but the first of an epoch.
#[derive(Debug)]
pub(crate) struct Mailbox<R> {
    full: AtomicBool,
    ring: Mutex<Option<Attachment<R>>>,
}

#[derive(Debug)]
struct Attachment<R> {
    epoch: u64,
    ring: Result<(bool, R), Arc<AttachError>>,
}

impl<R> Default for Mailbox<R> {
    fn default() -> Self {
        Self {
            full: AtomicBool::new(false),
            ring: Mutex::new(None),
        }
    }
}

impl<R> Mailbox<R> {
    pub(crate) fn put(
        &self,
        epoch: u64,
        ring: Result<(bool, R), AttachError>,
    ) -> Result<(), Arc<AttachError>> {
        let ring = ring.map_err(Arc::new);
        let said = ring.as_ref().map(|_| ()).map_err(Arc::clone);
        let mut place = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        *place = Some(Attachment { epoch, ring });
        self.full.store(true, Ordering::Release);
        said
    }

    fn take(&self) -> Option<Attachment<R>> {
        if !self.full.load(Ordering::Acquire) {
            return None;
        }
        let mut place = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        self.full.store(false, Ordering::Relaxed);
        place.take()
    }
}

/// Why a record was not published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// The channel is not attached.
    #[error("the channel is absent")]
    Absent,
    /// The record is of another schema.
    #[error("the record is of another schema")]
    Schema,
}

/// The writing end of a channel. Dropping it tells the readers that it ends.
#[derive(Debug)]
pub struct Writer {
    mailbox: Arc<Mailbox<RingWriter<ReadWrite>>>,
    schema: Schema,
    attached: Option<Attachment<RingWriter<ReadWrite>>>,
}

impl Writer {
    pub(crate) fn new(mailbox: Arc<Mailbox<RingWriter<ReadWrite>>>, schema: Schema) -> Self {
        Self {
            mailbox,
            schema,
            attached: None,
        }
    }

    /// Publishes a record, which is also a heartbeat. Returns its number in
    /// the epoch, from 1. Makes no system call.
    ///
    /// # Errors
    /// When the channel is absent or the record is of another schema.
    pub fn publish(&mut self, record: &Record) -> Result<u64, PublishError> {
        self.publish_at(record, now())
    }

    /// Publishes a record of an earlier time (ns of CLOCK_MONOTONIC,
    /// [`crate::clock::now`]): that of its sample, from which its age then
    /// counts, and which the caller has read already. A time to come is cut to
    /// the present by who reads it.
    ///
    /// # Errors
    /// When the channel is absent or the record is of another schema.
    pub fn publish_at(&mut self, record: &Record, time: u64) -> Result<u64, PublishError> {
        if *record.schema() != self.schema {
            return Err(PublishError::Schema);
        }
        let ring = self.ring().ok_or(PublishError::Absent)?;
        Ok(ring.publish(record, time))
    }

    /// Says that the writer lives although it has no data; at least every
    /// [`crate::reading::HEARTBEAT_EVERY_NS`]. Makes no system call.
    pub fn heartbeat(&mut self) {
        if let Some(ring) = self.ring() {
            ring.heartbeat(now());
        }
    }

    /// The life it is attached to; none while it is absent.
    #[must_use]
    pub fn epoch(&mut self) -> Option<u64> {
        self.ring()?;
        self.attached.as_ref().map(|attached| attached.epoch)
    }

    /// Why the newest hand-out was not attached.
    #[must_use]
    pub fn refusal(&mut self) -> Option<&AttachError> {
        self.refresh();
        self.attached
            .as_ref()?
            .ring
            .as_ref()
            .err()
            .map(AsRef::as_ref)
    }

    /// Whether its memory is locked, so that no access waits for a page.
    #[must_use]
    pub fn is_locked(&mut self) -> bool {
        self.refresh();
        is_locked(self.attached.as_ref())
    }

    fn refresh(&mut self) {
        if let Some(newer) = self.mailbox.take() {
            self.attached = Some(newer);
        }
    }

    fn ring(&mut self) -> Option<&mut RingWriter<ReadWrite>> {
        self.refresh();
        self.attached.as_mut()?.ring.as_mut().ok().map(|(_, r)| r)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(ring) = self.ring() {
            ring.stop();
        }
    }
}

/// A reading end of a channel.
#[derive(Debug)]
pub struct Reader {
    mailbox: Arc<Mailbox<RingReader<ReadOnly>>>,
    attached: Option<Attachment<RingReader<ReadOnly>>>,
}

impl Reader {
    pub(crate) fn new(mailbox: Arc<Mailbox<RingReader<ReadOnly>>>) -> Self {
        Self {
            mailbox,
            attached: None,
        }
    }

    /// One look: at most one record. Call it until it says something else than
    /// [`Reading::Fresh`] or [`Reading::Gap`], on a tick well below the
    /// deadline. Makes no system call, but where a new epoch is attached.
    pub fn poll(&mut self) -> Reading {
        self.refresh();
        match self.attached.as_mut().map(|attached| &mut attached.ring) {
            None => Reading::Absent,
            Some(Ok((_, ring))) => ring.look(now),
            Some(Err(error)) => match error.as_ref() {
                AttachError::Schema(differences) => {
                    Reading::Schema(Violation::Mismatch(differences.clone()))
                }
                _ => Reading::Absent,
            },
        }
    }

    /// The writer's life it is attached to; none while it is absent.
    #[must_use]
    pub fn epoch(&mut self) -> Option<u64> {
        self.refresh();
        let attached = self.attached.as_ref()?;
        attached.ring.is_ok().then_some(attached.epoch)
    }

    /// Why the newest hand-out was not attached.
    #[must_use]
    pub fn refusal(&mut self) -> Option<&AttachError> {
        self.refresh();
        self.attached
            .as_ref()?
            .ring
            .as_ref()
            .err()
            .map(AsRef::as_ref)
    }

    /// Whether its memory is locked, so that no access waits for a page.
    #[must_use]
    pub fn is_locked(&mut self) -> bool {
        self.refresh();
        is_locked(self.attached.as_ref())
    }

    fn refresh(&mut self) {
        if let Some(newer) = self.mailbox.take() {
            self.attached = Some(newer);
        }
    }
}

fn is_locked<R>(attached: Option<&Attachment<R>>) -> bool {
    attached.is_some_and(|attached| matches!(attached.ring, Ok((true, _))))
}
