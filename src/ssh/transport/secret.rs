//! Where secrets of the inventory come from, and the names of the variables that hold them.

use std::{collections::BTreeSet, env, io, time::Duration};

use zeroize::Zeroizing;

use super::capture::{capture, command};
use crate::node::{Node, Secret};

/// A command that asks a person for the key of a safe may take longer; such a one is better asked beforehand.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);

/// No token is longer.
const SECRET_BYTES: usize = 16 << 10;

/// Reads a secret; an error names its source, never the secret.
pub(super) async fn read(
    source: &Secret,
    names: &BTreeSet<String>,
) -> Result<Zeroizing<String>, String> {
    let value = match source {
        Secret::Env(name) => {
            let value = env::var_os(name).ok_or_else(|| format!("${name} is not set"))?;
            let bytes = Zeroizing::new(value.into_encoded_bytes());
            text(&bytes).ok_or_else(|| format!("${name} is no text"))?
        }
        Secret::Command(shell) => printed(shell, names).await?,
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
        let value = read(&source, &BTreeSet::new()).await?;
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
    async fn a_variable_that_is_not_set_is_named() {
        let source = Secret::Env("SSHOAL_NO_SUCH_VARIABLE".to_owned());
        let error = read(&source, &BTreeSet::new()).await.unwrap_err();
        assert_eq!(error, "$SSHOAL_NO_SUCH_VARIABLE is not set");
    }
}
