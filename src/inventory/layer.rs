//! One node out of its layers: defaults, its groups in file order, its own entry.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    fault::Fault,
    keys::{MANAGERS, TRANSPORTS},
    scalar::{self, quoted},
    tree::{Field, Spot, Tree},
    zip,
};
use crate::node::{
    Cloudflare, Daemon, HostKeyPolicy, Interval, Manager, Node, NodeId, Route, Secret, Sudo,
    Transport,
};

/// A node for which nothing is said.
pub(super) fn blank(name: &str) -> Node {
    Node {
        id: NodeId::new(name),
        address: name.to_owned(),
        port: 22,
        user: None,
        identity: Vec::new(),
        transports: Vec::new(),
        route: Route::default(),
        host_keys: HostKeyPolicy::default(),
        connect_timeout: Duration::from_secs(5),
        command_timeout: Duration::from_secs(30),
        prelude: String::new(),
        sudo: Sudo::default(),
        interval: Interval::default(),
        sampler: true,
        protected: false,
        labels: BTreeMap::new(),
        groups: Vec::new(),
        daemons: Vec::new(),
        origins: Vec::new(),
    }
}

/// Where paths start.
pub(super) struct Places {
    /// What `~` stands for.
    pub(super) home: Option<PathBuf>,
    /// The folder of the file.
    pub(super) base: PathBuf,
}

impl Places {
    fn path(&self, text: &str) -> Result<PathBuf, String> {
        let Some(rest) = text.strip_prefix('~') else {
            return Ok(self.base.join(text));
        };
        let home = self
            .home
            .as_deref()
            .ok_or("`~` is not known: $HOME is not set")?;
        match rest.strip_prefix('/') {
            Some(rest) => Ok(home.join(rest)),
            None if rest.is_empty() => Ok(home.to_path_buf()),
            None => Err(format!("{}: only `~/` is expanded", quoted(text))),
        }
    }
}

/// The fields of one mapping, and who among its hosts is meant.
pub(super) struct Layer<'t, 'a> {
    pub(super) fields: &'t [Field<'a>],
    /// `defaults`, `groups gpu`, `hosts gpu[01-16]`.
    pub(super) label: &'t str,
    pub(super) zips: &'t Zips,
    /// The place of the node among the names of its entry.
    pub(super) member: usize,
}

/// Texts with a range, with what they stand for.
pub(super) type Zips = HashMap<String, Vec<String>>;

/// Expands the ranges in the values of one entry, which has to stand for as many hosts.
pub(super) fn zips(fields: &[Field<'_>], entry: &Spot<'_>, hosts: usize) -> Result<Zips, Fault> {
    let mut zips = Zips::new();
    for field in fields {
        for item in field.value.items() {
            zips.extend(self::zips(item.fields(), entry, hosts)?);
            let Some(spot) = item.spot().filter(|_| field.key.zipped) else {
                continue;
            };
            if !zip::has_range(&spot.text) || zips.contains_key(&*spot.text) {
                continue;
            }
            let all = zip::expand(&spot.text, super::MAX_HOSTS).map_err(|why| spot.fault(why))?;
            if all.len() != hosts {
                return Err(spot.fault(format!(
                    "{} stands for {} values, and {} for {hosts} hosts; the sizes have to be equal",
                    quoted(&spot.text),
                    all.len(),
                    quoted(&entry.text)
                )));
            }
            for text in &all {
                scalar::check(field.key.kind, text).map_err(|why| spot.fault(why))?;
            }
            zips.insert(spot.text.to_string(), all);
        }
    }
    Ok(zips)
}

/// A node while its layers are put on.
pub(super) struct Draft<'p> {
    places: &'p Places,
    pub(super) node: Node,
    transports: Option<(Vec<Transport>, usize)>,
    cloudflare: Cloudflare,
}

impl<'p> Draft<'p> {
    pub(super) fn new(name: &str, places: &'p Places) -> Self {
        let cloudflare = Cloudflare {
            hostname: String::new(),
            token_id: None,
            token_secret: None,
        };
        Self {
            places,
            node: blank(name),
            transports: None,
            cloudflare,
        }
    }

    /// Puts one layer over what there is.
    pub(super) fn apply(
        &mut self,
        layer: &Layer<'_, '_>,
        line: impl Fn(usize) -> usize,
    ) -> Result<(), Fault> {
        for field in layer.fields {
            self.set(layer, field)?;
            let name = match field.key.name {
                "hosts" => continue,
                "transport" => "transports",
                name => name,
            };
            let adds = matches!(name, "labels" | "daemons" | "identity" | "cloudflare");
            if !adds || matches!(field.value, Tree::Null) {
                self.node.origins.retain(|(key, _)| *key != name);
            }
            let origin = format!("{}, line {}", layer.label, line(field.spot.at));
            self.node.origins.push((name, origin));
        }
        Ok(())
    }

