//! Names to addresses. A resolver that falls silent holds up only those who need it, and not those whose address it gave before.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs as _},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Semaphore, watch},
    task::spawn_blocking,
    time::timeout,
};

/// Look-ups that somebody waits for at once.
const LOOKUPS: usize = 32;

/// Threads in look-ups at once. getaddrinfo has no deadline of its own: with silent servers and a search list it holds its
/// thread for minutes after whoever asked has given up, and files are read on the same threads of tokio, of which there are 512.
const THREADS: usize = 128;

/// Addresses tried of one name: a name with more is a pool, not a node.
const MAX_ADDRESSES: usize = 8;

/// The resolver's time where the last addresses are still known.
const PATIENCE: Duration = Duration::from_secs(2);

/// Look-ups, and what they gave last for each name of the inventory.
#[derive(Debug)]
pub(in crate::ssh) struct Names {
    lookups: Semaphore,
    threads: Arc<Semaphore>,
    system: System,
    known: watch::Sender<HashMap<String, Vec<IpAddr>>>,
}

/// Looks a name up by the system's resolver. Blocks.
type System = fn(&str, u16) -> io::Result<Vec<SocketAddr>>;

impl Default for Names {
    fn default() -> Self {
        Self::by(|host, port| {
            let found = (host, port).to_socket_addrs()?;
            Ok(found.take(MAX_ADDRESSES).collect())
        })
    }
}

impl Names {
    fn by(system: System) -> Self {
        Self {
            lookups: Semaphore::new(LOOKUPS),
            threads: Arc::new(Semaphore::new(THREADS)),
            system,
            known: watch::channel(HashMap::new()).0,
        }
    }

    /// The addresses of a host, never none; `TimedOut` when nothing is known of it within the limit.
    pub(super) async fn resolve(
        &self,
        host: &str,
        port: u16,
        limit: Duration,
    ) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        let known = self.known.borrow().get(host).cloned();
        let patience = known.as_ref().map_or(limit, |_| limit.min(PATIENCE));
        let asked = timeout(patience, self.look_up(host, port)).await;
        match (
            asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())),
            known,
        ) {
            (Ok(found), _) => {
                self.remember(host, &found);
                Ok(found)
            }
            (Err(error), Some(known)) if is_passing(&error) => {
                tracing::warn!(%host, %error, "not resolved: the last addresses are used");
                Ok(known
                    .into_iter()
                    .map(|ip| SocketAddr::new(ip, port))
                    .collect())
            }
            (Err(error), _) => Err(error),
        }
    }

    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        // The gates are never closed.
        let _permit = self.lookups.acquire().await;
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let (host, system) = (host.to_owned(), self.system);
        let looked_up = spawn_blocking(move || {
            let _thread = thread;
            system(&host, port)
        });
        let found = looked_up.await.map_err(io::Error::other)??;
        if found.is_empty() {
            return Err(io::Error::other("it has no address"));
        }
        Ok(found)
    }

    fn remember(&self, host: &str, found: &[SocketAddr]) {
        let found: Vec<IpAddr> = found.iter().map(SocketAddr::ip).collect();
        self.known.send_if_modified(|known| {
            let is_new = known.get(host) != Some(&found);
            if is_new {
                known.insert(host.to_owned(), found);
            }
            is_new
        });
    }
}

/// True when the resolver said nothing of the name itself. Its own words are all that std passes on: glibc's and macOS's, musl's.
fn is_passing(error: &io::Error) -> bool {
    let text = error.to_string();
    let says = |words: &str| text.contains(words);
    error.kind() == io::ErrorKind::TimedOut || says("emporary failure") || says("Try again")
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Condvar, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use super::*;

    #[tokio::test]
    async fn an_address_waits_for_no_look_up() {
        let names = Names::default();
        let _all = names.lookups.acquire_many(LOOKUPS as u32).await.unwrap();
        let limit = Duration::from_millis(20);
        for host in ["127.0.0.1", "::1"] {
            let found = names.resolve(host, 22, limit).await.unwrap();
            assert_eq!(found[0].ip().to_string(), host);
        }
        let error = names.resolve("localhost", 22, limit).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn the_last_addresses_serve_while_the_resolver_is_silent() {
        let names = Names::default();
        let limit = Duration::from_millis(200);
        let found = names
            .resolve("localhost", 22, Duration::from_secs(5))
            .await
            .unwrap();
        let _all = names.lookups.acquire_many(LOOKUPS as u32).await.unwrap();
        assert_eq!(names.resolve("localhost", 22, limit).await.unwrap(), found);
    }

    #[tokio::test]
    async fn a_resolver_that_hangs_keeps_its_threads_and_gets_no_more() {
        static IS_BACK: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let names = Names::by(|_, _| {
            STARTED.fetch_add(1, Ordering::Relaxed);
            let (is_back, changed) = &IS_BACK;
            let is_back = is_back.lock().unwrap();
            drop(changed.wait_while(is_back, |is_back| !*is_back));
            Err(io::Error::other("gave up"))
        });
        let limit = Duration::from_millis(1);
        for name in 0..3 * THREADS {
            let host = format!("n{name}");
            let error = names.resolve(&host, 22, limit).await.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        }
        assert_eq!(names.threads.available_permits(), 0);
        // Files are still read.
        spawn_blocking(|| ()).await.unwrap();
        assert!(STARTED.load(Ordering::Relaxed) <= THREADS);
        *IS_BACK.0.lock().unwrap() = true;
        IS_BACK.1.notify_all();
        let freed = names.threads.acquire_many(THREADS as u32);
        let freed = timeout(Duration::from_secs(20), freed).await;
        assert!(freed.is_ok(), "the threads come back");
    }

    #[test]
    fn what_the_resolver_says_of_a_name_counts() {
        let says = |text: &str| is_passing(&io::Error::other(text));
        let prefix = "failed to lookup address information";
        assert!(says(&format!(
            "{prefix}: Temporary failure in name resolution"
        )));
        assert!(says(&format!("{prefix}: Try again")));
        assert!(!says(&format!("{prefix}: Name or service not known")));
    }
}
