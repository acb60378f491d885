//! The person whom the nodes' sudo asks for its password: once for all logs of an order.

use tokio::sync::mpsc;

use crate::{
    exec::Control,
    fleet::sudo::Sudo,
    logs::{self, Order},
    node::{NodeId, text::SafeText},
    ssh::Asked,
};

/// Both ends: the nodes and the person.
pub(super) struct Root {
    nodes: logs::Sudo,
    questions: mpsc::Receiver<SafeText>,
    person: Sudo,
    first: Option<NodeId>,
    count: usize,
}

/// What comes next.
pub(super) enum Next {
    /// The person is to be asked this.
    Question(SafeText),
    /// The answer was passed on.
    Answered,
    /// Nothing is read as root any more, and why.
    Refused(SafeText),
}

impl Root {
    /// Of an order that sudo is for; none where nobody can be asked.
    pub(super) fn of(order: &Order, asked: Option<&mpsc::Sender<Asked>>) -> Option<Self> {
        let asked = asked.filter(|_| order.is_sudo)?;
        let control = Control::default();
        let (nodes, questions) = logs::Sudo::by(control.clone());
        Some(Self {
            nodes,
            questions,
            person: Sudo::new(Some(asked.clone()), control),
            first: order.targets.first().map(|target| target.node.id.clone()),
            count: order.targets.len(),
        })
    }

    /// For the nodes.
    pub(super) fn nodes(&self) -> logs::Sudo {
        self.nodes.clone()
    }

    /// What comes next. Cancel-safe.
    pub(super) async fn next(&mut self) -> Next {
        tokio::select! {
            biased;
            why = self.nodes.refused() => Next::Refused(why),
            Some(text) = self.questions.recv() => Next::Question(text),
            () = self.person.answered() => Next::Answered,
        }
    }

    /// Asks the person.
    pub(super) async fn ask(&mut self, text: &SafeText) {
        self.person.ask(text, self.first.clone(), self.count).await;
    }
}
