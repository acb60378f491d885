//! Lists of instances as the slow channel sends them: whole, cut, of other drivers, and garbage.

use proptest::prelude::*;

use super::*;

/// An A100 in two parts, an H100 with one of three parts computing twice, a card without MIG.
const TWO: &str = "gpu 00000000:07:00.0\nmig Enabled\ninstance\ngi 1\nci 0\nsm 42\necc 0\ntotal 19968 MiB\nused 18432 MiB\n\
    instance\ngi 2\nci 0\nsm 42\necc 3\ntotal 19968 MiB\nused 19 MiB\nend\n\
    gpu 00000000:4E:00.0\nmig Enabled\ninstance\ngi 2\nci 0\nsm 32\ntotal 40448 MiB\nused 10112 MiB\n\
    instance\ngi 2\nci 1\nsm 28\ntotal 40448 MiB\nused 10112 MiB\nend\n\
    gpu 00000000:CB:00.0\nmig Disabled\nend\n";

fn read(text: &str) -> Instances {
    Instances::parse(text.as_bytes().split(|b| *b == b'\n'))
}

fn bus(text: &str) -> Bus {
    Bus::parse(text).unwrap()
}

#[test]
fn each_card_has_its_own() {
    let all = read(TWO);
    let first = all.of(bus("00000000:07:00.0")).unwrap();
    assert_eq!(
        first[1],
        Instance {
            gpu_instance: 2,
            compute_instance: Some(0),
            memory_used: Some(19 << 20),
            memory_total: Some(19_968 << 20),
            multiprocessors: Some(42),
            ecc: Some(3),
        }
    );
    let second = all.of(bus("0000:4e:00.0")).unwrap();
    let ids = second.iter().map(|i| (i.gpu_instance, i.compute_instance));
    assert_eq!(ids.collect::<Vec<_>>(), [(2, Some(0)), (2, Some(1))]);
    assert_eq!((second[0].memory(), second[0].ecc), (Some(25.0), None));
    assert_eq!(all.of(bus("00000000:CB:00.0")), None, "not in MIG mode");
}

#[test]
fn what_the_driver_tells_only_of_instances_is_summed_for_the_card() {
    let all = read(TWO);
    let given = |at: &str| {
        let mut gpu = Gpu::default();
        attach(&mut gpu, all.of(bus(at)).unwrap());
        (gpu.memory_used, gpu.ecc, gpu.fullest().map(f64::round))
    };
    let first = given("00000000:07:00.0");
    assert_eq!(first, (Some(18_451 << 20), Some(3), Some(92.0)));
    let shared = given("00000000:4E:00.0");
    assert_eq!(shared, (Some(10_112 << 20), None, Some(25.0)));
    let mut own = Gpu {
        memory_used: Some(7),
        ecc: Some(1),
        ..Gpu::default()
    };
    attach(&mut own, all.of(bus("00000000:07:00.0")).unwrap());
    assert_eq!((own.memory_used, own.ecc), (Some(7), Some(1)));
}

#[test]
fn every_form_of_not_available_is_none() {
    for form in [
        "N/A",
        "[N/A]",
        "",
        "Unknown Error",
        "-1",
        "1.5",
        "nan MiB",
        "MiB",
        "99999999999 MiB",
    ] {
        let all = read(&format!(
            "gpu 0:7:0.0\nmig Enabled\ninstance\ngi 1\nci {form}\nsm {form}\necc {form}\ntotal {form}\nused {form}\nend"
        ));
        let wanted = Instance {
            gpu_instance: 1,
            ..Instance::default()
        };
        assert_eq!(all.of(bus("0:7:0.0")).unwrap()[..], [wanted], "{form}");
    }
}

#[test]
fn a_list_that_is_not_whole_is_none() {
    let end = TWO.find("end").unwrap();
    for at in 0..end {
        assert_eq!(read(&TWO[..at]).0, [], "{}", &TWO[..at]);
    }
    for text in [
        "",
        "gpu 00000000:07:00.0",
        "gpu \nmig Enabled\ninstance\ngi 1\nend",
        "gpu 00000000:07:00.0\nmig N/A\nend",
        "gpu 00000000:07:00.0\nmig Enabled\ninstance\ngi N/A\nend",
        "mig Enabled\ninstance\ngi 1\nend\nend",
    ] {
        assert_eq!(read(text).0, [], "{text}");
    }
}

#[test]
fn a_card_in_mig_mode_may_have_none() {
    let all = read("gpu 00000000:07:00.0\nmig Enabled\nend");
    assert_eq!(all.of(bus("00000000:07:00.0")).unwrap()[..], []);
}

#[test]
fn the_first_figure_counts() {
    let all = read("gpu 0:7:0.0\nmig Enabled\ninstance\ngi 1\ntotal 5 MiB\ntotal 9 MiB\ngi 8\nend");
    let one = &all.of(bus("0:7:0.0")).unwrap()[0];
    assert_eq!((one.gpu_instance, one.memory_total), (1, Some(5 << 20)));
}

#[test]
fn cards_and_instances_are_bounded() {
    let card = |n: u32| {
        format!(
            "gpu {n:x}:0:0.0\nmig Enabled\n{}end\n",
            "instance\ngi 1\n".repeat(500)
        )
    };
    let all = read(&(0..200).map(card).collect::<String>());
    assert_eq!(all.0.len(), MAX_CARDS);
    assert!(all.0.iter().all(|(_, list)| list.len() == MAX_INSTANCES));
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        Instances::parse(bytes.split(|b| *b == b'\n'));
    }

    #[test]
    fn any_lines_give_no_more_than_was_said(
        text in "((gpu 0:[0-3]:0.0|mig (Enabled|N/A)|instance|(gi|ci|sm|ecc) ([0-9]{1,12}|N/A)|(total|used) ([0-9]{1,12} MiB|N/A)|end|x)\n){0,80}",
    ) {
        let said = text.matches("instance\n").count();
        let all = read(&text);
        prop_assert!(all.0.iter().map(|(_, list)| list.len()).sum::<usize>() <= said);
        for (_, list) in &all.0 {
            let mut gpu = Gpu::default();
            attach(&mut gpu, list);
            prop_assert!(gpu.fullest().is_none_or(f64::is_finite));
        }
    }

    #[test]
    fn any_word_is_a_bus_or_none(word in "[0-9a-fA-F:. x]{0,24}") {
        Bus::parse(&word);
    }
}
