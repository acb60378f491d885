//! The page docs/hosts-yaml.md, made of the table of keys.

use std::fmt::Write as _;

use super::keys::{Key, Scope};

/// The text of docs/hosts-yaml.md.
pub fn page() -> String {
    let mut out = String::from(HEAD);
    for scope in Scope::ALL {
        let _ = write!(out, "\n## {}\n\n", heading(scope));
        out.push_str("| key | takes | default | |\n|---|---|---|---|\n");
        for key in scope.keys().filter(|key| !is_inherited(scope, key)) {
            row(&mut out, key);
        }
        if is_node(scope) {
            out.push_str("| every key of `defaults` | | inherited | |\n");
        }
    }
    out.push_str(TAIL);
    out
}

fn heading(scope: Scope) -> &'static str {
    match scope {
        Scope::File => "The file",
        Scope::Defaults => "`defaults`",
        Scope::Group => "A group (`groups: {NAME: ...}`)",
        Scope::Host => "A host (`hosts: {NAME: ...}`)",
        Scope::Daemon => "A daemon, long form (the short form is its name)",
        Scope::Cloudflare => "`cloudflare`",
        Scope::Secret => "A secret: exactly one of",
        Scope::Source => "A source: exactly one of",
        Scope::MappedYaml => "`mapped_yaml`",
        Scope::Sql => "`sql`",
        Scope::Deploy => "`deploy`",
        Scope::Alert => "An alert",
    }
}

fn is_node(scope: Scope) -> bool {
    matches!(scope, Scope::Group | Scope::Host)
}

fn is_inherited(scope: Scope, key: &Key) -> bool {
    is_node(scope) && Scope::Defaults.key(key.name).is_some()
}

fn row(out: &mut String, key: &Key) {
    let default = match key.default {
        _ if key.required => "required",
        "" => "-",
        default => default,
    };
    let zipped = if key.zipped { "; zipped" } else { "" };
    let kind = key.kind.describe();
    let _ = writeln!(
        out,
        "| `{}` | {kind} | {default} | {}{zipped} |",
        key.name, key.doc
    );
}

const HEAD: &str = "\
# hosts.yaml

This page is made from the table of keys in `src/inventory/keys.rs`; a test checks that it is current.

The smallest useful file is `hosts: {web1: {}, web2: {}}`. Everything has a default. The file is found by `--hosts FILE`,
`$SSHOAL_HOSTS`, `./hosts.yaml`, then `hosts.yaml` in sshoal's config folder; with none of them there is this machine alone.

The reading is strict: an unknown key, a key or a host that is there twice, a daemon twice in one list, or a value that does not fit is an
error with file, line, column, and the nearest valid key.
";

const TAIL: &str = "
## How values come together

- A host takes `defaults`, then its groups in file order, then its own entry. `labels` and `cloudflare` merge, `identity`
  and `daemons` append (a daemon of the same name replaces), everything else of the later wins. `null` takes back what
  was said before. `sshoal nodes NODE --explain` shows where each value came from.
- A key of `hosts` may be a node set (`gpu[01-16]`). In the values marked *zipped*, a range (`10.0.3.[11-26]`) gives each
  host its own, in the written order; it has to be as long as the key's. In `defaults` and groups no range is read.
- A node never jumps through itself: `jump: bastion` in `defaults` does not hold for `bastion`; in its own entry it is an
  error.
- Without an `address`, and without a `HostName` in ssh_config, a host is dialled by its name, which is a guess: unless `transports`
  is written, a host that has `tailscale` or `cloudflare` is then tried that way first, and by `direct` last.
- Names have letters, digits, `.`, `_` and `-`, and don't start with `-`. Hosts, logins and bastions hold no control
  character and nothing that a shell could read.
- What the file doesn't say of a host, `ssh_config` may (see below).
- Hosts of a source `ssh_config` come after the file's own, and `defaults` and groups hold for them too. Of two hosts with
  one name the first counts, which a warning says.
- Secrets do not belong in the file: a literal `password`, `passphrase` or `token` is refused.
- Paths start at the folder of the file; `~/` is your home.
- At most 8 MiB, 100,000 hosts, 256 daemons and 100 key files of a host, 10,000,000 members of groups, and 256 MiB of settings, each host counted with
  all that it is given. Anchors and aliases are read; tags and merge keys (`<<`) are refused.
- The dashboard follows the file. A version that is wrong or names no host changes nothing, and the header says why.

## Node sets

In the file, on the command line and in filters: ranges with padding and steps (`n[001-100/2]`, several in a name), `@group`, `@rack[1-4]`,
`@*`, the wildcards `*` and `?`, and `,` `!` `&` `^` from left to right. Results, order and folding are those of ClusterShell's `nodeset`,
but what there is an empty set, or a name that nobody has, is here an error: on the command line of a tool that changes nodes, a typing
mistake must not mean nothing, or something else.

- `@nope` and `@g[1-2]`, where a group of them is not there: an error that names the nearest group. `@*` is all nodes.
- `@source:group`: there is one source of groups, this file.
- Blanks inside a name: `n[1-3] n[5]` in one argument is for `nodeset` one name with a blank in it. Put `,` between names, or give
  them as arguments of their own; `-` reads a list from standard input, where blanks and lines separate.
- Negative numbers (`n[-1]`), signs and underscores in a number; digits before a range that gets wider (`n1[8-11]`, for `nodeset` 94 nodes).
- More than 1,000,000 names.

## What ssh_config says

It is asked as `ssh -G NAME` with the file's `address`, `user` and `port`, when the host is first connected to. Without an
`ssh` program, sshoal reads the files itself, and refuses what it can't (`Match exec`, `final` and the like) with file and
line. `-F FILE` names another file, `-F none` leaves ssh_config out.

- Obeyed: `HostName`, `Port`, `User`, `IdentityFile`, `IdentitiesOnly`, `CertificateFile`, `IdentityAgent`, `ProxyJump`,
  `ProxyCommand`, `UserKnownHostsFile`, `GlobalKnownHostsFile`, `StrictHostKeyChecking` (`no` as `accept-new`),
  `HostKeyAlias`, `HashKnownHosts`, `ConnectTimeout`, `ServerAlive*`, `Ciphers`, `MACs`, `KexAlgorithms`,
  `HostKeyAlgorithms`, `PreferredAuthentications`, `PubkeyAuthentication`, `KbdInteractiveAuthentication`,
  `PasswordAuthentication` and `NumberOfPasswordPrompts`; for the way by the host's own address `BindAddress`,
  `AddressFamily` and `TCPKeepAlive`. In paths `~`, `~user`, `${NAME}` and every token of ssh, `%C` and `%j` too.
- Refused: `KnownHostsCommand` and `RevokedHostKeys`, for without them a key could be trusted that ssh
  refuses; `BindInterface` (name its address, as `BindAddress`) and `ProxyUseFdpass`, for the way would be another one.
  For a host that can do without the first two, the key with `none` before that line says so.
- Everything else changes nothing here: multiplexing, forwarding, what a terminal does, GSSAPI and host-based logins.
";
