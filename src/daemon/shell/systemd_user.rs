//! systemd's user units, of the login itself: never as root, even in a run under sudo.

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part {
    needs: &[Manager::Systemd],
    ..Part::new(
        Manager::SystemdUser,
        r#"
systemd_user_has() { systemd_has; };
systemd_user_as() {
	v=$(id -u); w=; if [ "$v" = 0 ] && num "$SUDO_UID"; then v=$SUDO_UID; w="sudo -n -u #$v "; fi;
	r=/run/user/$v; [ -n "$w" ] || r=${XDG_RUNTIME_DIR:-$r}; w="${w}env XDG_RUNTIME_DIR=$r ";
};
systemd_user_look() {
	systemd_user_as; V="${w}systemctl --user"; unit_look;
	case $S/$X in unknown/*bus* | unknown/*session*) X="$X; user units need a session of the login, or linger: loginctl enable-linger";; esac;
};
systemd_user_act() { systemd_user_as; V="${w}systemctl --user"; unit_act $1; };
systemd_user_log() { systemd_user_as; J="${w}journalctl --user"; unit_log; };
"#,
    )
};
