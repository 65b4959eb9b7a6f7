//! A relay in front of Postgres that counts what is executed there, by the role in which a connection was opened.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// What opens a connection begins with its version.
const PROTOCOL: u32 = 3 << 16;

/// How many statements each role executed.
#[derive(Clone, Default)]
pub struct Statements(Arc<Mutex<HashMap<String, usize>>>);

impl Statements {
    /// In front of the server that a URL names; answers with the URL that leads through the relay.
    pub async fn before(url: &str) -> (Self, String) {
        let (scheme, rest) = url.split_once("://").unwrap();
        let (authority, path) = rest.split_once('/').unwrap();
        let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = if user.is_empty() { "" } else { "@" };
        let through = format!("{scheme}://{user}{at}{}/{path}", listener.local_addr().unwrap());
        let (counted, host) = (Self::default(), host.to_owned());
        let counts = counted.clone();
        tokio::task::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (counts, host) = (counts.clone(), host.clone());
                tokio::task::spawn(async move {
                    let Ok(server) = TcpStream::connect(host).await else { return };
                    let (asks, mut told) = client.into_split();
                    let (mut answers, server) = server.into_split();
                    tokio::task::spawn(async move { tokio::io::copy(&mut answers, &mut told).await });
                    // Ends where either side does.
                    let _ = counts.relay(asks, server).await;
                });
            }
        });
        (counted, through)
    }

    /// So many by a role until now.
    pub fn of(&self, role: &str) -> usize {
        self.0.lock().unwrap().get(role).copied().unwrap_or(0)
    }

    async fn relay(&self, mut client: OwnedReadHalf, mut server: OwnedWriteHalf) -> std::io::Result<()> {
        let mut role = String::new();
        // A connection begins with a look at where it leads. That is no part of the work, and a pool opens one at any time.
        let mut has_looked = false;
        loop {
            // The first messages have no type: a request for TLS, and the one that opens the connection.
            let tag = if role.is_empty() { None } else { Some(client.read_u8().await?) };
            let length = client.read_u32().await?;
            let mut body = vec![0; length as usize - 4];
            client.read_exact(&mut body).await?;
            if tag.is_none() && body.starts_with(&PROTOCOL.to_be_bytes()) {
                let text = String::from_utf8_lossy(&body);
                let named = text.split("role=").nth(1).unwrap_or("the login's own");
                role = named.split(['\0', ' ']).next().unwrap_or_default().to_owned();
            }
            // "Execute", and a query without parameters.
            if matches!(tag, Some(b'E' | b'Q')) {
                if has_looked {
                    *self.0.lock().unwrap().entry(role.clone()).or_default() += 1;
                }
                has_looked = true;
            }
            if let Some(tag) = tag {
                server.write_u8(tag).await?;
            }
            server.write_u32(length).await?;
            server.write_all(&body).await?;
        }
    }
}
