use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

type Errors = [ValidationError<'static>];

/// What a value that fits no branch of a union was meant to be.
pub(super) enum Meant<'a> {
    /// One branch, which fails for these reasons.
    Branch(&'a Errors),
    /// Nothing of the right type: the types that would do.
    Types(Vec<&'static str>),
    /// One of these constants, which choose or are the branch.
    Values {
        /// An error at the place of the constant.
        error: &'a ValidationError<'static>,
        /// All constants that would do.
        options: Vec<Value>,
    },
}

/// Finds the branch that was meant: first by type, then by the discriminator, then by the fewest
/// mistakes.
pub(super) fn meant<'a>(union: &str, context: &'a [Vec<ValidationError<'static>>]) -> Meant<'a> {
    let of_type: Vec<&Errors> = context
        .iter()
        .map(Vec::as_slice)
        .filter(|errors| !errors.iter().any(|error| is_type_error_at(error, union)))
        .collect();
    if of_type.is_empty() {
        return Meant::Types(expected_types(context, union));
    }
    let chosen: Vec<&Errors> = of_type
        .iter()
        .copied()
        .filter(|errors| !errors.iter().any(|error| is_discriminator(error, union)))
        .collect();
    if chosen.is_empty()
        && let Some(values) = discriminator_values(&of_type, union)
    {
        return values;
    }
    let candidates = if chosen.is_empty() { &of_type } else { &chosen };
    // Keys are the first hint of what was meant; a wrong value deep inside is the last.
    let best = candidates.iter().min_by_key(|errors| (shape_errors(errors, union), errors.len()));
    Meant::Branch(best.copied().unwrap_or_default())
}

fn is_type_error_at(error: &ValidationError<'_>, union: &str) -> bool {
    matches!(error.kind(), Kind::Type { .. }) && error.instance_path().as_str() == union
}

fn is_discriminator(error: &ValidationError<'_>, union: &str) -> bool {
    let path = error.instance_path().as_str();
    let depth = path.strip_prefix(union).map_or(usize::MAX, |rest| rest.matches('/').count());
    match error.kind() {
        Kind::Constant { .. } => depth <= 1,
        // A branch for several values of the discriminator, or one of an enum's values.
        Kind::Enum { options } => {
            depth == 0 || depth == 1 && options.as_array().is_some_and(|options| options.len() == 1)
        }
        _ => false,
    }
}

fn discriminator_values<'a>(branches: &[&'a Errors], union: &str) -> Option<Meant<'a>> {
    let found: Vec<&ValidationError<'static>> = branches
        .iter()
        .filter_map(|errors| errors.iter().find(|error| is_discriminator(error, union)))
        .collect();
    let error = *found.first()?;
    let same_place = |other: &&&ValidationError<'static>| {
        other.instance_path().as_str() == error.instance_path().as_str()
    };
    let mut options = Vec::new();
    for error in found.iter().filter(same_place) {
        match error.kind() {
            Kind::Constant { expected_value } => options.push(expected_value.as_ref().clone()),
            Kind::Enum { options: values } => {
                options.extend(values.as_array().into_iter().flatten().cloned());
            }
            _ => {}
        }
    }
    Some(Meant::Values { error, options })
}

fn shape_errors(errors: &Errors, union: &str) -> usize {
    let at_top = errors.iter().filter(|error| error.instance_path().as_str() == union);
    at_top
        .map(|error| match error.kind() {
            Kind::AdditionalProperties { unexpected } => unexpected.len(),
            Kind::Required { .. } => 1,
            _ => 0,
        })
        .sum()
}

fn expected_types(context: &[Vec<ValidationError<'static>>], union: &str) -> Vec<&'static str> {
    let mut types = Vec::new();
    for error in context.iter().flatten().filter(|error| is_type_error_at(error, union)) {
        if let Kind::Type { kind } = error.kind() {
            match kind {
                TypeKind::Single(one) => types.push(one.as_str()),
                TypeKind::Multiple(set) => {
                    types.extend(set.iter().map(jsonschema::JsonType::as_str));
                }
            }
        }
    }
    types.sort_unstable();
    types.dedup();
    // `null` stands for "may be left out", which helps nobody who wrote something.
    if types.len() > 1 {
        types.retain(|name| *name != "null");
    }
    types
}
