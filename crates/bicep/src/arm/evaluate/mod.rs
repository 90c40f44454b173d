//! Takes ARM expressions and the scope they stand in, gives values; what only Azure can know stays an
//! expression inside the value.
//!
//! Partial by nature: one part that cannot be computed never blanks its neighbors. Work, depth and loop
//! counts are bounded. Calls no Azure and reads no template: names are looked up through [`Scope`].
//!
//! Read `value` for what comes out and `json` for how one looks into it, `scope` for what goes in, `evaluator` for the
//! tree walk, `lambda` and `access` for its two larger parts, and `functions` for the table of built-in functions.

mod access;
mod context;
mod evaluator;
mod functions;
mod json;
mod lambda;
mod scope;
mod value;

pub use context::{Context, Level, SUBSCRIPTION_PLACEHOLDER, placeholder};
pub use evaluator::{Evaluator, Problem, Work};
pub use scope::{Locals, Lookup, Scope, UserFunction};
pub use value::{Evaluated, Properties, properties_for};

use crate::arm::expression::Expression;

/// What a built-in function makes of values that are known; nothing if it depends on more than them, and
/// what is wrong if Azure would refuse them.
pub fn applied(name: &str, arguments: &[Evaluated]) -> Result<Option<Evaluated>, String> {
    match functions::apply(name, arguments, &Context::default()) {
        Ok(value) => Ok(Some(value)),
        Err(functions::Failure::Symbolic) => Ok(None),
        Err(functions::Failure::Wrong { title, .. }) => Err(title),
    }
}

/// The id that a symbolic `resourceId(...)` or one of its kin will have, with placeholders for a
/// subscription and a resource group that are not known.
pub fn resource_id_of(expression: &Expression, context: &Context) -> Option<String> {
    functions::resource_id_with_placeholders(expression, context)
}
