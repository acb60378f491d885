//! An agent in front of another that passes everything on but what it is asked to sign.

use std::path::PathBuf;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{UnixListener, UnixStream},
};

/// Of the agent protocol (draft-ietf-sshm-ssh-agent, 6.1).
const SIGN_REQUEST: u8 = 13;

/// Serves one client after another, until it is aborted. So many signatures are refused; without a number, none is ever answered.
pub(crate) async fn between(listener: UnixListener, real: PathBuf, mut refusals: Option<usize>) {
    while let Ok((mut client, _)) = listener.accept().await {
        let mut agent = UnixStream::connect(&real).await.unwrap();
        while let Ok(length) = client.read_u32().await {
            let mut request = vec![0; length as usize];
            client.read_exact(&mut request).await.unwrap();
            match refusals {
                None if request[0] == SIGN_REQUEST => continue,
                Some(left @ 1..) if request[0] == SIGN_REQUEST => {
                    refusals = Some(left - 1);
                    client.write_all(&[0, 0, 0, 1, 5]).await.unwrap();
                    continue;
                }
                _ => {}
            }
            agent.write_u32(length).await.unwrap();
            agent.write_all(&request).await.unwrap();
            let length = agent.read_u32().await.unwrap();
            let mut answer = vec![0; length as usize];
            agent.read_exact(&mut answer).await.unwrap();
            client.write_u32(length).await.unwrap();
            client.write_all(&answer).await.unwrap();
        }
    }
}
