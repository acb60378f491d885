//! MIG instances as the real slow program reads them: its shells and seds, with a stand-in for `nvidia-smi`.

use std::{fmt::Write as _, os::unix::fs::symlink};

use sshoal::metrics::{Feed, gpu::Gpu, mig::Instance};

use super::{
    node::{Running, Shell, node, shells},
    peer::peer,
    tree::Tree,
};

const A100: &str = include_str!("smi/a100.xml");
const H100: &str = include_str!("smi/h100.xml");
const WITHOUT: &str = include_str!("smi/without.xml");
const OLDER: &str = include_str!("smi/older.xml");

/// Rows of the loop: a card in MIG mode for each bus.
fn rows(buses: &[&str]) -> String {
    let mut rows = String::new();
    for (index, bus) in buses.iter().enumerate() {
        let _ = writeln!(
            rows,
            "{index}, NVIDIA, [N/A], 9, 90, 40, 70.5, 700, 1980, [N/A], Enabled, [N/A], Enabled, 0x0, {bus}"
        );
    }
    rows
}

/// The cards after one question to a node where `nvidia-smi` is this script.
fn asked(shell: &Shell, tree: &Tree, script: &str, rows: &str) -> (Vec<Gpu>, usize) {
    tree.tool("nvidia-smi", script);
    let mut running = Running::start(shell, None, &[], &node(vec![]));
    let clock = running.clock();
    running.meter.feed(Feed::Gpu, rows.as_bytes(), clock);
    let before = running.bytes_down;
    let mut env = tree.tools();
    env.push(("SSHOAL_PROC", tree.root().display().to_string()));
    let gpus = running.slow(shell, &env).gpu.gpus;
    (gpus, running.bytes_down - before)
}

/// What `nvidia-smi` prints, from a file.
fn printing(tree: &Tree, xml: &str) -> String {
    tree.write(&[("smi.xml", xml)]);
    let file = tree.root().join("smi.xml").display().to_string();
    format!("echo \"$*\" >>{file}.asked; [ \"$*\" = '-q -x' ] && cat {file}; cat")
}

/// The machine's own sed, and that of busybox.
fn seds() -> Vec<Option<std::path::PathBuf>> {
    let busybox = peer("busybox");
    [None].into_iter().chain(busybox.map(Some)).collect()
}

fn tree(sed: Option<&std::path::PathBuf>) -> Tree {
    let tree = Tree::new();
    tree.write(&[("mounts", ""), ("bin/keep", "")]);
    if let Some(sed) = sed {
        symlink(sed, tree.root().join("bin/sed")).unwrap();
    }
    tree
}

fn ids(gpu: &Gpu) -> Option<Vec<(u32, Option<u32>)>> {
    let instances = gpu.instances.as_ref()?;
    let ids = instances
        .iter()
        .map(|i| (i.gpu_instance, i.compute_instance));
    Some(ids.collect())
}

#[test]
fn every_shell_and_sed_reads_the_same() {
    for shell in shells() {
        for sed in seds() {
            let tree = tree(sed.as_ref());
            let script = printing(&tree, A100);
            let (gpus, _) = asked(&shell, &tree, &script, &rows(&["00000000:07:00.0"]));
            let instance = |gpu_instance, used: u64, ecc| Instance {
                gpu_instance,
                compute_instance: Some(0),
                memory_used: Some(used << 20),
                memory_total: Some(19_968 << 20),
                multiprocessors: Some(42),
                ecc,
            };
            let wanted = [instance(1, 18_703, Some(0)), instance(2, 23, None)];
            let what = format!("{shell:?} {sed:?}");
            assert_eq!(gpus[0].instances.as_deref(), Some(&wanted[..]), "{what}");
            assert_eq!((gpus[0].memory_used, gpus[0].ecc), (Some(9 << 20), None));
        }
    }
}

#[test]
fn cards_are_told_apart_by_their_bus() {
    let tree = tree(None);
    let script = printing(&tree, H100);
    // The XML has no card 0 of the loop: it fell off the bus since.
    let buses = rows(&[
        "00000000:18:00.0",
        "00000000:4E:00.0",
        "00000000:5F:00.0",
        "00000000:CB:00.0",
    ]);
    let (gpus, _) = asked(&shells()[0], &tree, &script, &buses);
    let all: Vec<_> = gpus.iter().map(ids).collect();
    let shared = vec![(2, Some(0)), (2, Some(1))];
    assert_eq!(all, [None, Some(shared), Some(vec![]), None]);
}

