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
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 101");
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
