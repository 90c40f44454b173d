use serde_json::Value;

use super::scope::TemplateScope;
use crate::arm::evaluate::Evaluated;
use crate::diagnostic::Diagnostic;

impl TemplateScope<'_> {
    /// Reports a value that Azure would refuse for its parameter: of the wrong type, not among the allowed
    /// ones, too short or too large. A symbolic value is not judged.
    pub(super) fn check_parameter(&self, name: &str, declaration: &Value, value: &Evaluated) {
        let declaration = self.resolved(declaration);
        let kind =
            declaration.get("type").and_then(Value::as_str).unwrap_or_default().to_lowercase();
        let nullable = self.is_nullable(declaration);
        if *value == Evaluated::Null && nullable || matches!(value, Evaluated::Symbolic(_)) {
            return;
        }
        let allowed = declaration.get("allowedValues").and_then(Value::as_array);
        let wrong = if !has_type(value, &kind) {
            Some(format!(
                "parameter `{name}` needs {}, found {}",
                type_words(&kind),
                value.type_name()
            ))
        } else if let (Some(allowed), Some(plain)) = (allowed, value.to_plain()) {
            let within = is_allowed(&plain, allowed);
            (!within).then(|| format!("parameter `{name}` does not allow {plain}"))
        } else {
            out_of_bounds(name, declaration, value)
        };
        if let Some(title) = wrong {
            let help = match allowed {
                Some(allowed) if allowed.len() <= 12 => format!("use one of {}", list(allowed)),
                _ => format!("change the value of `{name}`"),
            };
            let finding = Diagnostic::error("PB3004", title)
                .reason("Azure checks the parameters of a template before it deploys anything")
                .help(help);
            self.session.report(finding, &self.at("parameters", name), "declared here");
        }
    }
}

fn has_type(value: &Evaluated, kind: &str) -> bool {
    match kind {
        "string" | "securestring" => matches!(value, Evaluated::String(_)),
        "int" => matches!(value, Evaluated::Integer(_)),
        "bool" => matches!(value, Evaluated::Bool(_)),
        "object" | "secureobject" => matches!(value, Evaluated::Object(_)),
        "array" => matches!(value, Evaluated::Array(_)),
        _ => true,
    }
}

fn type_words(kind: &str) -> &'static str {
    match kind {
        "int" => "an integer",
        "bool" => "a boolean",
        "object" | "secureobject" => "an object",
        "array" => "an array",
        _ => "a string",
    }
}

/// An array is allowed if each of its items is.
fn is_allowed(value: &Value, allowed: &[Value]) -> bool {
    match value {
        Value::Array(items) if !allowed.contains(value) => {
            items.iter().all(|item| allowed.contains(item))
        }
        value => allowed.contains(value),
    }
}

fn out_of_bounds(name: &str, declaration: &Value, value: &Evaluated) -> Option<String> {
    let bound = |key: &str| declaration.get(key).and_then(Value::as_i64);
    let (size, least, most, what) = match value {
        Evaluated::Integer(number) => (*number, "minValue", "maxValue", ""),
        Evaluated::String(text) => {
            (i64::try_from(text.chars().count()).ok()?, "minLength", "maxLength", " characters")
        }
        Evaluated::Array(items) => {
            (i64::try_from(items.len()).ok()?, "minLength", "maxLength", " items")
        }
        _ => return None,
    };
    if let Some(least) = bound(least).filter(|least| size < *least) {
        return Some(format!("parameter `{name}` needs at least {least}{what}, found {size}"));
    }
    let most = bound(most).filter(|most| size > *most)?;
    Some(format!("parameter `{name}` allows at most {most}{what}, found {size}"))
}

fn list(values: &[Value]) -> String {
    let shown = values.iter().map(|value| match value {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    });
    shown.collect::<Vec<_>>().join(", ")
}
