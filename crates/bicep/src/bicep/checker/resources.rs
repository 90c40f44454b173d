//! Resource declarations: types, names, parents, scopes, and what they depend on.

use memchr::memrchr;

use super::Checker;
use crate::azure_types::Scopes;
use crate::bicep::binder::{BoundResource, ResourceId, SymbolKind};
use crate::bicep::syntax::{ExpressionSyntax, ObjectSyntax, StatementSyntax, StringSyntax};
use crate::bicep::types::{ResourceBody, Type, assignable};
use crate::diagnostic::Span;

impl<'a> Checker<'a, '_> {
    pub(super) fn resources(&self) {
        for (id, resource) in self.bound.numbered_resources() {
            self.resource(id, resource);
        }
        self.equal_resources();
    }

    fn resource(&self, id: ResourceId, resource: &BoundResource<'a>) {
        self.resource_type(id, resource);
        let node = resource.syntax;
        let Some(body) = node.body().object else { return };
        if self.resource_type_error(id) {
            return;
        }
        let name = body.property("name");
        self.parent(resource, body);
        self.scope(resource, body);
        self.permitted_scope(id, resource, body);
        if let Some(asserts) = body.property("asserts") {
            self.needs_experiment("assertions", "BCP349", asserts.value.span());
        }
        if let Some(ExpressionSyntax::String(name)) = name.map(|name| name.value) {
            self.name_segments(resource, body, name);
        }
    }

    /// Warns of a type or version that Azure's tables do not have.
    pub(super) fn known_type(&self, id: ResourceId, body: &ResourceBody<'a>) {
        let Some(written) = self.bound.resource(id).syntax.type_string() else { return };
        let foreign = written.literal().is_some_and(|text| text.contains(':'));
        if body.found.is_some() || foreign || self.has_extensions() {
            return;
        }
        let Some((name, version)) = self.type_and_version(id) else { return };
        let segments: Vec<&str> = name.split('/').collect();
        let inner = segments.get(2..segments.len() - 1).unwrap_or_default();
        let (code, title, help) = if inner.iter().any(|one| one.eq_ignore_ascii_case("providers")) {
            let title = format!("type `{name}` contains the resource that it extends");
            (
                "BCP174",
                title,
                "set `scope`, and use the type of the extension resource itself".to_owned(),
            )
        } else {
            let known = crate::azure_types::tables().versions(&name);
            let title = format!("unknown resource type `{name}@{version}`");
            let help = match known.last() {
                Some(newest) => format!(
                    "use {}, the newest known version, or ignore the warning if the version is newer",
                    newest.version
                ),
                None => "correct the type, or ignore the warning if the type is new".to_owned(),
            };
            ("BCP081", title, help)
        };
        let label = "its properties cannot be checked";
        self.warning(code, written.span, title, (label, &help));
    }

    /// Reports a type that is none, one that only exists, and a place where no resource may stand.
    fn resource_type(&self, id: ResourceId, resource: &BoundResource<'a>) {
        let Some(written) = resource.syntax.type_string() else { return };
        if let Some((code, title, words)) = self.type_trouble(resource) {
            self.error(code, written.span, title, words);
        } else if resource.syntax.existing.is_none()
            && let Some(found) = self.body(id).and_then(|body| body.found)
            && found.writable == Scopes(0)
            && found.readable != Scopes(0)
        {
            let words = ("Azure has no way to deploy it", "add `existing`");
            self.warning("BCP245", written.span, "the resource type is read-only", words);
        }
        let mut outer = resource.nested_in;
        while let Some(parent) = outer.map(|id| self.bound.resource(id)) {
            if parent.syntax.body().r#for.is_some() {
                let words =
                    ("the outer resource is a loop", "declare it outside, and set its `parent`");
                let title = "a nested resource inside a resource loop";
                return self.error("BCP160", resource.syntax.span, title, words);
            }
            outer = parent.nested_in;
        }
    }

    /// Whether the type of a resource is an error, so that nothing about the resource is known.
    pub(super) fn resource_type_error(&self, id: ResourceId) -> bool {
        let resource = self.bound.resource(id);
        resource.syntax.type_string().is_none() || self.type_trouble(resource).is_some()
    }

    /// What is wrong with the type of a resource.
    fn type_trouble(&self, resource: &BoundResource<'a>) -> Option<Trouble> {
        let invalid = (
            "BCP029",
            "invalid resource type",
            (
                "expected a type and an API version",
                "use the form 'Microsoft.Batch/batchAccounts@2024-07-01'",
            ),
        );
        let Some(text) = resource.syntax.type_string()?.literal() else {
            let words = ("the type must be known at compile time", "write the type as plain text");
            return Some(("BCP047", "the resource type contains an expression", words));
        };
        let foreign = self.has_extensions();
        let (namespace, text) = match text.split_once(':') {
            Some((namespace, text)) if !namespace.is_empty() && !foreign => (namespace, text),
            _ => ("az", text),
        };
        if !matches!(namespace, "az" | "sys") {
            let words = ("no namespace has this name", "use a resource type of Azure");
            return Some(("BCP208", "the namespace of the resource type is unknown", words));
        }
        if let Some(outer) = resource.nested_in {
            let invalid = (!is_nested_type(text)).then_some(invalid);
            return invalid.or_else(|| self.nested_type_trouble(outer, text));
        }
        if !foreign && !is_resource_type(text) {
            return Some(invalid);
        }
        (namespace == "sys").then_some((
            "BCP209",
            "the namespace has no resource types",
            ("`sys` has no resource types", "remove `sys:`"),
        ))
    }

    fn nested_type_trouble(&self, outer: ResourceId, text: &str) -> Option<Trouble> {
        if self.deeper(|| self.resource_type_error(outer)) != Some(false) {
            let words = ("the type of the outer resource is an error", "correct that type first");
            return Some(("BCP157", "the resource type cannot be determined", words));
        }
        let words = (
            "the outer resource provides the rest of the type",
            "write only the last segment of the type",
        );
        let title = "a nested resource type with more than one segment";
        text.contains('/').then_some(("BCP156", title, words))
    }

    /// Whether types of other systems than Azure may be used.
    pub(super) fn has_extensions(&self) -> bool {
        let statements = self.bound.program.statements;
        statements.iter().any(|statement| matches!(statement, StatementSyntax::Extension(_)))
    }

    fn parent(&self, resource: &BoundResource<'a>, body: &ObjectSyntax<'a>) {
        let Some(parent) = body.property("parent").map(|property| property.value) else { return };
        let found = match parent.without_parentheses() {
            ExpressionSyntax::Variable(_) | ExpressionSyntax::ResourceAccess(_) => parent,
            ExpressionSyntax::ArrayAccess(access) => access.base,
            ExpressionSyntax::Skipped(_) => return,
            _ => {
                let words = (
                    "`parent` must be a symbolic name",
                    "refer to the resource by its symbolic name",
                );
                self.error("BCP240", parent.span(), "`parent` is an expression", words);
                return;
            }
        };
        if matches!(found, ExpressionSyntax::Variable(node) if self.bound.is_cyclic(node.name)) {
            return;
        }
        let Type::Resource(parent_id, _) = self.infer(found) else { return };
        self.parent_scope(resource, parent_id, body);
        let of_parent = self.type_and_version(parent_id);
        let (Some(own), Some((of_parent, _))) = (plain_type(resource), of_parent) else { return };
        let wanted = own.rsplit_once('/').map_or(own, |(before, _)| before);
        if !wanted.eq_ignore_ascii_case(&of_parent) {
            let title = format!("`{of_parent}` cannot be the parent of `{own}`");
            let help = format!("use a resource of type `{wanted}`");
            self.error("BCP036", parent.span(), title, ("wrong type of resource", &help));
        }
    }

    /// A child is deployed where its parent is, which must be where this file deploys to.
    fn parent_scope(
        &self,
        resource: &BoundResource<'a>,
        parent: ResourceId,
        body: &ObjectSyntax<'a>,
    ) {
        let of_parent = self.bound.resource(parent).syntax.body().object;
        let Some(scope) = of_parent.and_then(|object| object.property("scope")) else { return };
        if resource.syntax.existing.is_none() && self.is_elsewhere(scope.value) {
            let words = (
                "the parent is in another scope",
                "move it to a module, and set the scope of the module",
            );
            self.error(
                "BCP165",
                body.span,
                "the child resource is outside the target scope of this file",
                words,
            );
        }
    }

    /// Whether a scope is none that this file deploys to.
    fn is_elsewhere(&self, scope: ExpressionSyntax<'a>) -> bool {
        let (name, arguments) = match scope.without_parentheses() {
            ExpressionSyntax::FunctionCall(call) => (call.name.name, call.arguments),
            ExpressionSyntax::InstanceFunctionCall(call) => (call.name.name, call.arguments),
            scope => return self.deeper(|| self.extends_elsewhere(scope)).unwrap_or(false),
        };
        let deploys_to = self.target_scope_name();
        matches!(name, "managementGroup" | "subscription" | "resourceGroup")
            && deploys_to.is_some_and(|here| here != name || !arguments.is_empty())
    }

    /// Whether the resource that another extends stands where this file does not deploy to.
    fn extends_elsewhere(&self, scope: ExpressionSyntax<'a>) -> bool {
        let scope = match scope {
            ExpressionSyntax::ArrayAccess(access) => access.base,
            scope => scope,
        };
        let ExpressionSyntax::Variable(variable) = scope else { return false };
        let Some(id) = self.bound.target(variable.name) else { return false };
        let SymbolKind::Resource(id) = self.bound.symbol(id).kind else { return false };
        let resource = self.bound.resource(id);
        // These are scopes themselves.
        let groups =
            ["microsoft.resources/resourcegroups", "microsoft.management/managementgroups"];
        let own = plain_type(resource).unwrap_or_default();
        if groups.iter().any(|group| own.eq_ignore_ascii_case(group)) {
            return true;
        }
        let body = resource.syntax.body().object;
        let place = |name| body.and_then(|object| object.property(name));
        match (place("scope"), place("parent")) {
            (Some(scope), _) => self.is_elsewhere(scope.value),
            (None, Some(parent)) => {
                self.deeper(|| self.extends_elsewhere(parent.value)).unwrap_or(false)
            }
            (None, None) => false,
        }
    }

    /// Reports a scope that a condition chooses. Says whether it is one.
    pub(super) fn ambiguous_scope(&self, scope: ExpressionSyntax<'a>) -> bool {
        let ExpressionSyntax::Ternary(node) = scope.without_parentheses() else { return false };
        let is_known = matches!(self.infer(node.condition), Type::Bool(Some(_), _));
        let is_scope = |branch| assignable(&self.infer(branch), &Type::Scope);
        if is_known || !is_scope(node.when_true) || !is_scope(node.when_false) {
            return false;
        }
        let words = ("the scope depends on a condition", "write one scope, without a condition");
        self.error("BCP420", scope.span(), "the scope is not known at compile time", words);
        true
    }

    fn scope(&self, resource: &BoundResource<'a>, body: &ObjectSyntax<'a>) {
        let Some(scope) = body.property("scope") else { return };
        let span = scope.value.span();
        if self.ambiguous_scope(scope.value) {
            return;
        }
        if body.property("parent").is_some() && resource.syntax.existing.is_none() {
            let words = ("a child resource has the scope of its parent", "remove it");
            self.error("BCP164", span, "`scope` on a child resource", words);
            return;
        }
        if resource.syntax.existing.is_none() && self.is_elsewhere(scope.value) {
            let words = (
                "this file deploys to another scope",
                "move it to a module, and set the scope of the module",
            );
            self.error(
                "BCP139",
                span,
                "the resource is outside the target scope of this file",
                words,
            );
        }
    }

    /// A resource can only be deployed where its type can be.
    fn permitted_scope(
        &self,
        id: ResourceId,
        resource: &BoundResource<'a>,
        body: &ObjectSyntax<'a>,
    ) {
        let is_child = resource.nested_in.is_some() || body.property("parent").is_some();
        let exists = resource.syntax.existing.is_some();
        if is_child {
            return;
        }
        let (name, span) = match body.property("scope").map(|scope| scope.value) {
            None => (self.target_scope_name(), body.span),
            Some(ExpressionSyntax::FunctionCall(call)) => (Some(call.name.name), call.span),
            Some(_) => return,
        };
        let scope = match name {
            Some("tenant") => Scopes::TENANT,
            Some("managementGroup") => Scopes::MANAGEMENT_GROUP,
            Some("subscription") => Scopes::SUBSCRIPTION,
            Some("resourceGroup") => Scopes::RESOURCE_GROUP,
            _ => return,
        };
        let found = self.body(id).and_then(|body| body.found);
        let Some(found) = found else { return };
        let allowed =
            if exists { Scopes(found.readable.0 | found.writable.0) } else { found.writable };
        if allowed != Scopes(0) && !allowed.meets(scope) {
            self.wrong_scope(allowed, span);
        }
    }

    fn wrong_scope(&self, writable: Scopes, span: Span) {
        let names = [
            (Scopes::TENANT, "tenant"),
            (Scopes::MANAGEMENT_GROUP, "managementGroup"),
            (Scopes::SUBSCRIPTION, "subscription"),
            (Scopes::RESOURCE_GROUP, "resourceGroup"),
            (Scopes::EXTENSION, "another resource"),
        ];
        let known = names.iter().filter(|(scope, _)| writable.meets(*scope));
        let known: Vec<&str> = known.map(|(_, name)| *name).collect();
        let help = format!("use one of these scopes: {}", known.join(", "));
        let title = "the resource type does not support this scope";
        self.error("BCP135", span, title, ("not a valid scope for this type", &help));
    }

    fn name_segments(
        &self,
        resource: &BoundResource<'a>,
        body: &ObjectSyntax<'a>,
        name: &StringSyntax<'a>,
    ) {
        let is_child = resource.nested_in.is_some() || body.property("parent").is_some();
        if is_child {
            if name.segments.iter().any(|text| text.contains('/')) {
                let words =
                    ("the parent provides the rest of the name", "write only the last segment");
                self.error("BCP170", name.span, "the name of a child resource contains `/`", words);
            }
            return;
        }
        let Some(own) = plain_type(resource) else { return };
        let wanted = own.matches('/').count().saturating_sub(1);
        let found: usize = name.segments.iter().map(|text| text.matches('/').count()).sum();
        // What is interpolated can bring more of them.
        if found > wanted || found < wanted && name.literal().is_some() {
            let title = format!("the name does not contain exactly {wanted} `/`");
            let words = (
                "the name needs one segment per segment of the type",
                "write the names of the ancestors and of the resource",
            );
            self.error("BCP169", name.span, title, words);
        }
    }
}

