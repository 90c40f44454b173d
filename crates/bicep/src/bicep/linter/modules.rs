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
            let title = format!("the module `{}` has a name", node.name.name);
            let label = "two deployments at once would clash";
            linting.report(name.span, title, label, "remove it: Bicep finds one that is unique");
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
                let title = format!("names in `{}` depend on a deployed value", node.name.name);
                let label = "what-if cannot look into the module";
                let help = "give a value that is known before the deployment";
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
                let title = format!("`{}` of `{}` is not given", parameter.name, node.name.name);
                let label = "its default is about another template";
                linting.report(node.name.span, title, label, "pass the value on");
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
        let title = format!("`{}` without `{missing}`", node.name.name);
        let help = format!("declare `{missing}`");
        self.report(node.name.span, title, "the two belong together", &help);
    }

    fn artifacts(
        &self,
        location: &ParameterDeclarationSyntax<'a>,
        token: &ParameterDeclarationSyntax<'a>,
    ) {
        for node in [location, token] {
            if matches!(node.r#type, TypeSyntax::Variable(kind) if kind.name.name != "string") {
                let title = format!("`{}` is no string", node.name.name);
                self.report(node.r#type.span(), title, "a string belongs here", "write `string`");
            }
        }
        if decorator(token.decorators, "secure").is_none() {
            let title = format!("`{}` is not secure", token.name.name);
            self.report(token.r#type.span(), title, "it is a secret", "add `@secure()`");
        }
        if let Some(default) = location.default
            && !default.literal().is_some_and(|text| text.starts_with("http"))
            && !is_template_link(self.text(default.span()))
        {
            let title = format!("the default of `{}` is no address", location.name.name);
            let help = "write a URL, or `deployment().properties.templateLink.uri`";
            self.report(default.span(), title, "nothing can be loaded from it", help);
        }
        if let Some(default) = token.default
            && default.literal() != Some("")
        {
            let title = format!("a default for `{}`", token.name.name);
            self.report(default.span(), title, "it is a secret", "write `''`, or no default");
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
