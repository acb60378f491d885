//! The tiles and the page of a node: at any size, honest about what is absent, stale or lost, and cheap from tick to tick.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests may fail loudly"
)]

#[path = "support/fake.rs"]
mod fake;

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use ratatui::{buffer::Buffer, layout::Rect};
use sshoal::{
    config::keymap::{Action, KeyMap},
    fleet::{Link, Millis, NodeState, Snapshot},
    metrics::{Sample, mig::Instance},
    ssh::Error,
    ui::{
        glyph::Glyphs,
        theme::{Role, Theme},
        view::{
            Scene,
            node::NodeView,
            tiles::{Size, Tiles, grid},
        },
        widget::trace::Traces,
    },
};

/// The first nodes of one fleet that is made once.
fn fleet(count: usize) -> Snapshot {
    static ALL: LazyLock<Snapshot> = LazyLock::new(|| fake::fleet(40));
    let mut snapshot = ALL.clone();
    snapshot.nodes.truncate(count);
    snapshot
}

/// Draws onto a buffer with a margin of untouched cells around `area`.
fn drawn(
    snapshot: &Snapshot,
    area: Rect,
    ascii: bool,
    draw: impl FnOnce(&Scene, &mut Buffer),
) -> Buffer {
    let (theme, keys) = (Theme::default(), KeyMap::default());
    let scene = Scene {
        snapshot,
        now: snapshot.at,
        theme: &theme,
        glyphs: Glyphs { ascii },
        keys: &keys,
        notice: None,
    };
    let mut buf = Buffer::empty(Rect::new(0, 0, area.right() + 2, area.bottom() + 2));
    for cell in &mut buf.content {
        cell.set_symbol("~");
    }
    for position in area.positions() {
        buf[position].set_symbol(" ");
    }
    draw(&scene, &mut buf);
    for position in buf.area.positions().filter(|p| !area.contains(*p)) {
        assert_eq!(buf[position].symbol(), "~", "outside at {position}");
    }
    buf
}

fn tiles(snapshot: &Snapshot, area: Rect, (cursor, scroll): (usize, usize), ascii: bool) -> Buffer {
    let order: Vec<usize> = (0..snapshot.nodes.len()).collect();
    let is_marked = |node: &NodeState| node.node.id.as_str() == "gpu02";
    let tiles = Tiles {
        order: &order,
        cursor,
        scroll,
        is_marked: &is_marked,
        traces: &Traces::default(),
    };
    drawn(snapshot, area, ascii, |scene, buf| {
        tiles.render(scene, area, buf);
    })
}

fn page(snapshot: &Snapshot, index: usize, view: &NodeView, area: Rect) -> Buffer {
    drawn(snapshot, area, false, |scene, buf| {
        view.render(scene, &snapshot.nodes[index], area, buf);
    })
}

fn scrolled(snapshot: &Snapshot, index: usize, area: Rect, actions: &[Action]) -> NodeView {
    let mut view = NodeView::default();
    drawn(snapshot, Rect::ZERO, false, |scene, _| {
        for action in actions {
            view.update(*action, scene, &snapshot.nodes[index], area);
        }
    });
    view
}

fn text(buf: &Buffer, area: Rect) -> Vec<String> {
    let line = |y| {
        (area.left()..area.right())
            .map(|x| buf[(x, y)].symbol())
            .collect()
    };
    (area.top()..area.bottom()).map(line).collect()
}

fn tile_text(snapshot: &Snapshot, position: usize) -> String {
    let area = Rect::new(0, 0, 150, 44);
    let buf = tiles(snapshot, area, (0, 0), false);
    let tile = grid(area, snapshot.nodes.len()).area(position, 0).unwrap();
    text(&buf, tile).join("\n")
}

#[test]
fn a_lost_node_shows_why_and_when_and_no_figures() {
    let tile = tile_text(&fleet(24), 9);
    assert!(
        tile.contains("✖ db2") && tile.contains("10.0.3.12:22") && tile.contains("retry in 12s")
    );
    assert!(!tile.contains("load") && !tile.contains('%') && !tile.contains("daemons"));
    let refused = tile_text(&fleet(24), 18);
    assert!(refused.contains("host key changed") && refused.contains("not retried"));
}

