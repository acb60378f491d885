//! The sampler by every login shell and awk, and what it reads against what this machine says of itself.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use sshoal::{
    fleet::{Link, NodeState, Sampler, Status},
    node::text::SafeText,
};

use crate::{
    lab::{Lab, until, value},
    support::sshd::peer,
};

/// Through `shell` as login shell and as `sh`, with this awk, a node tells everything.
async fn tells_everything(shell: &str, awk: &str, kind: &str) {
    let (Some(shell), Some(awk)) = (peer(shell), peer(awk)) else {
        return;
    };
    let sh = if shell.ends_with("busybox") { "sh" } else { "" };
    let login = format!(
        "ForceCommand {} {sh} -c \"$SSH_ORIGINAL_COMMAND\"",
        shell.display()
    );
    let Some(lab) = Lab::new(&[&login]) else {
        return;
    };
    lab.install("sh", &shell);
    lab.install("awk", &awk);
    let fleet = lab.fleet(|_| {}).await;
    let state = until(&fleet, "complete", |n| {
        n.complete && value(n, "cpu.busy").is_some()
    })
    .await;
    assert_eq!(state.sampler, Sampler::Running(kind.into()));
    assert!(matches!(state.link, Link::Up(_)));
    is_this_machine(&state);
    let running = lab.running();
    assert!(
        (2..=4).contains(&running.len()),
        "one awk, one shell, no more: {running:#?}"
    );
    fleet.stop().await;
    crate::lab::eventually("nothing stays", || lab.running().is_empty()).await;
}

fn is_this_machine(state: &NodeState) {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let host = &state.sample.as_ref().expect("a sample").host;
    let boot = read("/proc/sys/kernel/random/boot_id");
    assert_eq!(
        host.boot_id.as_ref().map(SafeText::as_str),
        Some(boot.trim())
    );
    let meminfo = read("/proc/meminfo");
    let kib: Option<f64> = meminfo
        .split_whitespace()
        .nth(1)
        .and_then(|w| w.parse().ok());
    assert_eq!(value(state, "memory.total"), kib.map(|kib| kib * 1024.0));
    let stat = read("/proc/stat");
    let is_core = |l: &&str| l.starts_with("cpu") && !l.starts_with("cpu ");
    let cores = stat.lines().filter(is_core).count();
    assert_eq!(host.cores.map(|n| n as usize), Some(cores));
    let words = read("/proc/uptime");
    let uptime: Option<f64> = words.split(' ').next().and_then(|w| w.parse().ok());
    let apart = host.uptime.zip(uptime).map(|(a, b)| (a - b).abs());
    assert!(apart.is_some_and(|s| s < 10.0), "{apart:?}");
    let skew = host.skew.expect("one clock");
    assert!(skew.abs() < 2.0, "{skew}");
    for field in ["load.1", "cpu.busy", "memory.used", "disk.used", "net.rx"] {
        assert!(value(state, field).is_some(), "{field}");
    }
}

#[tokio::test]
async fn dash_and_mawk() {
    tells_everything("dash", "mawk", "mawk").await;
}

#[tokio::test]
async fn bash_and_gawk() {
    tells_everything("bash", "gawk", "gawk").await;
}

#[tokio::test]
async fn busybox() {
    tells_everything("busybox", "busybox", "bbawk").await;
}

#[tokio::test]
async fn an_account_for_one_command_is_up_and_says_why_nothing_is_measured() {
    let Some(lab) = Lab::new(&["ForceCommand echo This account is for backups only."]) else {
        return;
    };
    fs::write(lab.path("home/.bashrc"), "").unwrap();
    let fleet = lab.fleet(|_| {}).await;
    let state = until(&fleet, "without a sampler", |n| {
        matches!(n.sampler, Sampler::Failed(_))
    });
    let state = state.await;
    assert_eq!(state.state_word(fleet.clock().now()), "up");
    assert_eq!(state.status(fleet.clock().now()), Status::Info);
    assert!(
        state.reason().contains("backups only"),
        "{}",
        state.reason()
    );
    assert!(state.sample.is_none());
    fleet.stop().await;
}

#[tokio::test]
async fn what_fails_is_told_and_not_what_a_login_script_prints() {
    let refusal = "ForceCommand echo nothing to see; echo No shell for you. >&2; exit 1";
    let Some(lab) = Lab::new(&[refusal]) else {
        return;
    };
    fs::write(lab.path("home/.bashrc"), "echo Welcome to web1\n").unwrap();
    let fleet = lab.fleet(|_| {}).await;
    let state = until(&fleet, "without a sampler", |n| {
        matches!(n.sampler, Sampler::Failed(_))
    });
    let reason = state.await.reason();
    assert!(reason.contains("No shell for you."), "{reason}");
    assert!(!reason.contains("Welcome"), "{reason}");
    fleet.stop().await;
}

#[tokio::test]
async fn a_shell_that_refuses_exec_is_sampled_and_the_doctor_knows_it() {
    if peer("bash").is_none() {
        return;
    }
    let restricted = "ForceCommand bash -r -c \"$SSH_ORIGINAL_COMMAND\"";
    let Some(lab) = Lab::new(&[restricted]) else {
        return;
    };
    let fleet = lab.fleet(|_| {}).await;
    until(&fleet, "sampled", |n| n.sample.is_some()).await;
    fleet.stop().await;
    let found = lab.checkup().await.outcome.unwrap();
    assert!(matches!(found.sampler, Some(Ok(_))), "{:?}", found.sampler);
    assert!(found.words.contains_key("system"), "{:?}", found.words);
}

#[tokio::test]
async fn what_a_gpu_tool_complains_of_is_told_and_not_what_a_login_script_prints() {
    let Some(lab) = Lab::new(&[]) else { return };
    let tool = lab.path("tool");
    fs::write(&tool, "#!/bin/sh\necho NVIDIA-SMI has failed >&2\nexit 9\n").unwrap();
    fs::set_permissions(&tool, fs::Permissions::from_mode(0o755)).unwrap();
    lab.install("nvidia-smi", &tool);
    let fleet = lab.fleet(|_| {}).await;
    let problem = |n: &NodeState| n.sample.as_ref()?.gpu.problem.clone();
    let state = until(&fleet, "told", |n| n.complete && problem(n).is_some()).await;
    assert_eq!(problem(&state), Some("NVIDIA-SMI has failed".into()));
    fleet.stop().await;
}

#[tokio::test]
async fn a_node_that_grants_one_channel_a_connection_is_measured_in_full() {
    let Some(lab) = Lab::new(&["MaxSessions 1"]) else {
        return;
    };
    let fleet = lab.fleet(|_| {}).await;
    let state = until(&fleet, "measured", |n| value(n, "cpu.busy").is_some()).await;
    assert!(matches!(state.sampler, Sampler::Running(_)));
    let state = until(&fleet, "complete", |n| n.complete).await;
    assert!(
        value(&state, "disk.used").is_some(),
        "over a second connection"
    );
    fleet.stop().await;
}

#[tokio::test]
async fn a_node_without_a_sampler_is_only_connected_to() {
    let Some(lab) = Lab::new(&[]) else { return };
    let fleet = lab.fleet(|node| node.sampler = false).await;
    let state = until(&fleet, "up", |n| matches!(n.link, Link::Up(_))).await;
    assert_eq!(state.sampler, Sampler::Off);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(lab.running(), Vec::<String>::new());
    fleet.stop().await;
}
