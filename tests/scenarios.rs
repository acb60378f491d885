//! A real fleet on simulated nodes that fail in every way: one story per file in tests/scenarios/.

#[path = "scenarios/play.rs"]
mod play;
#[path = "scenarios/script.rs"]
mod script;
#[path = "scenarios/stage.rs"]
mod stage;

use futures::future::join_all;
use std::{collections::BTreeSet, fs, path::Path};

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                play::play(&read(stringify!($name))).await;
            }
        )*

        const ALL: &[&str] = &[$(stringify!($name)),*];
    };
}

scenarios!(
    auth_refused,
    auth_stall,
    away_and_back,
    bad_neighbours,
    changed_key,
    channel_closed,
    drop_mid_frame,
    fifty_of_two_hundred,
    garbage_banner,
    garbage_frames,
    hang_after_accept,
    many_questions,
    reload,
    unknown_key_no,
    unknown_key_yes,
    well,
);

/// Those in which hardly anything happens but waiting.
const PATIENT: &[&str] = &[
    "no_hello",
    "no_hello_retry",
    "refused_port",
    "silent",
    "slow_reply",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn those_that_mostly_wait() {
    let each = PATIENT
        .iter()
        .map(async |name| play::play(&read(name)).await);
    join_all(each).await;
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenarios")
}

fn read(name: &str) -> script::Scenario {
    let text = fs::read_to_string(folder().join(name).with_extension("toml"));
    toml::from_str(&text.expect("a scenario of this name")).expect("a scenario")
}

#[test]
fn every_file_is_played() {
    let files = fs::read_dir(folder()).unwrap().map(|e| e.unwrap().path());
    let tomls = files.filter(|path| path.extension().is_some_and(|e| e == "toml"));
    let names: BTreeSet<String> = tomls
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        names,
        ALL.iter().chain(PATIENT).map(ToString::to_string).collect()
    );
}
