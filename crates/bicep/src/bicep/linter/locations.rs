//! Where resources are deployed.

use foldhash::{HashSet, HashSetExt};

use super::Linting;
use crate::bicep::binder::{SymbolId, SymbolKind};
use crate::bicep::checker::is_location_of_deployment;
use crate::bicep::syntax::{
    ExpressionSyntax, ModuleDeclarationSyntax, ObjectPropertySyntax, ObjectSyntax, StatementSyntax,
};

/// How many variables a value is followed through.
const MAX_STEPS: usize = 16;

pub(super) fn explicit_values(linting: &Linting<'_, '_>) {
    for node in linting.modules() {
        let params = node.body().object.and_then(|body| body.property("params"));
        let place = params.map_or(node.name.span, |params| params.span);
        for (name, given) in linting.location_values(node) {
            if given.is_none() {
                let title = format!("`{name}` of module `{}` is not set", node.name.name);
                let label = "the default of the module determines the location";
                linting.report(place, title, label, &format!("set `{name}`"));
            }
        }
    }
}

pub(super) fn hardcoded_location(linting: &Linting<'_, '_>) {
    let mut told = HashSet::new();
    for (_, resource) in linting.resources() {
        let body = resource.body().object;
        if let Some(location) = body.and_then(|body| body.property("location")) {
            linting.hardcoded(location.value, &mut told);
        }
    }
    for node in linting.modules() {
        for (_, given) in linting.location_values(node) {
            if let Some(given) = given {
                linting.hardcoded(given.value, &mut told);
            }
        }
    }
}

pub(super) fn expression_outside_parameters(linting: &Linting<'_, '_>) {
    let parameters = linting.bound.program.statements.iter().filter_map(|it| match it {
        StatementSyntax::Parameter(node) => Some(node.span),
        _ => None,
    });
    let parameters: Vec<_> = parameters.collect();
    linting.expressions(&mut |expression| {
        let span = expression.span();
        let in_parameter = || {
            let at = parameters.partition_point(|it| it.end <= span.start);
            parameters.get(at).is_some_and(|it| it.start <= span.start)
        };
        if is_location_of_deployment(expression) && !in_parameter() {
            let title = format!("`{}` outside a parameter default", linting.text(span));
            let help = "use it as the default value of a parameter";
            linting.report(span, title, "the location cannot be changed", help);
        }
    });
}

impl<'a> Linting<'a, '_> {
    pub(super) fn modules(&self) -> impl Iterator<Item = &'a ModuleDeclarationSyntax<'a>> {
        self.bound.program.statements.iter().filter_map(|statement| match statement {
            StatementSyntax::Module(node) => Some(*node),
            _ => None,
        })
    }

    /// The value that a module is given for a parameter.
    pub(super) fn given(
        node: &ModuleDeclarationSyntax<'a>,
        name: &str,
    ) -> Option<&'a ObjectPropertySyntax<'a>> {
        let params = node.body().object?.property("params")?.value;
        let ExpressionSyntax::Object(params) = params else { return None };
        ObjectSyntax::property(params, name)
    }

    /// The parameters of a module that say where it deploys and have a default, with what they are given.
    fn location_values(
        &self,
        node: &ModuleDeclarationSyntax<'a>,
    ) -> Vec<(&'a str, Option<&'a ObjectPropertySyntax<'a>>)> {
        let interface = self.checked.module(node.path);
        let parameters = interface.into_iter().flat_map(|interface| &interface.parameters);
        let parameters = parameters.filter(|parameter| parameter.is_location);
        parameters.map(|parameter| (parameter.name, Self::given(node, parameter.name))).collect()
    }

    /// Reports a location that is written out, or the variable that holds it.
    fn hardcoded(&self, value: ExpressionSyntax<'a>, told: &mut HashSet<SymbolId>) {
        let (mut value, mut variable) = (value, None);
        for _ in 0..MAX_STEPS {
            let Some(id) = self.target(value) else { break };
            let SymbolKind::Variable(node) = self.bound.symbol(id).kind else { return };
            (value, variable) = (node.value, Some((id, node.name)));
        }
        let Some(text) = value.literal().filter(|text| !text.eq_ignore_ascii_case("global")) else {
            return;
        };
        let title = format!("the location '{text}' is hard-coded");
        let help = "use a parameter";
        match variable {
            Some((id, name)) => {
                if told.insert(id) {
                    self.report(name.span, title, "the location cannot be changed", help);
                }
            }
            None => self.report(value.span(), title, "the location cannot be changed", help),
        }
    }
}
