//! What a roll does on each node, and how. Pure.

use std::{fmt, sync::Arc, time::Duration};

use super::{Batch, Options};
use crate::{
    exec::plan,
    node::{Node, Transport, quote::quoted},
};

/// For one look at a gate. A gate that hangs is red.
const LOOK: Duration = Duration::from_secs(30);

/// The shell text for a node, by its place in the selection.
pub type Text = Box<dyn Fn(&Node, usize) -> String + Send + Sync>;

/// A roll as it is ordered.
#[derive(Debug)]
pub struct Order {
    /// Names it, on the nodes too.
    pub id: String,
    /// The selection.
    pub nodes: Vec<Arc<Node>>,
    /// In what batches they come.
    pub batches: Arc<[Batch]>,
    /// When nodes begin, and what stops it.
    pub options: Options,
    /// What is done on each.
    pub steps: Arc<Steps>,
    /// How it is run there: sudo, deadlines.
    pub manner: plan::Options,
}

/// What is done on each node, in this order.
pub struct Steps {
    /// Before the restart; where it fails, nothing else is done there.
    pub before: Option<Text>,
    /// The restart.
    pub restart: Text,
    /// After it.
    pub after: Option<Text>,
    /// What says whether the node is well.
    pub gate: GateBy,
    /// Where one of all these failed.
    pub on_fail: Option<Text>,
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps").finish_non_exhaustive()
    }
}

/// What says whether a node is well.
pub enum GateBy {
    /// Nothing: it is.
    Nothing,
    /// A command on it.
    OnNode(Text),
    /// A command on this machine, with the node's name in `$NODE` and its address in `$HOST`.
    Here(Text),
}

/// One of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Before the restart.
    Before,
    /// The restart.
    Restart,
    /// After it.
    After,
    /// Where one failed.
    OnFail,
}

impl Step {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Restart => "restart",
            Self::After => "after",
            Self::OnFail => "on-fail",
        }
    }
}

impl Order {
    /// What is run for a step, if anything is. A later process can find it by [`Order::check`].
    pub(super) fn step(&self, place: usize, step: Step) -> Option<plan::Job> {
        let text = match step {
            Step::Before => self.steps.before.as_ref(),
            Step::Restart => Some(&self.steps.restart),
            Step::After => self.steps.after.as_ref(),
            Step::OnFail => self.steps.on_fail.as_ref(),
        }?;
        let node = self.nodes.get(place)?;
        let text = text(node, place);
        let command = format!(": {}{}.{place}.\n{text}", MARK, self.id);
        let node = Arc::clone(node);
        Some(plan::Job { node, command })
    }

    /// What asks the gate; nothing where there is none.
    pub(super) fn gate(&self, place: usize) -> Option<plan::Job> {
        let node = self.nodes.get(place)?;
        match &self.steps.gate {
            GateBy::Nothing => None,
            GateBy::OnNode(text) => Some(plan::Job {
                node: Arc::clone(node),
                command: text(node, place),
            }),
            GateBy::Here(text) => {
                let (name, address) = (quoted(node.id.as_str()), quoted(&node.address));
                let text = text(node, place);
                Some(plan::Job {
                    node: Arc::new(here(node)),
                    command: format!("NODE={name}; HOST={address}; export NODE HOST\n{text}"),
                })
            }
        }
    }

    /// What shows whether a node is up: its gate, or else that it can be reached.
    pub(super) fn look(&self, place: usize) -> Option<plan::Job> {
        let reached = || {
            let node = Arc::clone(self.nodes.get(place)?);
            let command = ":".to_owned();
            Some(plan::Job { node, command })
        };
        self.gate(place).or_else(reached)
    }

    /// What prints something where a step of this roll still runs: its mark stands in the arguments of its shell, and
    /// not in those of what it has started. The brackets keep the search from finding itself.
    pub(super) fn check(&self, place: usize) -> Option<plan::Job> {
        let node = Arc::clone(self.nodes.get(place)?);
        let (first, rest) = MARK.split_at(1);
        let pattern = quoted(&format!("[{first}]{rest}{}[.]{place}[.]", self.id));
        let text = format!(
            "if [ -r /proc/self/cmdline ]; then grep -ls -- {pattern} /proc/[0-9]*/cmdline; \
             else ps -A -o pid= -o args= | grep -- {pattern}; fi; :"
        );
        let command = format!("/bin/sh -c {}", quoted(&text));
        Some(plan::Job { node, command })
    }

    /// For steps.
    pub(super) fn manner(&self) -> plan::Options {
        self.manner.clone()
    }

    /// For looks at gates and at nodes.
    pub(super) fn glance(&self) -> plan::Options {
        let most = Duration::from_millis(self.options.gate_timeout.max(1_000));
        let is_here = matches!(self.steps.gate, GateBy::Here(_));
        plan::Options {
            timeout: Some(most.min(LOOK)),
            is_sudo: self.manner.is_sudo && !is_here,
            ..self.manner.clone()
        }
    }
}

/// Begins the mark of all steps of a roll.
const MARK: &str = "sshoal-roll-";

/// This machine in a node's place.
fn here(node: &Node) -> Node {
    Node {
        transports: vec![Transport::Local],
        transports_chosen: true,
        ..Node::blank(node.id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> Order {
        Order {
            id: "20261121-183122-q7k3f".to_owned(),
            nodes: vec![Arc::new(Node::blank("n'1"))],
            batches: Arc::new([]),
            options: Options::default(),
            steps: Arc::new(Steps {
                before: None,
                restart: Box::new(|node, rank| format!("restart {} {rank}", node.id)),
                after: None,
                gate: GateBy::Here(Box::new(|_, _| "ask".to_owned())),
                on_fail: None,
            }),
            manner: plan::Options::default(),
        }
    }

    #[test]
    fn a_step_has_a_mark_that_the_search_for_it_has_not() {
        let order = order();
        let step = order.step(0, Step::Restart).unwrap().command;
        assert_eq!(
            step,
            ": sshoal-roll-20261121-183122-q7k3f.0.\nrestart n'1 0"
        );
        assert!(order.step(0, Step::Before).is_none());
        let check = order.check(0).unwrap().command;
        assert!(!check.contains("sshoal-roll-"), "{check}");
        assert!(check.contains("[s]shoal-roll-20261121-183122-q7k3f[.]0[.]"));
    }

    #[test]
    fn a_gate_of_this_machine_knows_the_node() {
        let job = order().gate(0).unwrap();
        assert_eq!(job.node.transports, [Transport::Local]);
        let wanted = r"NODE='n'\''1'; HOST='n'\''1'; export NODE HOST";
        assert_eq!(job.command, format!("{wanted}\nask"));
    }
}
