//! The daemons of a simulated node, as its service managers and its kernel would tell of them.

use super::model::{Model, Moment};
use crate::node::Manager;
use std::fmt::Write as _;

/// One daemon at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Unit or container name, without a suffix.
    pub name: String,
    /// Who runs it.
    pub manager: Manager,
    /// Runs now.
    pub up: bool,
    /// Somebody has stopped it: then it has not failed.
    pub is_stopped: bool,
    /// Its main process, or the last one.
    pub pid: u32,
    /// Uptime of the node when it was started.
    pub started: f64,
    /// Times that it was started again.
    pub restarts: u64,
    /// Bytes in use.
    pub memory: u64,
}

impl Model {
    /// Its daemons at `time`, in the order of the profile; only the first is ever lost.
    pub fn services(&self, time: f64) -> Vec<Service> {
        let service = |(index, (name, manager)): (usize, &(String, Manager))| {
            let own = self.noise(60 + index as u64);
            let first = index == 0;
            let restarts = if first { self.restarts(time) } else { 0 };
            let act = self.acted(name);
            let is_lost = first && self.lost_daemon(time);
            let is_kept = act.is_some_and(|act| act.is_up && act.at >= self.lost_at(time));
            let is_stopped = act.is_some_and(|act| !act.is_up);
            // Whoever was quicker has started it.
            let back = self.daemon_back(time).filter(|_| first && !is_kept);
            let acted = act.filter(|act| act.is_up).map(|act| time - act.at);
            let back = back.into_iter().chain(acted).reduce(f64::min);
            let count = act.map_or(0, |act| act.count);
            Service {
                name: name.clone(),
                manager: *manager,
                up: !is_stopped && (is_kept || !is_lost),
                is_stopped,
                pid: own.between(700.0, 9_000.0) as u32 + 31 * restarts as u32 + 17 * count,
                started: match back {
                    Some(since) => self.uptime(time - since),
                    None => own.between(6.0, 30.0),
                },
                restarts,
                memory: (own.between(20.0, 900.0) as u64) << 20,
            }
        };
        let daemons = &self.profile().daemons;
        daemons.iter().enumerate().map(service).collect()
    }
}

impl Service {
    fn is_named(&self, wanted: &str) -> bool {
        wanted == self.name || wanted.strip_suffix(".service") == Some(&self.name)
    }

    /// The `w` line of a watched item: `P<pid>` or `G<cgroup folder>`; `-` when it isn't there.
    pub(super) fn liveness(services: &[Self], item: &str) -> String {
        if let Some(pid) = item.strip_prefix('P') {
            let process = services.iter().find(|s| s.up && s.pid.to_string() == pid);
            return process.map_or("-".into(), |s| format!("S {}", (s.started * 100.0) as u64));
        }
        let unit = item.rsplit('/').next().unwrap_or_default();
        let service = services.iter().find(|s| s.is_named(unit));
        // systemd removes the cgroup of a unit that has no process.
        service.filter(|s| s.up).map_or("-".into(), |_| "1".into())
    }
}

/// What `systemctl show` prints of `units`, its blocks separated by an empty line.
pub(super) fn systemctl_show(services: &[Service], units: &[&str]) -> String {
    let block = |unit: &&str| {
        let systemd = |s: &&Service| s.is_named(unit) && s.manager != Manager::Docker;
        let unit = unit.trim_end_matches(".service");
        match services.iter().find(systemd) {
            Some(service) => show_one(service),
            None => format!(
                "MainPID=0\nNRestarts=0\nResult=success\nExecMainStatus=0\nControlGroup=\nMemoryCurrent=[not set]\n\
                 Id={unit}.service\nNames={unit}.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\n\
                 ActiveEnterTimestampMonotonic=0\n"
            ),
        }
    };
    units.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn show_one(service: &Service) -> String {
    let Service {
        name,
        pid,
        restarts,
        memory,
        ..
    } = service;
    let since = (service.started * 1e6) as u64;
    if service.up {
        return format!(
            "MainPID={pid}\nNRestarts={restarts}\nResult=success\nExecMainStatus=0\nControlGroup=/system.slice/{name}.service\n\
             MemoryCurrent={memory}\nId={name}.service\nNames={name}.service\nLoadState=loaded\nActiveState=active\nSubState=running\n\
             ActiveEnterTimestampMonotonic={since}\n"
        );
    }
    let (result, code, active, sub) = if service.is_stopped {
        ("success", 0, "inactive", "dead")
    } else {
        ("exit-code", 1, "failed", "failed")
    };
    format!(
        "MainPID=0\nNRestarts={restarts}\nResult={result}\nExecMainStatus={code}\nControlGroup=\nMemoryCurrent=[not set]\n\
         Id={name}.service\nNames={name}.service\nLoadState=loaded\nActiveState={active}\nSubState={sub}\n\
         ActiveEnterTimestampMonotonic={since}\n"
    )
}

/// What `docker inspect` prints of `containers` with the sampler's format, and its exit status.
pub(super) fn docker_inspect(
    services: &[Service],
    containers: &[&str],
    uptime: f64,
    now: Moment,
) -> (String, u32) {
    let (mut out, mut code) = (String::new(), 0);
    for name in containers {
        let docker = |s: &&Service| s.name == *name && s.manager == Manager::Docker;
        let Some(service) = services.iter().find(docker) else {
            code = 1;
            let _ = writeln!(out, "error: no such object: {name}");
            continue;
        };
        let (pid, restarts) = (service.pid, service.restarts);
        let started = now.epoch as i64 - (uptime - service.started) as i64;
        let started = jiff::Timestamp::from_second(started).unwrap_or_default();
        let _ = if service.up {
            writeln!(
                out,
                "/{name}|running|{pid}|{restarts}|0|false|{started}|healthy"
            )
        } else {
            let code = u8::from(!service.is_stopped);
            writeln!(
                out,
                "/{name}|exited|0|{restarts}|{code}|false|{started}|unhealthy"
            )
        };
    }
    (out, code)
}
