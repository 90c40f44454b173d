//! Resources and modules that would be one and the same: a deployment can hold each once.
//!
//! Only names that are known while compiling are compared: two others may well differ.

use std::collections::BTreeMap;

use super::Checker;
use super::resources::plain_type;
use crate::bicep::syntax::{
    DeclarationBody, ExpressionSyntax, ModuleDeclarationSyntax, ObjectSyntax, StatementSyntax,
};
use crate::bicep::types::Type;
use crate::diagnostic::Span;

impl<'a> Checker<'a, '_> {
    /// Reports resources of one type, name and place.
    pub(super) fn equal_resources(&self) {
        let mut groups: BTreeMap<(String, &str, String), Vec<Span>> = BTreeMap::new();
        for resource in &self.bound.resources {
            let node = resource.syntax;
            let body = node.body();
            if node.existing.is_some() || !self.is_certain(body) {
                continue;
            }
            let (Some(object), Some(own)) = (body.object, plain_type(resource)) else { continue };
            let Some((known, span)) = self.only_name(object) else { continue };
            let place = ["parent", "scope"].map(|key| {
                let value = object.property(key).map(|property| property.value.span());
                value.map_or("", |span| &self.bound.program.text[span.range()])
            });
            let key = (own.to_ascii_lowercase(), known, place.join(" "));
            groups.entry(key).or_default().push(span);
        }
        for span in repeated(groups) {
            let words = ("the name must be unique", "give each a unique name");
            self.error("BCP121", span, "resources have the same name", words);
        }
    }

    /// Reports modules of one name in one scope, which would overwrite each other's deployment.
    pub(super) fn equal_modules(&self, modules: &[&'a ModuleDeclarationSyntax<'a>]) {
        let mut groups: BTreeMap<(&str, String), Vec<Span>> = BTreeMap::new();
        for node in modules {
            let body = node.body();
            let Some(object) = body.object.filter(|_| self.is_certain(body)) else { continue };
            // Where a module that cannot be read deploys to is not known.
            if self.modules.interface(node.path).is_none() {
                continue;
            }
            let Some((known, span)) = self.only_name(object) else { continue };
            let scope = object.property("scope").map(|scope| scope.value);
            let Some(scope) = scope.map_or(Some(String::new()), |scope| self.known_scope(scope))
            else {
                continue;
            };
            groups.entry((known, scope)).or_default().push(span);
        }
        for span in repeated(groups) {
            let words = ("one deployment would overwrite the other", "give each a unique name");
            self.error("BCP122", span, "modules have the same name", words);
        }
    }

    /// Reports outputs and metadata of one name.
    pub(super) fn equal_names(&self) {
        let mut groups: BTreeMap<(u8, &str), Vec<Span>> = BTreeMap::new();
        for statement in self.bound.program.statements {
            let (kind, name) = match statement {
                StatementSyntax::Output(node) => (0, node.name),
                StatementSyntax::Metadata(node) => (1, node.name),
                _ => continue,
            };
            if !name.is_missing() {
                groups.entry((kind, name.name)).or_default().push(name.span);
            }
        }
        for span in repeated(groups) {
            let words = ("the name must be unique", "rename or remove all but one");
            self.error("BCP145", span, "the name is declared more than once", words);
        }
    }

    /// Whether a declaration is deployed whatever the parameters are.
    fn is_certain(&self, body: DeclarationBody<'a>) -> bool {
        body.r#if.is_none_or(|node| matches!(self.infer(node.condition), Type::Bool(Some(true), _)))
    }

    fn only_name(&self, object: &ObjectSyntax<'a>) -> Option<(&'a str, Span)> {
        let mut names = object.properties().filter(|property| property.name() == Some("name"));
        let name = names.next().filter(|_| names.next().is_none())?.value;
        Some((self.known_text(name)?, name.span()))
    }

    // A scope as text that is equal for equal scopes; nothing if that cannot be told.
    fn known_scope(&self, scope: ExpressionSyntax<'a>) -> Option<String> {
        let (name, arguments) = match scope.without_parentheses() {
            ExpressionSyntax::FunctionCall(call) => (call.name.name, call.arguments),
            ExpressionSyntax::InstanceFunctionCall(call) => (call.name.name, call.arguments),
            ExpressionSyntax::Variable(node) => {
                return Some(format!("resource {}", node.name.name));
            }
            _ => return None,
        };
        if arguments.is_empty() {
            return Some(String::new());
        }
        let known: Option<Vec<&str>> =
            arguments.iter().map(|argument| self.known_text(*argument)).collect();
        Some(format!("{name} {}", known?.join("/")))
    }

    /// The text of an expression, if it is known while compiling.
    fn known_text(&self, expression: ExpressionSyntax<'a>) -> Option<&'a str> {
        match self.infer(expression) {
            Type::String(text) => text.literal,
            _ => None,
        }
    }
}

fn repeated<K>(groups: BTreeMap<K, Vec<Span>>) -> impl Iterator<Item = Span> {
    groups.into_values().filter(|spans| spans.len() > 1).flatten()
}
