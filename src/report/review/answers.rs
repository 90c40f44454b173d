//! What a reviewer asks first: is anything replaced or deleted, does access widen, does cost rise?

use std::io;

use serde::{Serialize, Serializer};

use super::cost;
use super::kinds::kind_words;
use super::section::Brief;
use crate::arm::evaluate::Evaluated;
use crate::catalog::Lifecycle;
use crate::diff::{self, Access, Action, Diff, Pairing, ResourceChange, title};
use crate::report::store::Store;
use crate::report::wording;

/// How many names stand in an answer.
const MAX_NAMES: usize = 3;

/// How much an answer should worry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Level {
    /// Nothing to see.
    Calm,
    /// Look at it.
    Warn,
    /// Look at it first: work, data or access is lost, or the deployment fails.
    Danger,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    Danger,
    Access,
    Cost,
}

impl Question {
    pub(super) const ALL: [Self; 3] = [Self::Danger, Self::Access, Self::Cost];

    fn words(self) -> &'static str {
        match self {
            Self::Danger => "replaced or deleted",
            Self::Access => "access widens",
            Self::Cost => "cost rises",
        }
    }
}

impl Serialize for Question {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.words())
    }
}

/// What is answered, the worst first; the answers to one question compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Something is replaced or deleted.
    Replaces,
    /// Azure refuses something.
    Refused,
    /// A pool must have no nodes.
    EmptyPool,
    /// Somebody may do or reach more.
    Widens,
    /// Nodes, sizes or SKUs grow to stay.
    Rises,
    /// Two pools run until the old one is retired.
    ForAWhile,
    /// What cannot be known offline differs.
    NotKnown,
    /// It differs, and no side is more.
    Changes,
    /// A new bake, a new version or a new pool next to the old one.
    Planned,
    /// Nodes, sizes or SKUs shrink.
    Falls,
    /// Somebody may do or reach less.
    Narrows,
    /// Nothing of the kind.
    No,
}

impl Verdict {
    fn words(self) -> &'static str {
        match self {
            Self::Replaces => "YES",
            Self::Refused => "REFUSED",
            Self::EmptyPool => "EMPTY POOL",
            Self::Widens => "WIDENS",
            Self::Rises => "RISES",
            Self::ForAWhile => "for a while",
            Self::NotKnown => "not known",
            Self::Changes => "changes",
            Self::Planned => "planned",
            Self::Falls => "falls",
            Self::Narrows => "narrows",
            Self::No => "no",
        }
    }

    fn level(self) -> Level {
        match self {
            Self::Replaces | Self::Refused | Self::EmptyPool => Level::Danger,
            Self::Widens | Self::Rises | Self::ForAWhile | Self::NotKnown | Self::Changes => {
                Level::Warn
            }
            Self::Planned | Self::Falls | Self::Narrows | Self::No => Level::Calm,
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.words())
    }
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    /// What is asked.
    pub(super) question: Question,
    /// The answer in a word.
    #[serde(rename = "word")]
    pub(super) verdict: Verdict,
    /// How much it should worry.
    pub level: Level,
    /// The answer in a sentence.
    pub text: String,
}

impl Answer {
    pub(super) fn new(question: Question, verdict: Verdict, text: String) -> Self {
        Self { question, verdict, level: verdict.level(), text }
    }

    /// Question and answer as people read them.
    pub(super) fn words(&self) -> (&'static str, &'static str) {
        let (question, word) = (self.question.words(), self.verdict.words());
        (wording::asked(question), wording::answered(question, word))
    }
}

pub(super) fn answers(diff: &Diff) -> Vec<Answer> {
    Question::ALL
        .into_iter()
        .map(|question| match question {
            Question::Danger => danger(diff),
            Question::Access => access(diff),
            Question::Cost => cost::answer(diff),
        })
        .collect()
}

/// The answers of a fleet: the worst of each, naming the configs.
pub(super) fn together(configs: &[&Brief], store: &Store) -> io::Result<Vec<Answer>> {
    let questions = Question::ALL.into_iter().enumerate();
    let told =
        questions.filter_map(|(at, question)| worst(configs, (at, question), store).transpose());
    told.collect()
}

/// The worst answer to one question, with the configs of that answer and of milder ones.
fn worst(
    configs: &[&Brief],
    (at, question): (usize, Question),
    store: &Store,
) -> io::Result<Option<Answer>> {
    let mut told: Vec<(Verdict, Vec<&Brief>)> = Vec::new();
    for config in configs {
        let verdict = config.verdicts[at];
        match told.iter_mut().find(|(known, _)| *known == verdict) {
            Some((_, configs)) => configs.push(config),
            None => told.push((verdict, vec![config])),
        }
    }
    told.sort_by_key(|(verdict, _)| *verdict);
    let Some(((worst, first), milder)) = told.split_first() else { return Ok(None) };
    if configs.len() == 1 || *worst == Verdict::No {
        let data = first[0].data(store)?;
        let text = data["answers"][at]["text"].as_str().unwrap_or_default();
        return Ok(Some(Answer::new(question, *worst, text.to_owned())));
    }
    let names =
        |configs: &[&Brief]| few(&configs.iter().map(|config| &config.name).collect::<Vec<_>>());
    let mut text = format!("in {}", names(first));
    for (verdict, configs) in milder.iter().filter(|(verdict, _)| *verdict != Verdict::No) {
        let word = wording::answered(question.words(), verdict.words());
        text = format!("{text}; {word} in {}", names(configs));
    }
    Ok(Some(Answer::new(question, *worst, text)))
}

