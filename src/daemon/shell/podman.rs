//! podman, whose words are docker's.

use super::Part;
use crate::node::Manager;

/// Its part of a script.
pub(super) const PART: Part = Part {
    needs: &[Manager::Docker],
    ..Part::new(
        Manager::Podman,
        r#"
podman_has() { has podman; };
podman_look() { box_look podman; };
podman_act() { order podman $1 "$n"; };
podman_log() { ${T:+$T 8} podman logs --tail $L "$n"; };
"#,
    )
};