#[test]
fn a_changed_host_key_is_told_whole() {
    let keys = ["SHA256:0a", "SHA256:1b"].map(|start| format!("{start:x<50}"));
    let place = "/home/somebody/.ssh/known_hosts:1234";
    let mut snapshot = fleet(24);
    let Link::Refused(error) = &snapshot.nodes[18].link else {
        panic!("it is refused");
    };
    let mut error = Error::clone(error);
    let reason = format!(
        "HOST KEY CHANGED: the server shows ssh-ed25519 {}, {place} holds ssh-ed25519 {}",
        keys[0], keys[1]
    );
    let command = "sshoal trust web5 --replace";
    error.reason = reason.as_str().into();
    error.advice = format!("if the machine was set up anew: {command}")
        .as_str()
        .into();
    Arc::make_mut(&mut snapshot.nodes[18]).link = Link::Refused(Arc::new(error));
    let area = Rect::new(0, 0, 80, 24);
    let shown = text(&page(&snapshot, 18, &NodeView::default(), area), area).join("\n");
    for part in [&keys[0], &keys[1], place] {
        assert!(shown.contains(part), "{part}:\n{shown}");
    }
    let words: Vec<&str> = shown.split_whitespace().collect();
    assert!(words.join(" ").contains("web5 --replace"), "{shown}");
}

#[test]
fn the_tile_of_a_changed_host_key_says_what_to_try_and_by_which_key() {
    let mut snapshot = fleet(24);
    let mut node = snapshot.nodes.swap_remove(18);
    let Link::Refused(error) = &node.link else {
        panic!("it is refused");
    };
    let error = Error {
        reason: format!(
            "HOST KEY CHANGED: the server shows ssh-ed25519 SHA256:{0}, /root/.ssh/known_hosts:12 holds ssh-ed25519 SHA256:{0}",
            "abcdefg".repeat(6)
        )
        .as_str()
        .into(),
        advice: "if the machine was set up anew, compare the fingerprint there, then: sshoal trust web5 --replace (or \
                 ssh-keygen -R 'web5' -f /root/.ssh/known_hosts); it is refused under each policy"
            .into(),
        ..Error::clone(error)
    };
    Arc::make_mut(&mut node).link = Link::Refused(Arc::new(error));
    snapshot.nodes = vec![node];
    let area = Rect::new(0, 0, 80, 20);
    let shown = text(&tiles(&snapshot, area, (0, 0), false), area);
    let shown: Vec<&str> = shown.iter().map(|line| line.trim_end()).collect();
    insta::assert_snapshot!("changed-key-tile-80x24", shown.join("\n"));
}

#[test]
fn a_node_in_trouble_says_what_it_is() {
    let fleet = fleet(24);
    assert!(tile_text(&fleet, 10).contains("/data 97 % full"));
    let tile = tile_text(&fleet, 6);
    assert!(tile.contains("nginx failed") && tile.contains("✗ 1 of 3 daemons"));
}

