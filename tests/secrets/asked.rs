//! Who is asked: a command on its terminal, a fleet through its orders.

use std::{fs, sync::Arc};

use sshoal::{
    fleet::{Answers, Clock, Fleet, Order},
    inventory::Inventory,
    ssh::{Answer, Secret},
};
use tokio::time::timeout;

use crate::{
    pty::{PATIENCE, Pty, command},
    scripted::{Scripted, Step},
    support::sshd::{Sshd, keygen},
};

/// `sshoal status` on a terminal, for a node whose only key is encrypted and whose host key nobody knows.
fn status(server: &Sshd, more: &[&str]) -> Pty {
    let key = server.path("id_locked");
    keygen(&key, "ed25519", "open sesame");
    let public = fs::read_to_string(server.path("id_locked.pub")).unwrap();
    server.append("authorized_keys", &public);
    let hosts = server.path("hosts.yaml");
    let text = format!(
        "hosts:\n  n1:\n    address: 127.0.0.1\n    port: {}\n    user: {}\n    identity: {}\n",
        server.port,
        server.config().user,
        key.display()
    );
    fs::write(&hosts, text).unwrap();
    let (hosts, known) = (hosts.display().to_string(), server.path("known_hosts"));
    let known = known.display().to_string();
    let mut arguments = vec!["status", "--hosts", &hosts, "--known-hosts", &known];
    arguments.extend(more);
    let mut command = command(env!("CARGO_BIN_EXE_sshoal"), &arguments);
    command.env("HOME", server.path("home"));
    Pty::start(200, 30, command)
}

#[test]
fn a_command_asks_as_ssh_does_and_shows_no_passphrase() {
    let Some(server) = Sshd::start() else { return };
    let mut pty = status(&server, &[]);
    pty.wait_for("continue connecting (yes/no/[fingerprint])?");
    pty.send("maybe\r");
    pty.wait_for("Please type 'yes', 'no' or the fingerprint:");
    pty.send("yes\r");
    pty.wait_for("n1: passphrase for key file");
    pty.send("open sasame\r");
    pty.wait_for("wrong, try 2");
    pty.send("open sä\x7fesame\r");
    pty.wait_for("n1");
    let ended = pty.wait_exit();
    let screen = pty.screen().contents();
    assert!(ended.success(), "{screen}");
    assert!(!String::from_utf8_lossy(&pty.transcript).contains("esame"));
}

#[test]
fn ctrl_c_at_a_question_gives_the_terminal_back() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let mut pty = status(&server, &[]);
    let before = pty.modes();
    pty.wait_for("passphrase for key file");
    assert_ne!(pty.modes(), before);
    pty.send("open\x03");
    assert_eq!(pty.wait_exit().exit_code(), 130);
    assert_eq!(pty.modes(), before);
}

#[test]
fn in_batch_mode_nothing_is_asked_and_the_way_out_is_told() {
    let Some(server) = Sshd::start() else { return };
    server.trust();
    let mut pty = status(&server, &["--batch"]);
    assert_eq!(pty.wait_exit().exit_code(), 1);
    let screen = pty.screen().contents();
    assert!(
        screen.contains("is encrypted") && screen.contains("ssh-add"),
        "{screen}"
    );
}

/// A command on a terminal, for two nodes that take a password only, each another login's.
fn at_passwords(command_line: &str, servers: &[Scripted; 2], home: &std::path::Path) -> Pty {
    let entry = |name: &str, server: &Scripted| {
        let port = server.node().port.unwrap();
        format!("  {name}: {{address: 127.0.0.1, port: {port}, user: {name}, sampler: false}}\n")
    };
    let [first, second] = servers;
    let text = format!("hosts:\n{}{}", entry("n1", first), entry("n2", second));
    fs::write(home.join("hosts.yaml"), text).unwrap();
    let mut words: Vec<&str> = command_line.split(' ').collect();
    words.extend(["-F", "none", "--accept-new"]);
    let mut command = command(env!("CARGO_BIN_EXE_sshoal"), &words);
    command.env("HOME", home);
    command.cwd(home);
    Pty::start(200, 50, command)
}

/// The names of the nodes that were asked about, in order.
fn asked_in_turn(pty: &Pty) -> Vec<String> {
    let text = String::from_utf8_lossy(&pty.transcript).into_owned();
    let questions = text.lines().filter(|line| line.contains("password of n"));
    let names = questions.filter_map(|line| line.split(':').next());
    names.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_connects_asks_and_stays_with_a_node_that_was_told_wrong() {
    for words in ["doctor", "pool", "status"] {
        let servers = [
            Scripted::start(vec![Step::Password("hunter1")]).await,
            Scripted::start(vec![Step::Password("hunter2")]).await,
        ];
        let home = tempfile::tempdir().unwrap();
        let mut pty = at_passwords(words, &servers, home.path());
        pty.wait_for(": password of n");
        pty.send("wrong\r");
        pty.wait_for("wrong, try 2: password of n");
        let first = asked_in_turn(&pty)[0].clone();
        let (right, next, other) = match first.as_str() {
            "n1" => ("hunter1\r", "n2", "hunter2\r"),
            _ => ("hunter2\r", "n1", "hunter1\r"),
        };
        pty.send(right);
        pty.wait_for(&format!("{next}: password of {next}"));
        pty.send(other);
        let code = pty.wait_exit().exit_code();
        let screen = pty.screen().contents();
        // This server opens no channel, which only the doctor wants.
        assert_eq!(code, u32::from(words == "doctor"), "{words}: {screen}");
        assert_eq!(asked_in_turn(&pty), [&first, &first, next], "{words}");
        assert!(!screen.contains("hunter"), "{screen}");
    }
}

#[tokio::test]
async fn one_answer_for_all_reaches_all_who_ask_for_that_login() {
    let servers = [
        Scripted::start(vec![Step::Password("hunter2")]).await,
        Scripted::start(vec![Step::Password("hunter2")]).await,
    ];
    let fleet = Fleet::start(servers[0].config(), Answers::Asked, Clock::start());
    let mut nodes: Vec<_> = servers.iter().map(Scripted::node).collect();
    nodes[1].id = sshoal::node::NodeId::new("other");
    let inventory = Inventory {
        nodes: nodes.into_iter().map(Arc::new).collect(),
        ..Inventory::default()
    };
    let order = Order::Inventory(Arc::new(inventory));
    fleet.orders().send(order).await.unwrap();
    let mut prompts = fleet.prompts();
    let both = timeout(PATIENCE, prompts.wait_for(|all| all.len() == 2));
    let first = both.await.unwrap().unwrap()[0].id;
    let password = vec![Secret::new("hunter2".to_owned().into())];
    let order = Order::Answer(first, Answer::ForAll(password));
    fleet.orders().send(order).await.unwrap();
    let none = timeout(PATIENCE, prompts.wait_for(|all| all.is_empty()));
    none.await.unwrap().unwrap();
    fleet.stop().await;
}
