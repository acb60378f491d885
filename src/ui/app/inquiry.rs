//! Commands whose answer takes time: asked of the fleet, waited for with a notice, shown as a page.

use std::sync::Arc;

use super::{App, palette::KEYS_READ_ONLY};
use crate::{
    command::{
        self, Usage,
        audit::{self, Audit, Part},
        doctor::{self, Doctor},
        roll, select,
        trust::{self, Trust},
    },
    fleet::{
        Answered, Inquiry, LogPage, LogWish, RollWish,
        keys::{Change, Finding},
    },
    node::{Node, NodeId, set::NodeSet},
    store::{
        audit::RunId,
        roll::{Order, Steered},
    },
    ui::{
        effect::Effect,
        layer::Layer,
        palette::preview::count,
        view::{confirm::Confirm, page::Page},
    },
};

/// What was asked, and what is made of the answer.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    inquiry: Arc<Inquiry>,
    wish: Wish,
    /// Said meanwhile.
    notice: String,
}

impl Waiting {
    /// The nodes that the log is read for.
    fn nodes(&self) -> Option<&NodeSet> {
        match &*self.inquiry {
            Inquiry::Log(LogWish::Records { nodes, .. }) => nodes.as_ref(),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
enum Wish {
    Doctor(Doctor),
    Trust(Trust),
    Audit(Audit),
    Roll(RollWish),
}

impl Wish {
    fn title(&self) -> &'static str {
        match self {
            Self::Doctor(_) => "doctor",
            Self::Trust(_) => "trust",
            Self::Audit(_) => "audit",
            Self::Roll(_) => "roll",
        }
    }
}

impl App {
    pub(super) fn doctor(&mut self, doctor: Doctor) -> Result<Vec<Effect>, Usage> {
        let nodes = self.subjects(&doctor.sets)?;
        let notice = format!("doctor: on the way to {}", count(nodes.len()));
        Ok(self.inquire(Inquiry::Ways(nodes), Wish::Doctor(doctor), notice))
    }

    pub(super) fn trust(&mut self, trust: Trust) -> Result<Vec<Effect>, Usage> {
        let is_named = !trust.sets.is_empty() || self.page().is_some();
        if !is_named {
            trust.check()?;
        }
        if self.read_only && trust.change().is_some() {
            return Err(Usage(KEYS_READ_ONLY.to_owned()));
        }
        let nodes = self.subjects(&trust.sets)?;
        let notice = format!("trust: looking at the keys of {}", count(nodes.len()));
        let inquiry = match trust.change() {
            Some(Change::Forget) => Inquiry::KnownKeys(nodes),
            _ => Inquiry::Keys(nodes),
        };
        Ok(self.inquire(inquiry, Wish::Trust(trust), notice))
    }

    pub(super) fn audit(&mut self, audit: Audit) -> Result<Vec<Effect>, Usage> {
        let inventory = &self.world.snapshot.inventory;
        let wish = match audit.part {
            Some(Part::Verify) => LogWish::Verify,
            Some(Part::Head) => LogWish::Head,
            None => LogWish::Records {
                since: audit.since,
                // Names that are no longer in the inventory are fine: the log remembers them.
                nodes: match audit.node.as_slice() {
                    [] => None,
                    sets => Some(command::parse(sets, inventory)?),
                },
                run: audit.run.clone(),
            },
        };
        let notice = "audit: reading the log".to_owned();
        Ok(self.inquire(Inquiry::Log(wish), Wish::Audit(audit), notice))
    }

    /// Asks after the rolls of all processes, or has one of another process take an order.
    pub(super) fn kept_rolls(&mut self, wish: RollWish) -> Vec<Effect> {
        let notice = match &wish {
            RollWish::Steer(_, order) => format!("roll: {} is ordered", order.as_str()),
            RollWish::Resume(_) => "roll: reading its journal".to_owned(),
            RollWish::All | RollWish::One(_) => "roll: reading the journals".to_owned(),
        };
        self.inquire(Inquiry::Roll(wish.clone()), Wish::Roll(wish), notice)
    }

    /// Does what was confirmed.
    pub(super) fn change_keys(
        &mut self,
        trust: Trust,
        change: Change,
        findings: Vec<Finding>,
    ) -> Vec<Effect> {
        let notice = "trust: changing known_hosts".to_owned();
        let inquiry = Inquiry::Change(change, findings);
        self.inquire(inquiry, Wish::Trust(trust), notice)
    }

    /// The nodes of a line that names none: all, as on the command line; on a node's page, that node.
    pub(super) fn subjects(&self, sets: &[String]) -> Result<Vec<Arc<Node>>, Usage> {
        let snapshot = &self.world.snapshot;
        match self.page().filter(|_| sets.is_empty()) {
            Some(id) => {
                let state = self.world.node(id);
                Ok(state
                    .map(|state| Arc::clone(&state.node))
                    .into_iter()
                    .collect())
            }
            None => select(sets, &snapshot.inventory),
        }
    }

    fn inquire(&mut self, inquiry: Inquiry, wish: Wish, notice: String) -> Vec<Effect> {
        let inquiry = Arc::new(inquiry);
        self.asked.push(Waiting {
            inquiry: Arc::clone(&inquiry),
            wish,
            notice,
        });
        self.say_what_is_waited_for();
        vec![Effect::Inquire(inquiry)]
    }

    fn say_what_is_waited_for(&mut self) {
        self.world.waiting = self.asked.last().map(|waiting| waiting.notice.clone());
    }

    /// Shows what is answered by now, unless somebody is typing: then it waits until they are done.
    pub(super) fn hear_answers(&mut self) -> Vec<Effect> {
        let mut effects = Vec::new();
        let answers = Arc::clone(&self.world.snapshot.answers);
        while !self.is_typing() {
            let answer = |waiting: &Waiting| {
                let is_its = |(asked, _): &&(Arc<Inquiry>, _)| Arc::ptr_eq(asked, &waiting.inquiry);
                answers
                    .iter()
                    .find(is_its)
                    .map(|(_, answer)| Arc::clone(answer))
            };
            let mut asked = self.asked.iter().enumerate();
            let found = asked.find_map(|(at, waiting)| Some((at, answer(waiting)?)));
            let Some((at, answer)) = found else { break };
            let waiting = self.asked.remove(at);
            effects.extend(self.show_answer(&waiting, &answer));
            self.say_what_is_waited_for();
        }
        effects
    }

    fn show_answer(&mut self, waiting: &Waiting, answer: &Answered) -> Vec<Effect> {
        match (&waiting.wish, answer) {
            (Wish::Doctor(doctor), Answered::Ways(checkups)) => {
                let text = doctor::report(doctor, checkups, self.world.glyphs.ascii);
                self.report("doctor", &text);
            }
            (Wish::Trust(trust), Answered::Keys(findings)) => self.show_keys(trust, findings),
            (Wish::Trust(trust), Answered::Changed(findings, trouble)) => {
                let trouble = trouble.as_ref();
                let trouble =
                    trouble.map(|why| format!("The change is not written down: {why}\n\n"));
                let text = trouble.unwrap_or_default() + &trust::report(trust, findings);
                self.report("trust", &text);
                return vec![Effect::Retry(accepted(findings))];
            }
            (Wish::Audit(audit), Answered::Log(page)) => {
                let mut page = Page::new("audit", &audit_text(audit, page, waiting.nodes()));
                // The newest are the last.
                page.to_end(self.world.body());
                self.layers.push(Layer::Page(page));
            }
            (Wish::Roll(wish), answered) => self.show_kept(wish, answered),
            (wish, Answered::Failed(why)) => self.report(wish.title(), why),
            _ => {}
        }
        Vec::new()
    }

    fn show_kept(&mut self, wish: &RollWish, answered: &Answered) {
        match (wish, answered) {
            (_, Answered::Rolls(all, troubles)) => {
                // Of a demo, nothing is left to go on with elsewhere.
                let rest = roll::unfinished(all).filter(|_| !self.is_demo);
                let rest = rest.map_or_else(String::new, |rest| format!("\n{rest}\n"));
                let text = roll::list(all) + &rest + &troubles.join("\n");
                let text = if text.is_empty() {
                    "no roll yet"
                } else {
                    &text
                };
                self.report("rolls", text);
            }
            (RollWish::Resume(_), Answered::Roll(stored)) => self.resume(stored),
            (_, Answered::Roll(stored)) => self.report("roll", &roll::show(stored)),
            (RollWish::Steer(id, order), Answered::Steered(became)) => {
                self.tell_steered(id, *order, *became);
            }
            (RollWish::Resume(id), Answered::Steered(became)) => {
                self.tell_steered(id, Order::Resume, *became);
            }
            (_, Answered::Failed(why)) => self.report("roll", why),
            _ => {}
        }
    }

    fn tell_steered(&mut self, id: &RunId, order: Order, became: Steered) {
        let text = roll::steered(id, order, became);
        if became == Steered::Taken {
            self.say(&text);
        } else {
            self.report("roll", &text);
        }
    }

    /// Shows what was found, or asks whether to change what the command was for.
    fn show_keys(&mut self, trust: &Trust, findings: &[Finding]) {
        let meant = |change: Change| {
            let all = findings.iter().filter(|finding| finding.is_for(change));
            // Nothing is taken out where nothing is known.
            let all = all.filter(|f| change != Change::Forget || !f.known.is_empty());
            all.cloned().collect::<Vec<Finding>>()
        };
        let change = trust.change().map(|change| (change, meant(change)));
        match change.filter(|(_, meant)| !meant.is_empty()) {
            Some((change, meant)) => {
                let confirm = Confirm::keys(trust.clone(), change, meant, self.world.now);
                self.layers.push(Layer::Confirm(Box::new(confirm)));
            }
            None => self.report("trust", &trust::report(trust, findings)),
        }
    }
}

/// Whoever is trusted now is tried now.
fn accepted(findings: &[Finding]) -> Vec<NodeId> {
    let findings = findings.iter().filter(|finding| finding.shown().is_some());
    findings.map(|finding| finding.node.id.clone()).collect()
}

fn audit_text(audit: &Audit, page: &LogPage, nodes: Option<&NodeSet>) -> String {
    let (records, left_out, troubles) = match page {
        LogPage::Verdict(verdict) => return audit::verdict(verdict),
        LogPage::Head(head) => return audit::head(*head),
        LogPage::Records {
            records,
            left_out,
            troubles,
        } => (records, *left_out, troubles),
    };
    let mut text = String::new();
    if left_out > 0 {
        text = format!(
            "{left_out} older records are left out: --since, --node or --run narrow it\n\n"
        );
    }
    let told = audit::text(audit, records, nodes);
    text.push_str(if told.is_empty() {
        "nothing like that in the audit log"
    } else {
        &told
    });
    for trouble in troubles {
        text = format!("{text}{trouble}\n");
    }
    text
}
