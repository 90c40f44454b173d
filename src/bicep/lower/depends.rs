//! What must be deployed before a resource or module.

use std::collections::BTreeSet;

use serde_json::Value;

use super::order;
use super::reference::{Declared, Instance, Reference};
use super::target::Target;
use super::walk::walk;
use super::{Env, Lowerer};
use crate::bicep::binder::{ResourceId, SymbolId, SymbolKind};
use crate::bicep::syntax::{ExpressionSyntax, ObjectItemSyntax};

struct Dependency<'a> {
    name: String,
    symbol: SymbolId,
    declared: Declared<'a>,
    // Where the index is written: the same place means the same dependency.
    index_at: Option<u32>,
    index: Option<Target>,
    // Whether more than its identity is read.
    strong: bool,
}

struct Collector<'a, 'e> {
    env: &'e Env<'e>,
    found: Vec<Dependency<'a>>,
    seen: BTreeSet<SymbolId>,
    pending: Vec<ExpressionSyntax<'a>>,
}

impl<'a> Lowerer<'a, '_> {
    /// The `dependsOn` of a declaration; nothing if it waits for nothing.
    pub(super) fn depends_on(&self, instance: &Instance<'a>) -> Option<Value> {
        let mut found = self.dependencies(instance);
        let whole: BTreeSet<SymbolId> = found
            .iter()
            .filter(|dependency| dependency.index_at.is_none())
            .map(|dependency| dependency.symbol)
            .collect();
        found.retain(|dependency| {
            dependency.index_at.is_none() || !whole.contains(&dependency.symbol)
        });
        found.sort_by(|left, right| order::compare(&left.name, &right.name));
        let entries: Vec<Value> = found.into_iter().map(|found| self.entry(found)).collect();
        (!entries.is_empty()).then_some(Value::Array(entries))
    }

    fn entry(&self, found: Dependency<'a>) -> Value {
        let looped = self.declared_body(found.declared).r#for.is_some();
        if looped && found.index.is_none() {
            return Value::from(found.name);
        }
        let instance = self.instance_at(found.declared, found.index);
        if self.symbolic {
            self.symbolic_reference(&instance).into_json()
        } else {
            self.resource_id(&instance).into_json()
        }
    }

    // What is emitted and waited for, existing resources followed to what they wait for themselves.
    fn dependencies(&self, instance: &Instance<'a>) -> Vec<Dependency<'a>> {
        let mut result: Vec<Dependency<'a>> = Vec::new();
        for found in self.direct_dependencies(instance) {
            let Declared::Resource(id) = found.declared else {
                add(&mut result, found);
                continue;
            };
            let resource = self.bound.resource(id);
            let existing = resource.syntax.existing.is_some();
            if !existing || found.strong && self.is_emitted(id) {
                add(&mut result, found);
                continue;
            }
            let through = self.bounded(resource.syntax.name.span, || {
                self.dependencies(&self.instance_at(found.declared, found.index))
            });
            through.into_iter().flatten().for_each(|found| add(&mut result, found));
        }
        result
    }

    fn direct_dependencies(&self, instance: &Instance<'a>) -> Vec<Dependency<'a>> {
        let mut collector = Collector {
            env: &instance.env,
            found: Vec::new(),
            seen: BTreeSet::new(),
            pending: Vec::new(),
        };
        let body = self.declared_body(instance.declared);
        if let Declared::Resource(id) = instance.declared
            && let Some(outer) = self.bound.resource(id).nested_in
        {
            self.add_outer(&mut collector, outer);
        }
        if let Some(node) = body.r#for {
            self.collect(&mut collector, node.expression);
        }
        if let Some(node) = body.r#if {
            self.collect(&mut collector, node.condition);
        }
        for item in body.object.into_iter().flat_map(|object| object.items) {
            match item {
                ObjectItemSyntax::Property(property) => {
                    let placed = matches!(property.name(), Some("parent" | "scope"));
                    match self.reference(property.value).filter(|_| placed) {
                        Some(reference) => self.add_reference(&mut collector, reference, false),
                        None => self.collect(&mut collector, property.value),
                    }
                }
                ObjectItemSyntax::Spread(spread) => self.collect(&mut collector, spread.expression),
                ObjectItemSyntax::Resource(_)
                | ObjectItemSyntax::Missing(_)
                | ObjectItemSyntax::Skipped(_) => {}
            }
        }
        // Variables are read after the body: what they reach has no loop around it.
        while let Some(value) = collector.pending.pop() {
            self.collect(&mut collector, value);
        }
        collector.found
    }

    fn add_outer(&self, collector: &mut Collector<'a, '_>, outer: ResourceId) {
        let symbol = self.bound.resource(outer).symbol;
        let declared = Declared::Resource(outer);
        self.add_reference(collector, Reference { symbol, declared, index: None }, false);
    }

    fn collect(&self, collector: &mut Collector<'a, '_>, expression: ExpressionSyntax<'a>) {
        walk(expression, &mut |node| {
            if let Some((base, strong)) = base_of(node)
                && let Some(reference) = self.reference(base)
            {
                self.add_reference(collector, reference, strong);
                if let ExpressionSyntax::InstanceFunctionCall(call) = node {
                    call.arguments.iter().for_each(|argument| self.collect(collector, *argument));
                }
                return false;
            }
            if let Some(reference) = self.reference(node) {
                self.add_reference(collector, reference, true);
                return false;
            }
            if let ExpressionSyntax::FunctionCall(call) = node
                && call.name.name == "nameof"
            {
                return false;
            }
            if let ExpressionSyntax::Variable(variable) = node
                && let Some(id) = self.bound.target(variable.name)
                && let SymbolKind::Variable(declared) = self.bound.symbol(id).kind
                && collector.seen.insert(id)
            {
                collector.pending.push(declared.value);
            }
            true
        });
    }

    fn add_reference(
        &self,
        collector: &mut Collector<'a, '_>,
        reference: Reference<'a>,
        strong: bool,
    ) {
        if let Some(index) = reference.index {
            self.collect(collector, index);
        }
        // An index that only has a meaning further inside says nothing out here.
        let index = reference.index.filter(|index| self.locals_known(*index, collector.env));
        let found = Dependency {
            name: self.declared_name(reference.declared),
            symbol: reference.symbol,
            declared: reference.declared,
            index_at: index.map(|index| index.span().start),
            index: index.map(|index| self.target(index, collector.env)),
            strong,
        };
        add(&mut collector.found, found);
    }
}

fn add<'a>(found: &mut Vec<Dependency<'a>>, new: Dependency<'a>) {
    let same = found.iter_mut().find(|known| {
        known.symbol == new.symbol && known.index_at == new.index_at && known.index == new.index
    });
    match same {
        Some(known) => known.strong |= new.strong,
        None => found.push(new),
    }
}

// The base of an access or method call, and whether it reads more than the identity.
fn base_of(node: ExpressionSyntax<'_>) -> Option<(ExpressionSyntax<'_>, bool)> {
    let weak = |name: &str| matches!(name, "id" | "name" | "type" | "apiVersion");
    match node {
        ExpressionSyntax::PropertyAccess(node) => Some((node.base, !weak(node.name.name))),
        ExpressionSyntax::ArrayAccess(node) => {
            Some((node.base, !weak(node.index.literal().filter(|_| !node.safe)?)))
        }
        ExpressionSyntax::InstanceFunctionCall(node) => Some((node.base, false)),
        _ => None,
    }
}
