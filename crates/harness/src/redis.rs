//! How a Redis server is called, and whether it answers.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::Command,
    time::Duration,
};

/// One that keeps nothing on disk: what Redis holds of Signoff is rebuilt by itself.
pub fn server(binary: &Path, port: u16) -> Command {
    let mut command = Command::new(binary);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]).args([
        "--save",
        "",
        "--appendonly",
        "no",
        "--daemonize",
        "no",
    ]);
    command
}

/// Whether one answers. Without redis-cli, which need not be installed.
pub fn answers(port: u16) -> bool {
    let ping = || {
        let patience = Duration::from_secs(2);
        let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), patience)?;
        stream.set_read_timeout(Some(patience))?;
        stream.write_all(b"PING\r\n")?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer)?;
        std::io::Result::Ok(answer == *b"+PONG\r\n")
    };
    ping().unwrap_or(false)
}
