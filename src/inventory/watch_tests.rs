//! A real folder, written to as editors do.

use std::{fs, time::Duration};

use tokio::time::timeout;

use super::Watch;

/// True when a change is reported; the wait is real, since the events are.
async fn reported(watch: &mut Watch) -> bool {
    timeout(Duration::from_secs(20), watch.changed())
        .await
        .is_ok()
}

#[tokio::test]
async fn sees_writes_renames_and_a_file_that_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hosts.yaml");
    fs::write(&file, "hosts: {a: {}}").unwrap();
    let mut watch = Watch::start(&file, &[]).unwrap();

    fs::write(&file, "hosts: {a: {}, b: {}}").unwrap();
    assert!(reported(&mut watch).await, "a write in place");

    let new = folder.path().join(".hosts.yaml.swp");
    fs::write(&new, "hosts: {c: {}}").unwrap();
    fs::rename(&new, &file).unwrap();
    assert!(reported(&mut watch).await, "a rename over the file");

    fs::remove_file(&file).unwrap();
    assert!(reported(&mut watch).await, "the file vanished");
    fs::write(&file, "hosts: {d: {}}").unwrap();
    assert!(reported(&mut watch).await, "the file came back");
}

#[tokio::test]
async fn a_neighbour_is_no_change_and_a_burst_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hosts.yaml");
    fs::write(&file, "0").unwrap();
    let mut watch = Watch::start(&file, &[]).unwrap();
    fs::write(folder.path().join("other.yaml"), "x").unwrap();
    let short = Duration::from_millis(600);
    assert!(
        timeout(short, watch.changed()).await.is_err(),
        "a neighbour"
    );

    for round in 0..50 {
        fs::write(&file, "x".repeat(round)).unwrap();
    }
    assert!(reported(&mut watch).await, "a burst");
    assert!(timeout(short, watch.changed()).await.is_err(), "once only");
}

#[tokio::test]
async fn a_change_survives_cancelled_calls() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hosts.yaml");
    fs::write(&file, "0").unwrap();
    let mut watch = Watch::start(&file, &[]).unwrap();
    fs::write(&file, "longer").unwrap();
    let slice = Duration::from_millis(50);
    let seen = async {
        // As in a select loop whose other branch is always first.
        while timeout(slice, watch.changed()).await.is_err() {}
    };
    assert!(timeout(Duration::from_secs(3), seen).await.is_ok());
}

#[tokio::test]
async fn follows_a_link_to_another_folder() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::create_dir_all(&real).unwrap();
    fs::create_dir_all(&link).unwrap();
    fs::write(real.join("hosts.yaml"), "0").unwrap();
    std::os::unix::fs::symlink(real.join("hosts.yaml"), link.join("hosts.yaml")).unwrap();
    let mut watch = Watch::start(&link.join("hosts.yaml"), &[]).unwrap();
    fs::write(real.join("hosts.yaml"), "longer").unwrap();
    assert!(
        timeout(Duration::from_secs(3), watch.changed())
            .await
            .is_ok()
    );
}

#[test]
fn a_missing_folder_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Watch::start(&folder.path().join("none/hosts.yaml"), &[]).is_err());
}
