//! Where secrets of the inventory come from, and the names of the variables that hold them.

use std::{
    collections::{BTreeSet, HashMap},
    env, fmt, io,
    time::Duration,
};

use tokio::{
    sync::{Semaphore, watch},
    time::Instant,
};
use zeroize::Zeroizing;

use super::capture::{capture, command};
use crate::node::{Node, Secret};

/// A command that asks a person for the key of a safe may take longer; such a one is better asked beforehand.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// No token is longer.
const SECRET_BYTES: usize = 16 << 10;

/// Commands for secrets at once: some ask a person, or a server far away.
const AT_ONCE: usize = 4;

/// So long what a command has printed holds for all nodes that name it: a thousand of them would start it a thousand times.
const FRESH: Duration = Duration::from_mins(1);

/// What commands for secrets have printed lately.
pub(crate) struct Vault {
    printed: watch::Sender<HashMap<String, (Instant, Zeroizing<String>)>>,
    turns: Semaphore,
}

impl Default for Vault {
    fn default() -> Self {
        Self {
            printed: watch::channel(HashMap::new()).0,
            turns: Semaphore::new(AT_ONCE),
        }
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault").finish_non_exhaustive()
    }
}

impl Vault {
    async fn printed(
        &self,
        shell: &str,
        names: &BTreeSet<String>,
    ) -> Result<Zeroizing<String>, String> {
        if let Some(value) = self.fresh(shell) {
            return Ok(value);
        }
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await;
        if let Some(value) = self.fresh(shell) {
            return Ok(value);
        }
        let value = printed(shell, names).await?;
        self.printed.send_modify(|all| {
            all.retain(|_, (at, _)| at.elapsed() < FRESH);
            all.insert(shell.to_owned(), (Instant::now(), value.clone()));
        });
        Ok(value)
    }

    fn fresh(&self, shell: &str) -> Option<Zeroizing<String>> {
        let all = self.printed.borrow();
        let (at, value) = all.get(shell)?;
        (at.elapsed() < FRESH).then(|| value.clone())
    }
}

/// Reads a secret; an error names its source, never the secret.
pub(super) async fn read(
    source: &Secret,
    vault: &Vault,
    names: &BTreeSet<String>,
) -> Result<Zeroizing<String>, String> {
    let value = match source {
        Secret::Env(name) => {
            let value = env::var_os(name).ok_or_else(|| format!("${name} is not set"))?;
            let bytes = Zeroizing::new(value.into_encoded_bytes());
            text(&bytes).ok_or_else(|| format!("${name} is no text"))?
        }
        Secret::Command(shell) => vault.printed(shell, names).await?,
    };
    if value.is_empty() {
        return Err(match source {
            Secret::Env(name) => format!("${name} is empty"),
            Secret::Command(_) => "the command for it prints nothing".to_owned(),
        });
    }
    Ok(value)
}

async fn printed(shell: &str, names: &BTreeSet<String>) -> Result<Zeroizing<String>, String> {
    let mut command = command("sh", names);
    command.arg("-c").arg(shell);
    let failed = |error: io::Error| format!("the command for it: {error}");
    let captured = capture(command, COMMAND_TIMEOUT, SECRET_BYTES).await;
    let captured = captured.map_err(failed)?;
    if !captured.status.success() {
        // Its standard error is not told: some print what they were given.
        return Err(format!("the command for it failed: {}", captured.status));
    }
    let first = captured.stdout.split(|byte| *byte == b'\n').next();
    text(first.unwrap_or_default()).ok_or_else(|| "the command for it prints no text".to_owned())
}

fn text(bytes: &[u8]) -> Option<Zeroizing<String>> {
    let text = str::from_utf8(bytes).ok()?.trim();
    (!text.contains('\0')).then(|| Zeroizing::new(text.to_owned()))
}

/// The environment variables that hold secrets of these nodes and their bastions.
pub(crate) fn variables<'a>(nodes: impl IntoIterator<Item = &'a Node>) -> BTreeSet<String> {
    let mut open: Vec<&Node> = nodes.into_iter().collect();
    let mut names = BTreeSet::new();
    while let Some(node) = open.pop() {
        open.extend(node.route.jump.iter().map(AsRef::as_ref));
        let Some(cloudflare) = &node.route.cloudflare else {
            continue;
        };
        for secret in [&cloudflare.token_id, &cloudflare.token_secret] {
            if let Some(Secret::Env(name)) = secret {
                names.insert(name.clone());
            }
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn of(shell: &str) -> Result<String, String> {
        let source = Secret::Command(shell.to_owned());
        let value = read(&source, &Vault::default(), &BTreeSet::new()).await?;
        Ok(value.to_string())
    }

    #[tokio::test]
    async fn a_command_gives_its_first_line() {
        assert_eq!(of("printf ' abc \\nmore\\n'").await.as_deref(), Ok("abc"));
        assert!(of("true").await.unwrap_err().contains("prints nothing"));
        let error = of("echo canary >&2; echo canary; exit 3")
            .await
            .unwrap_err();
        assert!(
            error.contains("exit status: 3") && !error.contains("canary"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_command_is_asked_once_in_a_while_and_its_answer_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let shell = format!("echo x >> {}; echo canary", count.display());
        let (source, vault) = (Secret::Command(shell), Vault::default());
        for _ in 0..3 {
            let value = read(&source, &vault, &BTreeSet::new()).await.unwrap();
            assert_eq!(value.as_str(), "canary");
        }
        assert_eq!(std::fs::read_to_string(count).unwrap(), "x\n");
        assert!(!format!("{vault:?}").contains("canary"));
    }

    #[tokio::test]
    async fn a_variable_that_is_not_set_is_named() {
        let source = Secret::Env("SSHOAL_NO_SUCH_VARIABLE".to_owned());
        let error = read(&source, &Vault::default(), &BTreeSet::new())
            .await
            .unwrap_err();
        assert_eq!(error, "$SSHOAL_NO_SUCH_VARIABLE is not set");
    }
}
