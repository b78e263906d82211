//! The listening socket that was handed over by name.

use crate::exit::{Code, Exit};
use std::net::TcpListener;
use std::os::fd::OwnedFd;

/// The name the manifest gives the socket.
pub const NAME: &str = "https";

/// Finds the socket among the inherited descriptors; all others are closed.
pub fn listener(descriptors: Vec<(String, OwnedFd)>) -> Result<TcpListener, Exit> {
    let (_, socket) = descriptors
        .into_iter()
        .find(|(name, _)| name == NAME)
        .ok_or_else(|| {
            let message = format!("no descriptor named `{NAME}` was inherited (LISTEN_FDNAMES)");
            Exit::new(Code::Listener, message)
        })?;
    let unusable = |error: std::io::Error| {
        let message = format!("descriptor `{NAME}` is not a listening TCP socket: {error}");
        Exit::new(Code::Listener, message)
    };
    let listener = TcpListener::from(socket);
    listener.local_addr().map_err(unusable)?;
    listener.set_nonblocking(true).map_err(unusable)?;
    // An accept tells a listening socket from a connected one and any other descriptor; a
    // client that is already waiting is closed and comes again.
    match listener.accept() {
        Err(e) if e.kind() != std::io::ErrorKind::WouldBlock => Err(unusable(e)),
        _ => Ok(listener),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::net::TcpStream;

    #[test]
    fn only_a_listening_socket_of_that_name_will_do() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let connected = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        let file = File::open("/dev/null").unwrap();
        for (name, fd) in [
            ("http", socket.try_clone().unwrap().into()),
            (NAME, OwnedFd::from(connected)),
            (NAME, OwnedFd::from(file)),
        ] {
            let exit = listener(vec![(name.into(), fd)]).unwrap_err();
            assert_eq!(exit.code, Code::Listener, "{exit}");
        }
        assert!(listener(vec![(NAME.into(), socket.into())]).is_ok());
    }
}