    fn set(&mut self, layer: &Layer<'_, '_>, field: &Field<'_>) -> Result<(), Fault> {
        let node = &mut self.node;
        let value = &field.value;
        let text = |tree| layer.value(tree, |text| Ok(text.to_owned()));
        match field.key.name {
            "address" => node.address = text(value)?.unwrap_or_else(|| node.id.to_string()),
            "user" => node.user = text(value)?,
            "port" => node.port = layer.value(value, scalar::port)?.unwrap_or(22),
            "identity" => self.identity(layer, value)?,
            "transport" | "transports" => self.transports(layer, field)?,
            "jump" => node.route.jump = layer.all(value, |text| Ok(text.to_owned()))?,
            "proxy_command" => {
                node.route.proxy_command = text(value)?.filter(|text| !text.is_empty())
            }
            "tailscale" => node.route.tailscale = text(value)?,
            "cloudflare" => self.cloudflare(layer, value)?,
            "host_keys" => node.host_keys = layer.value(value, host_keys)?.unwrap_or_default(),
            "connect_timeout" => {
                let timeout = layer.value(value, scalar::duration)?;
                node.connect_timeout = timeout.unwrap_or(Duration::from_secs(5));
            }
            "command_timeout" => {
                let timeout = layer.value(value, scalar::timeout)?;
                node.command_timeout = timeout.unwrap_or(Duration::from_secs(30));
            }
            "prelude" => node.prelude = text(value)?.unwrap_or_default(),
            "sudo" => node.sudo = layer.value(value, sudo)?.unwrap_or_default(),
            "interval" => {
                let every = layer.value(value, scalar::interval)?.flatten();
                node.interval = every.map_or(Interval::Auto, Interval::Every);
            }
            "sampler" => node.sampler = layer.value(value, scalar::boolean)?.unwrap_or(true),
            "protected" => node.protected = layer.value(value, scalar::boolean)?.unwrap_or(false),
            "labels" => self.labels(value),
            "daemons" => self.daemons(layer, value)?,
            _ => {}
        }
        Ok(())
    }

    fn identity(&mut self, layer: &Layer<'_, '_>, value: &Tree<'_>) -> Result<(), Fault> {
        if matches!(value, Tree::Null) {
            self.node.identity.clear();
        }
        for path in layer.all(value, |text| self.places.path(text))? {
            if !self.node.identity.contains(&path) {
                self.node.identity.push(path);
            }
        }
        Ok(())
    }

    fn transports(&mut self, layer: &Layer<'_, '_>, field: &Field<'_>) -> Result<(), Fault> {
        let list = layer.all(&field.value, transport)?;
        self.transports = match field.value {
            Tree::Null => None,
            _ => Some((list, field.spot.at)),
        };
        Ok(())
    }

    fn labels(&mut self, value: &Tree<'_>) {
        if matches!(value, Tree::Null) {
            self.node.labels.clear();
        }
        for (key, value) in value.named() {
            match value.spot() {
                Some(spot) => {
                    let (key, value) = (key.text.to_string(), spot.text.to_string());
                    self.node.labels.insert(key, value);
                }
                None => drop(self.node.labels.remove(&*key.text)),
            }
        }
    }

    fn cloudflare(&mut self, layer: &Layer<'_, '_>, value: &Tree<'_>) -> Result<(), Fault> {
        let settings = &mut self.cloudflare;
        if matches!(value, Tree::Null) {
            settings.hostname.clear();
        }
        for field in value.fields() {
            match field.key.name {
                "hostname" => {
                    let name = layer.value(&field.value, |text| Ok(text.to_owned()))?;
                    settings.hostname = name.unwrap_or_default();
                }
                "token_id" => settings.token_id = secret(&field.value),
                _ => settings.token_secret = secret(&field.value),
            }
        }
        Ok(())
    }

    fn daemons(&mut self, layer: &Layer<'_, '_>, value: &Tree<'_>) -> Result<(), Fault> {
        if matches!(value, Tree::Null) {
            self.node.daemons.clear();
        }
        for item in value.items() {
            let daemon = daemon(layer, item)?;
            let known = self
                .node
                .daemons
                .iter_mut()
                .find(|known| known.name == daemon.name);
            match known {
                Some(known) => *known = daemon,
                None => self.node.daemons.push(daemon),
            }
        }
        Ok(())
    }

    /// The node, with those of its transports that are configured.
    pub(super) fn finish(mut self) -> Result<Node, Fault> {
        let node = &mut self.node;
        // A bastion that inherits `jump: bastion` is reached without itself.
        let itself = |hop: &String| *hop == *node.id.as_str();
        node.route.jump.retain(|hop| !itself(hop));
        if !self.cloudflare.hostname.is_empty() {
            node.route.cloudflare = Some(self.cloudflare);
        }
        let (wanted, at) = self.transports.unwrap_or_else(|| {
            let usual = [
                Transport::Tailscale,
                Transport::Direct,
                Transport::Cloudflare,
            ];
            (usual.to_vec(), 0)
        });
        let named = |word| wanted.contains(&word);
        let indirect = named(Transport::Jump) || named(Transport::ProxyCommand);
        for transport in &wanted {
            let transport = match transport {
                Transport::Direct if !indirect => direct(&node.route),
                other => *other,
            };
            if is_configured(transport, &node.route) && !node.transports.contains(&transport) {
                node.transports.push(transport);
            }
        }
        if node.transports.is_empty() {
            let words: Vec<&str> = wanted.iter().map(|transport| transport.as_str()).collect();
            return Err(Fault::at(
                at,
                10,
                format!(
                    "no transport is left for `{}`: {} needs its settings",
                    node.id,
                    if words.is_empty() {
                        "an empty list".into()
                    } else {
                        words.join(", ")
                    }
                ),
            ));
        }
        Ok(self.node)
    }
}

