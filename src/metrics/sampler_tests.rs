//! The program's text, the hello and the tick.

use super::*;

#[test]
fn the_program_is_small_and_framed() {
    let text = program("n0nce", &["amd", "net/dev"]);
    assert!(text.starts_with("# sshoal S1 fast n0nce\n#\n#\n{\n"));
    assert!(text.ends_with(&format!("\n{END}\n")));
    assert!(text.contains(",amd,net/dev,"));
    assert!(!text.contains('@') && !text.contains('\t'));
    assert!(text.len() < 10 * 1024, "{} bytes", text.len());
}

#[test]
fn a_hello_is_read_whatever_is_in_it() {
    let line =
        b"S1 abc awk=mawk boot=6284665c cgmem=1048576 cgcpu=150000/100000 cgset=4 virt=lxc src=loadavg,net/dev new=1 cores=2 \
        gpu=nvidia,amd:card0+card1 uname=Linux 6.18.44 x86_64";
    let hello = hello(line, "abc").unwrap();
    assert_eq!(hello.kind.as_str(), "mawk");
    assert_eq!(hello.kernel.unwrap().as_str(), "Linux 6.18.44 x86_64");
    assert_eq!(
        (hello.cores, hello.memory_limit),
        (Some(2), Some(1_048_576))
    );
    assert_eq!(hello.cpu_limit, Some(1.5));
    assert_eq!(hello.container.unwrap().as_str(), "lxc");
    assert_eq!(hello.sources.len(), 2);
    assert!(hello.nvidia && !hello.asleep);
    assert_eq!(hello.amd.len(), 2);
}

#[test]
fn absent_words_are_none() {
    let hello = hello(
        b"S1 abc awk=sh boot=- cgmem=max cgcpu=1/0 cgset=- virt=- src= cores=0 gpu=- uname=",
        "abc",
    )
    .unwrap();
    assert_eq!(
        (hello.boot, hello.memory_limit, hello.container),
        (None, None, None)
    );
    assert_eq!((hello.cores, hello.kernel), (None, None));
    assert_eq!(hello.cpu_limit, None);
    assert!(!hello.nvidia && hello.amd.is_empty());
}

#[test]
fn an_unknown_kind_of_card_hides_no_other() {
    let hello = hello(b"S1 abc awk=mawk gpu=amd:card0,amd-asleep,xe:card1", "abc").unwrap();
    assert_eq!((hello.amd.len(), hello.amd_asleep), (1, true));
}

#[test]
fn what_is_no_hello_of_this_session_is_refused() {
    assert_eq!(hello(b"S1 other awk=mawk", "abc"), None);
    assert_eq!(hello(b"S1 abcd awk=mawk", "abc"), None);
    assert_eq!(hello(b"S1 abc", "abc"), None);
    assert_eq!(hello(b"S1 abc \xff\xfe", "abc"), None);
}

#[test]
fn ticks_are_as_short_as_they_can_be() {
    let tick = |tick: Tick| tick.to_string();
    let plain = Tick {
        seq: 17,
        ..Tick::default()
    };
    assert_eq!(tick(plain.clone()), "17");
    assert_eq!(
        tick(Tick {
            full: true,
            medium: true,
            ..plain.clone()
        }),
        "17 a"
    );
    assert_eq!(
        tick(Tick {
            medium: true,
            cores: true,
            ..plain.clone()
        }),
        "17 mp"
    );
    let watch = Some(vec!["P1".to_owned(), "G/x".to_owned()]);
    assert_eq!(
        tick(Tick {
            watch,
            ..plain.clone()
        }),
        "17 w P1 G/x"
    );
    assert_eq!(
        tick(Tick {
            watch: Some(vec![]),
            ..plain
        }),
        "17 w"
    );
}
