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
        let mut places: Vec<u8> = hints(scope).map(|(place, ..)| place).collect();
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