/// Code, title, label and help of what is wrong.
type Trouble = (&'static str, &'static str, (&'static str, &'static str));

/// The type of a resource that is not nested, without its version.
pub(super) fn plain_type<'a>(resource: &BoundResource<'a>) -> Option<&'a str> {
    if resource.nested_in.is_some() {
        return None;
    }
    let text = resource.syntax.type_string()?.literal()?;
    Some(text.split_once('@').map_or(text, |(before, _)| before))
}

/// Whether this is a type with its version, as Azure names them.
pub(super) fn is_resource_type(text: &str) -> bool {
    let Some(at) = memrchr(b'@', text.as_bytes()) else { return false };
    let (name, version) = (&text.as_bytes()[..at], &text[at + 1..]);
    let provider = name.windows(2).rposition(|pair| pair == b"::");
    let name = provider.map_or(name, |colons| &name[colons + 2..]);
    let good = |segment: &[u8]| !segment.is_empty() && has_letters_of_types(segment);
    name.contains(&b'/') && name.split(|byte| *byte == b'/').all(good) && is_version(version)
}

fn has_letters_of_types(segment: &[u8]) -> bool {
    segment.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte))
}

/// Whether this is a part of a type, with or without a version.
fn is_nested_type(text: &str) -> bool {
    let (name, version) = match text.split_once('@') {
        Some((name, version)) => (name, Some(version)),
        None => (text, None),
    };
    let good = |segment: &str| {
        segment.starts_with(|first: char| first.is_ascii_alphanumeric())
            && has_letters_of_types(segment.as_bytes())
    };
    name.split('/').all(good) && version.is_none_or(is_version)
}

fn is_version(version: &str) -> bool {
    // A version of other characters than ASCII may have none at byte 10.
    let Some((date, suffix)) = version.split_at_checked(version.len().min(10)) else {
        return false;
    };
    let digits = |range: std::ops::Range<usize>| {
        date.get(range).is_some_and(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    date.len() == 10
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && date.as_bytes()[4] == b'-'
        && date.as_bytes()[7] == b'-'
        && (suffix.is_empty() || suffix.len() > 1 && suffix.starts_with('-'))
}
