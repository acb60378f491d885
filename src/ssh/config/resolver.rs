//! The one owner of what ssh_config says: reads the files, asks ssh where they concern a name, and remembers the answers.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    sync::{Semaphore, mpsc, oneshot},
    task::{JoinSet, spawn_blocking},
    time::{Instant, timeout},
};

use super::{
    Source, SshConfig,
    ask::{self, Failure},
    cache::{self, Cache, Key},
    files::{Files, Root},
    said::{Asked, Said},
    subset,
};

/// Processes at once: `ssh -G` takes 6 ms of CPU, and a thousand at once would hold up everything else.
const PROCESSES: usize = 4;

/// Requests that may wait; whoever sends more waits.
const REQUESTS: usize = 64;

/// Whether the files have changed is looked at this often: a storm of connections asks once.
const LOOK: Duration = Duration::from_secs(1);

/// A file system that takes longer is away.
const READING: Duration = Duration::from_secs(3);

type Answer = Result<Arc<Said>, Failure>;

/// A question, by which file, and where the answer goes.
struct Request {
    asked: Asked,
    file: Option<PathBuf>,
    reply: oneshot::Sender<Answer>,
}

/// Asks the owner.
#[derive(Clone, Debug)]
pub(in crate::ssh) struct Resolver(Option<mpsc::Sender<Request>>);

/// The owner's end, before it runs.
pub(in crate::ssh) struct Requests {
    requests: mpsc::Receiver<Request>,
    source: Source,
}

/// Files as they were read, and when they were last looked at.
struct Scan {
    files: Arc<Files>,
    looked: Instant,
    /// Answers may differ from one time to the next.
    volatile: bool,
}

struct Owner {
    source: Source,
    scans: HashMap<Option<PathBuf>, Scan>,
    cache: Cache,
    asking: JoinSet<Option<Asking>>,
    processes: Arc<Semaphore>,
}

/// A process that has ended, for whoever waits.
struct Asking {
    key: Option<Key>,
    answer: Answer,
    reply: oneshot::Sender<Answer>,
}

impl Resolver {
    /// A resolver and the task that owns its answers, to be run by the caller; no task where no ssh_config counts.
    pub(in crate::ssh) fn new(config: &SshConfig) -> (Self, Option<Requests>) {
        let SshConfig::On(source) = config else {
            return (Self(None), None);
        };
        let (sender, requests) = mpsc::channel(REQUESTS);
        let source = source.clone();
        (Self(Some(sender)), Some(Requests { requests, source }))
    }

    /// What is said of a name; nothing where no ssh_config counts. Dropped before its end, no process stays behind.
    pub(super) async fn said(&self, asked: Asked, file: Option<PathBuf>) -> Answer {
        let Some(sender) = &self.0 else {
            return Ok(Arc::default());
        };
        let gone = || Failure::Stuck("the connections are being closed".to_owned());
        let (reply, answer) = oneshot::channel();
        let request = Request { asked, file, reply };
        sender.send(request).await.map_err(|_| gone())?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }
}

impl Requests {
    /// Runs until nobody can ask any more.
    pub(in crate::ssh) async fn run(self) {
        let Self {
            mut requests,
            source,
        } = self;
        let file = source.cache.clone();
        let cache = spawn_blocking(move || Cache::open(file.as_deref())).await;
        let mut owner = Owner {
            source,
            scans: HashMap::new(),
            cache: cache.unwrap_or_default(),
            asking: JoinSet::new(),
            processes: Arc::new(Semaphore::new(PROCESSES)),
        };
        loop {
            tokio::select! {
                biased;
                Some(done) = owner.asking.join_next() => owner.settle(done.ok().flatten()),
                request = requests.recv() => match request {
                    Some(request) => owner.serve(request).await,
                    None => return,
                },
            }
        }
    }
}

