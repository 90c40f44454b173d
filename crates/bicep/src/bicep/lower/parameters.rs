//! Parameters files: what they assign, as templates would write it, ready to be evaluated.

use std::cell::RefCell;

use serde_json::{Map, Value};

use super::imports::Imports;
use super::{Env, Lowerer};
use crate::arm::expression::Expression;
use crate::bicep::files::FileProvider;
use crate::bicep::load::{Loaded, UnitId};
use crate::bicep::syntax::{ExpressionSyntax, ObjectSyntax, StatementSyntax};
use crate::diagnostic::{Diagnostics, Span};

/// Gives the value of an environment variable.
pub type Environment<'e> = &'e dyn Fn(&str) -> Option<String>;

/// A value that is given by a tool at deployment: its kind and what that tool needs to know.
#[derive(Debug, Clone, PartialEq)]
pub struct ExternalInput {
    /// The name in the parameters' JSON.
    pub name: String,
    /// The kind as written.
    pub kind: String,
    /// What the tool gets, not evaluated yet.
    pub config: Option<Value>,
}

/// What evaluating a parameters file adds to lowering.
pub struct ParametersMode<'e> {
    environment: Environment<'e>,
    inputs: RefCell<Vec<ExternalInput>>,
}

/// A value of a parameters file, not evaluated yet.
#[derive(Debug, Clone)]
pub enum Assigned {
    /// A value.
    Value(Value),
    /// The arguments of `az.getSecret`.
    Secret(Vec<Value>),
}

/// Names, what they are assigned, and where.
pub type Assignments = Vec<(String, Assigned, Span)>;

/// What a parameters file says, not evaluated yet.
#[derive(Debug, Default)]
pub struct ParametersFile {
    /// The parameters, in order.
    pub parameters: Assignments,
    /// The variables, imported ones included; loops under `copy`.
    pub variables: Map<String, Value>,
    /// The functions: namespace, name, declaration.
    pub functions: Vec<(String, String, Value)>,
    /// How to deploy.
    pub using_config: Option<(Value, Span)>,
    /// The configurations of extensions.
    pub extensions: Vec<(String, Assignments)>,
    /// What tools give at deployment.
    pub inputs: Vec<ExternalInput>,
}

/// Lowers a parameters file.
pub fn lower_parameters(
    loaded: &Loaded<'_>,
    id: UnitId,
    files: &dyn FileProvider,
    environment: Environment<'_>,
    diagnostics: &mut Diagnostics,
) -> ParametersFile {
    let Some(unit) = loaded.bicep(id) else { return ParametersFile::default() };
    let imports = Imports::new(loaded, id, diagnostics);
    let mode = ParametersMode { environment, inputs: RefCell::default() };
    let mut lowerer = Lowerer::new(loaded, &[], files, id, unit, &imports);
    lowerer.parameters_mode = Some(&mode);
    let mut file = ParametersFile::default();
    for statement in unit.bound.program.statements {
        match statement {
            StatementSyntax::ParameterAssignment(node) => {
                let value = lowerer.assigned(node.value);
                file.parameters.push((node.name.name.to_owned(), value, node.value.span()));
            }
            StatementSyntax::ExtensionConfig(node) => {
                let config = match node.config {
                    Some(ExpressionSyntax::Object(object)) => lowerer.extension_config(object),
                    _ => Vec::new(),
                };
                file.extensions.push((node.name.name.to_owned(), config));
            }
            _ => {}
        }
    }
    // The inputs are numbered in the order of the parameters, those of variables last.
    file.variables = lowerer.variables();
    for statement in unit.bound.program.statements {
        if let StatementSyntax::Using(node) = statement
            && let Some(config) = node.config
        {
            file.using_config = Some((lowerer.json(config, &Env::empty()), config.span()));
        }
    }
    file.functions = imports.functions(&lowerer);
    lowerer.take_problems(diagnostics);
    drop(lowerer);
    file.inputs = mode.inputs.into_inner();
    file
}

impl<'a> Lowerer<'a, '_> {
    fn assigned(&self, expression: ExpressionSyntax<'a>) -> Assigned {
        let arguments = match expression.without_parentheses() {
            ExpressionSyntax::FunctionCall(call) if call.name.name == "getSecret" => {
                Some(call.arguments)
            }
            ExpressionSyntax::InstanceFunctionCall(call) if call.name.name == "getSecret" => {
                Some(call.arguments)
            }
            _ => None,
        };
        match arguments {
            Some(arguments) => {
                let values = arguments.iter().map(|argument| self.json(*argument, &Env::empty()));
                Assigned::Secret(values.collect())
            }
            None => Assigned::Value(self.json(expression, &Env::empty())),
        }
    }

    fn extension_config(&self, object: &'a ObjectSyntax<'a>) -> Assignments {
        let properties = object.properties();
        let named = properties.filter_map(|property| {
            let name = property.name()?.to_owned();
            Some((name, self.assigned(property.value), property.value.span()))
        });
        named.collect()
    }

    /// A call of a function that only parameters files have.
    pub(super) fn parameters_call(
        &self,
        name: &str,
        arguments: &'a [ExpressionSyntax<'a>],
        span: Span,
        env: &Env<'_>,
    ) -> Option<Expression> {
        let mode = self.parameters_mode?;
        let kind = match name {
            "readEnvironmentVariable" => {
                return Some(self.environment_variable(mode, arguments, span, env));
            }
            "externalInput" => None,
            "readCliArg" => Some("sys.cliArg"),
            "readEnvVar" => Some("sys.envVar"),
            _ => return None,
        };
        let mut rest = arguments.iter();
        let kind = match kind {
            Some(kind) => Some(kind.to_owned()),
            None => rest.next().and_then(|kind| self.constant_text(*kind)),
        };
        let Some(kind) = kind else {
            self.error(
                "BCP032",
                span,
                "the kind of the input is not known",
                "write the kind as plain text",
            );
            return Some(Expression::null());
        };
        let config = rest.next().map(|config| self.json(*config, env));
        let name = external_input(&mut mode.inputs.borrow_mut(), kind, config);
        Some(Expression::call("externalInputs", vec![Expression::string(name)]))
    }

    fn environment_variable(
        &self,
        mode: &ParametersMode<'_>,
        arguments: &'a [ExpressionSyntax<'a>],
        span: Span,
        env: &Env<'_>,
    ) -> Expression {
        let name = arguments.first().and_then(|name| self.constant_text(*name));
        let value = name.as_deref().and_then(mode.environment);
        match (value, arguments.get(1)) {
            (Some(value), _) => Expression::string(value),
            (None, Some(default)) => self.expression(*default, env),
            (None, None) => {
                let name = name.unwrap_or_default();
                let title = format!("the environment variable `{name}` is not set");
                self.error(
                    "BCP427",
                    span,
                    title,
                    "set it, or pass a default value as the second argument",
                );
                Expression::null()
            }
        }
    }
}

// The same input that is asked for twice is one input.
fn external_input(inputs: &mut Vec<ExternalInput>, kind: String, config: Option<Value>) -> String {
    if let Some(known) = inputs.iter().find(|known| known.kind == kind && known.config == config) {
        return known.name.clone();
    }
    let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '_' };
    let name = format!("{}_{}", kind.chars().map(plain).collect::<String>(), inputs.len());
    inputs.push(ExternalInput { name: name.clone(), kind, config });
    name
}
