//! Questions that are answered by typing: nothing is seen that shouldn't be, and nothing is answered that wasn't read.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

#[path = "support/fake.rs"]
mod fake;
#[path = "support/screen.rs"]
mod screen;

use insta::assert_snapshot;
use screen::Screen;
use sshoal::{
    fleet::Millis,
    node::NodeId,
    ssh::{Answer, Field, Prompt, PromptId, Question, Secret},
    ui::{effect::Effect, event::Event},
};

fn small() -> Screen {
    Screen::new((80, 24), fake::fleet(24))
}

fn host_key(id: u64) -> Event {
    Event::Prompt(Prompt {
        id: PromptId(id),
        node: NodeId::new(&format!("web{id}")),
        question: Question::HostKey {
            host: "web".into(),
            algorithm: "ssh-ed25519".into(),
            fingerprint: "SHA256:x".into(),
        },
    })
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned().into())
}

fn password(id: u64, user: &str) -> Event {
    Event::Prompt(Prompt {
        id: PromptId(id),
        node: NodeId::new(&format!("web{id}")),
        question: Question::Password {
            user: user.into(),
            host: "[web.example.org]:2222".into(),
            attempt: 2,
        },
    })
}

fn codes() -> Event {
    let field = |label: &str, echo| Field {
        label: label.into(),
        echo,
    };
    Event::Prompt(Prompt {
        id: PromptId(9),
        node: NodeId::new("web9"),
        question: Question::Codes {
            user: "ops".into(),
            host: "web9".into(),
            name: "Two-factor \u{1b}[31mlogin".into(),
            instruction: "Type the code that your telephone shows, or 1 for a call.".into(),
            fields: vec![field("Verification code:", false), field("Room:", true)],
        },
    })
}

#[test]
fn a_password_is_typed_unseen_and_sent_with_enter() {
    let mut screen = small();
    screen.app.update(password(1, "ops"));
    screen.text("hunted");
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert_eq!(screen.keys("q y n ?"), [], "letters are text");
    screen.app.update(Event::Paste("hunter2\n".to_owned()));
    let shown = screen.rows().concat();
    assert!(!shown.contains("hunter2") && shown.contains("•••••••••••_"));
    assert!(!format!("{:?}", screen.app).contains("hunter2"));
    assert_snapshot!("password-80x24", screen.picture());
    let effects = screen.keys("enter");
    assert!(!format!("{effects:?}").contains("hunter2"));
    let answer = Answer::Secrets(vec![secret("qyn?hunter2")]);
    assert_eq!(effects, [Effect::Answer(PromptId(1), answer)]);
    assert_eq!(screen.keys("q"), [Effect::Quit]);
}

#[test]
fn one_password_for_all_is_a_wish_of_its_own() {
    let mut screen = small();
    for (id, user) in [(1, "ops"), (2, "ops"), (3, "root")] {
        screen.app.update(password(id, user));
    }
    screen.app.update(host_key(4));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    assert!(screen.rows().concat().contains("[ ] also for the 1 others"));
    screen.text("x");
    let for_all = Answer::ForAll(vec![secret("x")]);
    assert_eq!(
        screen.keys("tab enter"),
        [Effect::Answer(PromptId(1), for_all)]
    );
    assert_eq!(screen.keys("enter"), [], "the next one has just appeared");
    screen.app.update(Event::PromptGone(PromptId(2)));
    screen.tick(Millis(fake::NOW.0 + 2_000));
    screen.text("y");
    let one = Answer::Secrets(vec![secret("y")]);
    assert_eq!(
        screen.keys("tab enter"),
        [Effect::Answer(PromptId(3), one)],
        "no other asks for root's"
    );
}

#[test]
fn codes_have_a_line_each_and_none_is_left_behind() {
    let mut screen = small();
    screen.app.update(codes());
    screen.app.update(password(1, "ops"));
    screen.tick(Millis(fake::NOW.0 + 1_000));
    screen.text("123");
    assert_eq!(screen.keys("enter"), []);
    screen.text("B2");
    assert_snapshot!("codes-80x24", screen.picture());
    assert_eq!(screen.keys("up backspace enter"), []);
    let answer = Answer::Secrets(vec![secret("12"), secret("B2")]);
    assert_eq!(screen.keys("enter"), [Effect::Answer(PromptId(9), answer)]);
    screen.tick(Millis(fake::NOW.0 + 2_000));
    assert!(!screen.rows().concat().contains("B2"));
    assert_eq!(
        screen.keys("esc"),
        [Effect::Answer(PromptId(1), Answer::No)]
    );
}

#[test]
fn nothing_is_typed_into_a_question_that_is_not_seen_whole() {
    let mut screen = Screen::new((40, 10), fake::fleet(24));
    screen.app.update(codes());
    screen.tick(Millis(fake::NOW.0 + 1_000));
    screen.text("123");
    screen.resize(80, 24);
    assert!(!screen.rows().concat().contains('•'));
    screen.resize(40, 10);
    assert_eq!(screen.keys("enter"), []);
    assert_eq!(
        screen.keys("esc"),
        [Effect::Answer(PromptId(9), Answer::No)]
    );
    screen.app.update(Event::Prompt(Prompt {
        id: PromptId(10),
        node: NodeId::new("web1"),
        question: Question::Passphrase {
            user: "ops".into(),
            file: "~/.ssh/id_ed25519".into(),
            attempt: 1,
        },
    }));
    screen.tick(Millis(fake::NOW.0 + 2_000));
    screen.text("abc");
    assert_snapshot!("passphrase-40x10", screen.picture());
}
