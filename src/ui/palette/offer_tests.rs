use std::sync::Arc;

use super::*;
use crate::node::{Daemon, Node, NodeId};

fn inventory() -> Inventory {
    let mut inventory = Inventory::default();
    for (name, group) in [("web1", "web"), ("web2", "web"), ("db1", "db")] {
        let mut node = Node::blank(name);
        node.groups = vec![group.to_owned()];
        node.protected = group == "db";
        node.labels.insert("role".to_owned(), group.to_owned());
        let daemon = Daemon {
            name: format!("{group}-server"),
            ..Daemon::default()
        };
        node.daemons.push(daemon);
        let id: NodeId = node.id.clone();
        inventory
            .groups
            .entry(group.to_owned())
            .or_default()
            .push(id);
        inventory.nodes.push(Arc::new(node));
    }
    inventory
}

/// The offers for a line, `|` being the cursor: the line that each would make.
fn made(line: &str) -> Vec<String> {
    let history: Vec<String> = ["!tail -n3 /var/log/syslog", "exec @web -- uptime"]
        .map(str::to_owned)
        .into();
    let inventory = inventory();
    let known = Known {
        runs: &[],
        rolls: &[],
        inventory: &inventory,
        history: &history,
        read_only: false,
    };
    let at = line.find('|').unwrap_or(line.len());
    let line = line.replacen('|', "", 1);
    let put = |offer: &Offer| {
        let mut made = line.clone();
        made.replace_range(offer.span.clone(), &offer.text);
        made
    };
    offers(&line, at, &known).iter().map(put).collect()
}

#[test]
fn every_word_has_its_own_offers() {
    let mut wrong = Vec::new();
    for (line, wanted) in [
        ("ma", &["mark", "unmark"][..]),
        ("conn", &["pool", "retry"]),
        ("th|em", &["theme", "daemon", "unmark", "roll"]),
        ("view ", &["view tiles", "view table", "view heatmap"]),
        ("view h", &["view heatmap"]),
        ("mark @", &["mark @db", "mark @web"]),
        ("mark web1,d", &["mark web1,@db", "mark web1,db1"]),
        ("mark web[1-", &[]),
        (
            "mark @web&w",
            &["mark @web&@web", "mark @web&web1", "mark @web&web2"],
        ),
        ("node 1", &["node db1", "node web1"]),
        ("sort wors", &["sort worst"]),
        ("sort --r", &["sort --reverse"]),
        ("theme mono", &[]),
        ("theme mon", &["theme mono", "theme tomorrow-night"]),
        ("help qu", &["help quit"]),
        ("exec --sud", &["exec --sudo"]),
        (
            "exec --node=w",
            &["exec --node=@web", "exec --node=web1", "exec --node=web2"],
        ),
        ("exec -w d", &["exec -w @db", "exec -w db1"]),
        ("exec -g ", &["exec -g db", "exec -g web"]),
        ("exec up", &["exec uptime"]),
        ("exec @w", &["exec @web -- "]),
        ("exec @web -- up", &["exec @web -- uptime"]),
        ("!up", &["!uptime"]),
        (
            "!systemctl status ",
            &[
                "!systemctl status db-server",
                "!systemctl status web-server",
            ],
        ),
        ("!cat sysl", &["!cat /var/log/syslog"]),
        ("!cat ", &[]),
        ("filter role=", &["filter role=db", "filter role=web"]),
        ("filter group=w", &["filter group=web"]),
        ("filter daemon=d", &["filter daemon=db-server"]),
        (
            "filter (load.1>1 & state=do",
            &["filter (load.1>1 & state=down"],
        ),
        ("nonesuch x", &[]),
    ] {
        let made = made(line);
        if made != wanted {
            wrong.push((line, made));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_a_command_can_do_is_offered_and_then_its_words() {
    for (line, wanted) in [
        ("roll pro", &["roll promote"][..]),
        ("daemon sto", &["daemon stop"]),
        ("daemon restart @w", &["daemon restart @web"]),
        (
            "daemon restart web1 web",
            &["daemon restart web1 web-server"],
        ),
        ("daemon roll --gate-t", &["daemon roll --gate-timeout"]),
    ] {
        assert_eq!(made(line), wanted, "{line}");
    }
}

#[test]
fn an_empty_line_shows_every_command() {
    let all: Vec<String> = offered().map(|entry| entry.name.to_owned()).collect();
    assert_eq!(made(""), all);
    assert_eq!(made("!"), ["!uptime", "!tail -n3 /var/log/syslog"]);
}

#[test]
fn actions_are_not_offered_where_nothing_may_be_changed() {
    let inventory = inventory();
    let known = Known {
        runs: &[],
        rolls: &[],
        inventory: &inventory,
        history: &["!uptime".to_owned()],
        read_only: true,
    };
    for line in ["ex", "exec ", "exec -w ", "!", "!up"] {
        let offers = offers(line, line.len(), &known);
        assert!(
            offers
                .iter()
                .all(|offer| offer.text != "exec" && offer.text != "uptime"),
            "{line}"
        );
    }
}
