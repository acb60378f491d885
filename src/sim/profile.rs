//! What a simulated node is made of, and the fleet of the demo.

use super::fault::Fault;
use crate::node::Manager;

/// One simulated node.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Its name, which is its login too.
    pub name: String,
    /// What it is for; decides its hardware, daemons and how it moves.
    pub role: Role,
    /// Online CPUs.
    pub cores: u32,
    /// Memory in KiB.
    pub memory: u64,
    /// GPUs, all of one model.
    pub gpus: u32,
    /// The first two of them are in MIG mode.
    pub mig: bool,
    /// Daemons and who runs them.
    pub daemons: Vec<(String, Manager)>,
    /// What happens to it, again and again.
    pub story: Option<Story>,
    /// Seconds by which its story is late.
    pub delay: f64,
    /// What is wrong with it from the start.
    pub fault: Option<Fault>,
    /// Listens on a port of its own, so that faults before authentication can be set later.
    pub own_port: bool,
}

/// What a node is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Trains and serves models.
    Gpu,
    /// Answers HTTP.
    Web,
    /// Holds a database.
    Db,
    /// Holds files.
    Storage,
    /// A small box far away.
    Edge,
    /// Compiles and tests.
    Build,
}

/// What happens to a node, once in each [`Story::cycle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Story {
    /// A file system fills to 97 %, then is cleaned.
    FillsDisk,
    /// Its first daemon fails after 20 s and is back at 80 s.
    LosesDaemon,
    /// The load climbs to six times the cores.
    GetsSlow,
    /// The connection drops at 30 s; refused until 55 s.
    GoesAway,
    /// Two GPUs run hot and throttle.
    HotGpus,
    /// Memory runs out, it swaps, the OOM killer ends it.
    Swaps,
}

impl Story {
    /// Seconds after which it is told again. They differ, so that not everything goes wrong at once for ever.
    pub fn cycle(self) -> f64 {
        match self {
            Self::GoesAway => 240.0,
            Self::LosesDaemon => 300.0,
            Self::FillsDisk => 360.0,
            Self::HotGpus | Self::Swaps => 420.0,
            Self::GetsSlow => 780.0,
        }
    }
}

impl Role {
    /// All of them, in the order of the demo.
    pub const ALL: [Self; 6] = [
        Self::Gpu,
        Self::Web,
        Self::Db,
        Self::Storage,
        Self::Edge,
        Self::Build,
    ];

    /// The name of its group.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gpu => "gpu",
            Self::Web => "web",
            Self::Db => "db",
            Self::Storage => "storage",
            Self::Edge => "edge",
            Self::Build => "build",
        }
    }

    /// How many of 24 nodes have it.
    fn share(self) -> usize {
        match self {
            Self::Gpu => 8,
            Self::Web => 6,
            Self::Db | Self::Edge => 3,
            Self::Storage | Self::Build => 2,
        }
    }

    fn name(self, number: usize, count: usize) -> String {
        let prefix = self.as_str();
        let digits = count.to_string().len();
        match self {
            Self::Gpu | Self::Web => format!("{prefix}{number:0width$}", width = digits.max(2)),
            Self::Edge => format!("{prefix}-{number:0digits$}"),
            _ => format!("{prefix}{number:0digits$}"),
        }
    }

    /// The story that its nodes may tell, and which of them tells it first.
    fn story(self) -> (Story, usize) {
        match self {
            Self::Gpu => (Story::HotGpus, 5),
            Self::Web => (Story::LosesDaemon, 3),
            Self::Db => (Story::GetsSlow, 2),
            Self::Storage => (Story::FillsDisk, 1),
            Self::Edge => (Story::GoesAway, 1),
            Self::Build => (Story::Swaps, 2),
        }
    }

    fn daemons(self) -> &'static [(&'static str, Manager)] {
        match self {
            Self::Gpu => &[
                ("nvidia-persistenced", Manager::Systemd),
                ("slurmd", Manager::Systemd),
            ],
            Self::Web => &[("nginx", Manager::Systemd), ("app", Manager::Docker)],
            Self::Db => &[("postgresql", Manager::Systemd)],
            Self::Storage => &[
                ("nfs-server", Manager::Systemd),
                ("smartd", Manager::Systemd),
            ],
            Self::Edge => &[("tailscaled", Manager::Systemd)],
            Self::Build => &[("docker", Manager::Systemd), ("runner", Manager::Docker)],
        }
    }

    /// Cores and memory in GiB of the `number`th node of this role.
    fn size(self, number: usize) -> (u32, u64) {
        match (self, number % 2) {
            (Self::Gpu, 0) => (128, 2048),
            (Self::Gpu, _) => (64, 1024),
            (Self::Web, _) => (16, 32),
            (Self::Db, _) => (32, 256),
            (Self::Storage, _) => (24, 128),
            (Self::Edge, _) => (8, 16),
            (Self::Build, _) => (48, 96),
        }
    }
}

