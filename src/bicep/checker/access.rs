//! Properties and items: `a.b`, `a['b']`, `a[0]`, `a::b`.

use super::Checker;
use super::types::Type;
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::{Kinds, Namespace};
use crate::bicep::syntax::{
    ArrayAccessSyntax, DeclarationBody, ExpressionSyntax, PropertyAccessSyntax,
    ResourceAccessSyntax,
};
use crate::diagnostic::{Span, nearest};

/// The types that live in `sys`, which its names may be taken for.
const SYS_TYPES: [&str; 9] = [
    "any",
    "array",
    "bool",
    "int",
    "object",
    "resourceInput",
    "resourceOutput",
    "string",
    "resource",
];

/// What a module can be asked for.
const MODULE_PROPERTIES: [&str; 3] = ["identity", "name", "outputs"];

/// What a resource is asked for without asking Azure.
pub(super) const STATIC_PROPERTIES: [&str; 4] = ["id", "name", "type", "apiVersion"];

impl<'a> Checker<'a, '_> {
    pub(super) fn property(&self, node: &PropertyAccessSyntax<'a>) -> Type<'a> {
        let base = self.infer(node.base);
        if base.is_error() || node.name.is_missing() {
            return Type::Error;
        }
        let access = Span::new(node.base.span().end, node.span.end);
        self.possibly_null(&base, node.base, node.name.name, access, node.safe);
        self.member(&base, node.base, node.name.name, node.name.span, node.safe)
    }

    pub(super) fn array_access(&self, node: &ArrayAccessSyntax<'a>) -> Type<'a> {
        let base = self.infer(node.base);
        let index = self.infer(node.index);
        if base.is_error() || index.is_error() {
            return Type::Error;
        }
        let span = node.index.span();
        let mistake = |code: &'static str, wanted: &str| {
            let title = format!("index is `{}`", index.name());
            self.error(code, span, title, (wanted, "use an index of the right type"));
            Type::Error
        };
        match &base {
            Type::Array(..) | Type::Tuple(..) | Type::Resource(_, true) | Type::Module(_, true) => {
                if !index.can_be(Kinds::INT) {
                    return mistake("BCP074", "arrays are indexed by `int`");
                }
                base.item()
            }
            Type::Object(_) | Type::Resource(_, false) | Type::Module(_, false) => {
                if !index.can_be(Kinds::STRING) {
                    return mistake("BCP075", "objects are indexed by `string`");
                }
                match index {
                    Type::String(Some(name)) => {
                        let access = Span::new(node.base.span().end, node.span.end);
                        self.possibly_null(&base, node.base, name, access, node.safe);
                        self.member(&base, node.base, name, span, node.safe)
                    }
                    _ => Type::Any,
                }
            }
            Type::Any => {
                if !index.can_be(Kinds::STRING | Kinds::INT) {
                    return mistake("BCP049", "items are found by `string` or `int`");
                }
                Type::Any
            }
            Type::Union(_) if base.can_be(Kinds::OBJECT | Kinds::ARRAY) => Type::Any,
            _ => {
                let title = format!("`{}` has no items", base.name());
                let words = ("only arrays and objects do", "index an array or an object");
                self.error("BCP076", node.base.span(), title, words);
                Type::Error
            }
        }
    }

    pub(super) fn nested_resource(&self, node: &ResourceAccessSyntax<'a>) -> Type<'a> {
        let base = self.infer(node.base);
        let Type::Resource(id, _) = base else {
            if !matches!(base, Type::Any | Type::Error) {
                let title = format!("`::` after `{}`", base.name());
                let words = ("only resources hold resources", "use `.` for properties");
                self.error("BCP158", node.name.span, title, words);
            }
            return Type::Error;
        };
        if node.name.is_missing() {
            return Type::Error;
        }
        if let Some(nested) = self.bound.nested(id, node.name.name) {
            let body = self.bound.resource(nested).syntax.body();
            return Type::Resource(nested, body.r#for.is_some());
        }
        let title = format!("no nested resource `{}`", node.name.name);
        let words = ("the resource holds none of this name", "correct the name");
        self.error("BCP159", node.name.span, title, words);
        Type::Error
    }

    /// The value of `base!`, which may be asked for everything.
    pub(super) fn non_null(&self, base: ExpressionSyntax<'a>) -> Type<'a> {
        match self.infer(base) {
            Type::Union(members) => {
                let some = members.iter().filter(|member| !matches!(member, Type::Null));
                Type::any_of(some.cloned())
            }
            other => other,
        }
    }

    fn member(
        &self,
        base: &Type<'a>,
        syntax: ExpressionSyntax<'a>,
        name: &str,
        span: Span,
        safe: bool,
    ) -> Type<'a> {
        match base {
            Type::Object(object) => {
                if let Some(found) = object.property(name) {
                    return found.clone();
                }
                if !object.open && !safe {
                    let known: Vec<&str> = object.properties.iter().map(|known| known.0).collect();
                    return self.unknown_member(base, name, span, &known);
                }
                Type::Any
            }
            Type::Module(id, false) => self.module_member(*id, base, name, span),
            Type::Resource(_, false) => self.resource_member(name, span),
            Type::Namespace(namespace) => {
                let known: &[&str] = if *namespace == Namespace::Sys { &SYS_TYPES } else { &[] };
                self.unknown_member(base, name, span, known)
            }
            Type::Any => self.outputs_member(syntax, name, span),
            // Which member it is decides what can be read.
            Type::Union(_) => Type::Any,
            _ => {
                let title = format!("`{}` has no properties", base.name());
                let words = ("only objects do", "correct what stands before it");
                self.error("BCP055", span, title, words);
                Type::Error
            }
        }
    }

    fn resource_member(&self, name: &str, span: Span) -> Type<'a> {
        match name {
            "dependsOn" => self.write_only(name, span),
            "id" | "name" | "type" | "apiVersion" => Type::String(None),
            _ => Type::Any,
        }
    }

    fn module_member(
        &self,
        id: crate::bicep::binder::SymbolId,
        base: &Type<'a>,
        name: &str,
        span: Span,
    ) -> Type<'a> {
        match name {
            "name" => Type::String(None),
            "params" | "dependsOn" | "scope" => self.write_only(name, span),
            // The outputs are looked up where one of them is asked for.
            "outputs" | "identity" => Type::Any,
            _ => {
                let SymbolKind::Module(node) = self.bound.symbol(id).kind else {
                    return Type::Any;
                };
                if self.modules.interface(node.path).is_none() {
                    return Type::Any;
                }
                self.unknown_member(base, name, span, &MODULE_PROPERTIES)
            }
        }
    }

    /// A member of `module.outputs`, if that is what the base is.
    fn outputs_member(&self, base: ExpressionSyntax<'a>, name: &str, span: Span) -> Type<'a> {
        let ExpressionSyntax::PropertyAccess(node) = base else { return Type::Any };
        if node.name.name != "outputs" {
            return Type::Any;
        }
        let Type::Module(id, false) = self.quietly(|| self.infer(node.base)) else {
            return Type::Any;
        };
        let SymbolKind::Module(module) = self.bound.symbol(id).kind else { return Type::Any };
        let Some(interface) = self.modules.interface(module.path) else { return Type::Any };
        let found = interface.outputs.iter().find(|output| output.0 == name);
        if let Some((_, kinds)) = found {
            return Type::of_kinds(*kinds);
        }
        let known: Vec<&str> = interface.outputs.iter().map(|output| output.0.as_str()).collect();
        self.unknown_member(&Type::Any, name, span, &known)
    }

    fn write_only(&self, name: &str, span: Span) -> Type<'a> {
        let title = format!("`{name}` cannot be read");
        let words = ("it can only be set", "read something else");
        self.error("BCP077", span, title, words);
        Type::Error
    }

    fn unknown_member(&self, base: &Type<'a>, name: &str, span: Span, known: &[&str]) -> Type<'a> {
        let title = match base {
            Type::Any => format!("no output `{name}`"),
            _ => format!("`{}` has no property `{name}`", base.name()),
        };
        let near = nearest(name, known.iter().copied());
        let (code, help) = match near {
            Some(near) => ("BCP083", format!("did you mean `{near}`?")),
            None if known.is_empty() => ("BCP052", "correct the name".to_owned()),
            None => ("BCP053", format!("there are {}", quoted(known))),
        };
        self.error(code, span, title, ("no property of this name is known", &help));
        Type::Error
    }

    fn possibly_null(
        &self,
        base: &Type<'a>,
        syntax: ExpressionSyntax<'a>,
        name: &str,
        access: Span,
        safe: bool,
    ) {
        if safe || matches!(syntax, ExpressionSyntax::NonNullAssertion(_)) {
            return;
        }
        let conditional = match base {
            Type::Resource(id, false) => {
                let node = self.bound.resource(*id).syntax;
                let body = node.body();
                // Inside its own body, a resource and its condition are there.
                let inside = node.span.start <= access.start && access.end <= node.span.end;
                let asks = !STATIC_PROPERTIES.contains(&name);
                asks && !inside && is_conditional(body)
            }
            Type::Module(id, false) => match self.bound.symbol(*id).kind {
                SymbolKind::Module(node) => {
                    let body = node.body();
                    name != "name" && is_conditional(body)
                }
                _ => false,
            },
            _ => false,
        };
        if conditional {
            let title = "value that may be null";
            let words = ("what has a condition may not exist", "use `.?`, or `!` if it does exist");
            self.warning("BCP318", access, title, words);
        }
    }
}

/// Whether a declaration may turn out to make nothing.
fn is_conditional(body: DeclarationBody<'_>) -> bool {
    let condition = body.r#if.map(|node| node.condition.without_parentheses());
    let always = matches!(condition, Some(ExpressionSyntax::Boolean(literal)) if literal.value);
    condition.is_some() && !always && body.r#for.is_none()
}

fn quoted(names: &[&str]) -> String {
    let mut names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    names.truncate(12);
    names.join(", ")
}
