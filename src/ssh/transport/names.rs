//! Names to addresses. A resolver that falls silent holds up only those who need it, and not those whose address it gave before.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use tokio::{
    net::lookup_host,
    sync::{Semaphore, watch},
    time::timeout,
};

/// Look-ups under way at once: getaddrinfo has no deadline of its own and holds a thread until the resolver gives up, and
/// dead names must not use up tokio's.
const LOOKUPS: usize = 32;

/// Addresses tried of one name: a name with more is a pool, not a node.
const MAX_ADDRESSES: usize = 8;

/// The resolver's time where the last addresses are still known.
const PATIENCE: Duration = Duration::from_secs(2);

/// Look-ups, and what they gave last for each name of the inventory.
#[derive(Debug)]
pub(in crate::ssh) struct Names {
    lookups: Semaphore,
    known: watch::Sender<HashMap<String, Vec<IpAddr>>>,
}

impl Default for Names {
    fn default() -> Self {
        Self {
            lookups: Semaphore::new(LOOKUPS),
            known: watch::channel(HashMap::new()).0,
        }
    }
}

impl Names {
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
        // The gate is never closed.
        let _permit = self.lookups.acquire().await;
        let found = lookup_host((host, port)).await?;
        let found: Vec<SocketAddr> = found.take(MAX_ADDRESSES).collect();
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
