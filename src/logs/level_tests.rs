use super::*;

#[test]
fn levels_of_every_usual_kind() {
    use Level::{Critical, Debug, Error, Info, Trace, Warning};
    let lines: &[(&str, Level)] = &[
        ("2026-11-21 21:50:01,123 INFO root: x", Info),
        ("2026-11-21 21:50:01,123 - app - WARNING - x", Warning),
        ("[2026-11-21T21:50:01,123][ERROR][o.e.n.Node] x", Error),
        ("[2026-11-21T21:50:01,123][INFO ][o.e.n.Node] x", Info),
        ("2026/11/21 21:50:01 [error] 12#12: x", Error),
        ("2026/11/21 21:50:01 [crit] 12#12: x", Critical),
        ("2026-11-21 21:50:01.123 UTC [4711] LOG:  checkpoint", Info),
        (
            "2026-11-21 21:50:01.123 UTC [4711] FATAL:  no role",
            Critical,
        ),
        ("2026-11-21T21:50:01.123Z 0 [Warning] [MY-1] x", Warning),
        ("2026-11-21 21:50:01 <debug> x", Debug),
        ("Nov 21 21:50:01 n app[1]: error: no such file", Error),
        ("Nov 21 21:50:01 n app[1]: warning: odd", Warning),
        ("panic: runtime error", Critical),
        ("ERROR:root:x", Error),
        ("INFO:     Started server process [1]", Info),
        ("W1121 21:50:01.123456 1 x.go:1] y", Warning),
        ("F1121 21:50:01.123456 1 x.go:1] y", Critical),
        ("<34>Nov 21 21:50:01 n su: x", Critical),
        ("<3>error of the kernel", Error),
        ("<14>1 2026-11-21T21:50:01.003Z h a - - x", Info),
        (r#"{"level":"warn","ts":1,"msg":"ERROR"}"#, Warning),
        (r#"{"level":50,"msg":"x"}"#, Error),
        (r#"{"severity":"ERROR","message":"x"}"#, Error),
        (r#"{"PRIORITY":"4","MESSAGE":"x"}"#, Warning),
        (
            r#"time="2026-11-21T21:50:01Z" level=fatal msg="x""#,
            Critical,
        ),
        ("ts=1795297801 lvl=dbg msg=ERROR", Debug),
        (
            r#"1.2.3.4 - - [21/Nov/2026:21:50:01 +0000] "GET / HTTP/1.1" 502 1"#,
            Error,
        ),
        (
            r#"1.2.3.4 - - [21/Nov/2026:21:50:01 +0000] "GET / HTTP/2.0" 404 1"#,
            Warning,
        ),
        (
            r#"1.2.3.4 - - [21/Nov/2026:21:50:01 +0000] "GET / HTTP/2.0" 200 1"#,
            Info,
        ),
        ("Traceback (most recent call last):", Error),
        ("[12.5] app[1]: segfault at 0 ip 1", Error),
        ("\x1b[31mERROR\x1b[0m x", Error),
        (
            "\x1b[2m2026-11-21T21:50:01Z\x1b[0m \x1b[32m INFO\x1b[0m tracing",
            Info,
        ),
        ("TRACE x", Trace),
    ];
    for (line, level) in lines {
        assert_eq!(read(line.as_bytes()), Some(*level), "{line}");
    }
}

#[test]
fn a_word_in_a_message_is_no_level() {
    for line in [
        "",
        "an error came up",
        "no errors",
        "GET /INFO/x",
        "INFORMATION",
        "MY_ERROR=1",
        "error.log was rotated",
        "user:info",
        r#"{"msg":"ERROR"}"#,
        r#"{"a":{"level":"error"}}"#,
        "<>x",
        "level=",
        "level=25",
    ] {
        assert_eq!(read(line.as_bytes()), None, "{line}");
    }
    let far = " ".repeat(NEAR) + "ERROR";
    assert_eq!(read(far.as_bytes()), None);
}
