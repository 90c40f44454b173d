//! Secrets where others can read them.

use foldhash::{HashSet, HashSetExt};

use super::visit::properties;
use super::{Linting, decorator, inside};
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::is_list_function;
use crate::bicep::syntax::{
    ArrayItemSyntax, ExpressionSyntax, ObjectSyntax, StatementSyntax, walk,
};
use crate::bicep::types::{Text, Type};
use crate::diagnostic::Span;

/// How deep a type is searched for secrets.
const MAX_DEPTH: usize = 24;

/// How many parts of a type are searched for secrets.
const MOST_PARTS: usize = 20_000;

/// Words in the names of secrets, and names with such words that are none.
const WORDS: [&str; 5] = ["password", "pwd", "secret", "accountkey", "acctkey"];
const HARMLESS: [&str; 5] =
    ["secretpermissions", "secretversion", "secreturi", "secreturl", "secretname"];

/// Extensions of virtual machines that run a command: publisher and type.
const SCRIPTS: [(&str, &str); 3] = [
    ("Microsoft.Azure.Extensions", "CustomScript"),
    ("Microsoft.Compute", "CustomScriptExtension"),
    ("Microsoft.OSTCExtensions", "CustomScriptForLinux"),
];

pub(super) fn admin_user_name(linting: &Linting<'_, '_>) {
    for (_, node) in linting.resources() {
        properties(node.value, &mut |property| {
            let name = property.name().unwrap_or_default();
            if !name.eq_ignore_ascii_case("adminUsername") {
                return true;
            }
            if linting.known_text(property.value).is_some() {
                let title = format!("`{name}` is hard-coded");
                let help = "use a parameter";
                linting.report(
                    property.value.span(),
                    title,
                    "anyone who can read the file can read the value",
                    help,
                );
            }
            false
        });
    }
}

pub(super) fn parameters(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        let StatementSyntax::Parameter(node) = statement else { continue };
        let name = node.name.name.to_ascii_lowercase();
        let is_secret = WORDS.iter().any(|word| name.contains(word))
            && !HARMLESS.iter().any(|word| name.contains(word));
        if !is_secret || decorator(node.decorators, "secure").is_some() {
            continue;
        }
        let Some(id) = linting.bound.declared(node.name) else { continue };
        if matches!(linting.checked.symbol(id), Type::String(_) | Type::Object(_)) {
            let title = format!("`{}` is not secure", node.name.name);
            let label = "the name suggests a secret";
            linting.report(node.name.span, title, label, "add `@secure()`");
        }
    }
}

pub(super) fn parameters_file(linting: &Linting<'_, '_>) {
    let statements = linting.bound.program.statements;
    let path = statements.iter().find_map(|statement| match statement {
        StatementSyntax::Using(node) => Some(node.path),
        _ => None,
    });
    let Some(interface) = path.and_then(|path| linting.checked.module(path)) else { return };
    let is_secret = |name: &str| {
        interface.parameter(name).is_some_and(|it| has_secrets(&it.kind, false, MAX_DEPTH))
    };
    for statement in statements {
        let StatementSyntax::ParameterAssignment(node) = statement else { continue };
        let name = node.name.name;
        if interface.parameter(name).is_none() || is_secret(name) {
            continue;
        }
        let mut seen = HashSet::new();
        let mut open = vec![node.value];
        let mut leaks = false;
        while let Some(value) = open.pop() {
            walk(value, &mut |expression| {
                let id = linting.target(expression).filter(|id| seen.insert(*id));
                match id.map(|id| linting.bound.symbol(id).kind) {
                    Some(SymbolKind::Assignment(node)) => {
                        leaks |= is_secret(node.name.name);
                        open.push(node.value);
                    }
                    Some(SymbolKind::Variable(node)) => open.push(node.value),
                    _ => {}
                }
                true
            });
        }
        if leaks {
            let title = format!("a secret is assigned to `{name}`, which is not secure");
            let help = "add `@secure()` to the parameter of the template";
            linting.report(node.value.span(), title, "Azure stores the value in plain text", help);
        }
    }
}

pub(super) fn outputs(linting: &Linting<'_, '_>) {
    for statement in linting.bound.program.statements {
        let StatementSyntax::Output(node) = statement else { continue };
        if decorator(node.decorators, "secure").is_some() {
            continue;
        }
        let label = "Azure stores outputs in plain text";
        let help = "remove it, or add `@secure()`";
        if node.name.name.to_ascii_lowercase().contains("password") {
            let title = format!("output `{}` is named like a password", node.name.name);
            linting.report(node.span, title, label, help);
        }
        for span in linting.secrets_in(node.value) {
            linting.report(span, "the output contains a secret", label, help);
        }
    }
}

pub(super) fn command_to_execute(linting: &Linting<'_, '_>) {
    for (id, node) in linting.resources() {
        let kind = linting.kind_of(linting.bound.resource(id)).to_ascii_lowercase();
        let Some(body) = node.body().object.filter(|_| kind.ends_with("/extensions")) else {
            continue;
        };
        let text = |name| inside(body, &["properties", name]).and_then(ExpressionSyntax::literal);
        let (Some(publisher), Some(own)) = (text("publisher"), text("type")) else { continue };
        let is_script = SCRIPTS.iter().any(|(publishes, kind)| {
            publishes.eq_ignore_ascii_case(publisher) && kind.eq_ignore_ascii_case(own)
        });
        let settings = inside(body, &["properties", "settings"]);
        let Some(ExpressionSyntax::Object(settings)) = settings.filter(|_| is_script) else {
            continue;
        };
        let Some(command) = settings.property("commandToExecute") else { continue };
        if !linting.secrets_in(command.value).is_empty() {
            let label = "`settings` can be read from Azure";
            let help = "move it to `protectedSettings`";
            linting.report(command.key.span(), "the command contains a secret", label, help);
        }
    }
}

