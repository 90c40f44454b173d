use super::{
    Assert, ExportedVariable, Function, LoadedFile, MetadataItem, Module, Output, Parameter,
    Resource, TypeDeclaration, Variable,
};
use crate::diagnostic::Place;

/// The scope that a template deploys to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TemplateScope {
    /// The whole tenant.
    Tenant,
    /// A management group.
    ManagementGroup,
    /// A subscription.
    Subscription,
    /// A resource group.
    ResourceGroup,
}

/// A template. All lists are in the order in which they are emitted.
#[derive(Debug)]
pub struct Program {
    /// Where it deploys to.
    pub scope: TemplateScope,
    /// The version of the template language; nothing for a classic template.
    pub language_version: Option<&'static str>,
    /// Whether resources have symbolic names, so that expressions may refer to them.
    pub symbolic: bool,
    /// Where the file begins.
    pub place: Place,
    /// What it says about itself.
    pub metadata: Metadata,
    /// The types, imported ones last.
    pub types: Vec<TypeDeclaration>,
    /// The functions, imported ones last.
    pub functions: Vec<Function>,
    /// The parameters.
    pub parameters: Vec<Parameter>,
    /// What is loaded while compiling.
    pub loaded: Vec<LoadedFile>,
    /// The variables, imported ones last.
    pub variables: Vec<Variable>,
    /// The resources, nested ones first.
    pub resources: Vec<Resource>,
    /// The modules.
    pub modules: Vec<Module>,
    /// The outputs.
    pub outputs: Vec<Output>,
    /// The assertions.
    pub asserts: Vec<Assert>,
}

/// What a template says about itself.
#[derive(Debug)]
pub struct Metadata {
    /// The experiments of Azure's engine that it needs.
    pub experiments: Vec<&'static str>,
    /// What the file says.
    pub items: Vec<MetadataItem>,
    /// The variables that other files may import, sorted by name.
    pub exported_variables: Vec<ExportedVariable>,
}

impl Program {
    /// The names of the outputs that may not be shown.
    pub fn secure_outputs(&self) -> Vec<String> {
        let secure = |output: &&Output| output.kind.is_secure();
        self.outputs.iter().filter(secure).map(|output| output.name.clone()).collect()
    }
}
