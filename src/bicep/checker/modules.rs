//! Module declarations: what they are given, where they deploy, how they are called.

use std::collections::HashSet;

use super::Checker;
use super::interface::{Interface, InterfaceParameter};
use super::types::{Type, kind_names};
use crate::bicep::binder::SymbolKind;
use crate::bicep::functions::Kinds;
use crate::bicep::syntax::{
    ExpressionSyntax, ModuleDeclarationSyntax, ObjectPropertySyntax, ObjectSyntax, StatementSyntax,
};
use crate::diagnostic::{Span, nearest};

/// What the body of a module may hold.
const PROPERTIES: [&str; 6] =
    ["dependsOn", "extensionConfigs", "identity", "name", "params", "scope"];

impl<'a> Checker<'a, '_> {
    pub(super) fn module_declarations(&self) {
        let modules =
            self.bound.program.statements.iter().filter_map(|statement| match statement {
                StatementSyntax::Module(node) => Some(*node),
                _ => None,
            });
        let modules: Vec<&ModuleDeclarationSyntax<'a>> = modules.collect();
        for node in &modules {
            if let ExpressionSyntax::Skipped(path) = node.path {
                let words = ("where the module is belongs here", "write its path as a string");
                self.error("BCP090", path.span, "module without a path", words);
            }
            self.module_declaration(node);
        }
        self.equal_modules(&modules);
    }

    fn module_declaration(&self, node: &ModuleDeclarationSyntax<'a>) {
        let Some(body) = node.body().object else { return };
        self.references(body);
        let Some(interface) = self.modules.interface(node.path) else { return };
        for property in body.properties() {
            let Some(name) = property.name() else { continue };
            if name == "outputs" {
                let words = ("the module makes them", "remove it");
                self.error("BCP073", property.key.span(), "`outputs` cannot be set", words);
            } else if !PROPERTIES.contains(&name) {
                self.unknown_property(name, property.key.span(), PROPERTIES.into_iter());
            }
        }
        self.module_scope(node, body, interface);
        let broken = self.is_broken(node.value);
        let missing = |given: Option<&ObjectSyntax<'a>>| {
            let given = |name: &str| given.is_some_and(|given| given.property(name).is_some());
            let required = interface.parameters.iter().filter(|parameter| parameter.required);
            required
                .filter(|parameter| !given(&parameter.name))
                .map(|parameter| &*parameter.name)
                .collect::<Vec<_>>()
        };
        match body.property("params") {
            None => {
                if !missing(None).is_empty() && !broken {
                    self.missing_properties("a module", node.name.span, &["params"]);
                }
            }
            Some(params) => {
                if let ExpressionSyntax::Object(object) = params.value {
                    let missing = missing(Some(object));
                    let closed = object.items.len() == object.properties().count();
                    if closed && !missing.is_empty() && !self.is_broken(params.value) {
                        self.missing_properties("these parameters", params.key.span(), &missing);
                    }
                    self.module_parameters(object, interface);
                } else if !matches!(params.value, ExpressionSyntax::Skipped(_)) {
                    let words = ("must be written out here", "write an object between braces");
                    self.error("BCP183", params.value.span(), "`params` that is no object", words);
                }
            }
        }
    }

    fn module_parameters(&self, object: &ObjectSyntax<'a>, interface: &Interface) {
        for property in object.properties() {
            let Some(name) = property.name() else { continue };
            let known = interface.parameters.iter().find(|parameter| parameter.name == name);
            let Some(parameter) = known else {
                let known = interface.parameters.iter().map(|parameter| parameter.name.as_str());
                let free = known.filter(|known| object.property(known).is_none());
                self.unknown_property(name, property.key.span(), free);
                continue;
            };
            self.module_parameter(property, parameter);
        }
    }

    fn module_parameter(
        &self,
        property: &ObjectPropertySyntax<'a>,
        parameter: &InterfaceParameter,
    ) {
        let found = self.quietly(|| self.infer(property.value));
        if found.is_error() || matches!(found, Type::Null | Type::Resource(..) | Type::Module(..)) {
            return;
        }
        let span = property.value.span();
        if !found.can_be(parameter.kinds | Kinds::NULL) {
            let title = format!("parameter `{}` is `{}`", parameter.name, found.name());
            let help = format!("give it {}", kind_names(parameter.kinds));
            self.error("BCP036", span, title, ("wrong type", &help));
        } else if let Type::String(Some(text)) = found
            && !parameter.texts.is_empty()
            && !parameter.texts.iter().any(|one| one == text)
        {
            let near = nearest(text, parameter.texts.iter().map(String::as_str));
            let (code, help) = match near {
                Some(near) => ("BCP088", format!("did you mean '{near}'?")),
                None => ("BCP036", format!("use '{}'", parameter.texts.join("', '"))),
            };
            let title = format!("parameter `{}` does not take '{text}'", parameter.name);
            self.error(code, span, title, ("not one of its values", &help));
        }
    }

    pub(super) fn unknown_property<'n>(
        &self,
        name: &str,
        span: Span,
        known: impl Iterator<Item = &'n str>,
    ) {
        let title = format!("unknown property `{name}`");
        let near = nearest(name, known);
        let (code, help) = match near {
            Some(near) => ("BCP089", format!("did you mean `{near}`?")),
            None => ("BCP037", "remove it, or correct its name".to_owned()),
        };
        self.error(code, span, title, ("nothing of this name is taken here", &help));
    }

    pub(super) fn missing_properties(&self, what: &str, span: Span, names: &[&str]) {
        let title = format!("{what} without `{}`", names.join("`, `"));
        let words = ("must be given", "add what is missing");
        self.error("BCP035", span, title, words);
    }

    fn module_scope(
        &self,
        node: &ModuleDeclarationSyntax<'a>,
        body: &ObjectSyntax<'a>,
        interface: &Interface,
    ) {
        let Some(wanted) = interface.scope else { return };
        let Some(scope) = body.property("scope") else {
            let own = self.target_scope_name();
            if own.is_some_and(|own| own != wanted) {
                self.missing_properties("a module", node.name.span, &["scope"]);
                let words = ("deploys elsewhere than this file", "give it a scope");
                self.error("BCP134", body.span, format!("module for a {wanted}"), words);
            }
            return;
        };
        let given = match scope.value {
            ExpressionSyntax::FunctionCall(call) => call.name.name,
            ExpressionSyntax::InstanceFunctionCall(call) => call.name.name,
            ExpressionSyntax::Variable(variable) => {
                let id = self.bound.target(variable.name);
                match id.map(|id| self.bound.symbol(id).kind) {
                    Some(SymbolKind::Module(_)) => "module",
                    _ => return,
                }
            }
            ExpressionSyntax::String(_) => {
                let words = ("a text is no scope", "use a function such as resourceGroup('name')");
                self.error("BCP036", scope.value.span(), "scope that is a text", words);
                return;
            }
            _ => return,
        };
        let known = ["tenant", "managementGroup", "subscription", "resourceGroup", "module"];
        if !known.contains(&given) || self.quietly(|| self.infer(scope.value)).is_error() {
            return;
        }
        if given == wanted {
            self.reachable_scope(given, scope.value.span());
        } else {
            let title = format!("scope of a {given} for a module that deploys to a {wanted}");
            let words = ("the module's own `targetScope` differs", "give it a scope that it takes");
            self.error("BCP134", scope.value.span(), title, words);
        }
    }

    /// Management groups stand above what this file deploys to.
    fn reachable_scope(&self, given: &str, span: Span) {
        let code = match self.target_scope_name() {
            Some("subscription") => "BCP115",
            Some("resourceGroup") => "BCP116",
            _ => return,
        };
        if given == "managementGroup" {
            let words = ("out of reach from here", "deploy it from a file of a wider scope");
            self.error(code, span, "module for a management group", words);
        }
    }

    /// The scope of this file, if it is a known one.
    pub(super) fn target_scope_name(&self) -> Option<&'a str> {
        let scopes = self.bound.program.statements.iter().filter_map(|statement| match statement {
            StatementSyntax::TargetScope(node) => Some(node.value),
            _ => None,
        });
        let scopes: Vec<ExpressionSyntax<'a>> = scopes.collect();
        match scopes.as_slice() {
            [] => Some("resourceGroup"),
            [one] => one.literal(),
            _ => None,
        }
    }

    /// Where `getSecret` may be called: as the value of a secure parameter of a module.
    pub(super) fn secret_places(&self) -> HashSet<u32> {
        let mut places = HashSet::new();
        for statement in self.bound.program.statements {
            let StatementSyntax::Module(node) = statement else { continue };
            let interface = self.modules.interface(node.path);
            let takes_secrets = |name: &str| {
                let parameters = interface.map(|interface| &interface.parameters);
                let known = parameters
                    .and_then(|parameters| parameters.iter().find(|known| known.name == name));
                // What is not known may take one.
                interface.is_none() || known.is_some_and(|known| known.secure)
            };
            let body = node.body().object;
            for group in ["params", "extensionConfigs"] {
                let group_value = body.and_then(|body| body.property(group));
                let Some(ExpressionSyntax::Object(object)) = group_value.map(|found| found.value)
                else {
                    continue;
                };
                for property in object.properties() {
                    if group != "params" || property.name().is_some_and(takes_secrets) {
                        direct_calls(property.value, &mut places);
                    }
                }
            }
        }
        places
    }
}

/// The calls that are a value, or one of the two that a condition chooses from.
fn direct_calls(value: ExpressionSyntax<'_>, places: &mut HashSet<u32>) {
    let mut open = vec![value];
    while let Some(next) = open.pop() {
        match next.without_parentheses() {
            ExpressionSyntax::InstanceFunctionCall(call) => {
                places.insert(call.span.start);
            }
            ExpressionSyntax::Ternary(node) => open.extend([node.when_true, node.when_false]),
            // The values of an extension's configuration stand one level deeper.
            ExpressionSyntax::Object(object) => {
                open.extend(object.properties().map(|property| property.value));
            }
            _ => {}
        }
    }
}
