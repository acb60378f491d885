use proptest::prelude::*;

use super::*;

/// 2026-11-21T21:50:01Z.
const NOW: i64 = 1_795_297_801_000_000;
const MS: i64 = 1000;
const S: i64 = 1_000_000;
const HOUR: i64 = 3600 * S;

fn berlin() -> Reader {
    let zone = Zone {
        offset_s: 3600,
        now_us: NOW,
    };
    Reader::new(zone, 0)
}

fn read(line: &str) -> Option<i64> {
    berlin().read(line.as_bytes())
}

/// Real-world lines whose time is `NOW` plus the microseconds beside them, on a node one hour ahead of UTC.
const TIMES: &[(&str, i64)] = &[
    ("2026-11-21T21:50:01Z started", 0),
    (
        "2026-11-21T21:50:01.123456789Z stdout F in a container",
        123_456,
    ),
    ("2026-11-21T21:50:01.123456789+00:00 stdout P x", 123_456),
    ("2026-11-21T22:50:01+01:00 x", 0),
    ("2026-11-21T16:50:01-0500 journalctl -o short-iso", 0),
    (
        "2026-11-21T22:50:01.123456+01:00 node1 sshd[1]: short-iso-precise",
        123_456,
    ),
    ("2026-11-21T22:50:01+0100 node1 systemd[1]: Started x.", 0),
    ("2026-11-21t21:50:01z", 0),
    ("2026-11-21 22:50:01,123 INFO root: python", 123 * MS),
    (
        "2026-11-21 22:50:01.123 [main] DEBUG c.e.App - java",
        123 * MS,
    ),
    (
        "2026-11-21 21:50:01.123 UTC [4711] LOG:  checkpoint",
        123 * MS,
    ),
    ("2026-11-21 21:50:01 +0000 ruby", 0),
    ("2026-11-21 21:50:01+00 x", 0),
    ("2026-11-21_22:50:01.5 runit's svlogd -tt", 500 * MS),
    (
        "[2026-11-21 22:50:01,123] {taskinstance.py:1} INFO - airflow",
        123 * MS,
    ),
    ("[2026-11-21T22:50:01.123] error: slurmd", 123 * MS),
    (
        "[2026-11-21T22:50:01,123][INFO ][o.e.n.Node] elastic",
        123 * MS,
    ),
    ("[2026-11-21 22:50:01 TP0] Decode batch", 0),
    ("2026/11/21 22:50:01 [error] 12#12: *1 open() failed", 0),
    ("2026/11/21 22:50:01.123456 main.go:12: x", 123_456),
    ("INFO 2026-11-21 22:50:01 x", 0),
    ("INFO  2026-11-21 22:50:01,123 x", 123 * MS),
    ("[INFO] 2026-11-21 22:50:01 x", 0),
    ("[WARN ] 2026-11-21 22:50:01 x", 0),
    (
        "Sat 2026-11-21 21:50:01 UTC node1 systemd[1]: short-full",
        0,
    ),
    ("\u{feff}2026-11-21T21:50:01Z a file of Windows", 0),
    ("2026-11-21T21:50:01Z\r", 0),
    ("2026-11-21T21:50:01Z", 0),
    ("2026-11-21 22:50:01: colon", 0),
    (
        "<165>1 2026-11-21T21:50:01.003Z host app - - RFC 5424",
        3 * MS,
    ),
    ("Nov 21 22:50:01 node1 CRON[1]: x", 0),
    ("Nov 21 22:50:01.250 node1 x", 250 * MS),
    ("<34>Nov 21 22:50:01 node1 su: RFC 3164", 0),
    ("Nov 21 22:50:01: %SYS-5-CONFIG", 0),
    ("Nov 21 2026 22:50:01 fw1 : %ASA-6", 0),
    ("Sat Nov 21 22:50:01 2026 x", 0),
    ("Sat Nov 21 22:50:01 CET 2026", 0),
    (
        "[Sat Nov 21 22:50:01.123456 2026] [core:error] [pid 1] apache",
        123_456,
    ),
    ("[Sat Nov 21 22:50:01 2026] [error] old apache, dmesg -T", 0),
    ("Sat, 21 Nov 2026 21:50:01 +0000 mail", 0),
    ("1795297801 seconds", 0),
    ("1795297801.123456 node1 systemd[1]: short-unix", 123_456),
    (
        "1795297801.123    456 10.0.0.1 TCP_MISS/200 squid",
        123 * MS,
    ),
    ("1795297801123 thousandths", 123 * MS),
    ("1795297801123456 millionths", 123_456),
    ("1795297801123456789 billionths", 123_456),
    ("[1795297801] nagios", 0),
    ("[1795297801.123456] wayland", 123_456),
    (
        r#"{"level":"info","ts":1795297801.123,"caller":"x.go:1","msg":"zap"}"#,
        123 * MS,
    ),
    (r#"{"ts":1.795297801123e9,"msg":"x"}"#, 123 * MS),
    (
        r#"{"level":30,"time":1795297801123,"pid":1,"msg":"pino"}"#,
        123 * MS,
    ),
    (
        r#"{"time":"2026-11-21T21:50:01.123Z","level":"INFO","msg":"slog"}"#,
        123 * MS,
    ),
    (
        r#"{ "@timestamp" : "2026-11-21T21:50:01.123Z", "message":"logstash" }"#,
        123 * MS,
    ),
    (
        r#"{"log":"a \" \\ {\n","stream":"stderr","time":"2026-11-21T21:50:01Z"}"#,
        0,
    ),
    (
        r#"{"a":{"time":"2001-01-01T00:00:00Z"},"b":[1,"]"],"timestamp":1795297801}"#,
        0,
    ),
    (
        r#"{"t":{"$date":"2026-11-21T22:50:01.123+01:00"},"s":"I","c":"NETWORK"}"#,
        123 * MS,
    ),
    (
        r#"{"PRIORITY":"6","__REALTIME_TIMESTAMP":"1795297801123456","MESSAGE":"x"}"#,
        123_456,
    ),
    (r#"time="2026-11-21T21:50:01Z" level=info msg="dockerd""#, 0),
    (
        "ts=2026-11-21T21:50:01.123Z caller=main.go:1 level=info",
        123 * MS,
    ),
    ("level=info component=x ts=1795297801.5 msg=y", 500 * MS),
    ("t=2026-11-21T22:50:01+0100 lvl=info msg=grafana", 0),
    (
        "type=SYSCALL msg=audit(1795297801.123:456): arch=c000003e",
        123 * MS,
    ),
    ("I1121 22:50:01.123456       1 main.go:1] klog", 123_456),
    ("E1121 22:50:01.123456   4711 x.cc:1] glog", 123_456),
    (
        "[rank0]:[W1121 22:50:01.123456 ProcessGroupNCCL.cpp:1] torch",
        123_456,
    ),
    (
        r#"10.0.0.1 - - [21/Nov/2026:21:50:01 +0000] "GET / HTTP/1.1" 200 1"#,
        0,
    ),
    (
        r#"::1 - bob [21/Nov/2026:22:50:01 +0100] "GET / HTTP/1.1" 200 1"#,
        0,
    ),
    (
        r#"www:443 10.0.0.1 - - [21/Nov/2026:21:50:01 +0000] "GET /" 200"#,
        0,
    ),
    ("[21/Nov/2026:21:50:01 +0000] x", 0),
    ("21-Nov-2026 22:50:01.123 INFO [main] tomcat", 123 * MS),
    ("1234:M 21 Nov 2026 22:50:01.123 * redis", 123 * MS),
    ("INFO 11-21 22:50:01 [core.py:12] vllm", 0),
    (
        "(EngineCore_0 pid=12) INFO 11-21 22:50:01 [core.py:12] vllm",
        0,
    ),
];

#[test]
fn times_of_every_usual_kind() {
    for (line, us) in TIMES {
        assert_eq!(read(line).map(|at| at - NOW), Some(*us), "{line}");
    }
}

/// Lines that have a time somewhere else, or nearly one.
const NO_TIMES: &[&str] = &[
    "",
    " ",
    "[",
    "{",
    "<",
    "<>",
    "{}",
    "no time at all",
    "    at com.example.App(2026-11-21 21:50:01)",
    "  2026-11-21T21:50:01Z is a continuation",
    "the backup of 2026-11-21T21:50:01Z failed",
    "request failed time=2026-11-21T21:50:01Z",
    "GET /x?ts=1795297801 HTTP/1.1",
    r#"he said {"ts":1795297801}"#,
    r#"{"msg":"{\"ts\":1795297801}"}"#,
    r#"{"a":{"ts":1795297801}}"#,
    r#"{"ts":1e30}"#,
    r#"{"ts":-1795297801}"#,
    r#"{"ts":null,"time":"soon"}"#,
    r#"{"ts":"#,
    r#"{"ts"#,
    r#"{"ts\"#,
    r#"{"ts":"2026-11-21T21:50"#,
    r"{]}",
    "2026-13-01T00:00:00Z month 13",
    "2026-00-10T00:00:00Z",
    "2026-02-29T00:00:00Z no leap year",
    "2100-02-29T00:00:00Z no leap year either",
    "2026-11-31T00:00:00Z",
    "2026-11-21T24:00:00Z",
    "2026-11-21T23:60:00Z",
    "2026-11-21T23:59:61Z",
    "2026-11-21",
    "2026-11-21T21:50",
    "2026-11/21 21:50:01",
    "2026-11-21T21:50:01abc",
    "0000-01-01T00:00:00Z",
    "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59Z",
    "2199-12-31T23:59:59Z a clock gone wild",
    "2026-11-24T21:50:01Z three days ahead",
    "Nov 32 21:50:01 x",
    "Nov 21 21:50:61 x",
    "nov 21 21:50:01 x",
    "Nom 21 21:50:01 x",
    "Nov 21 21:50:011",
    "Feb 30 21:50:01 x",
    "1234567890 items of 2009",
    "12345678901 eleven digits",
    "1795297801x",
    "1795297801/2",
    "0000000001 padded",
    "1e30",
    "179529780112345678901234567890",
    "[    5.123456] kernel: since boot",
    "[12345.678901] usb 1-1: new device",
    "I1121 the model",
    "E2134 11:22:33 no fraction, and month 21",
    "11-21 21:50:01 a score, not a date",
    "1.2.3.4 - - [21/Foo/2026:21:50:01 +0000]",
    r#"said "x" to y and then to [21/Nov/2026:21:50:01 +0000]"#,
    "(note) 2026-11-21 21:50:01 was the day",
    "<999999>Nov 21 21:50:01",
    "Sat",
    "Saturday 2026-11-21 21:50:01",
    "INFO",
    "INFORMATION 2026-11-21 21:50:01",
];

#[test]
fn what_is_no_time_of_the_line_is_not_taken() {
    for line in NO_TIMES {
        assert_eq!(read(line), None, "{line}");
    }
}

#[test]
fn bytes_that_are_no_text_are_no_time() {
    for line in [
        &b"\xff\xfe\x00\x00"[..],
        b"2026-11-21T21:50:\xff1Z",
        b"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
        b"{\"\xff\":1,\"ts\":\"\xc3\"}",
    ] {
        assert_eq!(berlin().read(line), None);
    }
    let line = b"2026-11-21T21:50:01Z \xff\xfe";
    assert_eq!(berlin().read(line), Some(NOW), "the rest is free");
}

#[test]
fn a_line_of_ten_megabytes_is_read_no_further_than_a_time_can_stand() {
    for start in [
        "{\"a\":\"",
        "a=\"",
        "1.2.3.4 ",
        "[",
        "{\"a\":[",
        "((((",
        "1795297801",
    ] {
        let line = start.to_owned() + &"9".repeat(10 << 20);
        let mut reader = berlin();
        // A few hundred of these would take a minute if one were read to its end.
        for _ in 0..300 {
            assert_eq!(reader.read(line.as_bytes()), None, "{start}");
        }
    }
}

#[test]
fn a_leap_second_keeps_its_place() {
    let before = read("2016-12-31T23:59:59.9Z x").unwrap();
    let leap = read("2016-12-31T23:59:60Z x").unwrap();
    let part = read("2016-12-31T23:59:60.7Z x").unwrap();
    let after = read("2017-01-01T00:00:00Z x").unwrap();
    assert!(before < leap && leap == part && part < after);
}

#[test]
fn the_year_turns() {
    let zone = |now: &str| Zone {
        offset_s: 3600,
        now_us: now.parse::<jiff::Timestamp>().unwrap().as_microsecond(),
    };
    let at = |now: &str, line: &str| {
        let at = Reader::new(zone(now), 0).read(line.as_bytes())?;
        Some(jiff::Timestamp::from_microsecond(at).unwrap().to_string())
    };
    let is = |time: &str| Some(time.to_owned());
    let old_year = "Dec 31 23:59:59 n x";
    assert_eq!(
        at("2027-01-01T00:00:05Z", old_year),
        is("2026-12-31T22:59:59Z")
    );
    let new_year = "Jan  1 00:30:00 n x";
    assert_eq!(
        at("2026-12-31T23:30:00Z", new_year),
        is("2026-12-31T23:30:00Z")
    );
    let last_year = "Mar  3 10:00:00 n x";
    assert_eq!(
        at("2026-02-20T00:00:00Z", last_year),
        is("2025-03-03T09:00:00Z")
    );
    let leap_day = "Feb 29 12:00:00 n x";
    assert_eq!(
        at("2026-11-21T00:00:00Z", leap_day),
        is("2024-02-29T11:00:00Z")
    );
    assert_eq!(
        at("2103-11-21T00:00:00Z", leap_day),
        is("2096-02-29T11:00:00Z")
    );

    let mut reader = Reader::new(zone("2026-12-31T20:00:00Z"), 0);
    reader.set_now(zone("2027-01-10T00:00:00Z").now_us);
    let at = reader.read(b"Jan  9 12:00:00 n x");
    assert_eq!(
        at,
        Some(zone("2027-01-09T11:00:00Z").now_us),
        "followed past it"
    );
}

#[test]
fn a_wrong_clock_is_set_right() {
    let zone = Zone {
        offset_s: 0,
        now_us: NOW + 600 * S,
    };
    let mut reader = Reader::new(zone, 600 * S);
    assert_eq!(
        reader.read(b"2026-11-21T22:00:01Z ten minutes fast"),
        Some(NOW)
    );
    reader.set_now(NOW + HOUR);
    assert_eq!(reader.read(b"Nov 21 23:00:01 n x"), Some(NOW + HOUR));
    for skew in [i64::MIN, i64::MAX] {
        let mut reader = Reader::new(zone, skew);
        reader.set_now(NOW);
        let _ = reader.read(b"2026-11-21T22:00:01Z a skew that can't be");
    }
}

#[test]
fn a_stream_may_change_its_mind() {
    let mut reader = berlin();
    for _ in 0..2 {
        assert_eq!(reader.read(b"2026-11-21T21:50:01Z a"), Some(NOW));
        assert_eq!(reader.read(b"a stack trace"), None);
        assert_eq!(reader.read(b"Nov 21 22:50:01 n b"), Some(NOW));
        assert_eq!(reader.read(b"{\"ts\":1795297801}"), Some(NOW));
    }
}

proptest! {
    #[test]
    fn any_date_is_what_the_library_says(us in 0i64..NOW, width in 1usize..=6, offset in -12i32..=14) {
        let at = jiff::Timestamp::from_microsecond(us).unwrap();
        let zoned = at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(offset as i8)));
        let unit = 10i64.pow(6 - width as u32);
        let (local, part) = (zoned.strftime("%Y-%m-%d %H:%M:%S"), us % S / unit);
        let line = format!("{local}.{part:0width$}{offset:+03}:00 x");
        prop_assert_eq!(read(&line), Some(us / unit * unit), "{}", line);
        let line = format!("{local},{part:0width$} x");
        let zone = Zone { offset_s: offset * 3600, now_us: NOW };
        prop_assert_eq!(Reader::new(zone, 0).read(line.as_bytes()), Some(us / unit * unit));
        let line = zoned.strftime("1.2.3.4 - - [%d/%b/%Y:%H:%M:%S %z] x").to_string();
        prop_assert_eq!(read(&line), Some(us / S * S), "{}", line);
    }

    #[test]
    fn any_day_of_the_last_year_needs_no_year(back in 0i64..360 * 86_400, offset in -12i32..=14) {
        let at = jiff::Timestamp::from_microsecond(NOW - back * S).unwrap();
        let zoned = at.to_zoned(jiff::tz::TimeZone::fixed(jiff::tz::offset(offset as i8)));
        let zone = Zone { offset_s: offset * 3600, now_us: NOW };
        for form in ["%b %e %H:%M:%S n x", "I%m%d %H:%M:%S.000000 1 x] y", "<1>%b %d %H:%M:%S x"] {
            let line = zoned.strftime(form).to_string();
            prop_assert_eq!(Reader::new(zone, 0).read(line.as_bytes()), Some(NOW - back * S), "{}", line);
        }
    }

    #[test]
    fn nothing_makes_it_fall(line in prop::collection::vec(any::<u8>(), 0..200), skew in any::<i64>()) {
        let _ = Reader::new(Zone { offset_s: i32::MAX, now_us: NOW }, skew).read(&line);
        crate::logs::level::read(&line);
    }

    #[test]
    fn nothing_near_a_time_makes_it_fall(line in r#"[\[({<]?(INFO |Sat )?["{:,=]{0,3}(ts|time)?["=:]{0,2}[0-9T:., /-]{0,24}[ZA-Za-z"}\]+]{0,4}.{0,9}"#) {
        let _ = read(&line);
        crate::logs::level::read(line.as_bytes());
    }
}