/// The first names of a list, and how many more there are.
pub(super) fn few(names: &[impl AsRef<str>]) -> String {
    first(names, MAX_NAMES)
}

pub(super) fn first(names: &[impl AsRef<str>], most: usize) -> String {
    let mut shown: Vec<String> =
        names.iter().take(most).map(|name| name.as_ref().to_owned()).collect();
    if names.len() > most {
        shown.push(format!("{} more", names.len() - most));
    }
    shown.join(", ")
}

fn danger(diff: &Diff) -> Answer {
    let of = |action: Action| diff.resources.iter().filter(move |change| change.action == action);
    let mut parts = Vec::new();
    for action in Action::ALL.into_iter().filter(|action| action.is_dangerous()) {
        let names: Vec<String> = of(action)
            .map(|change| format!("{} `{}`", kind_words(&change.kind), change.title))
            .collect();
        let words = match action {
            Action::Refused => "refused",
            Action::Delete => "no longer rendered",
            Action::Replace => "replaced",
            _ => "needs an empty pool",
        };
        if !names.is_empty() {
            parts.push(format!("{words}: {}", few(&names)));
        }
    }
    parts.extend(planned(diff));
    let has = |action: Action| of(action).next().is_some();
    let verdict = if has(Action::Replace) || has(Action::Delete) {
        Verdict::Replaces
    } else if has(Action::Refused) {
        Verdict::Refused
    } else if has(Action::EmptyPool) {
        Verdict::EmptyPool
    } else if parts.is_empty() {
        Verdict::No
    } else {
        Verdict::Planned
    };
    if parts.is_empty() {
        parts.push("no resource is replaced or deleted".to_owned());
    }
    Answer::new(Question::Danger, verdict, parts.join("; "))
}

/// What a change adds beside what stays, and what it makes for one bake.
fn planned(diff: &Diff) -> Vec<String> {
    let beside = diff.resources.iter().filter(|change| change.action == Action::Beside);
    let names: Vec<String> = beside
        .map(|change| {
            let kind = kind_words(&change.kind);
            let old = change.before.as_deref().map(title).unwrap_or_default();
            if old == change.title {
                return format!("{kind} `{old}`");
            }
            format!("{kind} `{}` next to `{old}`", change.title)
        })
        .collect();
    let mut parts: Vec<String> =
        if names.is_empty() { Vec::new() } else { vec![format!("new: {}", few(&names))] };
    let of_bake = |change: &&ResourceChange| {
        change.lifecycle == Lifecycle::OneBake && change.action == Action::Rebake
    };
    if bakes(diff) && diff.resources.iter().any(|change| of_bake(&change)) {
        parts.push("the new bake uses a new builder".to_owned());
    }
    parts
}

/// Whether the deployment bakes: it does so only for an image version that the gallery does not have.
fn bakes(diff: &Diff) -> bool {
    let makes = [Action::Create, Action::Beside, Action::Replace];
    let of_image = |change: &&ResourceChange| change.is(diff::VERSION) || change.is(diff::TEMPLATE);
    diff.resources.iter().filter(of_image).any(|change| makes.contains(&change.action))
}

fn access(diff: &Diff) -> Answer {
    let of = |access: Access| -> Vec<String> {
        let changes = diff.security.iter().filter(|change| change.access == access);
        let mut names: Vec<String> = changes
            .map(|change| {
                let name = change.name.rsplit('/').next().unwrap_or(&change.name);
                let once_deleted = if change.once_deleted { " once deleted" } else { "" };
                if change.path.is_empty() {
                    let value = change.after.as_ref().or(change.before.as_ref());
                    let role = value.and_then(Evaluated::as_str).unwrap_or(name);
                    format!("{}: {role}{once_deleted}", change.label)
                } else {
                    format!("{} of `{name}`{once_deleted}", change.label)
                }
            })
            .collect();
        names.dedup();
        names
    };
    let (wider, other, narrower) = (of(Access::Widens), of(Access::Changes), of(Access::Narrows));
    let (verdict, text) = if !wider.is_empty() {
        (Verdict::Widens, few(&wider))
    } else if !other.is_empty() {
        (Verdict::Changes, few(&other))
    } else if !narrower.is_empty() {
        (Verdict::Narrows, few(&narrower))
    } else {
        (Verdict::No, "roles, identities, networks and users are unchanged".to_owned())
    };
    Answer::new(Question::Access, verdict, text)
}

/// Pools that keep their nodes although the new render has them no longer, by their last name.
pub(super) fn pools_that_stay(diff: &Diff) -> Vec<&ResourceChange> {
    let pools = diff.resources.iter().filter(|change| change.is(cost::POOL));
    pools
        .filter(|change| change.action == Action::Delete || change.pairing != Pairing::Same)
        .collect()
}
