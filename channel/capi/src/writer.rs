//! A writing end.
#![allow(unsafe_code)]
// Why unsafe: handles and buffers of a C caller.

use crate::control::cordon_control;
use crate::pointer;
use crate::record;
use crate::types::{cordon_pace, cordon_status};
use cordon_channel::{PublishError, Schema, Writer};
use std::ffi::{c_char, c_void};

/// A writing end. One thread at a time uses it.
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct cordon_writer {
    writer: Writer,
    schema: Schema,
}

/// Asks for the writing end; it is absent until cordon_control_poll() attached
/// it. Name, schema and pace are those of the manifest: use a generated header.
/// NULL when a pointer is, or when the schema or the pace is none.
///
/// # Safety
/// `control` is NULL or a live handle that no other thread uses; the texts are
/// ended by NUL; `pace` points at one.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_writer_new(
    control: *mut cordon_control,
    channel: *const c_char,
    schema: *const c_char,
    pace: *const cordon_pace,
) -> *mut cordon_writer {
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
    let writer = control.0.writer(channel, &schema, pace);
    pointer::give(cordon_writer { writer, schema })
}

/// Publishes a record, which is also a heartbeat. Every field whose bit of
/// `valid` is set is checked against its range first. Makes no system call.
///
/// # Safety
/// `writer` is NULL or a live handle that no other thread uses; `record` has
/// `size` bytes.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
#[must_use]
pub unsafe extern "C" fn cordon_writer_publish(
    writer: *mut cordon_writer,
    record: *const c_void,
    size: usize,
) -> cordon_status {
    // SAFETY: by this function's rule.
    let Some(writer) = (unsafe { pointer::borrow(writer) }) else {
        return cordon_status::CORDON_INVALID;
    };
    if size != record::size(&writer.schema) {
        return cordon_status::CORDON_INVALID;
    }
    // SAFETY: by this function's rule.
    let Some(bytes) = (unsafe { pointer::bytes(record.cast(), size) }) else {
        return cordon_status::CORDON_INVALID;
    };
    let Ok(record) = record::from_struct(&writer.schema, &bytes) else {
        return cordon_status::CORDON_RANGE;
    };
    match writer.writer.publish(&record) {
        Ok(_) => cordon_status::CORDON_OK,
        Err(PublishError::Absent) => cordon_status::CORDON_ABSENT,
        Err(PublishError::Schema) => cordon_status::CORDON_INVALID,
    }
}

/// Says that the writer lives although it has no data; at least every half
/// second. Makes no system call.
///
/// # Safety
/// `writer` is NULL or a live handle that no other thread uses.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_writer_heartbeat(writer: *mut cordon_writer) {
    // SAFETY: by this function's rule.
    if let Some(writer) = unsafe { pointer::borrow(writer) } {
        writer.writer.heartbeat();
    }
}

/// In words, why the newest hand-out was refused; as cordon_reader_refusal().
///
/// # Safety
/// `writer` is NULL or a live handle that no other thread uses; `text` is NULL
/// or has `size` bytes.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_writer_refusal(
    writer: *mut cordon_writer,
    text: *mut c_char,
    size: usize,
) -> usize {
    // SAFETY: by this function's rule.
    let writer = unsafe { pointer::borrow(writer) };
    let said = writer.and_then(|it| it.writer.refusal().map(ToString::to_string));
    // SAFETY: by this function's rule.
    unsafe { pointer::put_text(text, size, &said.unwrap_or_default()) }
}

/// Its own life, from 1; 0 while it is absent.
///
/// # Safety
/// `writer` is NULL or a live handle that no other thread uses.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_writer_epoch(writer: *mut cordon_writer) -> u64 {
    // SAFETY: by this function's rule.
    let writer = unsafe { pointer::borrow(writer) };
    let epoch = writer.and_then(|writer| writer.writer.epoch());
    epoch.unwrap_or(0)
}

/// Ends it, and tells the readers so. NULL is nothing.
///
/// # Safety
/// `writer` is NULL or a live handle, which nobody uses afterwards.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_writer_free(writer: *mut cordon_writer) {
    // SAFETY: by this function's rule.
    drop(unsafe { pointer::take_back(writer) });
}
