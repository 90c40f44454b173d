//! What a file offers to one that uses it: as a module, through imports, as the template of parameters.

use foldhash::HashMap;
use serde_json::Value;

use super::Checker;
use crate::bicep::binder::Bound;
use crate::bicep::load::Imported;
use crate::bicep::syntax::{
    Arena, DecoratorSyntax, ExpressionSyntax, IdentifierSyntax, StatementSyntax,
};
use crate::bicep::types::{Exported, Type, exported_by_template, of_template};
use crate::diagnostic::Span;

/// The parameters, outputs, exports and scope of a file.
#[derive(Debug, Clone, Default)]
pub struct Interface<'a> {
    /// The parameters, in order.
    pub parameters: Vec<InterfaceParameter<'a>>,
    /// The outputs with their types.
    pub outputs: Vec<(&'a str, Type<'a>)>,
    /// What it exports.
    pub exports: HashMap<&'a str, Export<'a>>,
    /// The resource types that its parameters and outputs are derived from and that are not known.
    pub unknown: Vec<&'a str>,
    /// The scope that it deploys to, as `targetScope` names it.
    pub scope: Option<&'static str>,
}

/// A parameter of a module.
#[derive(Debug, Clone)]
pub struct InterfaceParameter<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it takes.
    pub kind: Type<'a>,
    /// Whether a value must be given.
    pub required: bool,
    /// Whether it has a default and says where resources are deployed.
    pub is_location: bool,
    /// Whether the identities of resources depend on it.
    pub identifies: bool,
}

