//! Declarations of a template that Azure deploys nothing for.

use std::rc::Rc;

use serde_json::{Map, Value as Json};

use super::{DeclaredType, Loop, Object, Type, Value};
use crate::diagnostic::Place;

/// What the decorators of a declaration add to its type.
#[derive(Debug, Default)]
pub struct Decorations {
    /// Its values may not be shown.
    pub secure: bool,
    /// No other property is allowed.
    pub sealed: bool,
    /// Other files may import it.
    pub exported: bool,
    /// The values that are allowed.
    pub allowed: Option<Value>,
    /// Limits by their names in a template, such as `minLength`.
    pub limits: Vec<(&'static str, Value)>,
    /// A condition that values must fulfill, and its message.
    pub validate: Option<Vec<Value>>,
    /// Further facts about it.
    pub metadata: Option<Object>,
    /// What it is.
    pub description: Option<Value>,
}

/// Where an imported declaration comes from.
#[derive(Debug)]
pub struct ImportedFrom {
    /// The path or reference of the file.
    pub file: String,
    /// Its name there, if it is another.
    pub original_name: Option<String>,
}

/// What a variable or an output is set to.
#[derive(Debug)]
pub enum Initializer {
    /// A value, and where it is written.
    Value(Value, Option<Place>),
    /// A loop.
    Loop(Loop),
}

/// An entry of the template's metadata.
#[derive(Debug)]
pub struct MetadataItem {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// Where the value is written.
    pub place: Place,
}

/// A variable that other files may import.
#[derive(Debug)]
pub struct ExportedVariable {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: Option<Value>,
    /// Its type, if one is written.
    pub kind: Option<Type>,
}

/// A type with a name.
#[derive(Debug)]
pub struct TypeDeclaration {
    /// Its name.
    pub name: String,
    /// The type.
    pub kind: DeclaredType,
    /// Where it comes from, if not from this file.
    pub imported: Option<ImportedFrom>,
    /// Where its name is written; nothing if in an ARM template.
    pub place: Option<Place>,
}

/// A user's function.
#[derive(Debug)]
pub struct Function {
    /// The namespace.
    pub namespace: String,
    /// Its name in it.
    pub name: String,
    /// What it does.
    pub kind: FunctionKind,
    /// Where it comes from, if not from this file.
    pub imported: Option<ImportedFrom>,
}

/// What a function does.
#[derive(Debug)]
pub enum FunctionKind {
    /// A function of a Bicep file.
    Bicep {
        /// The names and types of its parameters.
        parameters: Vec<(String, Type)>,
        /// The type of what it gives.
        output: Type,
        /// What it gives.
        value: Value,
        /// What decorators add.
        decorations: Option<Box<Decorations>>,
    },
    /// A function of an ARM template, which is taken over as it stands there.
    Template(Map<String, Json>),
}

/// A parameter.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: DeclaredType,
    /// The value that it has without another, and where that is written.
    pub default: Option<(Value, Place)>,
    /// Where its name is written.
    pub place: Place,
}

/// A variable that holds what is loaded while compiling.
#[derive(Debug)]
pub struct LoadedFile {
    /// Its name.
    pub name: String,
    /// What is loaded.
    pub content: Rc<Json>,
    /// Where it is loaded.
    pub place: Place,
}

/// A variable.
#[derive(Debug)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Initializer,
}

/// An output.
#[derive(Debug)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its type.
    pub kind: DeclaredType,
    /// Its value.
    pub value: Initializer,
    /// Where its name is written.
    pub place: Place,
}

/// An assertion.
#[derive(Debug)]
pub struct Assert {
    /// Its name.
    pub name: String,
    /// What must hold.
    pub value: Value,
}
