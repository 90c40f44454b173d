//! Variables, and which of them cannot be variables in ARM: those that read what exists only at run
//! time are written out at every use.

use serde_json::{Map, Value, json};

use super::reference::Declared;
use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::binder::{BoundResource, SymbolId, SymbolKind};
use crate::bicep::functions::{self, Use};
use crate::bicep::syntax::{
    ExpressionSyntax, ForSyntax, ObjectPropertySyntax, ObjectSyntax, StatementSyntax,
    VariableDeclarationSyntax, walk,
};

// Fields of existing resources that are not values of theirs.
const PLACE: [&str; 3] = ["parent", "scope", "dependsOn"];

impl<'a> Lowerer<'a, '_> {
    /// Whether a variable or an existing resource is written out at every use.
    pub(super) fn is_inlined(&self, id: SymbolId) -> bool {
        let inlined = self.inlined.get_or_init(|| self.find_inlined());
        inlined.get(id.0 as usize).copied().unwrap_or(false)
    }

    // What reads run time by itself, and then, backwards, whatever uses that.
    fn find_inlined(&self) -> Vec<bool> {
        let mut reads = Vec::new();
        let mut pending: Vec<SymbolId> = Vec::new();
        let mut note = |owner: SymbolId, expression| {
            if self.reads_run_time(expression, &mut |used| reads.push((used, owner))) {
                pending.push(owner);
            }
        };
        for (symbol, id) in self.bound.symbols.iter().zip(0..) {
            if let SymbolKind::Variable(declared) = symbol.kind {
                note(SymbolId(id), declared.value);
            }
        }
        let existing = |resource: &&BoundResource<'a>| resource.syntax.existing.is_some();
        for resource in self.bound.resources.iter().filter(existing) {
            let body = resource.syntax.body();
            let fields = body.object.into_iter().flat_map(ObjectSyntax::properties);
            let own = |field: &&ObjectPropertySyntax<'a>| {
                !field.name().is_some_and(|name| PLACE.contains(&name))
            };
            fields.filter(own).for_each(|field| note(resource.symbol, field.value));
            body.r#for.into_iter().for_each(|node| note(resource.symbol, node.expression));
        }
        for resource in self.bound.resources.iter().filter(existing) {
            let outer = resource.nested_in.map(|id| self.bound.resource(id).symbol);
            let body = resource.syntax.body().object;
            let placed = ["parent", "scope"].into_iter().filter_map(|name| {
                let place = body?.property(name)?;
                Some(self.reference(place.value)?.symbol)
            });
            reads.extend(outer.into_iter().chain(placed).map(|used| (used, resource.symbol)));
        }
        reads.sort_unstable();
        let mut inlined = vec![false; self.bound.symbols.len()];
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
    fn reads_run_time(
        &self,
        expression: ExpressionSyntax<'a>,
        used: &mut dyn FnMut(SymbolId),
    ) -> bool {
        let mut found = false;
        walk(expression, &mut |node| {
            if found {
                return false;
            }
            if let Some((base, name)) = access(node)
                && let Some(reference) = self.reference(base)
                && Self::is_constant(reference.declared, name)
            {
                if matches!(name, "id" | "name") {
                    used(reference.symbol);
                }
                found = reference.index.is_some_and(|index| self.reads_run_time(index, used));
                return false;
            }
            match node {
                ExpressionSyntax::FunctionCall(call) if call.name.name == "nameof" => return false,
                ExpressionSyntax::FunctionCall(call) => found = self.calls_run_time(call.name.name),
                ExpressionSyntax::InstanceFunctionCall(call) => {
                    found = self.calls_run_time(call.name.name);
                }
                ExpressionSyntax::Variable(variable) => {
                    found = self.reference(node).is_some();
                    self.bound.target(variable.name).into_iter().for_each(&mut *used);
                }
                _ => {}
            }
            !found
        });
        found
    }

    fn calls_run_time(&self, name: &str) -> bool {
        let user = self.bound.global(name).map(|id| self.bound.symbol(id).kind);
        !matches!(user, Some(SymbolKind::Function(_) | SymbolKind::Imported(..)))
            && functions::function(None, name).is_some_and(|found| found.usage == Use::RunTime)
    }

    fn is_constant(declared: Declared<'a>, name: &str) -> bool {
        match declared {
            Declared::Resource(_) => matches!(name, "id" | "name" | "type" | "apiVersion"),
            Declared::Module(_) => name == "name",
        }
    }

    /// The item and the index of a loop at an index.
    pub(super) fn loop_names(
        &self,
        node: &ForSyntax<'a>,
        index: Expression,
        env: &Env<'_>,
    ) -> Vec<(SymbolId, Expression)> {
        let mut names = Vec::with_capacity(2);
        if let Some(item) = self.bound.declared(node.item) {
            names.push((item, self.expression(node.expression, env).access(index.clone())));
        }
        if let Some(id) = node.index.and_then(|index| self.bound.declared(index)) {
            names.push((id, index));
        }
        names
    }

    /// The `variables` of the template.
    pub(super) fn variables(&self) -> Map<String, Value> {
        let mut variables = self.load_variables();
        let mut copies = Vec::new();
        let mut plain = Map::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Variable(node) = statement else { continue };
            let Some(id) = self.bound.declared(node.name) else { continue };
            if self.is_inlined(id) {
                continue;
            }
            self.variable_value(node, node.name.name, &mut copies, &mut plain);
        }
        self.imports.variables(self, &mut copies, &mut plain);
        if !copies.is_empty() {
            variables.insert("copy".to_owned(), json!(copies));
        }
        variables.extend(plain);
        variables
    }

    pub(super) fn variable_value(
        &self,
        node: &'a VariableDeclarationSyntax<'a>,
        name: &str,
        copies: &mut Vec<Value>,
        plain: &mut Map<String, Value>,
    ) {
        if let ExpressionSyntax::For(node) = node.value.without_parentheses() {
            self.enter("copy", node.keyword);
            self.enter_item(copies.len(), node.keyword);
            copies.push(self.json_loop(self.looped(node, Some(name.to_owned()), &Env::empty())));
            self.leave();
            self.leave();
        } else {
            self.enter(name, node.value.span());
            plain.insert(name.to_owned(), self.json(node.value, &Env::empty()));
            self.leave();
        }
    }
}

fn access(node: ExpressionSyntax<'_>) -> Option<(ExpressionSyntax<'_>, &str)> {
    match node {
        ExpressionSyntax::PropertyAccess(node) => Some((node.base, node.name.name)),
        ExpressionSyntax::ArrayAccess(node) => Some((node.base, node.index.literal()?)),
        _ => None,
    }
}