impl Profile {
    /// A node named so; the role is read from the name, and is `Web` where the name tells nothing.
    pub fn new(name: &str) -> Self {
        let role = Role::ALL
            .into_iter()
            .find(|role| name.starts_with(role.as_str()))
            .unwrap_or(Role::Web);
        let digits = name.trim_start_matches(|c: char| !c.is_ascii_digit());
        Self::numbered(name.to_owned(), role, digits.parse().unwrap_or(1))
    }

    fn numbered(name: String, role: Role, number: usize) -> Self {
        let (cores, gib) = role.size(number);
        let gpus = match (role, number % 2) {
            (Role::Gpu, 0) => 8,
            (Role::Gpu, _) => 4,
            _ => 0,
        };
        Self {
            name,
            role,
            cores,
            memory: gib << 20,
            gpus,
            mig: role == Role::Gpu && number % 16 == 8,
            daemons: role
                .daemons()
                .iter()
                .map(|(name, manager)| ((*name).to_owned(), *manager))
                .collect(),
            story: None,
            delay: 0.0,
            fault: None,
            own_port: false,
        }
    }

    /// The same with a story.
    #[must_use]
    pub fn story(self, story: Story) -> Self {
        Self {
            story: Some(story),
            ..self
        }
    }

    /// The same with a fault.
    #[must_use]
    pub fn fault(self, fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..self
        }
    }

    /// The same with a port of its own.
    #[must_use]
    pub fn own_port(self) -> Self {
        Self {
            own_port: true,
            ..self
        }
    }

    /// Whether it listens on a port of its own.
    pub(super) fn has_own_port(&self) -> bool {
        self.own_port
            || self.story == Some(Story::GoesAway)
            || self.fault.is_some_and(Fault::acts_before_auth)
    }

    /// The fleet of the demo: `count` nodes, most of them well, and one of each role with a story (more in a large fleet).
    pub fn demo(count: usize) -> Vec<Self> {
        let mut before = 0;
        let mut nodes = Vec::with_capacity(count);
        for role in Role::ALL {
            let upto = before + role.share();
            let of_role = count * upto / 24 - count * before / 24;
            nodes.extend((1..=of_role).map(|number| Self::of_demo(role, number, of_role)));
            before = upto;
        }
        nodes
    }

    fn of_demo(role: Role, number: usize, count: usize) -> Self {
        let (story, first) = role.story();
        let profile = Self::numbered(role.name(number, count), role, number);
        let every = 16;
        if number % every != first.min(count) % every {
            return profile;
        }
        Self {
            delay: (number / every) as f64 * 37.0,
            ..profile.story(story)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_demo_has_as_many_nodes_as_asked_for_all_named_differently() {
        for count in [0, 1, 5, 24, 100, 1000] {
            let nodes = Profile::demo(count);
            let names: BTreeSet<&str> = nodes.iter().map(|n| n.name.as_str()).collect();
            assert_eq!((nodes.len(), names.len()), (count, count));
        }
    }

    #[test]
    fn the_default_demo_tells_each_story_once() {
        let nodes = Profile::demo(24);
        let told: Vec<&str> = nodes
            .iter()
            .filter(|n| n.story.is_some())
            .map(|n| n.name.as_str())
            .collect();
        assert_eq!(
            told,
            ["gpu05", "web03", "db2", "storage1", "edge-1", "build2"]
        );
    }
}
