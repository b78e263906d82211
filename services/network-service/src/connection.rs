//! From an accepted TCP connection to answered requests.

use crate::admission::{Admission, Client};
use crate::io::{Clock, Stream};
use crate::limits::{
    CLOSING_TIME, CONNECTION_LIFE, HANDSHAKE_TIME, HEAD_BYTES, HEAD_TIME, HEADERS, SOCKET_BYTES,
};
use crate::log;
use crate::router::respond;
use crate::service::Service;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// First byte of every TLS connection: a record of type handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Accepts connections for ever. Must run in a `LocalSet`.
pub async fn serve(listener: TcpListener, tls: TlsAcceptor, service: Rc<Service>) {
    loop {
        match listener.accept().await {
            Ok((stream, from)) => {
                tokio::task::spawn_local(connection(stream, from, tls.clone(), service.clone()));
            }
            // The peer has gone again between its handshake and our accept.
            Err(e)
                if matches!(
                    e.kind(),
                    ErrorKind::ConnectionAborted | ErrorKind::Interrupted
                ) => {}
            Err(error) => {
                // Out of descriptors or memory: existing connections end and free some.
                log::line(&format!("no connection can be accepted: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, from: SocketAddr, tls: TlsAcceptor, service: Rc<Service>) {
    let (stream, client) = match knock(&service.admission, stream, from, tls).await {
        Ok(verified) => verified,
        Err(why) => return log::line(&format!("{from}: {why}")),
    };
    let place = match service.admission.enter(client) {
        Ok(place) => place,
        Err(full) => return log::line(&format!("{from}: turned away: {full}")),
    };
    let answering = service_fn(|request: hyper::Request<Incoming>| {
        let response = respond(&service, place.client(), &request);
        async move { Ok::<_, Infallible>(response) }
    });
    let http = http1::Builder::new()
        .timer(Clock)
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(Stream::new(stream), answering);
    let mut http = pin!(http);
    let ended = tokio::select! {
        ended = http.as_mut() => ended,
        () = tokio::time::sleep(CONNECTION_LIFE) => {
            http.as_mut().graceful_shutdown();
            // A stream of events never finishes its answer: it is cut, and comes back.
            tokio::time::timeout(CLOSING_TIME, http).await.unwrap_or(Ok(()))
        }
    };
    // A client that goes without good-bye, or idles past its time, is no event.
    if let Err(error) = ended
        && (error.is_parse() || error.is_user())
    {
        log::line(&format!("{from}: {error}"));
    }
}

/// The handshake: until it is done nothing is known of who is there, so it is short.
async fn knock(
    admission: &Admission,
    stream: TcpStream,
    from: SocketAddr,
    tls: TlsAcceptor,
) -> Result<(TlsStream<TcpStream>, Client), String> {
    let place = admission.knock(from.ip());
    // Only latency is lost where this option is refused.
    let _ = stream.set_nodelay(true);
    let socket = socket2::SockRef::from(&stream);
    socket
        .set_send_buffer_size(SOCKET_BYTES)
        .and_then(|()| socket.set_recv_buffer_size(SOCKET_BYTES))
        .map_err(|error| format!("its buffers cannot be bounded: {error}"))?;
    tokio::select! {
        done = tokio::time::timeout(HANDSHAKE_TIME, handshake(stream, tls)) => match done {
            Ok(done) => done,
            Err(_) => Err(format!("no handshake within {HANDSHAKE_TIME:?}: closed")),
        },
        () = place.evicted() => Err("handshake dropped: too many at once".into()),
    }
}

async fn handshake(
    stream: TcpStream,
    tls: TlsAcceptor,
) -> Result<(TlsStream<TcpStream>, Client), String> {
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(0) => return Err("closed by the client before a handshake".into()),
        Ok(_) if first[0] != TLS_HANDSHAKE => {
            return Err("plaintext, or not TLS: closed".into());
        }
        Ok(_) => {}
        Err(error) => return Err(format!("handshake failed: {error}")),
    }
    let stream = tls.accept(stream).await.map_err(|e| refused(&e))?;
    let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let leaf = certificates.first().ok_or("no client certificate")?;
    let client: Client = Rc::from(leaf.as_ref());
    Ok((stream, client))
}

/// Why a handshake failed, in the words of who has to mend it.
fn refused(error: &io::Error) -> String {
    use rustls::{CertificateError, Error, PeerIncompatible};
    let tls = error.get_ref().and_then(|e| e.downcast_ref::<Error>());
    let why = match tls {
        Some(Error::NoCertificatesPresented) => "no client certificate".to_owned(),
        Some(Error::InvalidCertificate(why)) => {
            let why = match why {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => "expired",
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    "not valid yet"
                }
                CertificateError::UnknownIssuer => "not of an authority trusted here",
                CertificateError::InvalidPurpose
                | CertificateError::InvalidPurposeContext { .. } => "not a client's",
                other => return format!("refused: client certificate: {other}"),
            };
            format!("client certificate {why}")
        }
        Some(Error::PeerIncompatible(PeerIncompatible::ExtendedMasterSecretExtensionRequired)) => {
            "TLS 1.2 without extended master secret".into()
        }
        Some(other) => other.to_string(),
        None => error.to_string(),
    };
    format!("refused: {why}")
}
