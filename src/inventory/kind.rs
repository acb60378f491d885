//! What a value of hosts.yaml has to look like.

use super::keys::Scope;

/// What a value has to look like.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// One line of text.
    Text,
    /// Shell text; may have several lines.
    Script,
    /// A name as nodes have it.
    Name,
    /// The name of a daemon.
    DaemonName,
    /// `true` or `false`.
    Bool,
    /// 1 to 65535.
    Port,
    /// `500ms`, `5s`, `1m`, `2h`; more than zero.
    Duration,
    /// A duration, or `0` for none.
    Timeout,
    /// `auto` or a duration.
    Interval,
    /// A host name or an IP address.
    Host,
    /// A login.
    User,
    /// `[user@]host[:port]`.
    Hop,
    /// A path on this machine.
    Path,
    /// A path on the node.
    NodePath,
    /// A node set.
    NodeSet,
    /// An http or https address.
    Url,
    /// `sqlite` or a postgres address.
    Store,
    /// One of these words.
    Word(&'static [&'static str]),
    /// A list.
    List(&'static Kind),
    /// One value, or a list of them.
    OneOrList(&'static Kind),
    /// A mapping with the keys of a scope.
    Map(Scope),
    /// A mapping of free names, each to a mapping with the keys of a scope.
    Named(Scope),
    /// A mapping of free names to text.
    Pairs,
    /// A name, or a mapping with the keys of a scope.
    NameOrMap(Scope),
    /// `{env: NAME}` or `{command: ...}`, never the secret itself.
    Secret,
}

impl Kind {
    /// What a message and the documentation say it has to be.
    pub fn describe(self) -> String {
        match self {
            Self::Text => "text on one line".into(),
            Self::Script => "shell text".into(),
            Self::Name | Self::DaemonName => "a name".into(),
            Self::Bool => "true or false".into(),
            Self::Port => "a port (1 to 65535)".into(),
            Self::Duration => "a duration (500ms, 5s, 1m, 2h)".into(),
            Self::Timeout => "a duration (500ms, 5s, 1m, 2h), or 0 for none".into(),
            Self::Interval => "auto or a duration (500ms, 5s, 1m)".into(),
            Self::Host => "a host name or an IP address".into(),
            Self::User => "a login".into(),
            Self::Hop => "a host of this file, or [user@]host[:port]; a chain of them with commas, as in ssh's ProxyJump".into(),
            Self::Path => "a path".into(),
            Self::NodePath => "a path on the node".into(),
            Self::NodeSet => "a node set".into(),
            Self::Url => "an http or https address".into(),
            Self::Store => "sqlite or a postgres:// address".into(),
            Self::Word(words) => words.join(", "),
            Self::List(kind) => format!("a list ({} each)", kind.describe()),
            Self::OneOrList(kind) => format!("{}, or a list", kind.describe()),
            Self::Map(_) | Self::Pairs | Self::Named(_) => "a mapping".into(),
            Self::NameOrMap(_) => "a name or a mapping".into(),
            Self::Secret => "{env: NAME} or {command: \"...\"}".into(),
        }
    }
}
