//! Parameters files: what they assign, ready to be evaluated.

use std::cell::RefCell;

use super::{Env, Environment, Lowerer, Lowering, Session};
use crate::arm::expression::Expression;
use crate::bicep::ir::{Assigned, Assignment, ExternalInput, ParametersFile, Value};
use crate::bicep::load::UnitId;
use crate::bicep::syntax::{ExpressionSyntax, ObjectSyntax, StatementSyntax};
use crate::diagnostic::{Diagnostics, Span};

/// What a parameters file adds to lowering.
pub struct ParametersMode<'e> {
    environment: Environment<'e>,
    inputs: RefCell<Vec<ExternalInput>>,
}

impl Lowering<'_, '_> {
    /// The intermediate form of a parameters file. `environment` gives what it reads of the environment.
    pub fn parameters_file(
        &mut self,
        id: UnitId,
        environment: Environment<'_>,
        diagnostics: &mut Diagnostics,
    ) -> ParametersFile {
        let imports = self.imports(id, diagnostics);
        let mode = ParametersMode { environment, inputs: RefCell::default() };
        let session = Session { parameters: Some(&mode), ..self.session(&imports) };
        let file = session.lowerer(id).map(|lowerer| lowerer.parameters_file());
        session.take_problems(diagnostics);
        let inputs = mode.inputs.take();
        ParametersFile { inputs, ..file.unwrap_or_default() }
    }
}

impl<'a> Lowerer<'a, '_> {
    fn parameters_file(&self) -> ParametersFile {
        let mut file = ParametersFile::default();
        for statement in self.bound.program.statements {
            match statement {
                StatementSyntax::ParameterAssignment(node) => {
                    let name = node.name.name.to_owned();
                    file.parameters.push(self.assignment(name, node.value));
                }
                StatementSyntax::ExtensionConfig(node) => {
                    let config = match node.config {
                        Some(ExpressionSyntax::Object(object)) => self.extension_config(object),
                        _ => Vec::new(),
                    };
                    file.extensions.push((node.name.name.to_owned(), config));
                }
                _ => {}
            }
        }
        // The inputs are numbered in the order of the parameters, those of variables last.
        file.loaded = self.loaded_files();
        file.variables = self.variables();
        for statement in self.bound.program.statements {
            if let StatementSyntax::Using(node) = statement
                && let Some(config) = node.config
            {
                let place = self.bound.place(config.span());
                file.using_config = Some((self.value(config, &Env::empty()), place));
            }
        }
        file.functions = self.imported_functions();
        file
    }

    fn assignment(&self, name: String, value: ExpressionSyntax<'a>) -> Assignment {
        Assignment { name, value: self.assigned(value), place: self.bound.place(value.span()) }
    }

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
                let values = arguments.iter().map(|argument| self.value(*argument, &Env::empty()));
                Assigned::Secret(values.collect())
            }
            None => Assigned::Value(self.value(expression, &Env::empty())),
        }
    }

    fn extension_config(&self, object: &'a ObjectSyntax<'a>) -> Vec<Assignment> {
        let properties = object.properties();
        let named = properties.filter_map(|property| {
            Some(self.assignment(property.name()?.to_owned(), property.value))
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
        let mode = self.session.parameters?;
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
            None => rest.next().and_then(|kind| self.bound.constant_text(*kind)),
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
        let config = rest.next().map(|config| self.value(*config, env));
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
        let name = arguments.first().and_then(|name| self.bound.constant_text(*name));
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
