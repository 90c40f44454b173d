//! Module declarations: what they are given, where they deploy, how they are called.

use foldhash::{HashSet, HashSetExt};

use super::Checker;
use super::interface::Interface;
use super::resources::is_resource_type;
use crate::bicep::binder::SymbolKind;
use crate::bicep::syntax::{
    ExpressionSyntax, ModuleDeclarationSyntax, ObjectSyntax, StatementSyntax,
};
use crate::bicep::types::Type;
use crate::diagnostic::Span;

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
                let words = ("the path of the module is missing", "write the path as a string");
                self.error("BCP090", path.span, "the module has no path", words);
            }
            self.module_declaration(node);
        }
        self.equal_modules(&modules);
    }

    fn module_declaration(&self, node: &ModuleDeclarationSyntax<'a>) {
        let Some(body) = node.body().object else { return };
        let Some(interface) = self.modules.interface(node.path) else { return };
        for unknown in &interface.unknown {
            if !is_resource_type(unknown) {
                let title = format!("`{unknown}` is not a resource type");
                let words =
                    ("parameters or outputs of the module use this type", "correct the module");
                self.warning("BCP392", node.path.span(), title, words);
                continue;
            }
            let title = format!("unknown resource type `{unknown}`");
            let words = (
                "parameters or outputs of the module use this type",
                "update the module, or ignore the warning if the type is new",
            );
            self.warning("BCP081", node.path.span(), title, words);
        }
        self.module_scope(body, interface);
        if let Some(params) = body.property("params")
            && !matches!(params.value, ExpressionSyntax::Object(_) | ExpressionSyntax::Skipped(_))
        {
            let words = ("a literal object is required here", "write an object, `{ ... }`");
            self.error("BCP183", params.value.span(), "`params` is not an object", words);
        }
    }

    fn module_scope(&self, body: &ObjectSyntax<'a>, interface: &Interface<'a>) {
        let Some(wanted) = interface.scope else { return };
        let Some(scope) = body.property("scope") else {
            let own = self.target_scope_name();
            if own.is_some_and(|own| own != wanted) {
                let words = (
                    "the module has a different target scope from this file",
                    "set the `scope` of the module",
                );
                self.error(
                    "BCP134",
                    body.span,
                    format!("the module has target scope `{wanted}`"),
                    words,
                );
            }
            return;
        };
        if self.ambiguous_scope(scope.value) {
            return;
        }
        let given = match scope.value {
            ExpressionSyntax::FunctionCall(call) => call.name.name,
            ExpressionSyntax::InstanceFunctionCall(call) => call.name.name,
            ExpressionSyntax::ArrayAccess(access)
                if matches!(self.infer(access.base), Type::Module(_, true)) =>
            {
                "module"
            }
            ExpressionSyntax::Variable(variable) => {
                let id = self.bound.target(variable.name);
                match id.map(|id| self.bound.symbol(id).kind) {
                    Some(SymbolKind::Module(node)) if node.body().r#for.is_none() => "module",
                    _ => return,
                }
            }
            _ => return,
        };
        let known = ["tenant", "managementGroup", "subscription", "resourceGroup", "module"];
        if !known.contains(&given) || self.infer(scope.value).is_error() {
            return;
        }
        if given == wanted {
            self.reachable_scope(given, scope.value.span());
        } else {
            let title = format!("scope `{given}` for a module with target scope `{wanted}`");
            let words = (
                "the file of the module has a different `targetScope`",
                "set the scope that the module expects",
            );
            self.error("BCP134", scope.value.span(), title, words);
        }
    }

    /// Management groups stand above what these files deploy to.
    fn reachable_scope(&self, given: &str, span: Span) {
        let code = match self.target_scope_name() {
            Some("subscription") => "BCP115",
            Some("resourceGroup") => "BCP116",
            _ => return,
        };
        if given == "managementGroup" {
            let words = (
                "the target scope of this file cannot reach it",
                "deploy it from a file with a broader target scope",
            );
            self.error(code, span, "the scope of the module is a management group", words);
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
                let known = interface.and_then(|interface| interface.parameter(name));
                // What is not known may take one.
                interface.is_none() || known.is_some_and(|known| known.kind.is_secure())
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