#[test]
fn tiles_take_the_room_there_is() {
    for ((width, height), size) in [
        ((110, 29), Size::Slim),
        ((80, 21), Size::Slim),
        ((150, 47), Size::Full),
        ((40, 9), Size::Mini),
    ] {
        let area = Rect::new(0, 0, width, height);
        let grid = grid(area, 24);
        assert_eq!(grid.size, size, "{width}x{height}");
        let last = grid.area(grid.visible(0).end - 1, 0).unwrap();
        assert!(last.bottom() + 4 > height, "{width}x{height}: {last}");
        let snapshot = fleet(24);
        let shown = text(&tiles(&snapshot, area, (0, 0), false), area).join("\n");
        let has_graphs = shown.chars().any(is_braille);
        assert_eq!(has_graphs, size != Size::Mini, "{width}x{height}:\n{shown}");
    }
    let area = Rect::new(0, 0, 110, 29);
    let shown = text(&tiles(&fleet(24), area, (0, 0), false), area).join("\n");
    for part in ["load ", "mem ", "disk ", "3 daemons", "nginx failed"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

#[test]
fn the_end_of_a_reason_is_told_in_the_least_tile_with_graphs() {
    let area = Rect::new(0, 0, 80, 21);
    let snapshot = fleet(24);
    let tile = grid(area, 24).area(6, 0).unwrap();
    let shown = text(&tiles(&snapshot, area, (0, 0), false), tile).join("\n");
    let words: Vec<&str> = shown
        .split(|c: char| c == '│' || c.is_whitespace())
        .collect();
    assert!(
        words.contains(&"code") && shown.contains("✗ 1 of 3 ─"),
        "{shown}"
    );
}

#[test]
fn a_bar_beside_figures_says_what_it_is_of() {
    // Load, memory, and a bar: without a sign it would be taken for that of the memory.
    let is_bar = |c: char| "━╾─▁▂▃▄▅▆▇".contains(c);
    let snapshot = fleet(24);
    for (width, height) in [(80, 21), (80, 9), (100, 21)] {
        let area = Rect::new(0, 0, width, height);
        let buf = tiles(&snapshot, area, (0, 0), false);
        let mut bars = 0;
        for line in text(&buf, area) {
            let inside = line.split(['│', '┃']).filter(|part| part.contains('%'));
            for part in inside {
                let Some((before, _)) = part.split_once(is_bar) else {
                    continue;
                };
                bars += 1;
                let is_told = |sign: &&str| before.ends_with(*sign);
                let signs = ["d", "g", "disk ", "gpu "];
                assert!(signs.iter().any(is_told), "{part}");
            }
        }
        assert!(bars > 3, "{width}x{height}: {bars}");
    }
    let area = Rect::new(0, 0, 30, 6);
    let lines = text(&tiles(&fleet(2), area, (0, 0), false), area);
    let beside = lines.iter().find(|line| line.contains('%')).unwrap();
    assert!(
        beside.contains("disk ") || beside.contains("gpu "),
        "{beside}"
    );
}

#[test]
fn a_busy_gpu_is_never_cut_away() {
    let mut snapshot = fleet(24);
    snapshot.nodes.truncate(3);
    let mut node = snapshot.nodes.swap_remove(2);
    let state = Arc::make_mut(&mut node);
    let mut sample = Sample::clone(state.sample.as_deref().unwrap());
    for gpu in &mut sample.gpu.gpus {
        gpu.util = Some(if gpu.index == 7 { 100.0 } else { 0.0 });
    }
    state.sample = Some(Arc::new(sample.into()));
    state.health.findings.clear();
    snapshot.nodes = vec![node];
    for (width, height) in [
        (16, 3),
        (16, 4),
        (16, 5),
        (18, 7),
        (22, 5),
        (26, 5),
        (46, 11),
    ] {
        let area = Rect::new(0, 0, width, height);
        let shown = text(&tiles(&snapshot, area, (0, 0), false), area).join("\n");
        assert!(shown.contains('▇'), "{shown}");
        let shown = text(&tiles(&snapshot, area, (0, 0), true), area).join("\n");
        let (_, bars) = shown.split_once('[').unwrap();
        let (bars, _) = bars.split_once(']').unwrap();
        assert!(bars.ends_with('9'), "{shown}");
    }
}

#[test]
fn a_stale_node_is_grey_and_has_an_age() {
    let snapshot = fleet(24);
    let area = Rect::new(0, 0, 150, 44);
    let buf = tiles(&snapshot, area, (0, 0), false);
    let tile = grid(area, 24).area(16, 0).unwrap();
    assert!(text(&buf, tile)[0].contains("◌ gpu10") && text(&buf, tile)[0].contains("14s"));
    let theme = Theme::default();
    let quiet = [Role::Unknown, Role::Border, Role::Track].map(|r| theme.style(r).fg);
    for position in tile.positions().filter(|p| buf[*p].symbol() != " ") {
        assert!(quiet.contains(&Some(buf[position].fg)), "{position}");
    }
}

#[test]
fn what_a_node_lacks_is_not_drawn_as_zero() {
    let snapshot = fleet(12);
    let area = Rect::new(0, 0, 150, 90);
    let web = text(&page(&snapshot, 5, &NodeView::default(), area), area).join("\n");
    assert!(!web.contains("gpu") && web.contains("swap"));
    let train = text(&page(&snapshot, 0, &NodeView::default(), area), area).join("\n");
    assert!(train.contains("gpus 8") && !train.contains("swap") && !train.contains("fan"));
}

/// A fleet whose first node has its first `cards` cards in MIG mode, each with instances of these shares.
fn cut(cards: usize, shares: Option<&[u64]>) -> Snapshot {
    let mut snapshot = fleet(1);
    let state = Arc::make_mut(&mut snapshot.nodes[0]);
    let mut sample = Sample::clone(state.sample.as_deref().unwrap());
    for gpu in sample.gpu.gpus.iter_mut().take(cards) {
        (gpu.util, gpu.mig) = (None, true);
        gpu.instances = shares.map(|shares| {
            let instances = (1..).zip(shares).map(|(gpu_instance, share)| Instance {
                gpu_instance,
                compute_instance: Some(0),
                memory_used: Some((share << 30) / 10),
                memory_total: Some(10 << 30),
                multiprocessors: Some(16),
                ecc: Some(0),
            });
            instances.collect()
        });
    }
    state.sample = Some(Arc::new(sample.into()));
    snapshot
}

fn gpu_table(snapshot: &Snapshot, width: u16) -> Vec<String> {
    let area = Rect::new(0, 0, width, 150);
    let lines = text(&page(snapshot, 0, &NodeView::default(), area), area);
    let table = lines
        .into_iter()
        .skip_while(|line| !line.contains("gpus 8"));
    table
        .take_while(|line| !line.contains("daemons 2"))
        .collect()
}

#[test]
fn a_few_mig_instances_have_a_row_each() {
    for width in [80, 130] {
        let table = gpu_table(&cut(1, Some(&[97, 20])), width);
        assert!(table[2].contains("MIG 2x"), "{}", table.join("\n"));
        assert!(table[3].contains("gi 1") && table[3].contains("97"));
        assert!(table[3].contains("of 10G"), "{}", table[3]);
        assert!(table[4].contains("gi 2") && table[4].contains("20"));
        assert!(!table[5].contains("gi") && !table[5].contains("MIG"));
    }
}

#[test]
fn many_mig_instances_have_a_bar_each() {
    let table = gpu_table(&cut(8, Some(&[99, 50, 1, 1, 1, 1, 1])), 80);
    assert!(table[2].contains("MIG 7x ▇▄▁▁▁▁▁"), "{}", table.join("\n"));
    assert_eq!(table.iter().filter(|line| line.contains("MIG")).count(), 8);
    assert!(table.len() < 13);
}

#[test]
fn mig_instances_that_are_not_known_are_not_counted() {
    let table = gpu_table(&cut(2, None), 80);
    assert!(table[2].contains("MIG") && !table[2].contains("0x"));
    let table = gpu_table(&cut(2, Some(&[])), 80);
    assert!(
        table[2].contains("MIG, no instances"),
        "{}",
        table.join("\n")
    );
}

#[test]
fn a_tile_shows_the_fullest_mig_instance() {
    let mixed = tile_text(&cut(1, Some(&[99, 10])), 0);
    assert!(mixed.contains("gpu ▇"), "{mixed}");
    let all = tile_text(&cut(8, Some(&[5, 1])), 0);
    assert!(all.contains("mig ▁▁▁▁▁▁▁▁"), "{all}");
}

#[test]
fn the_page_has_every_part() {
    let snapshot = fleet(12);
    let area = Rect::new(0, 0, 80, 120);
    let all = text(&page(&snapshot, 2, &NodeView::default(), area), area).join("\n");
    for part in [
        "gpu03",
        "errors",
        "saturation",
        "use",
        "system",
        "cores 128",
        "cpu",
        "load",
        "memory",
        "net in",
        "disk read",
        "waits for io",
        "gpus 8",
        "daemons",
        "file systems",
        "disks",
        "interfaces",
        "connection",
        "SSH-2.0",
        "agent ed25519",
        "round trip",
        "mawk",
        "91°",
        "throttled",
        "inodes",
        "systemd",
    ] {
        assert!(all.contains(part), "{part}\n{all}");
    }
}

#[test]
fn scrolling_ends_at_the_ends() {
    let snapshot = fleet(12);
    let area = Rect::new(0, 0, 80, 24);
    let bottom = scrolled(&snapshot, 2, area, &[Action::Last]);
    assert!(
        text(&page(&snapshot, 2, &bottom, area), area)
            .join("\n")
            .contains("round trip")
    );
    let beyond = [Action::PageDown; 50];
    assert_eq!(scrolled(&snapshot, 2, area, &beyond), bottom);
    let up = [beyond.as_slice(), &[Action::Up]].concat();
    let down = [up.as_slice(), &[Action::Down]].concat();
    assert_ne!(scrolled(&snapshot, 2, area, &up), bottom);
    assert_eq!(scrolled(&snapshot, 2, area, &down), bottom);
    let top = [beyond.as_slice(), &[Action::First]].concat();
    assert_eq!(scrolled(&snapshot, 2, area, &top), NodeView::default());
}

#[test]
fn ascii_means_ascii() {
    let area = Rect::new(0, 0, 150, 44);
    let mut snapshot = fleet(24);
    // Findings have their own words, and theirs is a degree sign.
    snapshot.nodes.remove(2);
    let all = text(&tiles(&snapshot, area, (1, 0), true), area).concat();
    assert!(
        all.is_ascii(),
        "{}",
        all.replace(|c: char| c.is_ascii(), "")
    );
}

#[test]
fn a_tick_touches_few_cells() {
    let area = Rect::new(0, 0, 200, 60);
    for second in 0..30 {
        let now = Millis(fake::NOW.0 + second * 1000);
        let before = tiles(&fake::at(1, now), area, (0, 0), false);
        let after = tiles(&fake::at(1, Millis(now.0 + 1000)), area, (0, 0), false);
        let changed: Vec<u16> = area
            .positions()
            .filter(|p| {
                before[*p].symbol() != after[*p].symbol()
                    && before[*p].symbol().chars().any(is_braille)
            })
            .map(|p| p.x)
            .collect();
        let mut columns = changed.clone();
        columns.sort_unstable();
        columns.dedup();
        assert!(columns.len() <= 4, "{second}: {columns:?}");
    }
}

fn is_braille(c: char) -> bool {
    ('\u{2800}'..='\u{28ff}').contains(&c)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn tiles_fit_any_area(
        x in 0u16..4, y in 0u16..4, width in 0u16..200, height in 0u16..70,
        count in 0usize..40, cursor in 0usize..60, scroll in 0usize..20, ascii: bool,
    ) {
        tiles(&fleet(count), Rect::new(x, y, width, height), (cursor, scroll), ascii);
    }

    #[test]
    fn tiles_lie_apart_and_inside(width in 0u16..300, height in 0u16..100, count in 0usize..2000, cursor in 0usize..2000) {
        let area = Rect::new(3, 1, width, height);
        let grid = grid(area, count);
        let cursor = cursor.min(count.saturating_sub(1));
        let scroll = grid.scroll_to(cursor, 0);
        let seen: Vec<Rect> = grid.visible(scroll).filter_map(|n| grid.area(n, scroll)).collect();
        prop_assert!(count == 0 || grid.visible(scroll).contains(&cursor));
        prop_assert!(!grid.fits() || seen.len() == count);
        for (n, tile) in seen.iter().enumerate() {
            prop_assert_eq!(tile.intersection(area), *tile);
            prop_assert!(seen.iter().skip(n + 1).take(40).all(|other| !tile.intersects(*other)));
        }
    }

    #[test]
    fn a_page_fits_any_area(
        x in 0u16..4, y in 0u16..4, width in 0u16..200, height in 0u16..70,
        index in 0usize..12, downs in 0usize..12,
    ) {
        let snapshot = fleet(12);
        let area = Rect::new(x, y, width, height);
        let view = scrolled(&snapshot, index, area, &vec![Action::PageDown; downs]);
        page(&snapshot, index, &view, area);
    }

    #[test]
    fn a_screen_is_a_cut_of_the_page(width in 60u16..200, height in 8u16..30, index in 0usize..12, downs in 0usize..60) {
        let snapshot = fleet(12);
        let area = Rect::new(0, 0, width, height);
        let view = scrolled(&snapshot, index, area, &vec![Action::Down; downs]);
        let part = text(&page(&snapshot, index, &view, area), Rect { width: width - 1, ..area });
        // The scroll mark takes a column, so the whole page is that much narrower.
        let whole = Rect::new(0, 0, width - 1, 250);
        let all = text(&page(&snapshot, index, &NodeView::default(), whole), whole);
        let all = all.join("\n");
        prop_assert!(all.contains(&part.join("\n")), "{}\n---\n{}", part.join("\n"), all);
    }
}
