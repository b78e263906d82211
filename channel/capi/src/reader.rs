//! A reading end.
#![allow(unsafe_code)]
// Why unsafe: handles and buffers of a C caller.

use crate::control::cordon_control;
use crate::pointer;
use crate::record;
use crate::types::{cordon_now, cordon_pace, cordon_sample, cordon_why, trust};
use cordon_channel::follower::Follower;
use cordon_channel::typed::{Now, Sample};
use cordon_channel::{Record, Schema};
use std::ffi::{c_char, c_void};

/// A reading end. One thread at a time uses it.
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct cordon_reader {
    follower: Follower<Record>,
    size: usize,
    why: cordon_why,
}

/// Asks for a reading end; it is absent until cordon_control_poll() attached
/// it. Name, schema and pace are those of the manifest: use a generated header.
/// `trust` is a cordon_trust. NULL when a pointer is, or when the schema or the
/// pace is none.
///
/// # Safety
/// `control` is NULL or a live handle that no other thread uses; the texts are
/// ended by NUL; `pace` points at one.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_reader_new(
    control: *mut cordon_control,
    channel: *const c_char,
    schema: *const c_char,
    pace: *const cordon_pace,
    trust: u32,
) -> *mut cordon_reader {
    // SAFETY: by this function's rule.
    let control = unsafe { pointer::borrow(control) };
    // SAFETY: by this function's rule.
    let channel = unsafe { pointer::text(channel) };
    // SAFETY: by this function's rule.
    let schema = unsafe { pointer::text(schema) };
    // SAFETY: by this function's rule.
    let pace = unsafe { pointer::value(pace) };
    let schema = schema.and_then(|text| Schema::parse(text).ok());
    let pace = pace.and_then(cordon_pace::sound);
    let (Some(control), Some(channel), Some(schema), Some(pace)) = (control, channel, schema, pace)
    else {
        return std::ptr::null_mut();
    };
    let trust = self::trust(trust);
    let reader = control.0.reader(channel, &schema, pace, trust);
    pointer::give(cordon_reader {
        follower: Follower::new(reader, pace),
        size: record::size(&schema),
        why: cordon_why::CORDON_WHY_ABSENT,
    })
}

/// The next record, each once: for a curve. False when there is no new one, or
/// when `size` is not the record's. Makes no system call.
///
/// # Safety
/// `reader` is NULL or a live handle that no other thread uses; `record` has
/// `size` bytes; `sample` is NULL or has room for one.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn cordon_reader_take(
    reader: *mut cordon_reader,
    record: *mut c_void,
    size: usize,
    sample: *mut cordon_sample,
) -> bool {
    // SAFETY: by this function's rule.
    let Some(reader) = (unsafe { pointer::borrow(reader) }) else {
        return false;
    };
    if size != reader.size {
        return false;
    }
    let Some(taken) = reader.follower.take(|record| Some(record.clone())) else {
        return false;
    };
    // SAFETY: the struct has exactly `size` bytes, as just compared.
    unsafe { pointer::put(record.cast(), &record::to_struct(&taken.value)) };
    // SAFETY: by this function's rule.
    unsafe { pointer::put_value(sample, about(taken, taken.age)) };
    true
}

/// What holds now: reads what has come since. The record is written with
/// CORDON_FRESH; otherwise it becomes all zeros, so no field in it is valid.
/// A `size` that is not the record's is CORDON_LOST. Makes no system call.
///
/// # Safety
/// `reader` is NULL or a live handle that no other thread uses; `record` has
/// `size` bytes; `sample` is NULL or has room for one.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn cordon_reader_now(
    reader: *mut cordon_reader,
    record: *mut c_void,
    size: usize,
    sample: *mut cordon_sample,
) -> cordon_now {
    // SAFETY: by this function's rule it has `size` bytes; whatever follows, no
    // old value stays in it.
    unsafe { pointer::put(record.cast(), &vec![0; size]) };
    // SAFETY: by this function's rule.
    unsafe { pointer::put_value(sample, cordon_sample::default()) };
    // SAFETY: by this function's rule.
    let Some(reader) = (unsafe { pointer::borrow(reader) }) else {
        return cordon_now::CORDON_LOST;
    };
    if size != reader.size {
        return cordon_now::CORDON_LOST;
    }
    let (now, why, said) = match reader.follower.now(|record| Some(record.clone())) {
        Now::Fresh { sample, age } => {
            // SAFETY: the struct has exactly `size` bytes, as just compared.
            unsafe { pointer::put(record.cast(), &record::to_struct(&sample.value)) };
            let said = about(sample, age);
            (cordon_now::CORDON_FRESH, cordon_why::CORDON_WHY_NONE, said)
        }
        Now::Stale { age } => {
            let said = cordon_sample {
                age_ns: age,
                ..cordon_sample::default()
            };
            (cordon_now::CORDON_STALE, cordon_why::CORDON_WHY_NONE, said)
        }
        Now::Lost(why) => (
            cordon_now::CORDON_LOST,
            why.into(),
            cordon_sample::default(),
        ),
    };
    reader.why = why;
    // SAFETY: by this function's rule.
    unsafe { pointer::put_value(sample, said) };
    now
}

/// Why the last cordon_reader_now() said CORDON_LOST.
///
/// # Safety
/// `reader` is NULL or a live handle that no other thread uses.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_reader_why(reader: *mut cordon_reader) -> cordon_why {
    // SAFETY: by this function's rule.
    let reader = unsafe { pointer::borrow(reader) };
    reader.map_or(cordon_why::CORDON_WHY_ABSENT, |reader| reader.why)
}

/// In words, why the newest hand-out was refused: each field that differs by
/// its name. Empty when it was not. Cut to `size` with its NUL; gives the
/// length it has, as snprintf(3).
///
/// # Safety
/// `reader` is NULL or a live handle that no other thread uses; `text` is NULL
/// or has `size` bytes.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_reader_refusal(
    reader: *mut cordon_reader,
    text: *mut c_char,
    size: usize,
) -> usize {
    // SAFETY: by this function's rule.
    let reader = unsafe { pointer::borrow(reader) };
    let said = reader.and_then(|it| it.follower.reader().refusal().map(ToString::to_string));
    // SAFETY: by this function's rule.
    unsafe { pointer::put_text(text, size, &said.unwrap_or_default()) }
}

/// The writer's life it is attached to, from 1; 0 while it is absent.
///
/// # Safety
/// `reader` is NULL or a live handle that no other thread uses.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_reader_epoch(reader: *mut cordon_reader) -> u64 {
    // SAFETY: by this function's rule.
    let reader = unsafe { pointer::borrow(reader) };
    let epoch = reader.and_then(|reader| reader.follower.reader().epoch());
    epoch.unwrap_or(0)
}

/// Ends it. NULL is nothing.
///
/// # Safety
/// `reader` is NULL or a live handle, which nobody uses afterwards.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_reader_free(reader: *mut cordon_reader) {
    // SAFETY: by this function's rule.
    drop(unsafe { pointer::take_back(reader) });
}

fn about(sample: &Sample<Record>, age: u64) -> cordon_sample {
    cordon_sample {
        number: sample.number,
        epoch: sample.epoch,
        time_ns: sample.time,
        age_ns: age,
        lost: sample.lost,
        joins: sample.joins,
    }
}
