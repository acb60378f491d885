//! One node out of its layers: defaults, its groups in file order, its own entry.

use std::time::Duration;

use super::{
    duration, endpoint,
    fault::Fault,
    layer::{Layer, Places},
    scalar,
    tree::{Field, Spot, Tree},
    words,
};
use crate::node::{Cloudflare, Interval, Node, Route, Transport};

/// Takes back what ssh_config says, as it does there.
const NONE: &str = "none";

/// The most daemons of one host: each is asked after in one answer.
const MAX_DAEMONS: usize = 256;

/// The most key files of one host, as with ssh.
const MAX_IDENTITIES: usize = 100;

/// A node without its bastions, and these as written.
pub(super) type Drafted = (Node, Vec<String>);

/// A node while its layers are put on.
pub(super) struct Draft<'p> {
    places: &'p Places,
    pub(super) node: Node,
    /// Bastions as written: nodes or `[user@]host[:port]`.
    jump: Vec<String>,
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
            node: Node::blank(name),
            jump: Vec::new(),
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
            "port" => node.port = layer.value(value, scalar::port)?,
            "identity" => self.identity(layer, value)?,
            "transport" | "transports" => self.transports(layer, field)?,
            "jump" => self.jump(layer, value)?,
            "proxy_command" => {
                let text = text(value)?;
                let is_off = |text: &String| text.is_empty() || text == NONE;
                node.route.no_proxy_command = text.as_ref().is_some_and(is_off);
                node.route.proxy_command = text.filter(|text| !is_off(text));
            }
            "tailscale" => node.route.tailscale = text(value)?,
            "cloudflare" => self.cloudflare(layer, value)?,
            "host_keys" => node.host_keys = layer.value(value, words::host_keys)?,
            "connect_timeout" => {
                node.connect_timeout = layer.value(value, duration::positive)?;
            }
            "command_timeout" => {
                let timeout = layer.value(value, duration::timeout)?;
                node.command_timeout = timeout.unwrap_or(Duration::from_secs(30));
            }
            "prelude" => node.prelude = text(value)?.unwrap_or_default(),
            "sudo" => node.sudo = layer.value(value, words::sudo)?.unwrap_or_default(),
            "interval" => {
                let every = layer.value(value, duration::interval)?.flatten();
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

    fn jump(&mut self, layer: &Layer<'_, '_>, value: &Tree<'_>) -> Result<(), Fault> {
        let written = layer.all(value, |text| Ok(text.to_owned()))?;
        let hops = written.iter().flat_map(|text| endpoint::chain(text));
        self.jump = hops.map(str::to_owned).collect();
        if matches!(self.jump.as_slice(), [none] if none == NONE) {
            self.jump.clear();
        }
        self.node.route.no_jump = self.jump.is_empty() && !matches!(value, Tree::Null);
        Ok(())
    }

    fn identity(&mut self, layer: &Layer<'_, '_>, value: &Tree<'_>) -> Result<(), Fault> {
        if matches!(value, Tree::Null) {
            self.node.identity.clear();
        }
        for item in value.items() {
            let path = layer.value(item, |text| self.places.path(text))?;
            let files = &mut self.node.identity;
            match path.filter(|path| !files.contains(path)) {
                Some(_) if files.len() == MAX_IDENTITIES => {
                    return Err(one_too_many(item, &format!("{MAX_IDENTITIES} key files")));
                }
                path => files.extend(path),
            }
        }
        Ok(())
    }

    fn transports(&mut self, layer: &Layer<'_, '_>, field: &Field<'_>) -> Result<(), Fault> {
        let list = layer.all(&field.value, words::transport)?;
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
                "token_id" => settings.token_id = words::secret(&field.value),
                _ => settings.token_secret = words::secret(&field.value),
            }
        }
        Ok(())
    }

    fn daemons(&mut self, layer: &Layer<'_, '_>, value: &Tree<'_>) -> Result<(), Fault> {
        if matches!(value, Tree::Null) {
            self.node.daemons.clear();
        }
        for item in value.items() {
            let daemon = words::daemon(layer, item)?;
            let daemons = &mut self.node.daemons;
            if let Some(known) = daemons.iter_mut().find(|known| known.name == daemon.name) {
                *known = daemon;
            } else if daemons.len() < MAX_DAEMONS {
                daemons.push(daemon);
            } else {
                return Err(one_too_many(item, &format!("{MAX_DAEMONS} daemons")));
            }
        }
        Ok(())
    }

    /// The node, with those of its transports that are configured, and its bastions as written.
    pub(super) fn finish(mut self) -> Result<Drafted, Fault> {
        let node = &mut self.node;
        // A bastion that inherits the chain it is part of is reached by what comes before it.
        let itself = |hop: &String| *hop == *node.id.as_str();
        if let Some(place) = self.jump.iter().position(itself) {
            self.jump.truncate(place);
        }
        let jumps = !self.jump.is_empty();
        if !self.cloudflare.hostname.is_empty() {
            node.route.cloudflare = Some(self.cloudflare);
        }
        node.transports_chosen = self.transports.is_some();
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
                Transport::Direct if !indirect => direct(&node.route, jumps),
                other => *other,
            };
            if is_configured(transport, &node.route, jumps) && !node.transports.contains(&transport)
            {
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
        Ok((self.node, self.jump))
    }
}

fn one_too_many(item: &Tree<'_>, most: &str) -> Fault {
    let spot = words::daemon_name(item);
    let reason = format!("a host has at most {most}");
    let fault = |spot: &Spot<'_>| spot.fault(&*reason);
    spot.map_or_else(|| Fault::somewhere(&*reason), fault)
}

/// How a node with a bastion or a proxy command is reached "directly".
fn direct(route: &Route, jumps: bool) -> Transport {
    match route.proxy_command {
        Some(_) => Transport::ProxyCommand,
        None if jumps => Transport::Jump,
        None => Transport::Direct,
    }
}

fn is_configured(transport: Transport, route: &Route, jumps: bool) -> bool {
    match transport {
        Transport::Direct | Transport::Local => true,
        Transport::Jump => jumps,
        Transport::ProxyCommand => route.proxy_command.is_some(),
        Transport::Tailscale => route.tailscale.is_some(),
        Transport::Cloudflare => route.cloudflare.is_some(),
    }
}
