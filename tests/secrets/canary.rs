//! Two secrets that nobody else would write: after logins with them they turn up nowhere.

use std::{
    fs,
    io::Write,
    os::unix::fs::FileExt,
    sync::{Arc, Mutex},
};

use sshoal::ssh::{Connector, Question};

use crate::{
    Person,
    scripted::{Scripted, Step},
    secrets,
    support::sshd::{Sshd, keygen},
};

/// Split, so that the program itself holds neither.
const PASSWORD: [&str; 2] = ["canary-Kestrel", "-7f3a91-password"];
const PASSPHRASE: [&str; 2] = ["canary-Wheatear", "-c04d2e-passphrase"];

/// Where all logs of this process go.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl log::Log for Log {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        writeln!(self.clone(), "{} {}", record.target(), record.args()).unwrap();
    }

    fn flush(&self) {}
}

fn canaries() -> [String; 2] {
    [PASSWORD.concat(), PASSPHRASE.concat()]
}

fn finds(text: &str) -> bool {
    canaries()
        .iter()
        .any(|canary| text.contains(canary.as_str()))
}

/// How often the heap of this process holds it.
fn copies(needle: &[u8]) -> usize {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let memory = fs::File::open("/proc/self/mem").unwrap();
    let mut found = 0;
    for line in maps.lines().filter(|line| line.contains(" rw-p ")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let at = |text| u64::from_str_radix(text, 16).unwrap();
        let mut bytes = vec![0; (at(to) - at(from)) as usize];
        if memory.read_exact_at(&mut bytes, at(from)).is_ok() {
            found += bytes.windows(needle.len()).filter(|w| *w == needle).count();
        }
        bytes.fill(0);
    }
    found
}

#[tokio::test]
async fn secrets_turn_up_nowhere() {
    let seen = Log::default();
    let writer = seen.clone();
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .init();
    log::set_logger(Box::leak(Box::new(seen.clone()))).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let [password, passphrase] = canaries();
    let locked = server.path("id_locked");
    keygen(&locked, "ed25519", &passphrase);
    let public = fs::read_to_string(server.path("id_locked.pub")).unwrap();
    server.append("authorized_keys", &public);
    let right: &'static str = password.clone().leak();
    let scripted = Scripted::start(vec![Step::Password(right)]).await;
    let answers = [password.clone(), passphrase.clone()];
    let person = Person::new(move |question| match question {
        Question::Passphrase { .. } => secrets(&[&answers[1]]),
        _ => secrets(&["not it", &answers[0]][1..]),
    });
    let mut node = server.node();
    node.identity = vec![locked];
    let before = canaries().map(|canary| copies(canary.as_bytes()));
    let config = scripted.config();
    let by_key = Connector::new(server.config(), Some(person.to.clone()));
    let by_password = Connector::new(config, Some(person.to.clone()));
    let sessions = (
        by_key.connect(&node).await.unwrap(),
        by_password.connect(&scripted.node()).await.unwrap(),
    );
    let debug = format!(
        "{by_key:?} {by_password:?} {node:?} {:?}",
        sessions.0.info()
    );
    assert!(!finds(&debug));
    let text = String::from_utf8_lossy(&seen.0.lock().unwrap()).into_owned();
    assert!(text.contains("russh"), "nothing was logged");
    assert!(!finds(&text), "a secret is in the log");
    for process in fs::read_dir("/proc").unwrap().flatten() {
        for file in ["cmdline", "environ"] {
            let bytes = fs::read(process.path().join(file)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            // ssh-keygen, which took the passphrase from its own command line, is gone by now.
            assert!(!finds(&text), "{file} of {:?}", process.path());
        }
    }
    by_key.forget_secrets().await;
    by_password.forget_secrets().await;
    drop(sessions);
    let after = canaries().map(|canary| copies(canary.as_bytes()));
    assert!(after[1] <= before[1], "the passphrase stays in memory");
    // The SSH library, here on both sides, does not wipe the packets that it sends and receives.
    eprintln!(
        "copies of the password in memory: {} before, {} after",
        before[0], after[0]
    );
}
