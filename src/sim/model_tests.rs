use super::*;

fn node(name: &str, story: Option<Story>) -> Model {
    let profile = Profile {
        story,
        ..Profile::new(name)
    };
    Model::new(Arc::new(profile), 1)
}

fn used(model: &Model, time: f64) -> f64 {
    let mounts = model.mounts(time);
    mounts.iter().map(|m| m.used).fold(0.0, f64::max)
}

#[test]
fn a_node_without_a_story_stays_well() {
    for profile in Profile::demo(24) {
        let model = Model::new(
            Arc::new(Profile {
                story: None,
                ..profile
            }),
            1,
        );
        for time in (0..3_000).map(|t| f64::from(t) * 0.7) {
            let host = model.host(time);
            let name = &model.profile().name;
            assert!(
                host.user + host.system + host.iowait <= 1.0,
                "{name} {time}"
            );
            assert!(
                host.demand < f64::from(model.profile().cores),
                "{name} {time}"
            );
            assert!(host.memory < 0.8 && host.swap < 0.1, "{name} {time}");
            assert!(host.pressure.iter().all(|p| *p < 10.0), "{name} {time}");
            assert!(used(&model, time) < 0.8, "{name} {time}");
        }
    }
}

#[test]
fn a_disk_fills_within_two_minutes_and_is_cleaned() {
    let model = node("storage1", Some(Story::FillsDisk));
    assert!(used(&model, 5.0) < 0.75);
    assert!(used(&model, 120.0) > 0.965);
    assert!(used(&model, 215.0) < 0.75);
    assert!(used(&model, 360.0 + 130.0) > 0.965);
}

#[test]
fn a_slow_node_reaches_six_times_its_cores() {
    let model = node("db2", Some(Story::GetsSlow));
    let calm = model.host(10.0);
    let slow = model.host(140.0);
    let cores = f64::from(model.profile().cores);
    assert!(calm.demand < cores && slow.demand > 6.0 * cores);
    assert!(calm.pressure[0] < 10.0 && slow.pressure[0] > 60.0);
}

#[test]
fn a_node_that_goes_away_is_back_at_55_s() {
    let model = node("edge-1", Some(Story::GoesAway));
    let away: Vec<bool> = [29.9, 30.0, 54.9, 55.0, 240.0 + 31.0]
        .map(|time| model.is_away(time))
        .into();
    assert_eq!(away, [false, true, true, false, true]);
}

#[test]
fn a_lost_daemon_is_counted_as_a_restart_when_it_is_back() {
    let model = node("web03", Some(Story::LosesDaemon));
    assert!(!model.lost_daemon(19.0) && model.lost_daemon(20.0) && !model.lost_daemon(80.0));
    assert_eq!((model.restarts(79.0), model.restarts(80.0)), (0, 1));
    assert_eq!(model.daemon_back(79.0), None);
    assert!(
        model
            .daemon_back(90.0)
            .is_some_and(|s| (s - 10.0).abs() < 1e-9)
    );
}

#[test]
fn swapping_ends_in_an_oom_kill() {
    let model = node("build2", Some(Story::Swaps));
    let peak = model.host(120.0);
    assert!(peak.memory > 0.95 && peak.swap > 0.9 && peak.pressure[1] > 50.0);
    assert_eq!((model.oom_kills(124.0), model.oom_kills(126.0)), (0, 1));
    assert!(model.host(131.0).memory < 0.8);
}

#[test]
fn cores_scatter_around_their_mean() {
    let model = node("gpu02", None);
    let cores: Vec<f64> = (0..128).map(|c| model.core(c, 40.0, 0.3)).collect();
    let mean = cores.iter().sum::<f64>() / 128.0;
    assert!((mean - 0.3).abs() < 0.06, "{mean}");
    assert!(cores.iter().all(|c| (0.0..=1.0).contains(c)));
}
