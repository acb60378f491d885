//! The order of host key algorithms, and the deadline that rests.

use super::*;

#[test]
fn known_kinds_of_host_key_are_asked_for_first() {
    let names = |known: &[&str]| -> Vec<String> {
        host_key_order(known)
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(names(&[])[0], "ssh-ed25519");
    assert_eq!(
        names(&["ssh-rsa"])[..3],
        ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519"]
    );
    assert_eq!(
        names(&["ecdsa-sha2-nistp384", "x"])[0],
        "ecdsa-sha2-nistp384"
    );
    assert!(!names(&["ssh-rsa"]).contains(&"ssh-rsa".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn the_deadline_rests_while_a_person_is_asked() {
    let (asking, seen) = watch::channel(0);
    let limit = Duration::from_secs(10);
    let started = tokio::time::Instant::now();
    tokio::join!(overdue(seen, limit), async {
        sleep(Duration::from_secs(9)).await;
        asking.send_replace(1);
        sleep(Duration::from_mins(1)).await;
        asking.send_replace(0);
    });
    assert_eq!(started.elapsed().as_secs(), 79);
}

#[test]
fn a_connection_that_is_rarely_asked_is_not_taken_for_a_silent_one() {
    let of = |interval, max| {
        patience(Keepalive {
            interval: Duration::from_secs(interval),
            max,
        })
    };
    assert_eq!(of(5, 2), INACTIVITY);
    assert_eq!(of(120, 3), Duration::from_mins(10));
    assert!(of(u64::MAX, usize::MAX) > INACTIVITY);
}

#[test]
fn a_window_fits_the_distance() {
    let mib = |lane, millis: Option<u64>| window(lane, millis.map(Duration::from_millis)) >> 20;
    assert_eq!(mib(Lane::Control, Some(40)), 2);
    let near_to_far = [0, 1, 4, 40, 5000].map(|millis| mib(Lane::Bulk, Some(millis)));
    assert_eq!(near_to_far, [2, 2, 8, 16, 16]);
    assert_eq!(mib(Lane::Bulk, None), 16);
}
