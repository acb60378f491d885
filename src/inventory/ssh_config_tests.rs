//! Nodes out of ssh_config files.

use std::fs;

use crate::{
    inventory::{Inventory, parse},
    node::{Node, Transport},
};

struct Home(tempfile::TempDir);

impl Home {
    fn with(ssh_config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".ssh")).unwrap();
        fs::write(folder.path().join(".ssh/config"), ssh_config).unwrap();
        Self(folder)
    }

    fn read(&self, text: &str) -> Inventory {
        let file = self.0.path().join("hosts.yaml");
        parse(&file, text.as_bytes(), Some(self.0.path().to_path_buf())).unwrap()
    }
}

fn names(inventory: &Inventory) -> Vec<&str> {
    inventory
        .nodes
        .iter()
        .map(|node| node.id.as_str())
        .collect()
}

#[test]
fn hosts_of_ssh_config_come_after_the_files_own_and_take_its_defaults_and_groups() {
    let home = Home::with("Host web1 web2\n Port 3\nHost *.dev !x\nHost db\n");
    let inventory = home.read(
        "defaults: {user: ops}\ngroups: {web: {hosts: 'web[1-2]', labels: {role: web}}}\n\
         hosts: {own: {jump: db}}\nsources: [{ssh_config: ~/.ssh/config}]",
    );
    assert_eq!(names(&inventory), ["own", "web1", "web2", "db"]);
    assert!(inventory.warnings.is_empty(), "{:?}", inventory.warnings);
    let web = inventory.node("web2").unwrap();
    let ssh = home.0.path().join(".ssh/config");
    let expected = Node {
        user: Some("ops".to_owned()),
        transports: vec![Transport::Direct],
        groups: vec!["web".to_owned()],
        labels: [("role".to_owned(), "web".to_owned())].into(),
        origins: web.origins.clone(),
        ..Node::blank("web2")
    };
    assert_eq!(**web, expected);
    let origin = format!("source ssh_config, {} line 1", ssh.display());
    assert!(web.origins.contains(&("host", origin)), "{:?}", web.origins);
    assert_eq!(inventory.sources, [ssh]);
    // A bastion of the file may come from ssh_config.
    let own = inventory.node("own").unwrap();
    assert_eq!(own.route.jump[0].user.as_deref(), Some("ops"));
}

#[test]
fn a_name_that_is_there_already_stays_and_odd_ones_are_left_out() {
    let home = Home::with("Host a b x/y -z\n");
    let other = home.0.path().join("other");
    fs::write(&other, "Host b c\n").unwrap();
    let inventory = home.read(
        "hosts: {a: {port: 7}}\nsources: [{ssh_config: ~/.ssh/config}, {ssh_config: other}, {ssh_config: none}]",
    );
    assert_eq!(names(&inventory), ["a", "b", "c"]);
    assert_eq!(inventory.node("a").unwrap().port, Some(7));
    assert_eq!(inventory.node("b").unwrap().ssh_config, None);
    assert_eq!(inventory.node("c").unwrap().ssh_config, Some(other));
    let warnings = inventory.warnings.join("\n");
    for part in [
        "source ssh_config ~/.ssh/config: left out: `x/y` holds `/`",
        "`-z` starts with `-`",
        "source ssh_config ~/.ssh/config: already there, the first counts: a",
        "source ssh_config other: already there, the first counts: b",
        "none does not exist",
    ] {
        assert!(warnings.contains(part), "{part}: {warnings}");
    }
}

#[test]
fn none_takes_back_what_ssh_config_says() {
    let home = Home::with("");
    let inventory = home.read(
        "defaults: {jump: none, proxy_command: none}\nhosts: {a: {}, b: {jump: a}, c: {jump: null, proxy_command: null}, d: {jump: []}}",
    );
    let of = |name: &str| {
        let route = &inventory.node(name).unwrap().route;
        (route.no_jump, route.no_proxy_command, route.jump.len())
    };
    assert_eq!(of("a"), (true, true, 0));
    assert_eq!(of("b"), (false, true, 1));
    assert_eq!(of("c"), (false, false, 0));
    assert_eq!(of("d"), (true, true, 0));
}
