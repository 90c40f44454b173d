use crate::arm::evaluate::{Context, Evaluated, Level, placeholder, resource_id_of};
use crate::arm::expression::{TemplateString, is_expression, read_template_string};

/// A name as part of an id: an expression becomes a placeholder.
fn segment(name: &str) -> String {
    match read_template_string(name) {
        TemplateString::Expression(expression) => placeholder(expression),
        TemplateString::Literal(_) => name.to_owned(),
    }
}

/// The id of the place that a template is deployed into.
pub(super) fn place_id(context: &Context) -> String {
    let subscription = || {
        let id = context.subscription_id.clone().unwrap_or_else(|| placeholder("subscriptionId"));
        ["/subscriptions/", &id].concat()
    };
    match context.level {
        Level::ResourceGroup => {
            let group =
                context.resource_group.clone().unwrap_or_else(|| placeholder("resourceGroupName"));
            [&subscription(), "/resourceGroups/", &group].concat()
        }
        Level::Subscription => subscription(),
        Level::ManagementGroup => {
            let group = context
                .management_group
                .clone()
                .unwrap_or_else(|| placeholder("managementGroupId"));
            format!("/providers/Microsoft.Management/managementGroups/{group}")
        }
        Level::Tenant => String::new(),
    }
}

/// The id of a value that names a resource: an id, or an expression that will give one. A short form
/// without a leading slash, such as `Microsoft.Management/managementGroups/x`, is completed.
pub(super) fn id_of(value: &Evaluated, context: &Context) -> Option<String> {
    let text = match value {
        Evaluated::String(text) => text.clone(),
        Evaluated::Symbolic(expression) => resource_id_of(expression, context)
            .unwrap_or_else(|| placeholder(&expression.to_string())),
        _ => return None,
    };
    if text.starts_with(['/', '{']) {
        return Some(text);
    }
    let (kind, names) = split_short_form(&text)?;
    Some(resource_id(&place_id(context), &kind, &names))
}

/// `Namespace/type/name/child/name` as its type and names.
fn split_short_form(text: &str) -> Option<(String, String)> {
    let mut segments = text.split('/');
    let mut kind = segments.next()?.to_owned();
    let mut names = Vec::new();
    while let (Some(part), Some(name)) = (segments.next(), segments.next()) {
        kind.push('/');
        kind.push_str(part);
        names.push(name);
    }
    (!names.is_empty()).then(|| (kind, names.join("/")))
}

/// The id of a resource of this type and full name at a place.
pub(super) fn resource_id(place: &str, kind: &str, name: &str) -> String {
    if kind.eq_ignore_ascii_case("Microsoft.Resources/resourceGroups") {
        return format!("{place}/resourceGroups/{}", segment(name));
    }
    let mut types = kind.split('/');
    let mut id = String::with_capacity(place.len() + kind.len() + name.len() + 16);
    for part in [place.trim_end_matches('/'), "/providers/", types.next().unwrap_or_default()] {
        id.push_str(part);
    }
    let types: Vec<&str> = types.collect();
    // A name that is one expression stands for the names of all parts.
    let names: Vec<String> = if is_expression(name) {
        vec![segment(name)]
    } else {
        name.split('/').map(str::to_owned).collect()
    };
    for (index, kind) in types.iter().enumerate() {
        id.push('/');
        id.push_str(kind);
        id.push('/');
        match names.get(index) {
            Some(name) => id.push_str(name),
            None => id.push_str(&placeholder("name")),
        }
    }
    id
}
