//! Home folders of other users, from the password file, for `~user`.

use std::fs;

/// Where this user is at home; nothing where there is no such user in the file.
pub(super) fn home(user: &str) -> Option<String> {
    let users = fs::read_to_string("/etc/passwd").ok()?;
    home_in(&users, user)
}

fn home_in(users: &str, user: &str) -> Option<String> {
    let mut lines = users.lines().map(|line| line.split(':'));
    let home = lines.find_map(|mut fields| {
        let is_wanted = fields.next()? == user;
        fields.nth(4).filter(|_| is_wanted)
    });
    home.filter(|home| home.starts_with('/')).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_is_the_sixth_field() {
        let users = "root:x:0:0:root:/root:/bin/sh\nann:x:1:1::/srv/ann:/bin/sh\nodd:x:2:2\n";
        assert_eq!(home_in(users, "ann").as_deref(), Some("/srv/ann"));
        for nobody in ["odd", "an", ""] {
            assert_eq!(home_in(users, nobody), None);
        }
    }
}
