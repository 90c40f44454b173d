//! Which variables cannot be variables in ARM: those that read what exists only at run time are written
//! out at every use, as are existing resources that do.

use super::reference::Declared;
use crate::bicep::binder::{Bound, BoundResource, SymbolId, SymbolKind};
use crate::bicep::functions::{self, Use};
use crate::bicep::syntax::{ExpressionSyntax, ObjectPropertySyntax, ObjectSyntax, walk};

// Fields of existing resources that are not values of theirs.
const PLACE: [&str; 3] = ["parent", "scope", "dependsOn"];

/// Finds them, by symbol: what reads run time by itself, and then, backwards, whatever uses that.
pub fn find<'a>(bound: &Bound<'a>) -> Vec<bool> {
    let mut reads = Vec::new();
    let mut pending: Vec<SymbolId> = Vec::new();
    let mut note = |owner: SymbolId, expression| {
        if reads_run_time(bound, expression, &mut |used| reads.push((used, owner))) {
            pending.push(owner);
        }
    };
    for (symbol, id) in bound.symbols.iter().zip(0..) {
        if let SymbolKind::Variable(declared) = symbol.kind {
            note(SymbolId(id), declared.value);
        }
    }
    let existing = |resource: &&BoundResource<'a>| resource.syntax.existing.is_some();
    for resource in bound.resources.iter().filter(existing) {
        let body = resource.syntax.body();
        let fields = body.object.into_iter().flat_map(ObjectSyntax::properties);
        let own = |field: &&ObjectPropertySyntax<'a>| {
            !field.name().is_some_and(|name| PLACE.contains(&name))
        };
        fields.filter(own).for_each(|field| note(resource.symbol, field.value));
        body.r#for.into_iter().for_each(|node| note(resource.symbol, node.expression));
    }
    for resource in bound.resources.iter().filter(existing) {
        let outer = resource.nested_in.map(|id| bound.resource(id).symbol);
        let body = resource.syntax.body().object;
        let placed = ["parent", "scope"].into_iter().filter_map(|name| {
            let place = body?.property(name)?;
            Some(bound.reference(place.value)?.symbol)
        });
        reads.extend(outer.into_iter().chain(placed).map(|used| (used, resource.symbol)));
    }
    reads.sort_unstable();
    let mut inlined = vec![false; bound.symbols.len()];
    for id in &pending {
        inlined[id.0 as usize] = true;
    }
    while let Some(id) = pending.pop() {
        let start = reads.partition_point(|found| found.0 < id);
        for (_, owner) in reads[start..].iter().take_while(|found| found.0 == id) {
            if !std::mem::replace(&mut inlined[owner.0 as usize], true) {
                pending.push(*owner);
            }
        }
    }
    inlined
}

// Whether an expression itself reads what exists only at run time. Gives the variables that it
// reads, and the resources whose identity it reads.
fn reads_run_time<'a>(
    bound: &Bound<'a>,
    expression: ExpressionSyntax<'a>,
    used: &mut dyn FnMut(SymbolId),
) -> bool {
    let mut found = false;
    walk(expression, &mut |node| {
        if found {
            return false;
        }
        if let Some((base, name)) = access(node)
            && let Some(reference) = bound.reference(base)
            && is_constant(reference.declared, name)
        {
            if matches!(name, "id" | "name") {
                used(reference.symbol);
            }
            found = reference.index.is_some_and(|index| reads_run_time(bound, index, used));
            return false;
        }
        match node {
            ExpressionSyntax::FunctionCall(call) if call.name.name == "nameof" => return false,
            ExpressionSyntax::FunctionCall(call) => found = calls_run_time(bound, call.name.name),
            ExpressionSyntax::InstanceFunctionCall(call) => {
                found = calls_run_time(bound, call.name.name);
            }
            ExpressionSyntax::Variable(variable) => {
                found = bound.reference(node).is_some();
                bound.target(variable.name).into_iter().for_each(&mut *used);
            }
            _ => {}
        }
        !found
    });
    found
}

fn calls_run_time(bound: &Bound<'_>, name: &str) -> bool {
    let user = bound.global(name).map(|id| bound.symbol(id).kind);
    !matches!(user, Some(SymbolKind::Function(_) | SymbolKind::Imported(..)))
        && functions::function(None, name).is_some_and(|found| found.usage == Use::RunTime)
}

fn is_constant(declared: Declared<'_>, name: &str) -> bool {
    match declared {
        Declared::Resource(_) => matches!(name, "id" | "name" | "type" | "apiVersion"),
        Declared::Module(_) => name == "name",
    }
}

fn access(node: ExpressionSyntax<'_>) -> Option<(ExpressionSyntax<'_>, &str)> {
    match node {
        ExpressionSyntax::PropertyAccess(node) => Some((node.base, node.name.name)),
        ExpressionSyntax::ArrayAccess(node) => Some((node.base, node.index.literal()?)),
        _ => None,
    }
}
