//! The little HTTP that readiness needs: one GET on loopback, past any proxy.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

const PATIENCE: Duration = Duration::from_secs(5);

pub struct Reply {
    pub status: u16,
    pub body: String,
}

/// Nothing where no answer comes.
pub fn get(port: u16, path: &str, key: Option<&str>) -> Option<Reply> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let credential = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{credential}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Reply { status, body: body.to_owned() })
}

pub fn is_ready(port: u16) -> bool {
    get(port, "/readyz", None).is_some_and(|reply| reply.status == 200)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_status_and_the_body_are_read() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 256];
            let read = stream.read(&mut request).unwrap();
            stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\nX: y\r\n\r\nnot yet").unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        });
        let reply = get(port, "/readyz", Some("k")).unwrap();
        assert_eq!((reply.status, reply.body.as_str()), (503, "not yet"));
        assert!(served.join().unwrap().contains("Authorization: Bearer k\r\n"));
    }
}
