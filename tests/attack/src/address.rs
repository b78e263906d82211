//! A socket address of the kernel's, in bytes.

use std::net::SocketAddrV4;
use std::str::FromStr;

/// An IPv4 address and port.
pub struct Inet(SocketAddrV4);

impl Inet {
    /// The loopback address with this port.
    pub fn loopback(port: u16) -> Self {
        Self(SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port))
    }

    /// struct sockaddr_in.
    pub fn bytes(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..2].copy_from_slice(&2u16.to_ne_bytes());
        bytes[2..4].copy_from_slice(&self.0.port().to_be_bytes());
        bytes[4..8].copy_from_slice(&self.0.ip().octets());
        bytes
    }
}

impl FromStr for Inet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| "needs an address, 127.0.0.1:PORT".into())
    }
}
