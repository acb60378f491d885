//! The screen from keys to cells: each view at two sizes, with the roles of its colours.

#[path = "support/fake.rs"]
mod fake;
#[path = "support/screen.rs"]
mod screen;

use screen::Screen;

#[test]
fn look() {
    for (size, n, keys) in [((80, 24), 24, ""), ((100, 30), 24, "z"), ((200, 50), 24, "z o o"), ((40, 10), 24, ""), ((80, 24), 24, "?"), ((80,24), 24, "C"), ((120,40),24,"?"), ((80,24),24,"/ w e b space & space l o a d > 1"),((80,24),24,"/ m e m > x"),((80,24),24,"j j enter")] {
        let mut s = Screen::new(size, fake::fleet(n));
        s.keys(keys);
        println!("{}", s.rows().join("\n"));
    }
}
