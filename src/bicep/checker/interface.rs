//! What a file offers to one that uses it as a module.

use serde_json::Value;

use super::types::Type;
use super::{Checker, NoModules};
use crate::bicep::binder::Bound;
use crate::bicep::functions::Kinds;
use crate::bicep::syntax::{DecoratorSyntax, ExpressionSyntax, StatementSyntax};

/// The parameters, outputs and scope of a module.
#[derive(Debug, Clone, Default)]
pub struct Interface {
    /// The parameters, in order.
    pub parameters: Vec<InterfaceParameter>,
    /// The outputs with the kinds of their values.
    pub outputs: Vec<(String, Kinds)>,
    /// The scope that it deploys to, as `targetScope` names it.
    pub scope: Option<&'static str>,
}

/// A parameter of a module.
#[derive(Debug, Clone)]
pub struct InterfaceParameter {
    /// Its name.
    pub name: String,
    /// The kinds that it takes.
    pub kinds: Kinds,
    /// Whether a value must be given.
    pub required: bool,
    /// Whether it takes secrets.
    pub secure: bool,
    /// The only texts that it takes, if there is such a list.
    pub texts: Vec<String>,
}

const SCOPES: [&str; 4] = ["tenant", "managementGroup", "subscription", "resourceGroup"];

impl Interface {
    /// What a Bicep file offers.
    pub fn of_bicep(bound: &Bound<'_>) -> Self {
        let checker = Checker::new(bound, &NoModules);
        let mut interface = Self { scope: Some("resourceGroup"), ..Self::default() };
        for statement in bound.program.statements {
            match statement {
                StatementSyntax::Parameter(node) => {
                    let described = checker.quietly(|| checker.described(node.r#type));
                    let kinds = described.kinds();
                    interface.parameters.push(InterfaceParameter {
                        name: node.name.name.to_owned(),
                        kinds,
                        required: node.default.is_none() && checker.never_null(node.r#type),
                        secure: has(node.decorators, "secure"),
                        texts: texts(&described),
                    });
                }
                StatementSyntax::Output(node) => {
                    let described = checker.quietly(|| checker.described(node.r#type));
                    interface.outputs.push((node.name.name.to_owned(), described.kinds()));
                }
                StatementSyntax::TargetScope(node) => {
                    let name = node.value.literal();
                    interface.scope = SCOPES.into_iter().find(|scope| name == Some(scope));
                }
                _ => {}
            }
        }
        interface
    }

    /// What an ARM template offers; nothing if it is none.
    pub fn of_template(template: &Value) -> Option<Self> {
        let schema = template["$schema"].as_str()?.to_ascii_lowercase();
        let known = [
            ("subscriptiondeploymenttemplate", "subscription"),
            ("managementgroupdeploymenttemplate", "managementGroup"),
            ("tenantdeploymenttemplate", "tenant"),
            ("deploymenttemplate", "resourceGroup"),
        ];
        let scope = known.iter().find(|(name, _)| schema.contains(name)).map(|(_, scope)| *scope);
        let mut interface = Self { scope, ..Self::default() };
        for (name, parameter) in template["parameters"].as_object().into_iter().flatten() {
            let nullable = parameter["nullable"] == Value::Bool(true);
            let kind = parameter["type"].as_str().unwrap_or_default();
            let allowed = parameter["allowedValues"].as_array().into_iter().flatten();
            interface.parameters.push(InterfaceParameter {
                name: name.clone(),
                kinds: if parameter["$ref"].is_null() { kinds(kind) } else { Kinds::ANY },
                required: parameter["defaultValue"].is_null()
                    && !nullable
                    && parameter["$ref"].is_null(),
                secure: kind.to_ascii_lowercase().starts_with("secure"),
                texts: allowed.filter_map(|text| Some(text.as_str()?.to_owned())).collect(),
            });
        }
        for (name, output) in template["outputs"].as_object().into_iter().flatten() {
            let kind = output["type"].as_str().unwrap_or_default();
            interface.outputs.push((name.clone(), kinds(kind)));
        }
        Some(interface)
    }
}

fn kinds(name: &str) -> Kinds {
    match name.to_ascii_lowercase().as_str() {
        "string" | "securestring" => Kinds::STRING,
        "int" => Kinds::INT,
        "bool" => Kinds::BOOL,
        "object" | "secureobject" => Kinds::OBJECT,
        "array" => Kinds::ARRAY,
        _ => Kinds::ANY,
    }
}

fn has(decorators: &[DecoratorSyntax<'_>], name: &str) -> bool {
    decorators.iter().any(|decorator| match decorator.expression {
        ExpressionSyntax::FunctionCall(node) => node.name.name == name,
        ExpressionSyntax::InstanceFunctionCall(node) => node.name.name == name,
        _ => false,
    })
}

/// The texts of a type that is nothing but literal texts.
fn texts(described: &Type<'_>) -> Vec<String> {
    let mut open = vec![described];
    let mut texts = Vec::new();
    while let Some(next) = open.pop() {
        match next {
            Type::String(Some(text)) => texts.push((*text).to_owned()),
            Type::Union(members) => open.extend(members.iter()),
            Type::Null => {}
            _ => return Vec::new(),
        }
    }
    texts
}
