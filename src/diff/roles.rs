//! Role assignments: what they allow, and which way a change of one goes.

use super::change::{Pairing, Redacted, ResourceChange};
use super::security::{Access, SecurityChange, SecurityKind};
use crate::arm::evaluate::Evaluated;
use crate::arm::expression::Expression;
use crate::catalog;
use crate::expand::Resource;

/// The type of a role assignment.
pub(super) const ROLE_ASSIGNMENT: &str = "Microsoft.Authorization/roleAssignments";

/// A role assignment that comes, goes or changes.
pub(super) fn role(change: &ResourceChange) -> Option<SecurityChange> {
    if !change.is(ROLE_ASSIGNMENT) {
        return None;
    }
    let told =
        |side: &Option<Redacted>| side.as_ref().map(|resource| Evaluated::from(allowed(resource)));
    let (before, after) = (told(&change.before), told(&change.after));
    let access = match (&change.before, &change.after) {
        (None, _) => Access::Widens,
        (_, None) => Access::Narrows,
        // A deployment leaves the assignment of the old name, so that nothing is taken away.
        (Some(before), Some(after)) if change.pairing != Pairing::Same => {
            if other_role(before, after) == Access::Narrows {
                Access::Changes
            } else {
                Access::Widens
            }
        }
        (Some(before), Some(after)) => other_role(before, after),
    };
    (before != after).then(|| SecurityChange {
        access,
        area: SecurityKind::Role,
        kind: change.kind.clone(),
        name: change.name.clone(),
        label: "role assignment".to_owned(),
        path: String::new(),
        before,
        after,
        once_deleted: change.after.is_none(),
    })
}

/// Whether another role of one principal, or another condition of one role, allows more or less.
fn other_role(before: &Resource, after: &Resource) -> Access {
    let (old_role, old_rest) = assigned(before);
    let (new_role, new_rest) = assigned(after);
    if old_rest != new_rest {
        return Access::Changes;
    }
    let conditions = match (condition(before), condition(after)) {
        (old, new) if old == new => None,
        (Some(_), None) => Some(Access::Widens),
        (None, Some(_)) => Some(Access::Narrows),
        _ => Some(Access::Changes),
    };
    let roles = match (catalog::role(old_role), catalog::role(new_role)) {
        _ if old_role == new_role => None,
        (Some(old), Some(new)) if new.includes(&old) => Some(Access::Widens),
        (Some(old), Some(new)) if old.includes(&new) => Some(Access::Narrows),
        _ => Some(Access::Changes),
    };
    match (roles, conditions) {
        (Some(access), None) | (None, Some(access)) => access,
        (Some(roles), Some(conditions)) if roles == conditions => roles,
        _ => Access::Changes,
    }
}

/// The condition under which an assignment holds.
fn condition(resource: &Resource) -> Option<String> {
    let condition = resource.body.get("properties")?.get("condition")?.written()?;
    Some(condition.trim().to_owned()).filter(|condition| !condition.is_empty())
}

/// `AcrPull for vision-id on visionacr`, with the condition under which that holds.
fn allowed(resource: &Resource) -> String {
    let assignment = assignment(resource);
    match condition(resource) {
        Some(condition) => format!("{assignment} if {condition}"),
        None => assignment,
    }
}

/// What people call a resource: the last part of its name, or what a role assignment allows.
pub fn title(resource: &Resource) -> String {
    if resource.kind.eq_ignore_ascii_case(ROLE_ASSIGNMENT) {
        assignment(resource)
    } else {
        last_name(&resource.typed_name())
    }
}

/// `AcrPull for vision-id on visionacr`.
fn assignment(resource: &Resource) -> String {
    let (role, rest) = assigned(resource);
    format!("{role} {rest}")
}

/// A role, and for whom and on what it is assigned.
fn assigned(resource: &Resource) -> (&str, String) {
    let property =
        |key: &str| resource.body.get("properties").and_then(|properties| properties.get(key));
    let id = match property("roleDefinitionId") {
        Some(Evaluated::Symbolic(expression)) => expression.texts().pop(),
        definition => definition.and_then(Evaluated::as_str),
    };
    let id = last_part(id.unwrap_or_default());
    let role = catalog::role_by_id(id).map_or(id, |role| role.name);
    let scope = resource.id.to_lowercase().find("/providers/microsoft.authorization/");
    let scope = scope.and_then(|at| resource.id.get(..at)).unwrap_or_default();
    let on = if scope.is_empty() { "its scope" } else { last_part(scope) };
    (role, format!("for {} on {on}", principal(resource, property("principalId"), scope)))
}

/// The name of the identity that a role is assigned to. A symbolic name stands for the one other resource
/// that the assignment waits for.
fn principal(resource: &Resource, id: Option<&Evaluated>, scope: &str) -> String {
    let Some(id) = id else { return "an unknown principal".to_owned() };
    let names_itself =
        |expression: &Expression| expression.texts().iter().any(|text| text.contains('/'));
    let symbolic = id.as_expression().is_some_and(|expression| !names_itself(expression));
    let mut others = resource.depends_on.iter().filter(|other| !other.eq_ignore_ascii_case(scope));
    match (symbolic, others.next(), others.next()) {
        (true, Some(only), None) => last_part(only).to_owned(),
        _ => last_name(id),
    }
}

/// The last name of an id, of the id inside an expression, or of the resource that it calls for.
fn last_name(value: &Evaluated) -> String {
    let Some(expression) = value.as_expression() else {
        return last_part(value.as_str().unwrap_or_default()).to_owned();
    };
    if let Some(name) = expression.called_resource() {
        return name.to_owned();
    }
    let texts = expression.texts();
    match texts.iter().find(|part| part.contains('/')).or(texts.first()) {
        Some(id) => last_part(id).to_owned(),
        None => expression.to_template_string(),
    }
}

/// The last name of an id.
pub(super) fn last_part(id: &str) -> &str {
    id.rsplit('/').find(|part| !part.is_empty()).unwrap_or(id)
}
