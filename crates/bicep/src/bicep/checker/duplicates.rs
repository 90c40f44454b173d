//! Resources and modules that would be one and the same: a deployment can hold each once.
//!
//! Only names that are known while compiling are compared: two others may well differ.

use std::cell::Cell;
use std::collections::BTreeMap;

use super::Checker;
use super::resources::plain_type;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{
    DeclarationBody, ExpressionSyntax, ModuleDeclarationSyntax, ObjectSyntax, StatementSyntax,
    StringSyntax,
};
use crate::bicep::types::Type;
use crate::diagnostic::Span;

/// Longest name in bytes that is compared; Azure's are far shorter.
const LONGEST_NAME: usize = 4_096;
/// Most expressions that one name is made of.
const MOST_PARTS: u32 = 4_096;

impl<'a> Checker<'a, '_> {
    /// Reports resources of one type, name and place.
    pub(super) fn equal_resources(&self) {
        let mut groups: BTreeMap<(String, String, String), Vec<Span>> = BTreeMap::new();
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
            let words = ("only one of them can be", "give each a name of its own");
            self.error("BCP121", span, "resources with one name", words);
        }
    }

    /// Reports modules of one name in one scope, which would overwrite each other's deployment.
    pub(super) fn equal_modules(&self, modules: &[&'a ModuleDeclarationSyntax<'a>]) {
        let mut groups: BTreeMap<(String, String), Vec<Span>> = BTreeMap::new();
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
            let words = ("one would overwrite the other", "give each a name of its own");
            self.error("BCP122", span, "deployments with one name", words);
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
            let words = ("only one of them can be", "rename or remove all but one");
            self.error("BCP145", span, "name that stands more than once", words);
        }
    }

    /// Whether a declaration is deployed whatever the parameters are.
    fn is_certain(&self, body: DeclarationBody<'a>) -> bool {
        body.r#if.is_none_or(|node| matches!(self.infer(node.condition), Type::Bool(Some(true), _)))
    }

    fn only_name(&self, object: &ObjectSyntax<'a>) -> Option<(String, Span)> {
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
        let known: Option<Vec<String>> =
            arguments.iter().map(|argument| self.known_text(*argument)).collect();
        Some(format!("{name} {}", known?.join("/")))
    }

    /// The text of an expression, if it is known while compiling and short enough for a name.
    fn known_text(&self, expression: ExpressionSyntax<'a>) -> Option<String> {
        self.known_part(expression, &Cell::new(MOST_PARTS))
    }

    /// Names that are made of names can double with each line, so that the parts of one name are counted.
    fn known_part(&self, expression: ExpressionSyntax<'a>, left: &Cell<u32>) -> Option<String> {
        left.set(left.get().checked_sub(1)?);
        self.deeper(|| match expression.without_parentheses() {
            ExpressionSyntax::String(node) => self.known_string(node, left),
            ExpressionSyntax::Variable(node) => {
                let id = self.bound.target(node.name)?;
                match self.bound.symbol(id).kind {
                    SymbolKind::Variable(node) if node.r#type.is_none() => {
                        self.known_part(node.value, left)
                    }
                    _ => None,
                }
            }
            expression => self.known_part(self.known_member(expression)?, left),
        })
        .flatten()
    }

    fn known_string(&self, node: &StringSyntax<'a>, left: &Cell<u32>) -> Option<String> {
        let mut text = String::new();
        for (at, segment) in node.segments.iter().enumerate() {
            text.push_str(segment);
            if let Some(hole) = node.holes.get(at) {
                text.push_str(&self.known_part(*hole, left)?);
            }
        }
        (text.len() <= LONGEST_NAME).then_some(text)
    }

    // The value of a property of an object that stands in this file.
    fn known_member(&self, expression: ExpressionSyntax<'a>) -> Option<ExpressionSyntax<'a>> {
        let (base, name) = match expression {
            ExpressionSyntax::PropertyAccess(node) => (node.base, node.name.name),
            ExpressionSyntax::ArrayAccess(node) => (node.base, self.constant(node.index)?),
            _ => return None,
        };
        let value = self.known_object(base)?.property(name)?.value;
        Some(value)
    }

    fn known_object(&self, expression: ExpressionSyntax<'a>) -> Option<&'a ObjectSyntax<'a>> {
        self.deeper(|| match expression.without_parentheses() {
            ExpressionSyntax::Object(node) => Some(node),
            ExpressionSyntax::Variable(node) => {
                let id = self.bound.target(node.name)?;
                match self.bound.symbol(id).kind {
                    SymbolKind::Variable(node) if node.r#type.is_none() => {
                        self.known_object(node.value)
                    }
                    SymbolKind::Resource(id) => {
                        let body = self.bound.resource(id).syntax.body();
                        body.object.filter(|_| body.r#for.is_none())
                    }
                    _ => None,
                }
            }
            expression => self.known_object(self.known_member(expression)?),
        })
        .flatten()
    }
}

fn repeated<K>(groups: BTreeMap<K, Vec<Span>>) -> impl Iterator<Item = Span> {
    groups.into_values().filter(|spans| spans.len() > 1).flatten()
}
