//! What is said of a name, by our own reading and by ssh.

use std::fs;

use super::{files::Files, *};

fn source(file: PathBuf) -> Source {
    Source {
        file: Some(file),
        home: "/home/me".into(),
        user: "me".to_owned(),
        cache: None,
        program: None,
    }
}

pub(super) fn name(name: &str) -> Asked {
    Asked {
        name: name.to_owned(),
        ..Asked::default()
    }
}

/// What the text says of a name, by our own reading.
fn own(text: &str, asked: &Asked) -> Result<Said, String> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, text).unwrap();
    subset::read(&files(&file), asked, "me")
}

pub(super) fn files(file: &Path) -> Files {
    Files::read(&[files::Root {
        path: file.to_owned(),
        home: Some("/home/me".into()),
        private: false,
        named: true,
    }])
}

fn resolved(output: &str) -> Resolved {
    let variable = |name: &str| (name == "SOCK").then(|| "/run/agent".to_owned());
    Resolved::of(
        &Said::parse(output),
        &name("gpu07"),
        &source("/c".into()),
        &variable,
    )
    .unwrap()
}

#[test]
fn defaults_of_ssh_say_nothing() {
    let output = "host gpu07\nport 22\nhostname gpu07\nidentitiesonly no\nstricthostkeychecking ask\n\
        serveralivecountmax 3\nserveraliveinterval 0\nidentityfile ~/.ssh/id_rsa\n\
        identityfile ~/.ssh/id_ecdsa\nidentityfile ~/.ssh/id_ed25519\nidentityfile ~/.ssh/id_dsa\n\
        globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2\n\
        userknownhostsfile /home/me/.ssh/known_hosts /home/me/.ssh/known_hosts2\n\
        connecttimeout none\nproxyusefdpass no\naddressfamily any\ntcpkeepalive yes\n\
        pubkeyauthentication true\nkbdinteractiveauthentication yes\npasswordauthentication yes\n\
        numberofpasswordprompts 3\n";
    let expected = Resolved {
        host: Some("gpu07".to_owned()),
        port: Some(22),
        ..Resolved::default()
    };
    assert_eq!(resolved(output), expected);
}

#[test]
fn everything_that_is_said_is_taken() {
    let output = "hostname 10.0.3.7\nport 2222\nuser ops\nidentityfile ~/.ssh/%r_%n\n\
        certificatefile %d/c-cert.pub\nidentitiesonly yes\nidentityagent $SOCK\n\
        proxyjump a@b:33,c\nuserknownhostsfile none\nglobalknownhostsfile /g\n\
        stricthostkeychecking false\nhostkeyalias gpu\nconnecttimeout 7\n\
        serveraliveinterval 60\nserveralivecountmax 2\nciphers aes128-ctr\nhashknownhosts yes\n\
        preferredauthentications password,publickey\npubkeyauthentication false\npasswordauthentication yes\n\
        numberofpasswordprompts 1\nbindaddress 127.0.0.7\naddressfamily inet\ntcpkeepalive no\n\
        knownhostscommand none\nrevokedhostkeys none\n";
    let resolved = resolved(output);
    let hops: Vec<&str> = resolved
        .jump
        .iter()
        .map(|hop| hop.address.as_str())
        .collect();
    assert_eq!(hops, ["b", "c"]);
    let expected = Resolved {
        host: Some("10.0.3.7".to_owned()),
        port: Some(2222),
        user: Some("ops".to_owned()),
        identities: Some(vec!["/home/me/.ssh/ops_gpu07".into()]),
        certificates: vec!["/home/me/c-cert.pub".into()],
        identities_only: true,
        agent: Some(Agent::Socket("/run/agent".into())),
        known_hosts: Some(vec!["/dev/null".into(), "/g".into()]),
        host_key_alias: Some("gpu".to_owned()),
        hash_known_hosts: true,
        host_keys: Some(HostKeyPolicy::AcceptNew),
        connect_timeout: Some(Duration::from_secs(7)),
        alive_interval: Some(Duration::from_mins(1)),
        alive_max: Some(2),
        jump: resolved.jump.clone(),
        proxy_command: None,
        algorithms: Algorithms {
            ciphers: Some("aes128-ctr".to_owned()),
            ..Algorithms::default()
        },
        proxy_hands_over: false,
        methods: Methods::new(Some("password"), |_| false, Some(1)),
        socket: Socket {
            bind: Some("127.0.0.7".to_owned()),
            family: Family::Four,
            keepalive: false,
        },
    };
    assert_eq!(resolved, expected);
}