#[test]
fn what_tells_of_no_instances_gives_none() {
    let cut = &A100[..A100.find("</mig_devices>").unwrap()];
    let tree = tree(None);
    let [without, older, cut] = [WITHOUT, OLDER, cut].map(|xml| {
        let script = printing(&tree, xml);
        asked(&shells()[0], &tree, &script, &rows(&["00000000:07:00.0"])).0
    });
    let failed = "echo 'Failed to initialize NVML: Driver/library version mismatch'; exit 18";
    let (failed, _) = asked(&shells()[0], &tree, failed, &rows(&["00000000:07:00.0"]));
    for gpus in [without, older, cut, failed] {
        assert!(gpus[0].mig && gpus[0].instances.is_none());
        assert_eq!(gpus[0].fullest(), Some(10.0), "the card's own");
    }
}

#[test]
fn a_tool_that_was_killed_midway_keeps_the_cards_that_were_whole() {
    let tree = tree(None);
    let second = A100.replace(":07:", ":0A:");
    let second =
        &second[second.find("\t<gpu ").unwrap()..second.find("<gpu_instance_id>2").unwrap()];
    let both = A100.replace("</nvidia_smi_log>\n", second);
    let script = format!("{}; kill -9 $$", printing(&tree, &both));
    let buses = rows(&["00000000:07:00.0", "00000000:0A:00.0"]);
    let (gpus, _) = asked(&shells()[0], &tree, &script, &buses);
    assert_eq!(ids(&gpus[0]).map(|ids| ids.len()), Some(2));
    assert_eq!(ids(&gpus[1]), None);
}

#[test]
fn without_mig_the_tool_is_not_run() {
    let tree = tree(None);
    let script = printing(&tree, A100);
    let row = rows(&["00000000:07:00.0"]).replace("[N/A], Enabled, 0x0", "0, Disabled, 0x0");
    let (gpus, _) = asked(&shells()[0], &tree, &script, &row);
    assert_eq!((gpus.len(), gpus[0].mig), (1, false));
    assert!(!tree.root().join("smi.xml.asked").exists());
    asked(&shells()[0], &tree, &script, &rows(&["00000000:07:00.0"]));
    let calls = std::fs::read_to_string(tree.root().join("smi.xml.asked"));
    assert_eq!(calls.unwrap(), "-q -x\n", "one call");
}

#[test]
fn eight_cards_cut_in_seven_take_some_kilobytes() {
    let part = &A100[A100.find("\t\t\t<mig_device>").unwrap()..];
    let part = &part[..part.find("\t\t\t<mig_device>\n\t\t\t\t<index>1<").unwrap()];
    let head = "\t\t<mig_mode>\n\t\t\t<current_mig>Enabled</current_mig>\n\t\t</mig_mode>\n\t\t<mig_devices>\n";
    let clocks =
        "\t\t\t\t<supported_graphics_clock>1410 MHz</supported_graphics_clock>\n".repeat(300);
    let mut xml = String::from("<nvidia_smi_log>\n");
    let buses: Vec<String> = (1..=8).map(|n| format!("00000000:{n:02X}:00.0")).collect();
    for bus in &buses {
        let parts = part.repeat(7);
        let _ = write!(
            xml,
            "\t<gpu id=\"{bus}\">\n{head}{parts}\t\t</mig_devices>\n{clocks}\t</gpu>\n"
        );
    }
    let tree = tree(None);
    let script = printing(&tree, &xml);
    let buses: Vec<&str> = buses.iter().map(String::as_str).collect();
    let (gpus, bytes) = asked(&shells()[0], &tree, &script, &rows(&buses));
    assert!(gpus.iter().all(|gpu| ids(gpu).unwrap().len() == 7));
    eprintln!("{} B of XML, {bytes} B on the wire", xml.len());
    assert!(bytes < 6_000, "{bytes} B");
}
