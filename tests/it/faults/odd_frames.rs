//! Whatever a client puts on its socket, it gets an answer or a close, and nobody else notices.

use std::time::Duration;

use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Api, Cluster, Setup, Socket, eventually};

/// A connection whose handshake is done, and nothing else.
async fn shaken(api: &Api, task: &str) -> TcpStream {
    let mut stream = TcpStream::connect(api.base.trim_start_matches("http://")).await.unwrap();
    let head = format!(
        "GET /ws/{task} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
         sec-websocket-protocol: signoff.v1\r\n\r\n",
        api.key
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    // To the last byte of the head, and no further: frames come after it.
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&answer));
    stream
}

/// Frames that are almost right: any opcode, flags, length and payload; masked mostly, as they must be.
fn odd_frames(random: &mut StdRng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.random_range(1..6) {
        if random.random_bool(0.2) {
            bytes.extend((0..random.random_range(0..40)).map(|_| random.random::<u8>()));
            continue;
        }
        let opcodes: [u8; 8] = [0x81, 0x01, 0x80, 0x82, 0x88, 0x89, 0x8A, random.random()];
        bytes.push(opcodes[random.random_range(0..opcodes.len())]);
        let payload: Vec<u8> = match random.random_range(0..4) {
            0 => br#"{"type":"ping"}"#.to_vec(),
            1 => vec![0x03, 0xE8],
            2 => (0..random.random_range(0..126)).map(|_| random.random()).collect(),
            _ => format!("{{\"type\":\"wait_for_approval\",\"approval_id\":{}}}", random.random::<u32>())
                .into(),
        };
        let masked = random.random_bool(0.9);
        let length = if random.random_bool(0.9) {
            payload.len() as u64
        } else {
            random.random::<u64>() >> random.random_range(0..60)
        };
        let flag = if masked { 0x80 } else { 0 };
        match length {
            0..=0x7D => bytes.push(flag | u8::try_from(length).unwrap()),
            0x7E..=0xFFFF => {
                bytes.push(flag | 0x7E);
                bytes.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                bytes.push(flag | 0x7F);
                bytes.extend(length.to_be_bytes());
            }
        }
        if masked {
            // A mask of zeros leaves the payload as it is.
            bytes.extend([0; 4]);
        }
        bytes.extend(payload);
    }
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn odd_frames_hurt_only_their_socket() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut neighbour = Socket::open(&api, "neighbour").await;
    for seed in 0..400 {
        let mut random = StdRng::seed_from_u64(seed);
        let mut stream = shaken(&api, &format!("odd-{}", seed % 8)).await;
        // It may be closed by what came first.
        let _ = stream.write_all(&odd_frames(&mut random)).await;
        let _ = stream.shutdown().await;
        // A client that has said all it will say is let go, with or without a word.
        let ending = async { while matches!(stream.read(&mut [0; 4096]).await, Ok(1..)) {} };
        tokio::time::timeout(Duration::from_secs(20), ending)
            .await
            .unwrap_or_else(|_| panic!("seed {seed} hangs"));
    }
    assert_eq!(neighbour.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    eventually("all are gone", || async { cluster.instances[0].app.bus.seats.count() == 1 }).await;
    assert!(!cluster.instances[0].metrics().await.contains("signoff_panics_total"));
}

/// Pongs and texts that come within so long.
async fn heard(stream: &mut TcpStream, within: Duration) -> (usize, usize) {
    let (mut pongs, mut texts, mut bytes) = (0, 0, Vec::new());
    let reading = async { while stream.read_buf(&mut bytes).await.unwrap() > 0 {} };
    let _ = tokio::time::timeout(within, reading).await;
    let mut rest = &bytes[..];
    // The server's frames are not masked.
    while let [first, second, more @ ..] = rest {
        let (length, head) = match second {
            126 => (usize::from(u16::from_be_bytes([more[0], more[1]])), 2),
            length => (usize::from(*length), 0),
        };
        match first & 0x0F {
            0x1 => texts += 1,
            0xA => pongs += 1,
            _ => {}
        }
        rest = rest.get(2 + head + length..).unwrap_or_default();
    }
    (pongs, texts)
}

/// Frames that are no messages count as well: a flood of them is read slowly, and its neighbours notice nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_flood_of_pings_or_empty_pieces_is_read_no_faster_than_messages() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut neighbour = Socket::open(&api, "neighbour").await;
    let ping = [0x89, 0x80, 0, 0, 0, 0];
    let (begin, piece) = ([0x01, 0x80, 0, 0, 0, 0], [0x00, 0x80, 0, 0, 0, 0]);
    let mut last = vec![0x81, 0x80 | 15, 0, 0, 0, 0];
    last.extend(br#"{"type":"ping"}"#);

    let mut flooded = shaken(&api, "pings").await;
    let flood: Vec<u8> = ping.iter().copied().cycle().take(6 * 20_000).collect();
    flooded.write_all(&flood).await.unwrap();
    let (pongs, _) = heard(&mut flooded, Duration::from_secs(2)).await;
    assert!((90..1_000).contains(&pongs), "a burst, and then a few a second: {pongs}");

    let mut pieces = shaken(&api, "pieces").await;
    let mut flood = begin.to_vec();
    flood.extend(piece.iter().copied().cycle().take(6 * 20_000));
    // Were they read at once, this would be answered: a text within a message is against the protocol.
    flood.extend(&last);
    pieces.write_all(&flood).await.unwrap();
    let mut bytes = [0; 1024];
    let reading = async {
        loop {
            let count = pieces.read(&mut bytes).await.unwrap();
            assert!(count > 0 && !bytes[..count].contains(&0x88), "it was read to its end");
        }
    };
    let _: Result<(), _> = tokio::time::timeout(Duration::from_secs(2), reading).await;
    for _ in 0..5 {
        assert_eq!(neighbour.ask(json!({ "type": "ping" })).await["event_type"], "pong");
    }
}

/// Clients' libraries may send a message in as many pieces as they like.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_many_pieces_is_one_message() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut stream = shaken(&api, "task").await;
    let text = br#"{"type":"ping","ref":"in pieces"}"#;
    for (number, byte) in text.iter().enumerate() {
        let last = if number + 1 == text.len() { 0x80 } else { 0 };
        let opcode = u8::from(number == 0);
        stream.write_all(&[last | opcode, 0x81, 0, 0, 0, 0, *byte]).await.unwrap();
    }
    let mut bytes = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&bytes).contains("in pieces") {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
        }
    };
    tokio::time::timeout(Duration::from_secs(20), reading).await.expect("a pong");
}