#[test]
fn an_agent_may_be_none_the_usual_one_or_a_variable() {
    let of = |value: &str| resolved(&format!("identityagent {value}\n")).agent;
    assert_eq!(of("none"), Some(Agent::Off));
    assert_eq!(of("SSH_AUTH_SOCK"), None);
    assert_eq!(of("$UNSET"), Some(Agent::Off));
    assert_eq!(of("~/a"), Some(Agent::Socket("/home/me/a".into())));
    assert_eq!(of("${SOCK}.2"), Some(Agent::Socket("/run/agent.2".into())));
    assert_eq!(resolved("identityfile none\n").identities, Some(vec![]));
    assert_eq!(
        resolved("proxyjump none\nproxycommand none\n"),
        Resolved::default()
    );
}

#[test]
fn what_cannot_be_obeyed_is_refused_by_name() {
    for (line, word) in [
        (
            "knownhostscommand /usr/bin/keys %H",
            "KnownHostsCommand none",
        ),
        ("revokedhostkeys /etc/ssh/revoked", "RevokedHostKeys none"),
        ("bindinterface tun0", "BindAddress"),
    ] {
        let said = Said::parse(line);
        let read = Resolved::of(&said, &name("a"), &source("/c".into()), &|_| None);
        let error = read.unwrap_err();
        assert!(error.contains(word), "{error}");
    }
}

#[test]
fn what_ssh_calls_the_connection_counts_before_our_own_count() {
    let of = |text: &str| resolved(&format!("{text}identityagent /run/%C.%j\n")).agent;
    let agent = |name: String| Some(Agent::Socket(format!("/run/{name}").into()));
    let hash = "0123456789abcdef".repeat(3)[..40].to_owned();
    let said = format!("controlpath {hash}\nproxyjump a@b:33,c@d:2\n");
    assert_eq!(of(&said), agent(format!("{hash}.d")));
    let own = of("controlpath none\n");
    assert!(own.is_some() && own != agent("none.".to_owned()), "{own:?}");
}

#[test]
fn what_becomes_an_argument_is_checked() {
    for bad in [
        "-oProxyCommand=x",
        "a b",
        "a;b",
        "",
        "a\nb",
        "u@h",
        "ssh://h",
    ] {
        assert!(asked(&Node::blank(bad)).is_err(), "{bad}");
        let node = Node {
            address: bad.to_owned(),
            ..Node::blank("a")
        };
        assert!(asked(&node).is_err(), "{bad}");
    }
    let node = Node {
        user: Some("-oX".to_owned()),
        ..Node::blank("a")
    };
    assert!(asked(&node).is_err());
    let asked = Asked {
        address: Some("fe80::1%eth0".to_owned()),
        user: Some("ops".to_owned()),
        port: Some(2222),
        ..name("a")
    };
    let words = ask::arguments(Some(Path::new("/c")), &asked);
    let words: Vec<_> = words.iter().map(|word| word.to_str().unwrap()).collect();
    assert_eq!(
        words.join(" "),
        "-G -oControlPath=%C -F /c -o HostName=fe80::1%%eth0 -l ops -p 2222 -- a"
    );
}

