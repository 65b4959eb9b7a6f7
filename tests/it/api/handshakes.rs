//! Handshakes that are none, as RFC 6455 has it, letter by letter.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::support::{Cluster, Setup};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_is_a_get_with_one_key_and_nothing_else() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await;
    let key = cluster.member("agent").await;
    let address = cluster.instances[0].url.trim_start_matches("http://").to_owned();
    // Answers the status and whatever else comes.
    let send = async |first: &str, more: &str, body: &str| {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = format!(
            "{first}\r\nhost: {address}\r\nauthorization: Bearer {key}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-protocol: signoff.v1\r\n\
             {more}\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = Vec::new();
        let reading = async {
            while !text.windows(4).any(|it| it == b"\r\n\r\n")
                && stream.read_buf(&mut text).await.unwrap() > 0
            {}
        };
        timeout(std::time::Duration::from_secs(20), reading).await.unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        (text["HTTP/1.1 ".len()..][..3].parse::<u16>().unwrap(), text.to_ascii_lowercase())
    };
    let (get, one) = ("GET /ws/t HTTP/1.1", format!("sec-websocket-key: {KEY}\r\n"));
    for (first, more, body) in [
        (get, String::new(), ""),
        (get, "sec-websocket-key: \r\n".to_owned(), ""),
        (get, "sec-websocket-key: AAAAAAAAAAAAAAAAAAAA\r\n".to_owned(), ""),
        (get, format!("sec-websocket-key: {KEY}AAAA\r\n"), ""),
        (get, "sec-websocket-key: not base64 at all!!!!\r\n".to_owned(), ""),
        (get, format!("{one}{one}"), ""),
        (get, format!("{one}content-length: 4\r\n"), "body"),
        (get, format!("{one}transfer-encoding: chunked\r\n"), "4\r\nbody\r\n0\r\n\r\n"),
        ("GET /ws/t HTTP/1.0", one.clone(), ""),
    ] {
        let (status, text) = send(first, &more, body).await;
        assert_eq!(status, 400, "{first} {more} {text}");
        assert!(text.contains("application/problem+json"), "{text}");
    }
    for method in ["HEAD", "POST"] {
        let (status, text) = send(&format!("{method} /ws/t HTTP/1.1"), &one, "").await;
        assert_eq!(status, 405, "{text}");
        assert!(text.contains("allow: get") && text.contains("application/problem+json"), "{text}");
    }
    assert_eq!(send(get, &one, "").await.0, 101);
}
