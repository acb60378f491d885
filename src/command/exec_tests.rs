//! How words become a plan.

use clap::Parser;

use super::*;

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    exec: Exec,
}

fn exec(line: &str) -> Exec {
    let words = std::iter::once("exec").chain(line.split(' '));
    Line::try_parse_from(words).unwrap().exec
}

fn split(line: &str) -> (Option<String>, Vec<String>) {
    exec(line).split()
}

#[test]
fn the_command_is_behind_the_dashes_or_behind_w() {
    let sets = |sets: &[&str]| sets.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        split("n1 n2 -- ls -l"),
        (Some("ls -l".into()), sets(&["n1", "n2"]))
    );
    assert_eq!(
        split("n1 -b -- ls -l"),
        (Some("ls -l".into()), sets(&["n1"]))
    );
    assert_eq!(
        split("-w n[1-2] uptime now"),
        (Some("uptime now".into()), sets(&["n[1-2]"]))
    );
    assert_eq!(
        split("-g web,db -- id"),
        (Some("id".into()), sets(&["@web", "@db"]))
    );
    assert_eq!(split("-a id"), (Some("id".into()), vec![]));
    assert_eq!(split("n1"), (None, sets(&["n1"])));
    assert_eq!(split("n1 -w n2 -- id").1, sets(&["n1", "n2"]));
}

#[test]
fn nothing_chosen_is_never_all() {
    let inventory = Inventory {
        nodes: vec![Arc::new(Node::blank("a")), Arc::new(Node::blank("b"))],
        ..Inventory::default()
    };
    let names = |line: &str| {
        let exec = exec(line);
        let nodes = exec.targets(&exec.split().1, &inventory);
        nodes.map(|nodes| {
            nodes
                .iter()
                .map(|node| node.id.to_string())
                .collect::<Vec<_>>()
        })
    };
    assert!(names("-- id").unwrap_err().to_string().contains("--all"));
    assert_eq!(names("-a -- id").unwrap(), ["a", "b"]);
    assert_eq!(names("-a -x a -- id").unwrap(), ["b"]);
    assert!(names("a -x a -- id").is_err());
    assert!(names("c -- id").is_err());
}

#[test]
fn options_are_read_as_clush_and_pdsh_users_write_them() {
    let exec = exec("-w a -f 3 -u 5 -t 2 -l bob -S -b -x c uptime");
    let plan = exec
        .plan(
            "id {rank}",
            &[Arc::new(Node::blank("a"))],
            &HashMap::from([("a".to_owned(), 3)]),
            |_| None,
        )
        .unwrap();
    assert_eq!(plan.options.fanout, 3);
    assert_eq!(plan.options.timeout, Some(Duration::from_secs(5)));
    assert_eq!(plan.options.connect_timeout, Some(Duration::from_secs(2)));
    assert_eq!(plan.jobs[0].node.user.as_deref(), Some("bob"));
    assert_eq!(plan.jobs[0].command, "id 3", "as before");
    assert_eq!(exec.exit_rule(), ExitPolicy::Max);
}

#[test]
fn values_are_checked_where_they_are_read() {
    assert_eq!(strategy("abort-after=3"), Ok(Strategy::AbortAfter(3)));
    assert!(strategy("abort-after=0").is_err() && strategy("abort").is_err());
    assert_eq!(batches("10%"), Ok(Batches::Percent(10)));
    assert!(batches("0").is_err() && batches("101%").is_err() && batches("x").is_err());
    assert_eq!(variable("A_1=x=y"), Ok(("A_1".into(), Some("x=y".into()))));
    assert!(variable("1A=x").is_err() && variable("A B=x").is_err() && variable("=x").is_err());
    assert_eq!(
        (size("10KiB"), size("4096"), size("1m")),
        (Ok(10 << 10), Ok(4096), Ok(1 << 20))
    );
    assert!(size("x").is_err() && size("99999999999999999999G").is_err());
}

#[test]
fn no_timeout_is_a_timeout_of_nothing() {
    let of = |line| exec(line).manner.timeout;
    assert_eq!(of("n1 -- x"), None);
    assert_eq!(of("n1 -u 0 -- x"), Some(Duration::ZERO));
    assert_eq!(of("n1 --timeout 1m -- x"), Some(Duration::from_mins(1)));
}
