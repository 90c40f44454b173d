//! How modules are named and what they are given.

use super::{Linting, decorator};
use crate::bicep::syntax::{
    ExpressionSyntax, ParameterDeclarationSyntax, StatementSyntax, TypeSyntax,
};

const ARTIFACTS: &str = "_artifactsLocation";
const ARTIFACTS_TOKEN: &str = "_artifactsLocationSasToken";

pub(super) fn module_name(linting: &Linting<'_, '_>) {
    for node in linting.modules() {
        if let Some(name) = node.body().object.and_then(|body| body.property("name")) {
            let title = format!("module `{}` sets a deployment name", node.name.name);
            let label = "concurrent deployments would conflict";
            linting.report(name.span, title, label, "remove it; Bicep generates a unique name");
        }
    }
}

pub(super) fn short_circuiting(linting: &Linting<'_, '_>) {
    for node in linting.modules() {
        let interface = linting.checked.module(node.path);
        let parameters = interface.into_iter().flat_map(|interface| &interface.parameters);
        for parameter in parameters.filter(|parameter| parameter.identifies) {
            let Some(given) = Linting::given(node, parameter.name) else { continue };
            if !linting.checked.is_early(given.value) {
                let title = format!("names in `{}` depend on a runtime value", node.name.name);
                let label = "what-if cannot evaluate the module";
                let help = "use a value that is known before the deployment";
                linting.report(given.value.span(), title, label, help);
            }
        }
    }
}

pub(super) fn artifacts_parameters(linting: &Linting<'_, '_>) {
    match (linting.parameter(ARTIFACTS), linting.parameter(ARTIFACTS_TOKEN)) {
        (Some(location), Some(token)) => linting.artifacts(location, token),
        (Some(one), None) => linting.missing_artifacts(one, ARTIFACTS_TOKEN),
        (None, Some(one)) => linting.missing_artifacts(one, ARTIFACTS),
        (None, None) => {}
    }
    for node in linting.modules() {
        let interface = linting.checked.module(node.path);
        for parameter in interface.into_iter().flat_map(|interface| &interface.parameters) {
            let is_artifacts = [ARTIFACTS, ARTIFACTS_TOKEN]
                .iter()
                .any(|name| name.eq_ignore_ascii_case(parameter.name));
            if is_artifacts && Linting::given(node, parameter.name).is_none() {
                let title =
                    format!("`{}` of module `{}` is not set", parameter.name, node.name.name);
                let label = "the default refers to another template";
                linting.report(node.name.span, title, label, "pass the value to the module");
            }
        }
    }
}

impl<'a> Linting<'a, '_> {
    fn parameter(&self, name: &str) -> Option<&'a ParameterDeclarationSyntax<'a>> {
        self.bound.program.statements.iter().find_map(|statement| match statement {
            StatementSyntax::Parameter(node) if node.name.name.eq_ignore_ascii_case(name) => {
                Some(*node)
            }
            _ => None,
        })
    }

    fn missing_artifacts(&self, node: &ParameterDeclarationSyntax<'a>, missing: &str) {
        let title = format!("`{}` is declared without `{missing}`", node.name.name);
        let help = format!("declare `{missing}`");
        self.report(node.name.span, title, "the two parameters belong together", &help);
    }

    fn artifacts(
        &self,
        location: &ParameterDeclarationSyntax<'a>,
        token: &ParameterDeclarationSyntax<'a>,
    ) {
        for node in [location, token] {
            if matches!(node.r#type, TypeSyntax::Variable(kind) if kind.name.name != "string") {
                let title = format!("`{}` is not a string", node.name.name);
                self.report(
                    node.r#type.span(),
                    title,
                    "expected the type `string`",
                    "use `string`",
                );
            }
        }
        if decorator(token.decorators, "secure").is_none() {
            let title = format!("`{}` is not secure", token.name.name);
            self.report(token.r#type.span(), title, "the value is a secret", "add `@secure()`");
        }
        if let Some(default) = location.default
            && !default.literal().is_some_and(|text| text.starts_with("http"))
            && !is_template_link(self.text(default.span()))
        {
            let title = format!("the default value of `{}` is not a URL", location.name.name);
            let help = "use a URL, or `deployment().properties.templateLink.uri`";
            self.report(default.span(), title, "artifacts cannot be loaded from it", help);
        }
        if let Some(default) = token.default
            && default.literal() != Some("")
        {
            let title = format!("`{}` has a default value", token.name.name);
            self.report(
                default.span(),
                title,
                "the value is a secret",
                "use `''`, or remove the default value",
            );
        }
    }
}

fn is_template_link(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let call = text.find("deployment(");
    call.is_some_and(|at| {
        text[at..].lines().next().is_some_and(|rest| rest.contains(".templatelink"))
    })
}

/// Whether an expression is an object.
pub(super) fn is_object(value: Option<ExpressionSyntax<'_>>) -> bool {
    matches!(value, Some(ExpressionSyntax::Object(_)))
}
