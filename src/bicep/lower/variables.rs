//! Variables, and which of them cannot be variables in ARM: those that read what exists only at run
//! time are written out at every use.

use serde_json::{Map, Value, json};

use super::reference::Declared;
use super::target::Target;
use super::walk::walk;
use super::{Env, Lowerer};
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::functions::{self, Use};
use crate::bicep::syntax::{
    ExpressionSyntax, ForSyntax, StatementSyntax, VariableDeclarationSyntax,
};

impl<'a> Lowerer<'a, '_> {
    /// Whether a variable is written out at every use.
    pub(super) fn is_inlined(&self, id: SymbolId) -> bool {
        let inlined = self.inlined.get_or_init(|| self.find_inlined());
        inlined.get(id.0 as usize).copied().unwrap_or(false)
    }

    // What reads run time by itself, and then, backwards, whatever uses that.
    fn find_inlined(&self) -> Vec<bool> {
        let mut inlined = vec![false; self.bound.symbols.len()];
        let mut pending = Vec::new();
        for (symbol, id) in self.bound.symbols.iter().zip(0..) {
            if let SymbolKind::Variable(declared) = symbol.kind
                && self.reads_run_time_itself(declared.value)
            {
                inlined[id as usize] = true;
                pending.push(SymbolId(id));
            }
        }
        let mut uses: Vec<(SymbolId, SymbolId)> = self
            .bound
            .uses
            .iter()
            .filter_map(|found| Some((found.target, found.owner?)))
            .filter(|(_, owner)| matches!(self.bound.symbol(*owner).kind, SymbolKind::Variable(_)))
            .collect();
        uses.sort_unstable();
        while let Some(id) = pending.pop() {
            let start = uses.partition_point(|found| found.0 < id);
            for (_, owner) in uses[start..].iter().take_while(|found| found.0 == id) {
                if !std::mem::replace(&mut inlined[owner.0 as usize], true) {
                    pending.push(*owner);
                }
            }
        }
        inlined
    }

    /// Whether an expression reads what exists only at run time, itself or through variables.
    pub(super) fn reads_run_time(&self, expression: ExpressionSyntax<'a>) -> bool {
        let mut found = self.reads_run_time_itself(expression);
        walk(expression, &mut |node| {
            if let ExpressionSyntax::Variable(variable) = node {
                let id = self.bound.target(variable.name);
                found |= id.is_some_and(|id| self.is_inlined(id));
            }
            !found
        });
        found
    }

    fn reads_run_time_itself(&self, expression: ExpressionSyntax<'a>) -> bool {
        let mut found = false;
        walk(expression, &mut |node| {
            if found {
                return false;
            }
            if let Some((base, name)) = access(node)
                && let Some(reference) = self.reference(base)
                && Self::is_constant(reference.declared, name)
            {
                found = reference.index.is_some_and(|index| self.reads_run_time_itself(index));
                return false;
            }
            found = match node {
                ExpressionSyntax::FunctionCall(call) => self.calls_run_time(call.name.name),
                ExpressionSyntax::InstanceFunctionCall(call) => self.calls_run_time(call.name.name),
                ExpressionSyntax::Variable(_) => self.reference(node).is_some(),
                _ => false,
            };
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
        index: Target,
        env: &Env<'_>,
    ) -> Vec<(SymbolId, Target)> {
        let mut names = Vec::with_capacity(2);
        if let Some(item) = self.bound.declared(node.item) {
            names.push((item, self.target(node.expression, env).access(index.clone())));
        }
        if let Some(id) = node.index.and_then(|index| self.bound.declared(index)) {
            names.push((id, index));
        }
        names
    }

    /// `{name?, count, input}` of a loop.
    pub(super) fn copy(&self, node: &'a ForSyntax<'a>, name: Option<&str>, env: &Env<'_>) -> Value {
        let index = name.map(Target::text).into_iter().collect();
        let names = self.loop_names(node, Target::call("copyIndex", index), env);
        let inner = env.with(names);
        let mut copy = Map::new();
        if let Some(name) = name {
            copy.insert("name".to_owned(), Value::from(name));
        }
        copy.insert("count".to_owned(), self.count(node, env));
        self.enter("input", node.body.span());
        copy.insert("input".to_owned(), self.loop_input(node.body, &inner));
        self.leave();
        Value::Object(copy)
    }

    pub(super) fn count(&self, node: &ForSyntax<'a>, env: &Env<'_>) -> Value {
        Target::call("length", vec![self.target(node.expression, env)]).into_json()
    }

    // ARM takes objects and strings as they are; any other literal would be a constant, not an input.
    fn loop_input(&self, body: ExpressionSyntax<'a>, env: &Env<'_>) -> Value {
        match self.value(body, env) {
            value @ (Value::Object(_) | Value::String(_)) => value,
            _ => self.target(body, env).into_call().expression(),
        }
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
            copies.push(self.copy(node, Some(name), &Env::empty()));
            self.leave();
            self.leave();
        } else {
            self.enter(name, node.value.span());
            plain.insert(name.to_owned(), self.value(node.value, &Env::empty()));
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
