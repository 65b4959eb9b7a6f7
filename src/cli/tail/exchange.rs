//! One request that may turn a connection into something else, and what came of it.

use bytes::Bytes;
use futures_util::future::join;
use http_body_util::{BodyExt, Empty};
use hyper::{HeaderMap, StatusCode, client::conn::http1, http::request};
use hyper_util::rt::TokioIo;

use super::{ending::Break, way::Way};
use crate::cli::failure::error_chain;

/// Largest head of an answer, and most that is read of its body.
const MOST: usize = 256 * 1024;

pub enum Exchanged {
    /// What was asked for: from here on the connection is for something else.
    Switched(HeaderMap, Way),
    Answered(StatusCode, HeaderMap, Vec<u8>),
}

/// Sends a request, and reads its answer.
pub async fn exchange(way: Way, request: request::Builder) -> Result<Exchanged, Break> {
    let failed =
        |error: hyper::Error| Break::again(format!("the connection failed: {}", error_chain(&error)));
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| Break::Stop(error.into()))?;
    let is_tunnel = request.method() == hyper::Method::CONNECT;
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MOST);
    let (mut sender, connection) = builder.handshake(TokioIo::new(way)).await.map_err(failed)?;
    let asking = async move {
        let response = sender.send_request(request).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        if status == StatusCode::SWITCHING_PROTOCOLS || is_tunnel && status.is_success() {
            let upgraded = hyper::upgrade::on(response).await?;
            return Ok(Exchanged::Switched(headers, Box::new(TokioIo::new(upgraded))));
        }
        let (mut body, mut bytes) = (response.into_body(), Vec::new());
        while bytes.len() < MOST
            && let Some(frame) = body.frame().await
        {
            bytes.extend_from_slice(&frame?.into_data().unwrap_or_default());
        }
        Ok(Exchanged::Answered(status, headers, bytes))
    };
    // The one drives the other. How the connection ends is known by what was asked of it.
    let (exchanged, _) = join(asking, connection.with_upgrades()).await;
    exchanged.map_err(failed)
}
