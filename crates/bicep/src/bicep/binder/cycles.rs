//! Declarations that need their own value.

use foldhash::HashSet;

use super::{Bound, SymbolId, SymbolKind};
use crate::diagnostic::{Diagnostic, Span};

/// What takes part in cycles.
#[derive(Debug, Default)]
pub struct Cycles {
    /// Where the uses stand.
    pub uses: HashSet<u32>,
    /// The declarations.
    pub symbols: HashSet<SymbolId>,
}

/// The cycles of a file, and the findings that tell of every use that is part of one.
pub fn find(bound: &Bound<'_>) -> (Cycles, Vec<Diagnostic>) {
    let (mut cyclic, mut findings) = (Cycles::default(), Vec::new());
    // A type may hold itself, as long as it need not.
    let is_type = |id: SymbolId| matches!(bound.symbol(id).kind, SymbolKind::Type(_));
    let edges = bound.uses.iter().filter_map(|found| {
        let owner = found.owner.filter(|owner| !is_type(*owner) && !is_type(found.target))?;
        Some((owner, found.target, found.span))
    });
    let edges = edges.collect();
    let graph = Graph::new(bound.symbols.len(), edges);
    for component in graph.components() {
        for id in &component {
            let inside =
                |edge: &&(SymbolId, SymbolId, Span)| component.binary_search(&edge.1).is_ok();
            for (_, target, span) in graph.of(*id).iter().filter(inside) {
                cyclic.uses.insert(span.start);
                findings.push(finding(bound, *id, *target, *span));
            }
        }
        cyclic.symbols.extend(component);
    }
    (cyclic, findings)
}

fn finding(bound: &Bound<'_>, id: SymbolId, target: SymbolId, span: Span) -> Diagnostic {
    let name = bound.symbol(id).name.name;
    let place = bound.place(span);
    if target == id {
        let title = format!("`{name}` refers to itself");
        let label = "its value is not available here";
        return Diagnostic::error("BCP079", title).at(place, label).help("use another value");
    }
    let title = format!("`{name}` depends on itself");
    let next = bound.symbol(target).name.name;
    let label = format!("`{next}` depends on `{name}`");
    Diagnostic::error("BCP080", title)
        .at(place, label)
        .help("remove one of the references in the cycle")
}

/// Which symbols need which others, and where.
pub struct Graph {
    // Sorted by source.
    edges: Vec<(SymbolId, SymbolId, Span)>,
    nodes: usize,
}

impl Graph {
    /// The graph of so many symbols.
    pub fn new(nodes: usize, mut edges: Vec<(SymbolId, SymbolId, Span)>) -> Self {
        edges.sort_by_key(|edge| edge.0);
        Self { edges, nodes }
    }

    /// What a symbol needs.
    pub fn of(&self, id: SymbolId) -> &[(SymbolId, SymbolId, Span)] {
        let start = self.edges.partition_point(|edge| edge.0 < id);
        let end = self.edges.partition_point(|edge| edge.0 <= id);
        &self.edges[start..end]
    }

    /// The groups whose members need one another, and the symbols that need themselves.
    // Tarjan's algorithm with a stack of its own, so that long chains cannot overflow the thread's.
    pub fn components(&self) -> Vec<Vec<SymbolId>> {
        const NEW: u32 = u32::MAX;
        let mut order = vec![NEW; self.nodes];
        let mut low = vec![NEW; self.nodes];
        let mut open = vec![false; self.nodes];
        let mut stack: Vec<SymbolId> = Vec::new();
        let mut cycles = Vec::new();
        let mut next = 0;
        let mut calls: Vec<(SymbolId, usize)> = Vec::new();
        for root in (0..self.nodes).filter_map(|node| u32::try_from(node).ok()) {
            if order[root as usize] != NEW {
                continue;
            }
            calls.push((SymbolId(root), 0));
            while let Some((id, edge)) = calls.pop() {
                let at = id.0 as usize;
                if edge == 0 {
                    (order[at], low[at], open[at]) = (next, next, true);
                    next += 1;
                    stack.push(id);
                }
                if let Some((_, target, _)) = self.of(id).get(edge) {
                    let to = target.0 as usize;
                    calls.push((id, edge + 1));
                    if order[to] == NEW {
                        calls.push((*target, 0));
                    } else if open[to] {
                        low[at] = low[at].min(order[to]);
                    }
                    continue;
                }
                if let Some((caller, _)) = calls.last() {
                    let caller = caller.0 as usize;
                    low[caller] = low[caller].min(low[at]);
                }
                if low[at] == order[at] {
                    let start = stack.iter().rposition(|open| *open == id).unwrap_or(0);
                    let component = &stack[start..];
                    for closed in component {
                        open[closed.0 as usize] = false;
                    }
                    if component.len() > 1 || self.of(id).iter().any(|edge| edge.1 == id) {
                        let mut cycle = component.to_vec();
                        cycle.sort_unstable();
                        cycles.push(cycle);
                    }
                    stack.truncate(start);
                }
            }
        }
        cycles
    }
}