/// Something that a file exports.
#[derive(Debug, Clone)]
pub enum Export<'a> {
    /// A `type`.
    Type(Type<'a>),
    /// A `var`, with the type of its value.
    Value(Type<'a>),
    /// A `func`: what it takes and gives.
    Function(Vec<Type<'a>>, Type<'a>),
}

/// The paths of the schemas of deployment templates.
const SCHEMAS: [&str; 6] = [
    "/schemas/2014-04-01-preview/deploymentTemplate.json",
    "/schemas/2015-01-01/deploymentTemplate.json",
    "/schemas/2018-05-01/subscriptionDeploymentTemplate.json",
    "/schemas/2019-04-01/deploymentTemplate.json",
    "/schemas/2019-08-01/managementGroupDeploymentTemplate.json",
    "/schemas/2019-08-01/tenantDeploymentTemplate.json",
];

/// Whether a JSON file names the schema of a deployment template.
pub fn is_template(template: &Value) -> bool {
    let schema = template["$schema"].as_str().and_then(|schema| schema.split_once("://"));
    let path = schema.and_then(|(_, rest)| Some(&rest[rest.find('/')?..]));
    let path = path.and_then(|path| path.split(['?', '#']).next());
    path.is_some_and(|path| SCHEMAS.contains(&path))
}

const SCOPES: [&str; 4] = ["tenant", "managementGroup", "subscription", "resourceGroup"];

impl<'a> Interface<'a> {
    /// What a Bicep file offers.
    pub(super) fn of_bicep(checker: &Checker<'a, '_>, bound: &Bound<'a>) -> Self {
        let mut interface = Self { scope: Some("resourceGroup"), ..Self::default() };
        let (locations, identities) = (checker.locations(), checker.identities());
        for statement in bound.program.statements {
            match statement {
                StatementSyntax::Parameter(node) => {
                    let kind = checker.parameter_type(node);
                    let nullable = matches!(kind, Type::Any | Type::Null) || kind.allows_null();
                    interface.parameters.push(InterfaceParameter {
                        name: node.name.name,
                        required: node.default.is_none() && !nullable && !kind.is_error(),
                        is_location: locations.contains(node.name.name),
                        identifies: identities.contains(node.name.name),
                        kind,
                    });
                }
                StatementSyntax::Output(node) => {
                    let kind = checker.described_with(node.r#type, node.decorators);
                    interface.outputs.push((node.name.name, kind));
                }
                StatementSyntax::TargetScope(node) => {
                    let name = node.value.literal();
                    interface.scope = SCOPES.into_iter().find(|scope| name == Some(scope));
                }
                StatementSyntax::Type(node) if has(node.decorators, "export") => {
                    let kind = checker.named(node.name);
                    interface.exports.insert(node.name.name, Export::Type(kind));
                }
                StatementSyntax::Variable(node) if has(node.decorators, "export") => {
                    let kind = checker.named(node.name);
                    interface.exports.insert(node.name.name, Export::Value(kind));
                }
                StatementSyntax::Function(node) if has(node.decorators, "export") => {
                    let takes = node.parameters.iter();
                    let takes = takes.map(|parameter| checker.described(parameter.r#type));
                    let gives = checker.described(node.return_type);
                    let export = Export::Function(takes.collect(), gives);
                    interface.exports.insert(node.name.name, export);
                }
                _ => {}
            }
        }
        interface
    }

    /// What an ARM template offers; nothing if it is none. Of what it exports, only what is imported is looked
    /// into.
    pub fn of_template(
        template: &Value,
        imported: Option<&Imported<'_>>,
        arena: &'a Arena,
    ) -> Option<Self> {
        let schema = template["$schema"].as_str()?.to_ascii_lowercase();
        let known = [
            ("subscriptiondeploymenttemplate", "subscription"),
            ("managementgroupdeploymenttemplate", "managementGroup"),
            ("tenantdeploymenttemplate", "tenant"),
            ("deploymenttemplate", "resourceGroup"),
        ];
        let scope = known.iter().find(|(name, _)| schema.contains(name)).map(|(_, scope)| *scope);
        let mut unknown = Vec::new();
        let parameters = of_template(template, "parameters", arena, &mut unknown);
        let outputs = of_template(template, "outputs", arena, &mut unknown);
        let exported = imported
            .map(|imported| exported_by_template(template, |name| imported.names(name), arena));
        let exports = exported.into_iter().flatten().map(|(name, exported)| {
            let export = match exported {
                Exported::Type(kind) => Export::Type(kind),
                Exported::Variable => Export::Value(Type::Any),
                Exported::Function(takes, gives) => Export::Function(takes, gives),
            };
            (name, export)
        });
        let parameters = parameters.into_iter().map(|declared| {
            let (name, kind, required) = (declared.name, declared.kind, declared.required);
            InterfaceParameter { name, kind, required, is_location: false, identifies: false }
        });
        Some(Self {
            parameters: parameters.collect(),
            outputs: outputs.into_iter().map(|declared| (declared.name, declared.kind)).collect(),
            exports: exports.collect(),
            unknown,
            scope,
        })
    }

    /// The parameter of a name.
    pub fn parameter(&self, name: &str) -> Option<&InterfaceParameter<'a>> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }
}

impl<'a> Checker<'a, '_> {
    /// The type of what is declared here.
    fn named(&self, name: IdentifierSyntax<'a>) -> Type<'a> {
        self.bound.declared(name).map_or(Type::Any, |id| self.symbol(id))
    }
}

/// Whether a decorator of this name is among them.
pub(super) fn has(decorators: &[DecoratorSyntax<'_>], name: &str) -> bool {
    arguments_of(decorators, name).is_some()
}

/// Whether a decorator has this name.
pub(super) fn is_called(decorator: &DecoratorSyntax<'_>, name: &str) -> bool {
    match decorator.expression {
        ExpressionSyntax::FunctionCall(node) => node.name.name == name,
        ExpressionSyntax::InstanceFunctionCall(node) => node.name.name == name,
        _ => false,
    }
}

/// The text that the decorator of this name is called with, and where it stands.
pub(super) fn called_with<'a>(
    decorators: &[DecoratorSyntax<'a>],
    name: &str,
) -> Option<(&'a str, Span)> {
    decorators.iter().find_map(|decorator| match decorator.expression {
        ExpressionSyntax::FunctionCall(node) if node.name.name == name => {
            Some((node.arguments.first()?.literal()?, decorator.span))
        }
        _ => None,
    })
}

/// The arguments of the decorator of this name.
pub(super) fn arguments_of<'a>(
    decorators: &[DecoratorSyntax<'a>],
    name: &str,
) -> Option<&'a [ExpressionSyntax<'a>]> {
    decorators.iter().find_map(|decorator| match decorator.expression {
        ExpressionSyntax::FunctionCall(node) if node.name.name == name => Some(node.arguments),
        ExpressionSyntax::InstanceFunctionCall(node) if node.name.name == name => {
            Some(node.arguments)
        }
        _ => None,
    })
}
