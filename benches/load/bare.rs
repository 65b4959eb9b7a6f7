//! The least that a socket can cost to open: the same library with 4 KiB buffers, a first frame of the same size,
//! and nothing behind it.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::{
    accept_hdr_async_with_config,
    tungstenite::{
        Message,
        handshake::server::{Request, Response},
        http::HeaderValue,
        protocol::WebSocketConfig,
    },
};

/// A server of its own threads, as many as an instance has. It ends with the process.
pub fn start() -> anyhow::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("a runtime")?;
    std::thread::spawn(move || runtime.block_on(serve(listener)));
    Ok(address)
}

async fn serve(listener: std::net::TcpListener) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        #[expect(clippy::disallowed_methods, reason = "nothing here drains; it ends with the process")]
        tokio::task::spawn(async move {
            // Whoever goes, goes.
            let _ = greet(stream).await;
        });
    }
}

async fn greet(stream: tokio::net::TcpStream) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(4096).write_buffer_size(0);
    #[expect(clippy::result_large_err, reason = "the library's callback refuses with a whole response")]
    let choose = |_: &Request, mut response: Response| {
        response.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static("signoff.v1"));
        Ok(response)
    };
    let mut socket = accept_hdr_async_with_config(stream, choose, Some(config)).await?;
    socket.send(Message::text("x".repeat(360))).await?;
    while let Some(Ok(_)) = socket.next().await {}
    Ok(())
}
