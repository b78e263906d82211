//! iceoryx2, as its own examples use it: a typed service, loan, write, send. The
//! receiver copies what it received, because the memory stays the sender's.

use super::{Link, LinkError, Receiver, Sender, stamp_of};
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

type Service<const N: usize> = PortFactory<ipc::Service, [u8; N], ()>;

fn open<const N: usize>(link: &Link) -> Result<(Node<ipc::Service>, Service<N>), LinkError> {
    set_log_level(LogLevel::Fatal);
    let node = NodeBuilder::new().create::<ipc::Service>()?;
    let service = node
        .service_builder(&link.name().as_str().try_into()?)
        .publish_subscribe::<[u8; N]>()
        .max_publishers(1)
        .max_subscribers(link.receivers.max(1))
        .max_nodes(link.receivers + 1)
        .subscriber_max_buffer_size(64)
        .open_or_create()?;
    Ok((node, service))
}

struct Sending<const N: usize> {
    publisher: Publisher<ipc::Service, [u8; N], ()>,
    message: Box<[u8; N]>,
    _node: Node<ipc::Service>,
}

impl<const N: usize> Sender for Sending<N> {
    fn send(&mut self, stamp: u64) {
        self.message[..8].copy_from_slice(&stamp.to_le_bytes());
        let sample = self.publisher.loan_uninit().expect("a sample");
        let sample = sample.write_payload(*self.message);
        sample.send().expect("sent");
    }
}

struct Receiving<const N: usize> {
    subscriber: Subscriber<ipc::Service, [u8; N], ()>,
    message: Box<[u8; N]>,
    _node: Node<ipc::Service>,
}

impl<const N: usize> Receiver for Receiving<N> {
    fn receive(&mut self) -> Option<u64> {
        let sample = self.subscriber.receive().expect("received")?;
        self.message.copy_from_slice(sample.payload());
        stamp_of(std::hint::black_box(self.message.as_slice()))
    }
}

fn sending<const N: usize>(link: &Link) -> Result<Box<dyn Sender>, LinkError> {
    let (node, service) = open::<N>(link)?;
    Ok(Box::new(Sending {
        publisher: service.publisher_builder().create()?,
        message: Box::new([1; N]),
        _node: node,
    }))
}

fn receiving<const N: usize>(link: &Link) -> Result<Box<dyn Receiver>, LinkError> {
    let (node, service) = open::<N>(link)?;
    Ok(Box::new(Receiving {
        subscriber: service.subscriber_builder().buffer_size(64).create()?,
        message: Box::new([0; N]),
        _node: node,
    }))
}

pub(super) fn sender(link: &Link) -> Result<Box<dyn Sender>, LinkError> {
    match link.size {
        64 => sending::<64>(link),
        256 => sending::<256>(link),
        1024 => sending::<1024>(link),
        4096 => sending::<4096>(link),
        65536 => sending::<65536>(link),
        other => Err(format!("no message of {other} bytes").into()),
    }
}

pub(super) fn receiver(link: &Link) -> Result<Box<dyn Receiver>, LinkError> {
    match link.size {
        64 => receiving::<64>(link),
        256 => receiving::<256>(link),
        1024 => receiving::<1024>(link),
        4096 => receiving::<4096>(link),
        65536 => receiving::<65536>(link),
        other => Err(format!("no message of {other} bytes").into()),
    }
}
