//! How a command's end is told, and that nothing of it is left.

use std::time::Instant;

use tokio::io::AsyncWriteExt;

use super::*;

fn sh(text: &str) -> Command {
    let mut command = Command::new("sh");
    command.arg("-c").arg(text);
    command
}

fn run(text: &str, tasks: &TaskTracker) -> (Pipe, Said) {
    start(sh(text), Transport::ProxyCommand, |_| "try it", tasks).unwrap()
}

async fn end_of(text: &str) -> (String, Error) {
    let tasks = TaskTracker::new();
    let (mut pipe, said) = run(text, &tasks);
    let mut all = Vec::new();
    let end = pipe.read_to_end(&mut all).await.unwrap_err().to_string();
    let silent = Error::new(Step::Banner, Transport::ProxyCommand, "silent");
    let error = said.explain(silent);
    drop(pipe);
    tasks.close();
    tasks.wait().await;
    (end, error)
}

#[tokio::test]
async fn the_last_words_and_the_exit_code_are_told() {
    let (end, error) =
        end_of("echo first >&2; printf 'nc: \\033[31mno route\\n' >&2; exit 7").await;
    assert_eq!(end, "exit code 7: nc: no route");
    assert_eq!(
        (error.step, error.reason.as_str()),
        (Step::Connect, end.as_str())
    );
    assert_eq!(error.advice.as_str(), "try it");
    let (end, _) = end_of("exec >&- <&-; exec sleep 60").await;
    assert_eq!(end, "it closed its output");
    let (end, _) = end_of("kill -9 $$").await;
    assert_eq!(end, "killed by signal 9");
    let (end, _) = end_of("head -c 9000000 /dev/zero | tr '\\0' x >&2; exit 1").await;
    assert!(end.len() < 400, "{}", end.len());
}

#[tokio::test]
async fn bytes_go_both_ways() {
    let tasks = TaskTracker::new();
    let (mut pipe, _) = run("exec cat", &tasks);
    pipe.write_all(b"ping").await.unwrap();
    let mut back = [0; 4];
    pipe.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"ping");
}

#[tokio::test]
async fn a_dropped_stream_ends_the_command_and_its_children() {
    let tasks = TaskTracker::new();
    // Deaf to SIGTERM, with a child.
    let (mut pipe, _) = run("trap '' TERM; sleep 60 & echo $!; wait; wait", &tasks);
    let mut line = [0; 16];
    let length = pipe.read(&mut line).await.unwrap();
    let child: i32 = str::from_utf8(&line[..length])
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let child = Pid::from_raw(child).unwrap();
    assert!(rustix::process::test_kill_process(child).is_ok());
    let started = Instant::now();
    drop(pipe);
    tasks.close();
    tasks.wait().await;
    assert!(started.elapsed() < Duration::from_secs(10));
    // The orphan is reaped by process 1, soon.
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", child.as_raw_nonzero()));
    let is_running = || state().is_ok_and(|stat| !stat.contains(") Z "));
    while is_running() {
        assert!(started.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
