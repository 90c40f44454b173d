//! Resource ids and the functions that ask where the template is deployed.

use std::cell::OnceCell;

use super::super::context::{Context, Level, placeholder};
use super::{Arguments, Evaluated, Failure, Outcome, string, text_of, wrong};
use crate::arm::expression::Expression;

pub(super) fn environment(_: Arguments<'_>, context: &Context) -> Outcome {
    context.whole("environment").ok_or(Failure::Symbolic)
}

/// The type, with the arguments before it and the names after it.
struct Parts<'a> {
    before: &'a [Evaluated],
    kind: &'a str,
    names: &'a [Evaluated],
}

fn parts(arguments: &[Evaluated], most_before: usize) -> Result<Parts<'_>, Failure> {
    let is_type =
        |argument: &Evaluated| matches!(argument, Evaluated::String(text) if text.contains('/'));
    let Some(at) = arguments.iter().take(most_before + 1).position(is_type) else {
        if arguments.iter().any(|argument| matches!(argument, Evaluated::Symbolic(_))) {
            return Err(Failure::Symbolic);
        }
        return Err(wrong(
            "the resource ID has no resource type",
            "pass `namespace/type` before the names",
        ));
    };
    let kind = text_of(&arguments[at])?;
    let names = &arguments[at + 1..];
    let wanted = kind.trim_end_matches('/').matches('/').count();
    if names.len() != wanted {
        return Err(wrong(
            format!("`{kind}` expects {wanted} names, found {}", names.len()),
            "pass one name for each part of the type",
        ));
    }
    Ok(Parts { before: &arguments[..at], kind, names })
}

impl Parts<'_> {
    /// A slash in a name makes more names of it than the type has parts.
    fn check_names(&self) -> Result<(), Failure> {
        let slashed = self.names.iter().find_map(|name| match name {
            Evaluated::String(name) if name.contains('/') => Some(name),
            _ => None,
        });
        slashed.map_or(Ok(()), |name| {
            let shown: String = name.chars().take(40).collect();
            Err(wrong(
                format!("the resource name `{shown}` contains a `/`"),
                "pass each name of a nested resource as an argument of its own",
            ))
        })
    }

    /// `providers/Namespace/type/name/...`
    fn path(&self) -> Result<String, Failure> {
        if self.kind.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups") {
            // Resource groups are named without a provider, as are their ids.
            return Ok(format!("/resourceGroups/{}", text_of(&self.names[0])?));
        }
        self.check_names()?;
        let mut segments = self.kind.trim_end_matches('/').split('/');
        let mut path = format!("/providers/{}", segments.next().unwrap_or_default());
        for (segment, name) in segments.zip(self.names) {
            // Azure leaves a part out whose name is empty.
            if matches!(name, Evaluated::String(name) if name.is_empty()) {
                path.push('/');
                continue;
            }
            path.push('/');
            path.push_str(segment);
            path.push('/');
            match name {
                Evaluated::Integer(number) => path.push_str(&number.to_string()),
                name => path.push_str(text_of(name)?),
            }
        }
        Ok(path)
    }

    /// The call with its scope spelled out as far as it is known, so that equal ids print equal.
    fn residue(&self, function: &'static str, scope: &[&Evaluated]) -> Evaluated {
        let kind = Evaluated::String(self.kind.to_owned());
        let all = scope.iter().copied().chain([&kind]).chain(self.names);
        Evaluated::Symbolic(Expression::call(function, all.map(Evaluated::to_expression).collect()))
    }
}

pub(super) fn resource_id(arguments: Arguments<'_>, context: &Context) -> Outcome {
    let parts = parts(arguments, 2)?;
    let at_group = context.level == Level::ResourceGroup;
    let (subscription, group) = match parts.before {
        [] if at_group => (context.subscription(), Some(context.group())),
        [] if context.level == Level::Subscription => (context.subscription(), None),
        [] => return Ok(Evaluated::String(parts.path()?)),
        [one] if at_group || !is_guid(one) => (context.subscription(), Some(one.clone())),
        [one] => (one.clone(), None),
        [one, other, ..] => (one.clone(), Some(other.clone())),
    };
    let known = |value: &Evaluated| match value {
        Evaluated::String(text) => Some(text.clone()),
        _ => None,
    };
    let path = parts.path();
    if let (Some(subscription), Ok(path)) = (known(&subscription), &path) {
        match group.as_ref().map(known) {
            None => return string(format!("/subscriptions/{subscription}{path}")),
            Some(Some(group)) => {
                return string(format!(
                    "/subscriptions/{subscription}/resourceGroups/{group}{path}"
                ));
            }
            Some(None) => {}
        }
    }
    if let Err(failure @ Failure::Wrong { .. }) = path {
        return Err(failure);
    }
    let explicit_subscription = parts.before.len() == 2 || known(&subscription).is_some();
    let scope: Vec<&Evaluated> = match (&group, explicit_subscription) {
        (None, _) => Vec::new(),
        (Some(group), true) if known(group).is_some() || parts.before.len() == 2 => {
            vec![&subscription, group]
        }
        (Some(group), false) if known(group).is_some() || parts.before.len() == 1 => vec![group],
        _ => Vec::new(),
    };
    Ok(parts.residue("resourceId", &scope))
}

