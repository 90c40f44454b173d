use std::fmt::{Display, Formatter, Result, Write};

use super::Expression;
use super::lexer::is_name_start;

/// Prints the canonical text: one blank after a comma, no other, `.name` wherever a name allows it.
impl Display for Expression {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> Result {
        match self {
            Self::String(text) => print_string(text, formatter),
            Self::Integer(number) => write!(formatter, "{number}"),
            Self::Call { name, arguments } => {
                formatter.write_str(name)?;
                formatter.write_char('(')?;
                for (index, argument) in arguments.iter().enumerate() {
                    if index > 0 {
                        formatter.write_str(", ")?;
                    }
                    argument.fmt(formatter)?;
                }
                formatter.write_char(')')
            }
            Self::Property { base, name } => {
                base.fmt(formatter)?;
                if is_name(name) {
                    formatter.write_char('.')?;
                    return formatter.write_str(name);
                }
                formatter.write_char('[')?;
                print_string(name, formatter)?;
                formatter.write_char(']')
            }
            Self::Index { base, index } => {
                base.fmt(formatter)?;
                formatter.write_char('[')?;
                index.fmt(formatter)?;
                formatter.write_char(']')
            }
        }
    }
}

fn print_string(text: &str, formatter: &mut Formatter<'_>) -> Result {
    formatter.write_char('\'')?;
    for (index, part) in text.split('\'').enumerate() {
        if index > 0 {
            formatter.write_str("''")?;
        }
        formatter.write_str(part)?;
    }
    formatter.write_char('\'')
}

fn is_name(text: &str) -> bool {
    text.starts_with(is_name_start)
        && text.chars().all(|next| is_name_start(next) || next.is_ascii_digit())
}
