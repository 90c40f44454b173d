use super::{Function, LoadedFile, Value, Variable};
use crate::diagnostic::Place;

/// What a parameters file says, not evaluated yet.
#[derive(Debug, Default)]
pub struct ParametersFile {
    /// The parameters, in order.
    pub parameters: Vec<Assignment>,
    /// What is loaded while compiling.
    pub loaded: Vec<LoadedFile>,
    /// The variables, imported ones included.
    pub variables: Vec<Variable>,
    /// The functions, all imported.
    pub functions: Vec<Function>,
    /// How to deploy, and where that is written.
    pub using_config: Option<(Value, Place)>,
    /// The configurations of extensions, by name.
    pub extensions: Vec<(String, Vec<Assignment>)>,
    /// What tools give at deployment.
    pub inputs: Vec<ExternalInput>,
}

/// A value that a parameters file gives.
#[derive(Debug)]
pub struct Assignment {
    /// The name that gets it.
    pub name: String,
    /// The value.
    pub value: Assigned,
    /// Where it is written.
    pub place: Place,
}

/// What a name of a parameters file is assigned.
#[derive(Debug)]
pub enum Assigned {
    /// A value.
    Value(Value),
    /// The arguments of `az.getSecret`.
    Secret(Vec<Value>),
}

/// A value that is given by a tool at deployment: its kind and what that tool needs to know.
#[derive(Debug)]
pub struct ExternalInput {
    /// The name in the parameters' JSON.
    pub name: String,
    /// The kind as written.
    pub kind: String,
    /// What the tool gets.
    pub config: Option<Value>,
}