impl Layer<'_, '_> {
    /// The text of a scalar for this node.
    fn text<'s>(&'s self, spot: &'s Spot<'_>) -> Cow<'s, str> {
        let all = self.zips.get(&*spot.text);
        let own = all.and_then(|all| all.get(self.member));
        Cow::Borrowed(own.map_or(&*spot.text, String::as_str))
    }

    fn value<T>(
        &self,
        value: &Tree<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Fault> {
        let Some(spot) = value.spot() else {
            return Ok(None);
        };
        parse(&self.text(spot))
            .map(Some)
            .map_err(|why| spot.fault(why))
    }

    fn all<T>(
        &self,
        value: &Tree<'_>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Vec<T>, Fault> {
        let spots = value.items().iter().filter_map(Tree::spot);
        let parsed = spots.map(|spot| parse(&self.text(spot)).map_err(|why| spot.fault(why)));
        parsed.collect()
    }
}

/// How a node with a bastion or a proxy command is reached "directly".
fn direct(route: &Route) -> Transport {
    match route {
        Route {
            proxy_command: Some(_),
            ..
        } => Transport::ProxyCommand,
        Route { jump, .. } if !jump.is_empty() => Transport::Jump,
        _ => Transport::Direct,
    }
}

fn is_configured(transport: Transport, route: &Route) -> bool {
    match transport {
        Transport::Direct | Transport::Local => true,
        Transport::Jump => !route.jump.is_empty(),
        Transport::ProxyCommand => route.proxy_command.is_some(),
        Transport::Tailscale => route.tailscale.is_some(),
        Transport::Cloudflare => route.cloudflare.is_some(),
    }
}

fn daemon(layer: &Layer<'_, '_>, item: &Tree<'_>) -> Result<Daemon, Fault> {
    let text = |name: &str| {
        let spot = item.field(name).and_then(Tree::spot);
        spot.map(|spot| spot.text.to_string())
    };
    let written = match item.field("manager") {
        Some(value) => layer.value(value, manager)?,
        None => None,
    };
    let pidfile = text("pidfile");
    let implied = if pidfile.is_some() {
        Manager::Pidfile
    } else {
        Manager::Auto
    };
    let short = item.spot().map(|spot| spot.text.to_string());
    Ok(Daemon {
        name: short.or_else(|| text("name")).unwrap_or_default(),
        manager: written.unwrap_or(implied),
        pidfile,
        start: text("start"),
        stop: text("stop"),
        status: text("status"),
        log: text("log"),
    })
}

fn secret(value: &Tree<'_>) -> Option<Secret> {
    let field = value.fields().first()?;
    let text = field.value.spot()?.text.to_string();
    Some(match field.key.name {
        "env" => Secret::Env(text),
        _ => Secret::Command(text),
    })
}

fn host_keys(text: &str) -> Result<HostKeyPolicy, String> {
    match text {
        "ask" => Ok(HostKeyPolicy::Ask),
        "accept-new" => Ok(HostKeyPolicy::AcceptNew),
        "strict" => Ok(HostKeyPolicy::Strict),
        _ => Err(format!("{} is not a policy", quoted(text))),
    }
}

fn sudo(text: &str) -> Result<Sudo, String> {
    match text {
        "never" => Ok(Sudo::Never),
        "ask" => Ok(Sudo::Ask),
        _ => Err(format!("{} is neither never nor ask", quoted(text))),
    }
}

fn transport(text: &str) -> Result<Transport, String> {
    let all = [
        Transport::Direct,
        Transport::Local,
        Transport::Jump,
        Transport::ProxyCommand,
        Transport::Tailscale,
        Transport::Cloudflare,
    ];
    let word = scalar::word(TRANSPORTS, text)?;
    let found = all.into_iter().find(|transport| transport.as_str() == word);
    found.ok_or_else(|| format!("{} is not a transport", quoted(text)))
}

fn manager(text: &str) -> Result<Manager, String> {
    Ok(match scalar::word(MANAGERS, text)? {
        "systemd" => Manager::Systemd,
        "systemd-user" => Manager::SystemdUser,
        "docker" => Manager::Docker,
        "podman" => Manager::Podman,
        "openrc" => Manager::Openrc,
        "runit" => Manager::Runit,
        "supervisor" => Manager::Supervisor,
        "launchd" => Manager::Launchd,
        "pidfile" => Manager::Pidfile,
        "custom" => Manager::Custom,
        _ => Manager::Auto,
    })
}

/// The folder that relative paths of a file start from.
pub(super) fn base(file: &Path) -> PathBuf {
    file.parent().map_or_else(PathBuf::new, Path::to_path_buf)
}
