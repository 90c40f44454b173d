//! Resources that refer to each other in a roundabout way.

use super::Linting;
use crate::bicep::binder::{BoundResource, ResourceId, SymbolKind};
use crate::bicep::syntax::{ExpressionSyntax, StringSyntax};

/// What a resource says its name is.
fn name_of<'a>(resource: &BoundResource<'a>) -> Option<ExpressionSyntax<'a>> {
    Some(resource.syntax.body().object?.property("name")?.value)
}

pub(super) fn parent_property<'a>(linting: &Linting<'a, '_>) {
    for resource in &linting.bound.resources {
        let has_parent = || resource.syntax.body().object?.property("parent");
        if resource.nested_in.is_some() || has_parent().is_some() {
            continue;
        }
        let kind = linting.kind_of(resource);
        let Some((parent_kind, _)) = kind.rsplit_once('/').filter(|(kind, _)| kind.contains('/'))
        else {
            continue;
        };
        let Some(ExpressionSyntax::String(name)) = name_of(resource) else { continue };
        let is_parent = |parent: &&BoundResource<'a>| {
            linting.kind_of(parent).eq_ignore_ascii_case(parent_kind)
                && linting.starts_with_name_of(name, parent)
        };
        if let Some(parent) = linting.bound.resources.iter().find(is_parent) {
            let title = format!("the name repeats the name of `{}`", parent.syntax.name.name);
            let help = "set `parent`, and keep only the last part of the name";
            linting.report(name.span, title, "`parent` replaces this part of the name", help);
        }
    }
}

impl<'a> Linting<'a, '_> {
    /// Whether a name is that of a resource, `/` and more.
    fn starts_with_name_of(&self, name: &StringSyntax<'a>, parent: &BoundResource<'a>) -> bool {
        let continues = || name.segments.get(1).is_some_and(|second| second.starts_with('/'));
        if let Some(ExpressionSyntax::PropertyAccess(access)) = name.holes.first()
            && access.name.name == "name"
            && self.named(access.base) == Some(parent.symbol)
        {
            return continues();
        }
        let Some(parent_name) = name_of(parent).filter(|_| self.is_single(parent.symbol)) else {
            return false;
        };
        match parent_name {
            ExpressionSyntax::String(parent_name) => self.extends(name, parent_name),
            other => continues() && name.holes.first().is_some_and(|hole| self.same(*hole, other)),
        }
    }

    /// Whether one text is another one, `/` and more.
    fn extends(&self, name: &StringSyntax<'a>, start: &StringSyntax<'a>) -> bool {
        let Some((last, before)) = start.segments.split_last() else { return false };
        let Some(own) = name.segments.get(before.len()) else { return false };
        name.segments.starts_with(before)
            && own.strip_prefix(last).is_some_and(|rest| rest.starts_with('/'))
            && name.holes.len() >= start.holes.len()
            && name.holes.iter().zip(start.holes).all(|(left, right)| self.same(*left, *right))
    }

    /// The resources that an ID may be of.
    fn identified_by(&self, id: ExpressionSyntax<'a>) -> Vec<&BoundResource<'a>> {
        let (name, arguments) = match id {
            ExpressionSyntax::PropertyAccess(access)
                if matches!(access.name.name, "id" | "name") =>
            {
                let symbol = self.named(access.base).map(|symbol| self.bound.symbol(symbol).kind);
                let Some(SymbolKind::Resource(id)) = symbol else { return Vec::new() };
                return vec![self.bound.resource(id)];
            }
            ExpressionSyntax::FunctionCall(call) => (call.name.name, call.arguments),
            ExpressionSyntax::InstanceFunctionCall(call) => (call.name.name, call.arguments),
            _ => return Vec::new(),
        };
        let [kind, names @ ..] = arguments else { return Vec::new() };
        let Some(kind) = kind.literal().filter(|kind| name == "resourceId" && kind.contains('/'))
        else {
            return Vec::new();
        };
        let is_meant = |resource: &&BoundResource<'a>| {
            self.kind_of(resource).eq_ignore_ascii_case(kind)
                && self.names_of(resource).is_some_and(|own| {
                    own.len() == names.len()
                        && own.iter().zip(names).all(|(own, name)| self.same(*own, *name))
                })
        };
        self.bound.resources.iter().filter(is_meant).collect()
    }

    /// The names of a resource and of those that it is a child of, the outermost first.
    fn names_of(&self, resource: &BoundResource<'a>) -> Option<Vec<ExpressionSyntax<'a>>> {
        let mut names = Vec::new();
        let mut next = Some(resource);
        // Parents that go in a circle are reported elsewhere.
        for _ in 0..=self.bound.resources.len() {
            let Some(resource) = next else { break };
            names.push(name_of(resource)?);
            next = self.parent_of(resource).map(|id| self.bound.resource(id));
        }
        names.reverse();
        Some(names)
    }

    fn parent_of(&self, resource: &BoundResource<'a>) -> Option<ResourceId> {
        if resource.nested_in.is_some() {
            return resource.nested_in;
        }
        let parent = resource.syntax.body().object?.property("parent")?.value;
        let parent = match parent {
            ExpressionSyntax::ArrayAccess(node) => node.base,
            other => other,
        };
        match self.bound.symbol(self.named(parent)?).kind {
            SymbolKind::Resource(id) => Some(id),
            _ => None,
        }
    }

    /// Whether the version that a call asks for is that of one of the resources.
    fn has_version(
        &self,
        resources: &[&BoundResource<'a>],
        version: Option<&ExpressionSyntax<'a>>,
    ) -> bool {
        match version {
            None => resources.len() == 1,
            Some(ExpressionSyntax::PropertyAccess(access)) => {
                access.name.name == "apiVersion"
                    && self.named(access.base).is_some_and(|symbol| {
                        resources.iter().any(|resource| resource.symbol == symbol)
                    })
            }
            Some(version) => version.literal().is_some_and(|version| {
                let own = resources.iter().filter_map(|resource| self.version_of(resource));
                own.into_iter().any(|own| own.eq_ignore_ascii_case(version))
            }),
        }
    }
}

pub(super) fn symbol_reference(linting: &Linting<'_, '_>) {
    linting.expressions(&mut |expression| {
        let (name, arguments) = match expression {
            ExpressionSyntax::FunctionCall(call) => (call.name.name, call.arguments),
            ExpressionSyntax::InstanceFunctionCall(call)
                if matches!(linting.checked.type_of(call.base), super::Type::Namespace(_)) =>
            {
                (call.name.name, call.arguments)
            }
            _ => return,
        };
        let is_list =
            name.to_ascii_lowercase().starts_with("list") && matches!(arguments.len(), 2 | 3);
        let is_reference = name == "reference" && matches!(arguments.len(), 1..=3);
        let Some(id) = arguments.first().filter(|_| is_list || is_reference) else { return };
        let resources = linting.identified_by(*id);
        if !resources.is_empty() && linting.has_version(&resources, arguments.get(1)) {
            let title = format!("`{name}` is called for a resource of this file");
            let base = resources[0].syntax.name.name;
            let help = if is_list {
                format!("use `{base}.{name}()`")
            } else {
                format!("use `{base}.properties`")
            };
            let label = "the symbolic name gives the same result";
            linting.report(expression.span(), title, label, &help);
        }
    });
}
