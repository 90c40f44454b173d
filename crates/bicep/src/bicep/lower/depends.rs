//! What must be deployed before a resource or module.

use std::collections::BTreeSet;

use super::order;
use super::reference::{Declared, Instance, Reference};
use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::{ResourceId, SymbolId, SymbolKind};
use crate::bicep::ir;
use crate::bicep::syntax::{ExpressionSyntax, ObjectItemSyntax, VariableAccessSyntax, walk};

struct Dependency<'a> {
    name: String,
    symbol: SymbolId,
    declared: Declared<'a>,
    // Where the index is written: the same place means the same dependency.
    index_at: Option<u32>,
    index: Option<Expression>,
    // Whether more than its identity is read, and whether nothing more is.
    strong: bool,
    weak: bool,
}

#[derive(Default)]
struct Collector<'a> {
    found: Vec<Dependency<'a>>,
    // Variables that are read, and single items of loops among them.
    seen: BTreeSet<SymbolId>,
    items: Vec<(SymbolId, Expression)>,
    // The values of those variables, and what the names of their loops mean.
    pending: Vec<(ExpressionSyntax<'a>, Env<'static>)>,
}

// The most items of loops that one declaration reads through variables; more are read as whole loops.
const MAXIMUM_ITEMS: usize = 500;