/// Read slowly, it takes longer than a client may be silent, and no pong comes before it is over.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_very_many_pieces_is_waited_for() {
    let flags = vec![("sockets.ping_seconds", "1".to_owned())];
    let cluster = Cluster::with(Setup { instances: 1, flags, ..Setup::default() }).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut stream = shaken(&api, "task").await;
    let mut pieces = Vec::new();
    let text = format!("{{\"type\":\"ping\",\"ref\":\"in pieces\"{:400}}}", "");
    for (number, byte) in text.bytes().enumerate() {
        let last = if number + 1 == text.len() { 0x80 } else { 0 };
        pieces.extend([last | u8::from(number == 0), 0x81, 0, 0, 0, 0, byte]);
    }
    stream.write_all(&pieces).await.unwrap();
    let mut bytes = Vec::new();
    let reading = async {
        while !String::from_utf8_lossy(&bytes).contains("in pieces") {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "it was dropped");
        }
    };
    tokio::time::timeout(Duration::from_mins(1), reading).await.expect("an answer");
}

/// Refusing costs, too: what is beyond the limit is refused no faster than messages may come.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_messages_is_refused_no_faster_than_they_may_come() {
    let cluster = Cluster::with(Setup { instances: 1, ..Setup::default() }).await.connected().await;
    let api = cluster.api(0, &cluster.member("agent").await);
    let mut stream = shaken(&api, "task").await;
    let mut message = vec![0x81, 0x80 | 15, 0, 0, 0, 0];
    message.extend(br#"{"type":"ping"}"#);
    stream.write_all(&message.repeat(5_000)).await.unwrap();
    let (_, texts) = heard(&mut stream, Duration::from_secs(2)).await;
    assert!((90..1_000).contains(&texts), "{texts}");
}
