//! Ports on loopback.

use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    io,
    net::{SocketAddr, TcpListener, TcpStream},
    ops::Range,
    time::Duration,
};

/// Below those that the kernel gives to outgoing connections: one of these could take the port of a server that is
/// away. Those of `./dev` and those of tests lie apart.
pub const OF_DEV: Range<u16> = 20_000..30_000;
pub const OF_TESTS: Range<u16> = 10_000..20_000;

/// One that nothing listens on at this moment. The kernel may give it to another program.
pub fn free() -> io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// One that stays free while its owner is away.
pub fn lasting(range: Range<u16>) -> u16 {
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(|| random(range.clone())).find(is_free).unwrap_or(range.start)
}

/// Whether something answers there.
pub fn taken(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpStream::connect_timeout(&address, Duration::from_secs(2)).is_ok()
}

/// Any of them. The seed of a hash map is random enough for a port.
pub fn random(range: Range<u16>) -> u16 {
    let number = RandomState::new().hash_one(range.start);
    let count = u64::from(range.end - range.start);
    range.start + u16::try_from(number % count).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lasting_port_is_free_and_in_its_range() {
        let port = lasting(OF_TESTS);
        assert!(OF_TESTS.contains(&port) && !taken(port));
    }

    #[test]
    fn a_port_that_is_listened_on_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(taken(listener.local_addr().unwrap().port()));
    }
}
