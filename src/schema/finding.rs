/// What sort of mistake a value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FindingKind {
    /// A property that the schema does not know.
    UnknownProperty,
    /// A property that must be there and is not.
    MissingProperty,
    /// A string where a number belongs, and the like.
    WrongType,
    /// A value outside a closed list.
    UnknownValue,
    /// A value that an open list does not name.
    UnlistedValue,
    /// A text that does not have the required form.
    WrongForm,
    /// A text, array or object with too few or too many parts.
    WrongLength,
    /// A number that is too small or too large.
    OutOfRange,
    /// A property that only the service may set.
    ReadOnly,
    /// Any other rule of the schema.
    Other,
}

/// One place where a value does not meet its schema. The texts follow the shape of every diagnostic:
/// lowercase, no full stop, names in backticks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// JSON pointer of the value; of the property itself if it is unknown; of the object if one is missing.
    pub pointer: String,
    /// Whether the key is what is wrong, and not its value.
    pub on_key: bool,
    /// The sort of mistake.
    pub kind: FindingKind,
    /// What is wrong.
    pub title: String,
    /// Why it is wrong at this place.
    pub label: String,
    /// What to do instead.
    pub help: String,
    /// The known word nearest to a mistyped one.
    pub suggestion: Option<String>,
    /// The property that is missing.
    pub missing: Option<String>,
    /// The regular expression that a text does not match.
    pub pattern: Option<String>,
}