fn is_guid(value: &Evaluated) -> bool {
    matches!(value, Evaluated::String(text)
        if text.len() == 36 && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-'))
}

pub(super) fn subscription_resource_id(arguments: Arguments<'_>, context: &Context) -> Outcome {
    let parts = parts(arguments, 1)?;
    let subscription = match parts.before {
        [explicit, ..] => explicit.clone(),
        [] => context.subscription(),
    };
    match (&subscription, parts.path()) {
        (_, Err(failure @ Failure::Wrong { .. })) => Err(failure),
        (Evaluated::String(subscription), Ok(path)) => {
            string(format!("/subscriptions/{subscription}{path}"))
        }
        (_, _) => {
            let scope = if parts.before.is_empty() { Vec::new() } else { vec![&subscription] };
            Ok(parts.residue("subscriptionResourceId", &scope))
        }
    }
}

pub(super) fn tenant_resource_id(arguments: Arguments<'_>, _: &Context) -> Outcome {
    string(parts(arguments, 0)?.path()?)
}

pub(super) fn management_group_resource_id(arguments: Arguments<'_>, context: &Context) -> Outcome {
    let parts = parts(arguments, 1)?;
    let group = match parts.before {
        [explicit, ..] => text_of(explicit)?.to_owned(),
        [] => context.management_group.clone().ok_or(Failure::Symbolic)?,
    };
    let path = parts.path()?;
    string(format!("/providers/Microsoft.Management/managementGroups/{group}{path}"))
}

pub(super) fn extension_resource_id(arguments: Arguments<'_>, _: &Context) -> Outcome {
    let parts = parts(&arguments[1..], 0)?;
    let base = text_of(&arguments[0])?;
    string(format!("{base}{}", parts.path()?))
}

/// The id that a symbolic `resourceId(...)` or one of its kin will have, with placeholders for a
/// subscription and a resource group that are not known.
pub fn resource_id_with_placeholders(expression: &Expression, context: &Context) -> Option<String> {
    Placeholders { context, filled: OnceCell::new() }.id(expression)
}

/// A context, and the same with placeholders for what is not known, made once for all functions of an expression.
struct Placeholders<'a> {
    context: &'a Context,
    filled: OnceCell<Context>,
}

impl Placeholders<'_> {
    fn id(&self, expression: &Expression) -> Option<String> {
        let (name, arguments) = match expression {
            Expression::String(text) => return Some(text.clone()),
            Expression::Property { base, name } => return context_id(base, name, self.context),
            Expression::Call { name, arguments } => (name, arguments),
            _ => return None,
        };
        let function: fn(Arguments<'_>, &Context) -> Outcome =
            match name.to_ascii_lowercase().as_str() {
                "resourceid" => resource_id,
                "subscriptionresourceid" => subscription_resource_id,
                "tenantresourceid" => tenant_resource_id,
                "extensionresourceid" => extension_resource_id,
                "managementgroupresourceid" => management_group_resource_id,
                "format" => |arguments, _| super::format::format(arguments),
                "concat" => |arguments, _| super::collection::concat(arguments),
                _ => return None,
            };
        let evaluated = |argument: &Expression| match argument {
            Expression::String(text) => Some(Evaluated::String(text.clone())),
            Expression::Integer(number) => Some(Evaluated::Integer(*number)),
            nested => self.id(nested).map(Evaluated::String),
        };
        let arguments: Vec<Evaluated> = arguments.iter().map(evaluated).collect::<Option<_>>()?;
        match function(&arguments, self.filled.get_or_init(|| self.filled())) {
            Ok(Evaluated::String(id)) => Some(id),
            _ => None,
        }
    }

    fn filled(&self) -> Context {
        let or = |known: &Option<String>, name| known.clone().unwrap_or_else(|| placeholder(name));
        Context {
            subscription_id: Some(or(&self.context.subscription_id, "subscriptionId")),
            resource_group: Some(or(&self.context.resource_group, "resourceGroupName")),
            ..self.context.clone()
        }
    }
}

/// `subscription().id` and its like, with placeholders.
fn context_id(base: &Expression, property: &str, context: &Context) -> Option<String> {
    let Expression::Call { name, arguments } = base else { return None };
    if !arguments.is_empty() {
        return None;
    }
    let subscription =
        context.subscription_id.clone().unwrap_or_else(|| placeholder("subscriptionId"));
    let group = context.resource_group.clone().unwrap_or_else(|| placeholder("resourceGroupName"));
    match (name.to_ascii_lowercase().as_str(), property.to_ascii_lowercase().as_str()) {
        ("subscription", "subscriptionid") => Some(subscription),
        ("subscription", "id") => Some(format!("/subscriptions/{subscription}")),
        ("resourcegroup", "name") => Some(group),
        ("resourcegroup", "id") => {
            Some(format!("/subscriptions/{subscription}/resourceGroups/{group}"))
        }
        _ => None,
    }
}