pub(super) fn secure_inputs(linting: &Linting<'_, '_>) {
    for (id, node) in linting.resources() {
        if let Some(body) = node.body().object {
            linting.secure_values(body, &linting.checked.body_type(id), 0);
        }
    }
}

impl<'a> Linting<'a, '_> {
    /// Holds the values of secret properties of an object to be secret themselves.
    fn secure_values(&self, object: &ObjectSyntax<'a>, declared: &Type<'a>, depth: usize) {
        let shape = match declared {
            Type::Object(shape) => shape,
            Type::Discriminated(several) => {
                let key = object.property(several.key).and_then(|it| self.known_text(it.value));
                let Some(shape) = key.and_then(|key| several.member(key)) else { return };
                shape
            }
            _ => return,
        };
        for property in object.properties() {
            let Some(name) = property.name() else { continue };
            let declared = shape.property(name).map(crate::bicep::types::Property::kind);
            let declared = declared.or_else(|| shape.additional().map(|more| more.0));
            let Some(declared) = declared else { continue };
            if declared.is_secure() {
                self.secure_value(property.value);
            }
            self.secure_inside(property.value, &declared, depth);
        }
    }

    fn secure_inside(&self, value: ExpressionSyntax<'a>, declared: &Type<'a>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let depth = depth + 1;
        match value {
            ExpressionSyntax::Object(object) => self.secure_values(object, declared, depth),
            ExpressionSyntax::Array(array) => {
                for item in array.items {
                    if let ArrayItemSyntax::Value(value) = item {
                        self.secure_inside(*value, &declared.item(), depth);
                    }
                }
            }
            ExpressionSyntax::For(node) => self.secure_inside(node.body, &declared.item(), depth),
            ExpressionSyntax::Parenthesized(node) => {
                self.secure_inside(node.expression, declared, depth);
            }
            ExpressionSyntax::Ternary(node) => {
                self.secure_inside(node.when_true, declared, depth);
                self.secure_inside(node.when_false, declared, depth);
            }
            _ => {}
        }
    }

    fn secure_value(&self, value: ExpressionSyntax<'a>) {
        // What only a deployment tells is not known well enough.
        if self.checked.is_early(value) && is_open(&self.checked.type_of(value)) {
            let label = "anyone who can read the template or its parameters can read it";
            let help = "use a parameter with `@secure()`, or a secret from a key vault";
            self.report(value.span(), "the value of the secret is not secure", label, help);
        }
    }

    /// Where an expression reads secrets.
    fn secrets_in(&self, value: ExpressionSyntax<'a>) -> Vec<Span> {
        let mut found = Vec::new();
        let mut bases = HashSet::new();
        super::visit::walk_all(value, &mut |expression| {
            let is_base = bases.contains(&expression.span());
            let place = match expression {
                ExpressionSyntax::Variable(node) => node.name.span,
                ExpressionSyntax::PropertyAccess(node) => {
                    bases.insert(node.base.span());
                    node.name.span
                }
                ExpressionSyntax::ArrayAccess(node) => {
                    bases.insert(node.base.span());
                    node.index.span()
                }
                ExpressionSyntax::FunctionCall(call) => {
                    if is_list_function(call.name.name) {
                        found.push(call.span);
                    }
                    return;
                }
                ExpressionSyntax::InstanceFunctionCall(call) => {
                    let base = self.checked.type_of(call.base);
                    // Microsoft's rule does not look into loops.
                    let is_one = !matches!(call.base, ExpressionSyntax::ArrayAccess(_));
                    let is_known =
                        matches!(base, Type::Resource(..) | Type::Namespace(_)) && is_one;
                    if call.name.name.to_ascii_lowercase().starts_with("list") && is_known {
                        found.push(call.span);
                    }
                    return;
                }
                _ => return,
            };
            let secrets =
                secrets(&self.checked.type_of(expression), is_base, MAX_DEPTH, &mut { MOST_PARTS });
            found.extend(std::iter::repeat_n(place, secrets));
        });
        found
    }
}

/// Whether a value that is a secret may be read by others.
fn is_open(found: &Type<'_>) -> bool {
    match found {
        Type::Error | Type::Null | Type::String(Text { literal: Some(""), .. }) => false,
        Type::Union(members) => members.iter().any(is_open),
        other => !other.is_secure(),
    }
}

fn has_secrets(found: &Type<'_>, is_base: bool, depth: usize) -> bool {
    secrets(found, is_base, depth, &mut { MOST_PARTS }) > 0
}

/// How many parts of a value are secrets. Of one that is only a base, what is inside does not count.
fn secrets(found: &Type<'_>, is_base: bool, depth: usize, left: &mut usize) -> usize {
    let (Some(depth), Some(rest)) = (depth.checked_sub(1), left.checked_sub(1)) else { return 0 };
    *left = rest;
    let own = usize::from(!matches!(found, Type::Union(_)) && found.is_secure());
    let inner = match found {
        Type::Union(members) => {
            members.iter().map(|member| secrets(member, is_base, depth, left)).sum()
        }
        _ if is_base => 0,
        Type::Object(object) => {
            let properties = object.properties.iter();
            let properties: usize =
                properties.map(|it| secrets(&it.kind(), false, depth, left)).sum();
            let more = object.additional().map_or(0, |more| secrets(&more.0, false, depth, left));
            properties + more
        }
        Type::Array(array) => match &array.items {
            Some(items) => items.iter().map(|item| secrets(item, false, depth, left)).sum(),
            None => secrets(&array.item(), false, depth, left),
        },
        _ => 0,
    };
    own + inner
}
