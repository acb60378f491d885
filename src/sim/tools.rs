//! The tools that whoever logs in tries first, on a simulated node: their figures are those of its panes.

use super::{
    model::{Model, Moment},
    shell::Ended,
};

/// What a tool prints; none where it is not one of these.
pub(super) fn run(command: &str, model: &Model, now: Moment) -> Option<Ended> {
    let text = match command.trim() {
        "uptime" => uptime(model, now),
        "date" => format!("{}\n", clock(now, "%a %b %e %H:%M:%S UTC %Y")),
        "whoami" => "ops\n".to_owned(),
        "nproc" => format!("{}\n", model.profile().cores),
        "free -h" | "free" => free(model, now),
        "df -h" | "df" => df(model, now),
        _ => return None,
    };
    Some(Ended {
        stdout: text,
        ..Ended::default()
    })
}

fn clock(now: Moment, form: &str) -> String {
    let time = jiff::Timestamp::from_second(now.epoch.cast_signed()).unwrap_or_default();
    time.strftime(form).to_string()
}

fn uptime(model: &Model, now: Moment) -> String {
    let minutes = (model.uptime(now.time) / 60.0) as u64;
    let (days, hours, minutes) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    let load = model.host(now.time).demand;
    format!(
        " {} up {days} days, {hours:2}:{minutes:02},  0 users,  load average: {load:.2}, {:.2}, {:.2}\n",
        clock(now, "%H:%M:%S"),
        load * 0.96,
        load * 0.91,
    )
}

fn free(model: &Model, now: Moment) -> String {
    let (host, total) = (model.host(now.time), model.profile().memory as f64);
    let gib = |share: f64| format!("{:.1}Gi", share * total / (1024.0 * 1024.0));
    let (used, cached) = (host.memory, host.cached);
    format!(
        "         total    used    free   cache\nMem:  {:>8}{:>8}{:>8}{:>8}\n",
        gib(1.0),
        gib(used),
        gib((1.0 - used - cached).max(0.0)),
        gib(cached),
    )
}

fn df(model: &Model, now: Moment) -> String {
    let gib = |blocks: f64| format!("{:.0}G", blocks * 4096.0 / f64::from(1 << 30));
    let mounts = model.mounts(now.time);
    let rows = mounts.iter().map(|mount| {
        let (taken, left) = mount.shares();
        let size = gib(mount.blocks as f64);
        let (taken, left) = (gib(taken as f64), gib(left as f64));
        let percent = mount.used * 100.0;
        format!(
            "{:<6}{size:>9}{taken:>9}{left:>9}{percent:>4.0}% {}\n",
            mount.kind, mount.path
        )
    });
    format!(
        "{:<6}{:>9}{:>9}{:>9} Use% Mounted on\n",
        "Type", "Size", "Used", "Avail"
    ) + &rows.collect::<String>()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::sim::Profile;

    #[test]
    fn their_figures_are_those_of_the_panes() {
        let model = Model::new(Arc::new(Profile::new("gpu01")), 1);
        let now = Moment {
            time: 60.0,
            epoch: 1_795_297_801,
        };
        let said = |command| run(command, &model, now).map(|ended| ended.stdout);
        let load = format!("load average: {:.2}", model.host(60.0).demand);
        let uptime = said("uptime").unwrap();
        assert!(
            uptime.starts_with(" 21:50:01 up ") && uptime.contains(&load),
            "{uptime}"
        );
        assert_eq!(said("date").unwrap(), "Sat Nov 21 21:50:01 UTC 2026\n");
        let mounts = model.mounts(60.0);
        assert_eq!(said("df -h").unwrap().lines().count(), mounts.len() + 1);
        assert!(said("free -h").unwrap().contains("Mem:"));
        assert_eq!(said("rm -rf /"), None);
    }
}