impl<'a> Lowerer<'a, '_> {
    /// What a declaration waits for, sorted.
    pub(super) fn depends_on(&self, instance: &Instance<'a>) -> Vec<ir::Dependency> {
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
        found.into_iter().map(|found| self.entry(found)).collect()
    }

    fn entry(&self, found: Dependency<'a>) -> ir::Dependency {
        let looped = self.bound.deployed_body(found.declared).r#for.is_some();
        let whole = looped && found.index.is_none();
        if whole || self.session.symbolic {
            return ir::Dependency::Symbol { symbol: found.name, index: found.index };
        }
        let instance = self.instance_at(found.declared, found.index);
        ir::Dependency::Id(self.resource_id(&instance))
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
            let waited = !existing || found.strong && self.is_emitted(id);
            // What is only placed below an existing resource waits for what that waits for.
            let through = existing && (found.weak || !waited);
            let (declared, index) = (found.declared, found.index.clone());
            if waited {
                add(&mut result, found);
            }
            if !through {
                continue;
            }
            let whole = index.is_none() && resource.syntax.body().r#for.is_some();
            let mut instance = self.instance_at(declared, index);
            if whole {
                // Its loop is not the one that waits.
                instance.env = Env::empty();
            }
            let through = self.bounded(resource.syntax.name.span, || self.dependencies(&instance));
            through.into_iter().flatten().for_each(|found| add(&mut result, found));
        }
        result
    }

    fn direct_dependencies(&self, instance: &Instance<'a>) -> Vec<Dependency<'a>> {
        let mut collector = Collector::default();
        let env = &instance.env;
        let body = self.bound.deployed_body(instance.declared);
        if let Declared::Resource(id) = instance.declared
            && let Some(outer) = self.bound.resource(id).nested_in
        {
            self.add_outer(&mut collector, outer, env);
        }
        if let Some(node) = body.r#for {
            self.collect(&mut collector, node.expression, env);
        }
        if let Some(node) = body.r#if {
            self.collect(&mut collector, node.condition, env);
        }
        for item in body.object.into_iter().flat_map(|object| object.items) {
            match item {
                ObjectItemSyntax::Property(property) => {
                    let placed = matches!(property.name(), Some("parent" | "scope"));
                    match self.bound.reference(property.value).filter(|_| placed) {
                        Some(reference) => {
                            self.add_reference(&mut collector, reference, false, env);
                        }
                        None => self.collect(&mut collector, property.value, env),
                    }
                }
                ObjectItemSyntax::Spread(spread) => {
                    self.collect(&mut collector, spread.expression, env);
                }
                ObjectItemSyntax::Resource(_)
                | ObjectItemSyntax::Missing(_)
                | ObjectItemSyntax::Skipped(_) => {}
            }
        }
        // Variables are read after the body: what they reach has no loop around it.
        while let Some((value, env)) = collector.pending.pop() {
            self.collect(&mut collector, value, &env);
        }
        collector.found
    }

    fn add_outer(&self, collector: &mut Collector<'a>, outer: ResourceId, env: &Env<'_>) {
        let symbol = self.bound.resource(outer).symbol;
        let declared = Declared::Resource(outer);
        let reference = Reference { symbol, declared, index: None };
        self.add_reference(collector, reference, false, env);
    }

    fn collect(
        &self,
        collector: &mut Collector<'a>,
        expression: ExpressionSyntax<'a>,
        env: &Env<'_>,
    ) {
        walk(expression, &mut |node| {
            if let Some((base, strong)) = base_of(node)
                && let Some(reference) = self.bound.reference(base)
            {
                self.add_reference(collector, reference, strong, env);
                if let ExpressionSyntax::InstanceFunctionCall(call) = node {
                    let arguments = call.arguments.iter();
                    arguments.for_each(|argument| self.collect(collector, *argument, env));
                }
                return false;
            }
            if let Some(reference) = self.bound.reference(node) {
                self.add_reference(collector, reference, true, env);
                return false;
            }
            match node {
                ExpressionSyntax::ArrayAccess(access) => {
                    let ExpressionSyntax::Variable(variable) = access.base else { return true };
                    self.collect(collector, access.index, env);
                    let index = (!access.from_end).then_some(access.index);
                    self.add_variable(collector, variable, index, env);
                    false
                }
                ExpressionSyntax::Variable(variable) => {
                    self.add_variable(collector, variable, None, env);
                    true
                }
                _ => true,
            }
        });
    }

    fn add_variable(
        &self,
        collector: &mut Collector<'a>,
        variable: &VariableAccessSyntax<'a>,
        index: Option<ExpressionSyntax<'a>>,
        env: &Env<'_>,
    ) {
        let Some(id) = self.bound.target(variable.name) else { return };
        let SymbolKind::Variable(declared) = self.bound.symbol(id).kind else { return };
        if let ExpressionSyntax::For(node) = declared.value.without_parentheses()
            && let Some(index) = index.filter(|index| self.locals_known(*index, env))
            && collector.items.len() < MAXIMUM_ITEMS
        {
            let item = (id, self.expression(index, env));
            if collector.items.contains(&item) {
                return;
            }
            let names = self.loop_names(node, item.1.clone(), &Env::empty());
            collector.pending.push((node.expression, Env::empty()));
            collector.pending.push((node.body, Env::of(names)));
            collector.items.push(item);
        } else if collector.seen.insert(id) {
            collector.pending.push((declared.value, Env::empty()));
        }
    }

    fn add_reference(
        &self,
        collector: &mut Collector<'a>,
        reference: Reference<'a>,
        strong: bool,
        env: &Env<'_>,
    ) {
        if let Some(index) = reference.index {
            self.collect(collector, index, env);
        }
        // An index that only has a meaning further inside says nothing out here.
        let index = reference.index.filter(|index| self.locals_known(*index, env));
        let found = Dependency {
            name: self.declared_name(reference.declared),
            symbol: reference.symbol,
            declared: reference.declared,
            index_at: index.map(|index| index.span().start),
            index: index.map(|index| self.expression(index, env)),
            strong,
            weak: !strong,
        };
        add(&mut collector.found, found);
    }
}

fn add<'a>(found: &mut Vec<Dependency<'a>>, new: Dependency<'a>) {
    let same = found.iter_mut().find(|known| {
        known.symbol == new.symbol && known.index_at == new.index_at && known.index == new.index
    });
    match same {
        Some(known) => {
            known.strong |= new.strong;
            known.weak |= new.weak;
        }
        None => found.push(new),
    }
}

// The base of an access or method call, and whether it reads more than the identity.
fn base_of(node: ExpressionSyntax<'_>) -> Option<(ExpressionSyntax<'_>, bool)> {
    let weak = |name: &str| matches!(name, "id" | "name" | "type" | "apiVersion");
    match node {
        ExpressionSyntax::PropertyAccess(node) => Some((node.base, !weak(node.name.name))),
        ExpressionSyntax::ArrayAccess(node) => Some((node.base, !weak(node.index.literal()?))),
        ExpressionSyntax::InstanceFunctionCall(node) => Some((node.base, false)),
        _ => None,
    }
}
