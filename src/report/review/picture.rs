//! The resources as boxes in a column for each stage, with arrows to what they need.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use super::kinds::kind_words;
use super::names::{Line, name_lines};
use crate::catalog::StageName;
use crate::diff::{Action, Diff, ResourceChange, title};

const BOX_WIDTH: usize = 236;
const BOX_HEIGHT: usize = 50;
const COLUMN: usize = 292;
const ROW: usize = 66;
const MARGIN: usize = 20;
const TITLE: usize = 42;
/// Height at which arrows pass over the columns between their ends.
const LANE: usize = 49;
/// More resources than this make no picture that anybody reads.
const MAX_NODES: usize = 150;
/// Up to this many resources a Mermaid graph shows them all; of more, what changes and its neighbors.
const FEW_NODES: usize = 12;
/// GitHub draws no larger Mermaid graph well.
const MAX_MERMAID_NODES: usize = 60;
/// Characters of a name in a Mermaid graph.
const MAX_NAME: usize = 60;
/// Right end of a sign in its box.
const MARK: usize = BOX_WIDTH - 10;

/// A resource.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Node {
    /// What happens to it.
    pub action: Action,
    /// Its sign.
    pub sign: &'static str,
    /// What its type is called.
    pub kind: String,
    /// Its name, without its middle where it is very long.
    pub label: String,
    /// The name as the box shows it.
    pub lines: Vec<Line>,
    /// The style of the name: `small` where it does not fit otherwise.
    pub size: &'static str,
    /// Its whole name.
    pub name: String,
    /// Left edge.
    pub x: usize,
    /// Upper edge.
    pub y: usize,
    /// It was there.
    pub before: bool,
    /// It will be there.
    pub after: bool,
    /// The review of this resource, if it differs.
    pub anchor: Option<usize>,
    /// It stays although the new render has it no longer.
    #[serde(skip)]
    stays: bool,
    #[serde(skip)]
    id: String,
    #[serde(skip)]
    stage: StageName,
}

/// One resource needs another.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Edge {
    /// The curve, as SVG writes it.
    pub path: String,
    /// It was so.
    pub before: bool,
    /// It will be so.
    pub after: bool,
    #[serde(skip)]
    ends: (usize, usize),
}

/// The heading of a column.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Column {
    /// The stage.
    pub title: String,
    /// Left edge.
    pub x: usize,
}

/// All of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Picture {
    /// Width of the drawing.
    pub width: usize,
    /// Height of the drawing.
    pub height: usize,
    /// Width of a box.
    pub box_width: usize,
    /// Height of a box.
    pub box_height: usize,
    /// Right end of a sign in its box.
    pub mark_x: usize,
    /// One for each stage.
    pub columns: Vec<Column>,
    /// The resources.
    pub nodes: Vec<Node>,
    /// The relations.
    pub edges: Vec<Edge>,
}

/// Lays the resources out. `places` has the account of each resource that differs.
pub(super) fn picture(diff: &Diff, places: &[usize]) -> Picture {
    let mut nodes = nodes(diff, places);
    if nodes.is_empty() || nodes.len() > MAX_NODES {
        return Picture::default();
    }
    let stages: BTreeSet<StageName> = nodes.iter().map(|node| node.stage.clone()).collect();
    let mut rows = vec![0_usize; stages.len()];
    for node in &mut nodes {
        let column = stages.iter().position(|stage| *stage == node.stage).unwrap_or(0);
        node.x = MARGIN + column * COLUMN;
        node.y = MARGIN + TITLE + rows[column] * ROW;
        rows[column] += 1;
    }
    let tallest = rows.iter().max().copied().unwrap_or(0);
    let column = |(index, title): (usize, &StageName)| Column {
        title: title.to_string(),
        x: MARGIN + index * COLUMN,
    };
    Picture {
        width: 2 * MARGIN + (stages.len() - 1) * COLUMN + BOX_WIDTH,
        height: 2 * MARGIN + TITLE + tallest * ROW - (ROW - BOX_HEIGHT),
        box_width: BOX_WIDTH,
        box_height: BOX_HEIGHT,
        mark_x: MARK,
        columns: stages.iter().enumerate().map(column).collect(),
        edges: edges(diff, &nodes),
        nodes,
    }
}

