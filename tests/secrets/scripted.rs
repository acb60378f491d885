//! A real SSH server whose logins follow a script: what sshd asks only with PAM, and any order of steps.

use std::{borrow::Cow, net::Ipv4Addr, sync::Arc, time::Duration};

use russh::{
    MethodKind, MethodSet,
    keys::{Algorithm, PrivateKey},
    server::{Auth, Config, Handler, Response, run_stream},
};
use sshoal::{
    node::{HostKeyPolicy, Node, Transport},
    ssh,
};
use tokio::{net::TcpListener, task::JoinSet};

/// One step of a login.
#[derive(Clone)]
pub(crate) enum Step {
    Password(&'static str),
    /// Rounds of a conversation.
    Codes(Vec<Round>),
}

/// What is asked, with whether it may be seen, and the right answers.
#[derive(Clone)]
pub(crate) struct Round(
    pub(crate) Vec<(&'static str, bool)>,
    pub(crate) Vec<&'static str>,
);

impl Step {
    fn method(&self) -> MethodSet {
        let kind = match self {
            Self::Password(_) => MethodKind::Password,
            Self::Codes(_) => MethodKind::KeyboardInteractive,
        };
        MethodSet::from([kind].as_slice())
    }
}

/// The server; stopped when dropped.
pub(crate) struct Scripted {
    port: u16,
    folder: tempfile::TempDir,
    _task: JoinSet<()>,
}

impl Scripted {
    pub(crate) async fn start(steps: Vec<Step>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let key = PrivateKey::random(&mut russh::keys::key::safe_rng(), Algorithm::Ed25519);
        let config = Arc::new(Config {
            keys: vec![key.unwrap()],
            auth_rejection_time: Duration::ZERO,
            ..Config::default()
        });
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut visits = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let door = Door {
                    steps: steps.clone(),
                    at: 0,
                    round: 0,
                };
                let config = Arc::clone(&config);
                visits.spawn(async move {
                    if let Ok(session) = run_stream(config, stream, door).await {
                        let _ = session.await;
                    }
                });
            }
        });
        Self {
            port,
            folder: tempfile::tempdir().unwrap(),
            _task: task,
        }
    }

    pub(crate) fn node(&self) -> Node {
        Node {
            address: "127.0.0.1".to_owned(),
            port: Some(self.port),
            transports: vec![Transport::Direct],
            host_keys: Some(HostKeyPolicy::AcceptNew),
            ..Node::blank("scripted")
        }
    }

    pub(crate) fn config(&self) -> ssh::Config {
        ssh::Config::apart(vec![self.folder.path().join("known_hosts")], "ops")
    }
}

struct Door {
    steps: Vec<Step>,
    at: usize,
    round: usize,
}

impl Door {
    fn passed(&mut self) -> Auth {
        self.at += 1;
        self.round = 0;
        match self.steps.get(self.at) {
            None => Auth::Accept,
            Some(step) => Auth::Reject {
                proceed_with_methods: Some(step.method()),
                partial_success: true,
            },
        }
    }

    fn wrong(&mut self) -> Auth {
        self.round = 0;
        Auth::Reject {
            proceed_with_methods: Some(self.steps[self.at].method()),
            partial_success: false,
        }
    }

    fn ask(round: &Round) -> Auth {
        let prompts = round.0.iter();
        let prompts: Vec<_> = prompts
            .map(|(p, echo)| (Cow::Borrowed(*p), *echo))
            .collect();
        Auth::Partial {
            name: "Login".into(),
            instructions: "Type what is asked".into(),
            prompts: prompts.into(),
        }
    }
}

impl Handler for Door {
    type Error = russh::Error;

    async fn auth_none(&mut self, _user: &str) -> Result<Auth, russh::Error> {
        Ok(self.wrong())
    }

    async fn auth_password(&mut self, _user: &str, password: &str) -> Result<Auth, russh::Error> {
        let Step::Password(right) = self.steps[self.at] else {
            return Ok(self.wrong());
        };
        Ok(if right == password {
            self.passed()
        } else {
            self.wrong()
        })
    }

    async fn auth_keyboard_interactive<'a>(
        &'a mut self,
        _user: &str,
        _submethods: &str,
        response: Option<Response<'a>>,
    ) -> Result<Auth, russh::Error> {
        let Step::Codes(rounds) = self.steps[self.at].clone() else {
            return Ok(self.wrong());
        };
        if let Some(response) = response {
            let told: Vec<_> = response.collect();
            if told != rounds[self.round].1 {
                return Ok(self.wrong());
            }
            self.round += 1;
        }
        match rounds.get(self.round) {
            Some(round) => Ok(Self::ask(round)),
            None => Ok(self.passed()),
        }
    }
}
