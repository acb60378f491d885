//! What is kept of a server's first words, and the cut-off.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

fn head(chunks: &[&[u8]]) -> Head {
    let mut head = Head::default();
    for chunk in chunks {
        head.push(chunk);
    }
    head
}

#[test]
fn ident_is_found_after_other_lines_and_across_reads() {
    let seen = head(&[b"hello\r\nSS", b"H-2.0-Open", b"SSH_9.2\r\n\0\0\x05"]);
    assert_eq!(seen.ident(), Some("SSH-2.0-OpenSSH_9.2"));
}

#[test]
fn refusals_are_kept_and_bounded() {
    let seen = head(&[b"Not allowed at this time\r\n"]);
    assert_eq!(
        (seen.ident(), seen.text().as_str()),
        (None, "Not allowed at this time")
    );
    let flood = head(&[&[b'x'; 4096], b"\n", &[b'y'; 4096]]);
    assert!(flood.text().len() <= HEAD_BYTES);
    assert!(flood.before.len() + flood.line.len() <= 2 * HEAD_BYTES);
}

#[tokio::test]
async fn cutting_wakes_a_blocked_reader_and_writer() {
    let (ours, _theirs) = tokio::io::duplex(8);
    let stop = CancellationToken::new();
    let (mut tap, _head) = Tap::new(Box::new(ours), &stop);
    let mut buffer = [0; 8];
    let (read, ()) = tokio::join!(tap.read(&mut buffer), async { stop.cancel() });
    assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    assert!(tap.write_all(&[0; 64]).await.is_err());
}

#[tokio::test]
async fn a_read_without_news_wakes_nobody() {
    let (ours, mut theirs) = tokio::io::duplex(64);
    let (mut tap, head) = Tap::new(Box::new(ours), &CancellationToken::new());
    let mut buffer = [0; 8];
    let silent = tokio::time::timeout(std::time::Duration::ZERO, tap.read(&mut buffer)).await;
    assert!(silent.is_err());
    assert!(!head.has_changed().unwrap());
    theirs.write_all(b"SSH-2.0-").await.unwrap();
    tap.read_exact(&mut buffer).await.unwrap();
    assert!(head.has_changed().unwrap());
}