fn nodes(diff: &Diff, places: &[usize]) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut places = places.iter().copied();
    for change in &diff.resources {
        let own = if change.action == Action::NoChange { None } else { places.next() };
        let old = change.before.as_deref().filter(|before| before.name != change.name);
        let before = change.action == Action::NoChange
            || change.before.as_ref().is_some_and(|before| before.name == change.name);
        let after = change.action == Action::NoChange || change.after.is_some();
        let now = [&change.name, &change.id, &change.title];
        nodes.push(node(change, now.map(String::as_str), own, (before, after)));
        if let Some(old) = old {
            let title = title(old);
            let stays = change.action == Action::Beside;
            let mut gone = node(change, [&old.name, &old.id, &title], own, (true, stays));
            let action = old_action(change);
            (gone.action, gone.sign, gone.stays) = (action, action.sign(), stays);
            nodes.push(gone);
        }
    }
    nodes.sort_by(|a, b| a.kind.cmp(&b.kind).then_with(|| a.name.cmp(&b.name)));
    nodes
}

/// What happens to the resource that another succeeds: it stays, unless it was made for one bake.
fn old_action(change: &ResourceChange) -> Action {
    match change.action {
        Action::Beside => Action::NoChange,
        Action::Rebake => Action::Retire,
        _ => Action::Delete,
    }
}

fn node(
    change: &ResourceChange,
    [name, id, title]: [&str; 3],
    anchor: Option<usize>,
    (before, after): (bool, bool),
) -> Node {
    let (size, lines) = name_lines(title, BOX_WIDTH - 24);
    Node {
        action: change.action,
        sign: change.action.sign(),
        kind: kind_words(&change.kind),
        label: without_middle(title),
        size,
        lines,
        name: name.to_owned(),
        x: 0,
        y: 0,
        before,
        after,
        anchor,
        stays: false,
        id: id.to_lowercase(),
        stage: change.stage.clone(),
    }
}

/// A name of at most [`MAX_NAME`] characters. Long names differ at their ends.
fn without_middle(name: &str) -> String {
    let length = name.chars().count();
    if length <= MAX_NAME {
        return name.to_owned();
    }
    let start = name.chars().take(MAX_NAME / 2);
    let end = name.chars().skip(length - (MAX_NAME / 2 - 1));
    start.chain(['…']).chain(end).collect()
}

fn edges(diff: &Diff, nodes: &[Node]) -> Vec<Edge> {
    let index: BTreeMap<&str, usize> =
        nodes.iter().enumerate().map(|(index, node)| (node.id.as_str(), index)).collect();
    let edge = |relation: &crate::diff::Relation| {
        let ends = (*index.get(relation.from.as_str())?, *index.get(relation.to.as_str())?);
        Some(Edge {
            path: curve(&nodes[ends.0], &nodes[ends.1]),
            before: relation.before,
            after: relation.after || nodes[ends.0].stays && relation.before,
            ends,
        })
    };
    let mut edges: Vec<Edge> = diff.relations.iter().filter_map(edge).collect();
    // What changes is drawn over what stays.
    edges.sort_by_key(|edge| !(edge.before && edge.after));
    edges
}

/// From the side of one box to the side of another: within a column around their left edges, past a column
/// over its head.
fn curve(from: &Node, to: &Node) -> String {
    let (y1, y2) = (from.y + BOX_HEIGHT / 2, to.y + BOX_HEIGHT / 2);
    if from.x == to.x {
        let (x, bend) = (from.x, from.x.saturating_sub(16 + from.y.abs_diff(to.y) / 24));
        return format!("M{x} {y1}C{bend} {y1} {bend} {y2} {x} {y2}");
    }
    let (x1, x2) =
        if from.x > to.x { (from.x, to.x + BOX_WIDTH) } else { (from.x + BOX_WIDTH, to.x) };
    if from.x.abs_diff(to.x) == COLUMN {
        let middle = usize::midpoint(x1, x2);
        return format!("M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}");
    }
    let gap = COLUMN - BOX_WIDTH;
    let (up, down) = if x1 < x2 { (x1 + gap, x2 - gap) } else { (x1 - gap, x2 + gap) };
    let (rise, fall) = (usize::midpoint(x1, up), usize::midpoint(x2, down));
    format!(
        "M{x1} {y1}C{rise} {y1} {rise} {LANE} {up} {LANE}H{down}C{fall} {LANE} {fall} {y2} {x2} {y2}"
    )
}

