//! Resources that refer to each other in a roundabout way.

use super::Linting;
use crate::bicep::binder::{BoundResource, SymbolId, SymbolKind};
use crate::bicep::syntax::{
    ArrayItemSyntax, DeclarationBody, ExpressionSyntax, ObjectSyntax, StatementSyntax, StringSyntax,
};
use crate::diagnostic::Span;

pub(super) fn unnecessary_depends_on(linting: &Linting<'_, '_>) {
    let modules = linting.bound.program.statements.iter().filter_map(|statement| match statement {
        StatementSyntax::Module(node) => Some((node.span, node.body())),
        _ => None,
    });
    let resources = linting.bound.resources.iter();
    let resources = resources.map(|resource| (resource.syntax.span, resource.syntax.body()));
    for (span, body) in modules.chain(resources) {
        linting.depends_on(span, &body);
    }
}

impl<'a> Linting<'a, '_> {
    fn depends_on(&self, span: Span, body: &DeclarationBody<'a>) {
        let Some(listed) = body.object.and_then(|object| object.property("dependsOn")) else {
            return;
        };
        let ExpressionSyntax::Array(items) = listed.value else { return };
        for item in items.items {
            let ArrayItemSyntax::Value(ExpressionSyntax::Variable(item)) = item else { continue };
            let Some(target) = self.bound.target(item.name) else { continue };
            if !self.is_single(target) {
                continue;
            }
            let is_ancestor = body.object.is_some_and(|object| self.descends(object, target));
            let nested: Vec<Span> = body
                .object
                .into_iter()
                .flat_map(ObjectSyntax::resources)
                .map(|resource| resource.span)
                .collect();
            let is_used = self.bound.uses.iter().any(|used| {
                let inside = used.span.start >= span.start && used.span.end <= span.end;
                let listed =
                    used.span.start >= listed.span.start && used.span.end <= listed.span.end;
                let elsewhere =
                    nested.iter().any(|it| it.start <= used.span.start && used.span.end <= it.end);
                used.target == target && inside && !listed && !elsewhere
            });
            if is_used || is_ancestor {
                let title = format!("`{}` is not needed in `dependsOn`", item.name.name);
                self.report(
                    item.name.span,
                    title,
                    "the resource already refers to it",
                    "remove it",
                );
            }
        }
    }

    /// Whether `parent` leads from a body to a resource, at once or through others.
    fn descends(&self, body: &ObjectSyntax<'a>, ancestor: SymbolId) -> bool {
        let mut body = Some(body);
        // Parents that go in a circle are reported elsewhere.
        for _ in 0..self.bound.resources.len() {
            let Some(ExpressionSyntax::Variable(parent)) =
                body.and_then(|body| body.property("parent")).map(|parent| parent.value)
            else {
                return false;
            };
            let Some(symbol) = self.bound.target(parent.name) else { return false };
            if symbol == ancestor {
                return true;
            }
            body = match self.bound.symbol(symbol).kind {
                SymbolKind::Resource(id) => self.bound.resource(id).syntax.body().object,
                _ => None,
            };
        }
        false
    }

    /// Whether a symbol is one resource or module, and no loop of them.
    fn is_single(&self, symbol: SymbolId) -> bool {
        match self.bound.symbol(symbol).kind {
            SymbolKind::Resource(id) => self.bound.resource(id).syntax.body().r#for.is_none(),
            SymbolKind::Module(node) => node.body().r#for.is_none(),
            _ => false,
        }
    }
}

/// What a resource says its name is.
fn name_of<'a>(resource: &BoundResource<'a>) -> Option<ExpressionSyntax<'a>> {
    Some(resource.syntax.body().object?.property("name")?.value)
}

pub(super) fn parent_property<'a>(linting: &Linting<'a, '_>) {
    for resource in &linting.bound.resources {
        let Some(body) = resource.syntax.body().object else { continue };
        if resource.nested_in.is_some() || body.property("parent").is_some() {
            continue;
        }
        let kind = linting.kind_of(resource);
        let Some((parent_kind, _)) = kind.rsplit_once('/').filter(|(kind, _)| kind.contains('/'))
        else {
            continue;
        };
        let Some(ExpressionSyntax::String(name)) = body.property("name").map(|it| it.value) else {
            continue;
        };
        let is_parent = |parent: &&BoundResource<'a>| {
            linting.kind_of(parent).eq_ignore_ascii_case(parent_kind)
                && same_scope(body, parent.syntax.body().object)
                && linting.starts_with_name_of(name, parent)
        };
        if let Some(parent) = linting.bound.resources.iter().find(is_parent) {
            let title = format!("the name repeats the name of `{}`", parent.syntax.name.name);
            let help = "set `parent`, and keep only the last part of the name";
            linting.report(name.span, title, "`parent` replaces this part of the name", help);
        }
    }
}

/// Whether neither has a scope of its own: two scopes are two resources of one name.
fn same_scope(one: &ObjectSyntax<'_>, other: Option<&ObjectSyntax<'_>>) -> bool {
    let has_scope = |object: &ObjectSyntax<'_>| object.property("scope").is_some();
    !has_scope(one) && other.is_some_and(|other| !has_scope(other))
}

impl<'a> Linting<'a, '_> {
    /// Whether a name is that of a resource, `/` and more.
    fn starts_with_name_of(&self, name: &StringSyntax<'a>, parent: &BoundResource<'a>) -> bool {
        let Some(parent_name) = name_of(parent) else { return false };
        if let (Some(literal), Some(first)) = (parent_name.literal(), name.segments.first())
            && first.strip_prefix(literal).is_some_and(|rest| rest.starts_with('/'))
        {
            return true;
        }
        let ([first, second, ..], [hole, ..]) = (name.segments, name.holes) else { return false };
        if !first.is_empty() || !second.starts_with('/') {
            return false;
        }
        match hole {
            ExpressionSyntax::PropertyAccess(node) if node.name.name == "name" => {
                let ExpressionSyntax::Variable(base) = node.base else { return false };
                self.bound.target(base.name) == Some(parent.symbol)
            }
            hole => self.text(hole.span()) == self.text(parent_name.span()),
        }
    }
}

pub(super) fn symbol_reference(linting: &Linting<'_, '_>) {
    linting.expressions(&mut |expression| {
        let ExpressionSyntax::FunctionCall(call) = expression else { return };
        let name = call.name.name;
        let is_list = name.to_ascii_lowercase().starts_with("list") && call.arguments.len() == 2;
        let is_reference = name == "reference" && (1..=3).contains(&call.arguments.len());
        let Some(ExpressionSyntax::PropertyAccess(id)) = call.arguments.first() else { return };
        let ExpressionSyntax::Variable(base) = id.base else { return };
        let target = linting.bound.target(base.name).map(|it| linting.bound.symbol(it).kind);
        let is_resource = matches!(target, Some(SymbolKind::Resource(_)));
        if (is_list || is_reference) && id.name.name == "id" && is_resource {
            let title = format!("`{name}` is called for a resource of this file");
            let base = base.name.name;
            let help = if is_list {
                format!("use `{base}.{name}()`")
            } else {
                format!("use `{base}.properties`")
            };
            linting.report(call.span, title, "the symbolic name gives the same result", &help);
        }
    });
}
