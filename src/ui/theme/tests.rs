//! Every shipped theme meets the bounds; broken files are refused with a reason; any palette is repaired.

use std::fmt::Write as _;

use proptest::prelude::*;
use ratatui::style::Color;

use super::{colour::Rgb, fill, *};

fn rgb(colour: Option<Color>) -> Rgb {
    match colour {
        Some(Color::Rgb(r, g, b)) => Rgb(r, g, b),
        other => panic!("no 24-bit colour: {other:?}"),
    }
}

/// Holds a theme to what every screen relies on.
fn check(theme: &Theme) {
    let ground = rgb(theme.style(Role::Ground).bg);
    let on_ground = |role| rgb(theme.style(role).fg).contrast(ground);
    let name = &theme.name;
    for role in Role::all() {
        let least = match role {
            Role::Text | Role::Strong | Role::Ground => fill::TEXT,
            Role::Panel | Role::Selected | Role::Hit => continue,
            Role::Border | Role::Track => {
                assert!(on_ground(role) <= fill::LINE, "{name} {role:?}");
                1.2
            }
            _ => fill::ACCENT,
        };
        let has = on_ground(role);
        assert!(has >= least, "{name} {role:?}: {has:.2} < {least}");
    }
    let text = rgb(theme.style(Role::Text).fg);
    let selected = rgb(theme.style(Role::Selected).bg);
    assert!(
        text.contrast(selected) >= fill::TEXT,
        "{name}: text on selection"
    );
    let hit = theme.style(Role::Hit);
    assert!(
        rgb(hit.fg).contrast(rgb(hit.bg)) >= fill::ACCENT,
        "{name}: hit"
    );
}

#[test]
fn without_colours_what_is_hot_differs_from_what_is_not() {
    let mono = Theme::load("mono").unwrap();
    let calm = mono.style(Role::heat(79.0, Role::Text));
    let [high, full] = [80.0, 97.0].map(|percent| mono.style(Role::heat(percent, Role::Text)));
    assert!(calm != high && high != full && calm != full);
}

#[test]
fn every_shipped_theme_can_be_read() {
    assert!(SHIPPED.len() >= 4);
    for (name, _) in SHIPPED {
        let theme = Theme::load(name).unwrap();
        check(&theme);
        let ground = rgb(theme.style(Role::Ground).bg);
        assert_eq!(theme.light, ground.luminance() > 0.5, "{name}");
    }
    assert!(Theme::names().any(|name| Theme::load(name).unwrap().light));
}

#[test]
fn states_differ_also_without_colour_vision() {
    for (name, _) in SHIPPED {
        let theme = Theme::load(name).unwrap();
        let colours = [Role::Ok, Role::Warn, Role::Critical].map(|r| rgb(theme.style(r).fg));
        assert!(
            colours[0] != colours[1] && colours[1] != colours[2],
            "{name}"
        );
    }
}

#[test]
fn repairs_say_what_they_did() {
    let theme = Theme::load("catppuccin-mocha").unwrap();
    assert!(theme.repairs.iter().any(|line| line.starts_with("base04")));
    assert!(Theme::load(DEFAULT).unwrap().repairs.is_empty());
}

#[test]
fn the_key_goes_round_all_themes() {
    let mut theme = Theme::default();
    let mut seen = Vec::new();
    for _ in Theme::names() {
        seen.push(theme.name.clone());
        theme = theme.next();
    }
    assert_eq!(theme.name, DEFAULT);
    assert_eq!(seen, Theme::names().collect::<Vec<_>>());
}

#[test]
fn an_unknown_name_lists_the_known() {
    let message = Theme::load("gruv").unwrap_err().to_string();
    assert!(message.contains("gruv") && message.contains("nord") && message.contains("mono"));
}

#[test]
fn a_file_of_ones_own_overrides_roles() {
    let shipped = SHIPPED.iter().find(|(n, _)| *n == "nord").unwrap().1;
    let text = format!(
        "{shipped}transparent: true\nroles:\n  critical: base09\n  selected: '#101010'\n  series3: ffffff\n"
    );
    let theme = Theme::find("my/own.yaml", |path| {
        assert_eq!(path, Path::new("my/own.yaml"));
        Ok(text.clone())
    })
    .unwrap();
    assert_eq!(theme.style(Role::Ground).bg, None);
    assert_eq!(rgb(theme.style(Role::Critical).fg), Rgb(0xd0, 0x87, 0x70));
    assert_eq!(rgb(theme.style(Role::Selected).bg), Rgb(16, 16, 16));
    assert_eq!(rgb(theme.style(Role::Series(3)).fg), Rgb(255, 255, 255));
}

#[test]
fn bad_files_are_refused_with_the_place() {
    let shipped = SHIPPED[0].1;
    for (text, wants) in [
        ("palette: [", "line 1"),
        ("name: x\n", "palette"),
        (&shipped.replace("  base0B", "  base4B"), "base4B"),
        (&shipped.replace("  base0B", "  #"), "base0B is missing"),
        (&format!("{shipped}roles: {{text: blue}}\n"), "`blue`"),
        (&format!("{shipped}roles: {{crit: base08}}\n"), "`crit`"),
    ] {
        let message = Theme::parse("x", text).unwrap_err().to_string();
        assert!(message.contains(wants), "{message}");
    }
    let gone = Theme::find("./x.yaml", |_| Err(std::io::ErrorKind::NotFound.into()));
    assert!(gone.unwrap_err().to_string().contains("x.yaml"));
}

proptest! {
    #[test]
    fn any_palette_is_made_readable(colours in prop::array::uniform16(0u32..0x100_0000), light: bool) {
        let mut text = String::from("palette:\n");
        for (slot, mut colour) in colours.into_iter().enumerate() {
            if slot == 0 {
                colour = if light { colour | 0xe0_e0e0 } else { colour & 0x1f_1f1f };
            }
            writeln!(text, "  base{slot:02X}: '{colour:06x}'").unwrap();
        }
        check(&Theme::parse("any", &text).unwrap());
    }
}