#[test]
fn what_our_own_reading_cannot_do_it_refuses_with_file_and_line() {
    for text in [
        "Match exec true\n Port 3",
        "Host b\nMatch final\n Port 3",
        "Match localnetwork 10.0.0.0/8\n Port 3",
        "Match host a exec true\nPort 3",
        "Match tagged x\nPort 3",
        "Match all host a\nPort 3",
        "Match\nPort 3",
        "CanonicalizeHostname yes",
        "Include ~/$X",
        "Include ~no-such-user/x",
        "Port ssh",
        "Port 0",
        "User a b",
        "User \"a",
        "Nonsense 1",
        "HostName %n",
        "Tag x",
    ] {
        assert!(own(text, &name("a")).is_err(), "{text}");
    }
    let error = own("Host a\n Port 1\n\nMatch exec \"true\"\n", &name("a")).unwrap_err();
    assert!(error.contains("config line 4: match: `exec`"), "{error}");
    // Where the other criteria don't hold, ssh runs no command either.
    let said = own(
        "Match host b exec true\n Port 3\nMatch all\n Port 4",
        &name("a"),
    );
    assert_eq!(said.unwrap().one("port"), Some("4"));
    let said = own("IgnoreUnknown non*,x\nNonsense 1\nPort 4", &name("a"));
    assert_eq!(said.unwrap().one("port"), Some("4"));
}

#[test]
fn no_process_is_needed_where_nothing_concerns_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let concerns = |text: &str| {
        fs::write(&file, text).unwrap();
        subset::concerns(&files(&file), "web1")
    };
    assert!(!concerns(
        "Host *\n SendEnv LANG\n HashKnownHosts yes\nHost gpu*\n User x"
    ));
    let said = subset::rest(&files(&file), &name("web1"), "me");
    assert_eq!(said.lines(), ["hashknownhosts yes"]);
    for text in [
        "Host web?\n Port 3",
        "Port 3",
        "Match host x\n Port 3",
        "Foo bar",
        "Host \"",
        "Include ~no-such-user/y",
    ] {
        assert!(concerns(text), "{text}");
    }
    fs::write(folder.path().join("more"), "Port 3").unwrap();
    assert!(!concerns(&format!(
        "Host gpu*\nInclude {}/more",
        folder.path().display()
    )));
    assert!(concerns(&format!(
        "Host web*\nInclude {}/m*",
        folder.path().display()
    )));
}

#[test]
fn answers_that_may_change_by_themselves_are_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let volatile = |text: &str| {
        fs::write(&file, text).unwrap();
        subset::is_volatile(&files(&file))
    };
    for text in [
        "Match exec true",
        "Match host a localnetwork 10.0.0.0/8",
        "CanonicalizeHostname always",
        "Include $X/c",
        "Match nonsense 1",
    ] {
        assert!(volatile(text), "{text}");
    }
    assert!(!volatile(
        "Match host a user b\n Port 3\nMatch final all\nCanonicalizeHostname no"
    ));
}

#[test]
fn every_change_of_a_file_or_of_a_folder_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let include = format!(
        "Include {0}/d/*.conf {0}/missing\n",
        folder.path().display()
    );
    fs::create_dir(folder.path().join("d")).unwrap();
    fs::write(folder.path().join("d/a.conf"), "Host a\n").unwrap();
    fs::write(&file, include).unwrap();
    let add = || fs::write(folder.path().join("d/b.conf"), "").unwrap();
    let change = || fs::write(folder.path().join("d/a.conf"), "Host b\n#").unwrap();
    let appear = || fs::write(folder.path().join("missing"), "").unwrap();
    let steps: [&dyn Fn(); 3] = [&add, &change, &appear];
    for step in steps {
        let seen = files(&file);
        assert!(seen.faults.is_empty() && seen.are_current());
        step();
        assert!(!seen.are_current());
    }
}

#[test]
fn files_that_include_each_other_end() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    fs::write(&file, format!("Include {}", file.display())).unwrap();
    let files = files(&file);
    assert_eq!(files.faults.len(), 1);
    assert!(
        files.faults[0].contains("without end"),
        "{:?}",
        files.faults
    );
}

#[test]
fn hosts_without_wildcards_are_listed_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    let more = folder.path().join("more");
    fs::write(&more, "Host c a\n").unwrap();
    let text = format!(
        "Host a b* !d \"e\" ?f\nMatch host x\nInclude {}\nhost=g",
        more.display()
    );
    fs::write(&file, text).unwrap();
    let listing = list(&file, Path::new("/home/me"));
    let names: Vec<&str> = listing
        .hosts
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["a", "e", "c", "g"]);
    assert_eq!(listing.hosts[2].1, format!("{} line 1", more.display()));
    assert_eq!(listing.files, [file, more]);
    assert!(!list(Path::new("/none"), Path::new("/")).faults.is_empty());
}
