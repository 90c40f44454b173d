//! What the compiler writes in expressions.

use serde_json::{Number, Value};

use super::Expression;

impl Expression {
    /// `parameters('name')`
    pub fn parameter(name: &str) -> Self {
        Self::call("parameters", vec![Self::string(name)])
    }

    /// `variables('name')`
    pub fn variable(name: &str) -> Self {
        Self::call("variables", vec![Self::string(name)])
    }

    /// `true()` or `false()`
    pub fn bool(value: bool) -> Self {
        Self::call(if value { "true" } else { "false" }, Vec::new())
    }

    /// `null()`
    pub fn null() -> Self {
        Self::call("null", Vec::new())
    }

    /// An integer; the literals of the language have 32 bits only.
    pub fn integer(value: i64) -> Self {
        if i32::try_from(value).is_ok() {
            Self::Integer(value)
        } else {
            Self::call("json", vec![Self::string(value.to_string())])
        }
    }

    /// A number that is no integer: the language has no literal for it, but reads its text.
    pub fn number(number: &Number) -> Self {
        let text = number.as_f64().map_or_else(|| number.to_string(), scientific);
        Self::call("json", vec![Self::string(text)])
    }

    /// The expression that gives this data, in which no text is an expression.
    pub fn data(value: &Value) -> Self {
        match value {
            Value::Null => Self::null(),
            Value::Bool(value) => Self::bool(*value),
            Value::Number(number) => match number.as_i64() {
                Some(value) => Self::integer(value),
                None => Self::number(number),
            },
            Value::String(text) => Self::string(text.as_str()),
            Value::Array(items) => {
                Self::call("createArray", items.iter().map(Self::data).collect())
            }
            Value::Object(object) => {
                let pairs = object
                    .iter()
                    .flat_map(|(key, value)| [Self::string(key.as_str()), Self::data(value)]);
                Self::call("createObject", pairs.collect())
            }
        }
    }

    /// `format(pattern, arguments..)`
    pub fn format(pattern: impl Into<String>, mut arguments: Vec<Self>) -> Self {
        arguments.insert(0, Self::string(pattern));
        Self::call("format", arguments)
    }

    /// The same value as a call: the language reads properties of calls, never of literals.
    #[must_use]
    pub fn into_call(self) -> Self {
        match self {
            Self::Integer(_) => Self::call("int", vec![self]),
            Self::String(_) => Self::call("string", vec![self]),
            Self::Call { .. } | Self::Property { .. } | Self::Index { .. } => self,
        }
    }

    /// The property or item of this value.
    #[must_use]
    pub fn access(self, key: Self) -> Self {
        match key {
            Self::String(name) if is_plain(&name) => self.into_call().property(name),
            key => self.into_call().index(key),
        }
    }
}

// Whether Microsoft's compiler writes a property after a period.
fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

// As .NET writes it: `0.5`, `3`, `1E+20`, `1.5E-07`.
fn scientific(number: f64) -> String {
    let text = format!("{number:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        -4..15 => number.to_string(),
        exponent => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}E{sign}{:02}", exponent.abs())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_calls_accesses_and_quotes() {
        let name = Expression::parameter("it's")
            .property("a")
            .access(Expression::string("b-c"))
            .access(Expression::Integer(0));
        assert_eq!(name.to_string(), "parameters('it''s').a['b-c'][0]");
        assert_eq!(
            Expression::string("x").access(Expression::string("y")).to_string(),
            "string('x').y"
        );
        assert_eq!(Expression::integer(2_199_023_255_552).to_string(), "json('2199023255552')");
    }

    #[test]
    fn writes_numbers_as_dotnet_does() {
        for (number, text) in [
            (3.0, "3"),
            (-1.5, "-1.5"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (1.5e20, "1.5E+20"),
            (123_456_789_012_345.0, "123456789012345"),
            (1e15, "1E+15"),
        ] {
            assert_eq!(scientific(number), text);
        }
    }
}