impl Owner {
    async fn serve(&mut self, request: Request) {
        let Request { asked, file, reply } = request;
        if !self.look(file.as_deref()).await {
            let reason = "the files of ssh_config could not be read in time".to_owned();
            // Whoever asked may have gone.
            let _ = reply.send(Err(Failure::Stuck(reason)));
            return;
        }
        let Some(scan) = self.scans.get(&file) else {
            return;
        };
        if !subset::concerns(&scan.files, &asked.name) {
            let said = subset::rest(&scan.files, &asked, &self.source.user);
            let _ = reply.send(Ok(Arc::new(said)));
            return;
        }
        let Some(program) = &self.source.program else {
            let said = subset::read(&scan.files, &asked, &self.source.user);
            let _ = reply.send(said.map(Arc::new).map_err(Failure::Refused));
            return;
        };
        let arguments = ask::arguments(file.as_deref().or(self.source.file.as_deref()), &asked);
        let key = (!scan.volatile).then(|| cache::key(program, &arguments, &scan.files));
        if let Some(said) = key.and_then(|key| self.cache.get(&key)) {
            let _ = reply.send(Ok(said));
            return;
        }
        let (program, processes) = (program.clone(), Arc::clone(&self.processes));
        let lists = subset::lists(&scan.files, &asked.name);
        let file = self.source.cache.clone();
        self.asking.spawn(async move {
            let mut reply = reply;
            let answer = async {
                let _permit = processes.acquire().await;
                let mut said = ask::ask(program, arguments).await?;
                said.keep_lists(&lists);
                let said = Arc::new(said);
                if let (Some(key), Some(file)) = (key, file) {
                    write(file, key, Arc::clone(&said)).await;
                }
                Ok(said)
            };
            let answer = tokio::select! {
                biased;
                () = reply.closed() => return None,
                answer = answer => answer,
            };
            Some(Asking { key, answer, reply })
        });
    }

    fn settle(&mut self, done: Option<Asking>) {
        let Some(Asking { key, answer, reply }) = done else {
            return;
        };
        if let (Some(key), Ok(said)) = (key, &answer) {
            self.cache.put(key, said);
        }
        // Whoever asked may have gone.
        let _ = reply.send(answer);
    }

    /// Reads the files where they were not read yet or have changed; false where that takes too long.
    async fn look(&mut self, file: Option<&Path>) -> bool {
        let file = file.map(Path::to_path_buf);
        let known = self.scans.get(&file);
        if known.is_some_and(|scan| scan.looked.elapsed() < LOOK) {
            return true;
        }
        let known = known.map(|scan| Arc::clone(&scan.files));
        let roots = self.source.roots(file.as_deref());
        let read = move || match known {
            Some(files) if files.are_current() => None,
            _ => {
                let files = Files::read(&roots);
                let volatile = subset::is_volatile(&files);
                Some((Arc::new(files), volatile))
            }
        };
        let looked = Instant::now();
        let Ok(Ok(read)) = timeout(READING, spawn_blocking(read)).await else {
            return false;
        };
        match (read, self.scans.get_mut(&file)) {
            (Some((files, volatile)), _) => {
                let scan = Scan {
                    files,
                    looked,
                    volatile,
                };
                if self.scans.insert(file, scan).is_some() {
                    self.cache.clear();
                }
            }
            (None, Some(scan)) => scan.looked = looked,
            (None, None) => {}
        }
        true
    }
}

/// Writes an answer down; without that it is asked for again another time.
async fn write(file: PathBuf, key: Key, said: Arc<Said>) {
    let append = spawn_blocking(move || {
        if let Err(error) = cache::append(&file, &key, &said) {
            tracing::debug!("{}: {error}", file.display());
        }
    });
    // A disk that takes longer is not waited for.
    let _ = timeout(READING, append).await;
}

impl Source {
    /// The files to begin with, the first before the others.
    fn roots(&self, file: Option<&Path>) -> Vec<Root> {
        let named = file.or(self.file.as_deref());
        if let Some(path) = named {
            return vec![Root {
                path: path.to_owned(),
                home: Some(self.home.clone()),
                private: false,
                named: true,
            }];
        }
        let own = Root {
            path: self.home.join(".ssh/config"),
            home: Some(self.home.clone()),
            private: true,
            named: false,
        };
        let system = Root {
            path: "/etc/ssh/ssh_config".into(),
            home: None,
            private: false,
            named: false,
        };
        vec![own, system]
    }
}