impl Picture {
    /// The picture as Mermaid: what changes and its neighbors, or all when that is few.
    pub(super) fn mermaid(&self) -> String {
        let shown = self.mermaid_nodes();
        if shown.is_empty() {
            return String::new();
        }
        let mut text = String::from("flowchart RL\n");
        for (number, column) in self.columns.iter().enumerate() {
            let stage = (0..self.nodes.len()).filter(|index| self.nodes[*index].x == column.x);
            let (members, others): (Vec<usize>, Vec<usize>) =
                stage.partition(|index| shown.contains(index));
            let _ = writeln!(text, "  subgraph s{number}[\"{}\"]", mermaid_text(&column.title));
            for index in members {
                let node = &self.nodes[index];
                let sign = if node.action == Action::NoChange { "" } else { node.sign };
                let label = format!("{sign} {}<br/>{}", node.kind, mermaid_text(&node.label));
                let class = class(node.action);
                let _ = writeln!(text, "    n{index}[\"{}\"]:::{class}", label.trim_start());
            }
            if !others.is_empty() {
                let _ = writeln!(text, "    more{number}([\"{} more\"]):::same", others.len());
            }
            let _ = writeln!(text, "  end\n  class s{number} stage");
        }
        for edge in &self.edges {
            let (from, to) = edge.ends;
            if shown.contains(&from) && shown.contains(&to) {
                let arrow = if edge.before && edge.after { "-->" } else { "-.->" };
                let _ = writeln!(text, "  n{from} {arrow} n{to}");
            }
        }
        text.push_str(MERMAID_CLASSES);
        text
    }

    fn mermaid_nodes(&self) -> BTreeSet<usize> {
        let all = 0..self.nodes.len();
        if self.nodes.len() <= FEW_NODES {
            return all.collect();
        }
        let changed: BTreeSet<usize> = all
            .filter(|index| self.nodes[*index].anchor.is_some())
            .take(MAX_MERMAID_NODES)
            .collect();
        let near = self.edges.iter().filter_map(|edge| {
            let (from, to) = edge.ends;
            match (changed.contains(&from), changed.contains(&to)) {
                (true, false) => Some(to),
                (false, true) => Some(from),
                _ => None,
            }
        });
        let room = MAX_MERMAID_NODES - changed.len();
        let near: BTreeSet<usize> = near.collect();
        changed.iter().copied().chain(near.into_iter().take(room)).collect()
    }
}

const MERMAID_CLASSES: &str = "  \
classDef stage fill:transparent,stroke:#8c959f,stroke-dasharray:3 3\n  \
classDef same fill:transparent,stroke:#8c959f\n  \
classDef create fill:#2da44e33,stroke:#2da44e\n  \
classDef modify fill:#0969da22,stroke:#0969da\n  \
classDef gone fill:transparent,stroke:#8c959f,stroke-dasharray:5 4\n  \
classDef danger fill:#cf222e33,stroke:#cf222e,stroke-width:2px\n";

fn class(action: Action) -> &'static str {
    match action {
        Action::NoChange => "same",
        Action::Create | Action::Beside => "create",
        Action::Modify | Action::Rebake => "modify",
        Action::Retire => "gone",
        Action::Refused | Action::Delete | Action::Replace | Action::EmptyPool => "danger",
    }
}

/// A text that ends no label and starts no markup.
fn mermaid_text(text: &str) -> String {
    let mut escaped = String::new();
    for symbol in text.chars() {
        if symbol.is_alphanumeric() || "-_. /…".contains(symbol) {
            escaped.push(symbol);
        } else {
            let _ = write!(escaped, "#{};", u32::from(symbol));
        }
    }
    escaped
}
