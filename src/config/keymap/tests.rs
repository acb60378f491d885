use std::collections::HashMap;

use super::*;

#[test]
fn every_key_parses_and_clashes_with_none_of_its_scope() {
    for scope in Scope::ALL {
        let mut seen: HashMap<KeyCombination, &str> = HashMap::new();
        let anywhere = bindings(Scope::Anywhere).filter(|_| scope != Scope::Anywhere);
        for row in bindings(scope).chain(anywhere) {
            for key in row.keys {
                assert!(!spellings(key).is_empty(), "{key} is no key");
                for spelling in spellings(key) {
                    let other = seen.insert(spelling, row.title);
                    assert_eq!(other, None, "{scope:?}: {key}, {}", row.title);
                }
            }
        }
    }
}

#[test]
fn hints_have_places_of_their_own() {
    for scope in Scope::ALL {
        let mut places: Vec<u8> = KeyMap::default()
            .hints(scope, &[])
            .map(|(place, ..)| place)
            .collect();
        places.sort_unstable();
        assert!(
            places.windows(2).all(|w| w[0] < w[1]),
            "{scope:?}: {places:?}"
        );
    }
}

#[test]
fn titles_are_short_lines() {
    for row in BINDINGS {
        assert!(
            !row.title.is_empty() && row.title.len() <= 48,
            "{}",
            row.title
        );
        assert!(
            !row.keys.is_empty() && !row.scopes.is_empty(),
            "{}",
            row.title
        );
    }
}

#[test]
fn signs_are_understood_with_and_without_shift() {
    let keys = KeyMap::default();
    for text in ["?", "shift-?"] {
        let key = crokey::parse(text).unwrap();
        assert_eq!(keys.action(Scope::Fleet, key), Some(Action::Help));
    }
    let capital = crokey::parse("shift-n").unwrap();
    assert_eq!(
        keys.action(Scope::Fleet, capital),
        Some(Action::PreviousFault)
    );
    let enter = crokey::parse("enter").unwrap();
    assert_eq!(keys.action(Scope::Prompt, enter), None);
}

fn remapped(yaml: &str) -> Result<KeyMap, String> {
    let remaps: Remaps = serde_yaml::from_str(yaml).map_err(|e| e.to_string())?;
    KeyMap::remapped(&remaps)
}

fn means(map: &KeyMap, scope: Scope, key: &str) -> Option<Action> {
    map.action(scope, spellings(key)[0])
}

#[test]
fn every_action_of_a_scope_has_one_row() {
    for scope in Scope::ALL {
        let mut actions: Vec<Action> = bindings(scope).map(|row| row.action).collect();
        let all = actions.len();
        actions.sort_unstable();
        actions.dedup();
        assert_eq!(actions.len(), all, "{scope:?}");
    }
}

#[test]
fn own_keys_take_the_place_of_the_usual_ones() {
    let map = remapped("{fleet: {filter: ctrl-f, only-faults: [x, F]}, node: {back: q, quit: Q}}");
    let map = map.unwrap();
    assert_eq!(means(&map, Scope::Fleet, "ctrl-f"), Some(Action::Filter));
    assert_eq!(means(&map, Scope::Fleet, "/"), None);
    assert_eq!(means(&map, Scope::Fleet, "x"), Some(Action::OnlyFaults));
    assert_eq!(means(&map, Scope::Node, "q"), Some(Action::Back));
    assert_eq!(means(&map, Scope::Fleet, "q"), Some(Action::Quit));
    let hint = map
        .hints(Scope::Fleet, &[])
        .find(|(_, _, word)| *word == "filter");
    assert_eq!(hint.unwrap().1, "ctrl-f");
}

#[test]
fn keys_that_would_not_work_are_refused() {
    for (yaml, why) in [
        (
            "{fleet: {filter: n}}",
            "`n` is a key of both filter and next-fault",
        ),
        ("{anywhere: {quit: ctrl-d}}", "`ctrl-d` is a key of both"),
        (
            "{anywhere: {quit: q}}",
            "keys: anywhere: quit: `q` is text there",
        ),
        ("{filter: {open: space}}", "`space` is text there"),
        ("{fleet: {filter: hyper-q}}", "\"hyper-q\" is no key; write"),
        ("{fleet: {filter: []}}", "at least one key"),
        ("{prompt: {yes: enter}}", "stay what they are"),
        (
            "{help: {mark: x}}",
            "`mark` is no action of help; it belongs to fleet, columns, logs",
        ),
        (
            "{fleet: {fltr: x}}",
            "unknown action `fltr`; did you mean `filter`?",
        ),
        (
            "{flet: {filter: x}}",
            "unknown view `flet`; did you mean `fleet`?",
        ),
    ] {
        let error = remapped(yaml).unwrap_err();
        assert!(error.contains(why), "{yaml}: {error}");
    }
    assert!(remapped("{}").is_ok());
}
