//! The screen from keys to cells: each view at two sizes, with the roles of its colours.

#[path = "support/fake.rs"]
mod fake;
#[path = "support/screen.rs"]
mod screen;

use screen::Screen;

#[test]
fn look() {
    for (size, n, keys) in [
        ((80, 24), 24, "Z z"),
        ((80, 24), 24, ""),
        ((200, 50), 24, "z"),
        ((120, 30), 100, "z z z"),
        ((80, 24), 24, "?"),
        ((80, 24), 24, "C"),
        ((80, 24), 1000, ""),
        ((200, 50), 1000, "m m"),
    ] {
        let mut s = Screen::new(size, fake::fleet(n));
        s.keys(keys);
        println!("{}", s.rows().join("\n"));
    }
}
