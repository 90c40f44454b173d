//! The intermediate form of a template: what lowering makes of syntax, and what is emitted as JSON.
//!
//! Knows neither Bicep's syntax nor the JSON of templates. Expressions are those of the ARM template
//! language, `arm::expression`. Read `program` for the whole, `value` and `types` for its parts, then
//! `declaration` and `deployed`.

mod declaration;
mod deployed;
mod parameters_file;
mod program;
mod types;
mod value;

pub use declaration::{
    Assert, Decorations, ExportedVariable, Function, FunctionKind, ImportedFrom, Initializer,
    LoadedFile, MetadataItem, Output, Parameter, TypeDeclaration, Variable,
};
pub use deployed::{
    Argument, DEPLOYMENT_TYPE, DEPLOYMENT_VERSION, Dependency, Deployed, Module, ModuleParameter,
    Nested, Repeat, Resource, Scope, SecretReference,
};
pub use parameters_file::{Assigned, Assignment, ExternalInput, ParametersFile};
pub use program::{Metadata, Program, TemplateScope};
pub use types::{DeclaredType, DerivedType, Literal, Type, TypeProperty};
pub use value::{Item, Key, Loop, Object, Property, Value};
