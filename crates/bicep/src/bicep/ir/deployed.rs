//! Resources and modules.

use std::sync::Arc;

use serde_json::Value as Json;

use super::{Loop, Object, Value};
use crate::arm::SourceMap;
use crate::arm::expression::Expression;
use crate::diagnostic::Place;

/// The API version of the deployments that modules become.
pub const DEPLOYMENT_VERSION: &str = "2025-04-01";
/// The resource type of the deployments that modules become.
pub const DEPLOYMENT_TYPE: &str = "Microsoft.Resources/deployments";

/// What resources and modules have in common.
#[derive(Debug)]
pub struct Deployed {
    /// Its symbolic name.
    pub symbol: String,
    /// Where that is written.
    pub place: Place,
    /// The loop, if there are many of it.
    pub repeat: Option<Repeat>,
    /// The condition, and where it is written.
    pub condition: Option<(Expression, Place)>,
    /// Where it is deployed to, if not where the template is.
    pub scope: Option<Scope>,
    /// Its name in Azure, those of its ancestors included.
    pub name: Expression,
    /// Where the name is written.
    pub name_place: Option<Place>,
    /// The properties that have no meaning for the deployment itself.
    pub body: Object,
    /// What must be deployed before, sorted.
    pub depends_on: Vec<Dependency>,
    /// What it is.
    pub description: Option<Value>,
}

/// A resource.
#[derive(Debug)]
pub struct Resource {
    /// What it shares with modules.
    pub deployed: Deployed,
    /// Whether it is there already.
    pub existing: bool,
    /// Its type, as Azure spells it.
    pub kind: String,
    /// The version of its API.
    pub api_version: String,
    /// How the engine deploys it: names with arguments.
    pub options: Vec<(&'static str, Vec<Value>)>,
}

/// A module: a deployment of another template.
#[derive(Debug)]
pub struct Module {
    /// What it shares with resources.
    pub deployed: Deployed,
    /// Where Azure keeps the deployment itself, outside resource groups.
    pub location: Option<Expression>,
    /// What it passes, and where that is written.
    pub parameters: Option<(Vec<ModuleParameter>, Place)>,
    /// What it deploys.
    pub template: Nested,
    /// Where its path is written.
    pub path: Place,
}

/// What a module deploys.
#[derive(Debug)]
pub enum Nested {
    /// A template, with the map to its source.
    Template(Arc<Json>, SourceMap),
    /// The template spec with this ID.
    Spec(String),
    /// Nothing: an error has been reported.
    Missing,
}

/// A value that a module passes.
#[derive(Debug)]
pub struct ModuleParameter {
    /// The parameter.
    pub name: String,
    /// Where it is named.
    pub place: Place,
    /// How it is passed.
    pub argument: Argument,
}

/// How a module passes a value.
#[derive(Debug)]
pub enum Argument {
    /// A value, and where it is written.
    Value(Value, Place),
    /// A loop.
    Loop(Loop),
    /// A secret of a Key Vault.
    Secret(SecretReference),
    /// An expression that gives the parameter's object: a value in one case, a secret in another.
    Choice(Expression),
}

/// A secret of a Key Vault.
#[derive(Debug)]
pub struct SecretReference {
    /// The ID of the vault.
    pub vault: Expression,
    /// The name of the secret.
    pub name: Option<Expression>,
    /// The version of the secret.
    pub version: Option<Expression>,
}

/// The loop of a resource or module.
#[derive(Debug)]
pub struct Repeat {
    /// How many there are.
    pub count: Expression,
    /// How many are deployed at the same time, if not all.
    pub batch_size: Option<Value>,
    /// Where what it repeats over is written.
    pub place: Place,
}

/// A scope to deploy to. What is absent is that of the deployment itself.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// The tenant.
    Tenant,
    /// A management group.
    ManagementGroup(Option<Expression>),
    /// A subscription.
    Subscription(Option<Expression>),
    /// Subscription and name.
    ResourceGroup(Option<Expression>, Option<Expression>),
    /// The ID of the resource that is extended.
    Resource(Expression),
}

/// Something that must be deployed before.
#[derive(Debug)]
pub enum Dependency {
    /// A resource or module by its symbolic name; of a loop one item, or all.
    Symbol {
        /// The name.
        symbol: String,
        /// The item.
        index: Option<Expression>,
    },
    /// A resource or module by its ID.
    Id(Expression),
}
