use std::collections::BTreeMap;

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    Context, Handlebars, RenderContext, Renderable as _, Template, TemplateError, no_escape,
};

use super::rows::Rows;
use super::written::{Piece, Written};
use super::{bounds, markup};
use crate::diagnostic::Diagnostic;

/// The report templates that the binary carries, by path below `templates/`.
const EMBEDDED: [(&str, &str); 6] = [
    ("report/review.txt.hbs", include_str!("../../templates/report/review.txt.hbs")),
    ("report/review.md.hbs", include_str!("../../templates/report/review.md.hbs")),
    ("report/review.html.hbs", include_str!("../../templates/report/review.html.hbs")),
    ("report/config.txt.hbs", include_str!("../../templates/report/config.txt.hbs")),
    ("report/config.md.hbs", include_str!("../../templates/report/config.md.hbs")),
    ("report/config.html.hbs", include_str!("../../templates/report/config.html.hbs")),
];

/// The templates of everything that is read: the embedded ones, or a team's own.
#[derive(Debug, Clone, Default)]
pub struct Templates {
    overrides: BTreeMap<String, String>,
}

impl Templates {
    /// The embedded templates with others laid over them, by path below `templates/`.
    pub fn new(overrides: BTreeMap<String, String>) -> Self {
        Self { overrides }
    }

    /// Path and text of the embedded report templates, to write them out.
    pub fn embedded() -> impl Iterator<Item = (&'static str, &'static str)> {
        EMBEDDED.into_iter()
    }

    fn text(&self, path: &str) -> &str {
        let embedded = EMBEDDED.iter().find(|(name, _)| *name == path).map_or("", |(_, text)| text);
        self.overrides.get(path).map_or(embedded, String::as_str)
    }

    /// Reads one template, to be used as often as there is something to write.
    pub(super) fn read(&self, path: &'static str) -> Result<Form, Box<Diagnostic>> {
        let text = self.text(path);
        let refused = |(line, why): bounds::Refused| broken(path, &format!("{path}:{line}: {why}"));
        let is_own = self.overrides.contains_key(path);
        if is_own {
            bounds::parsable(text).map_err(refused)?;
        }
        let mut template = Template::compile_with_name(text, path.to_owned())
            .map_err(|error| unparsed(path, &error))?;
        if is_own {
            let laid = bounds::lay(&mut template).map_err(|error| unparsed(path, &error))?;
            laid.map_err(refused)?;
        }
        Ok(Form { path, template, is_own })
    }
}

/// Whether a template reads a part of its data, anywhere.
fn uses(template: &Template, part: &str) -> bool {
    template.elements.iter().any(|element| match element {
        TemplateElement::HtmlExpression(call)
        | TemplateElement::Expression(call)
        | TemplateElement::HelperBlock(call) => call_uses(call, part),
        _ => false,
    })
}

fn call_uses(call: &HelperTemplate, part: &str) -> bool {
    let inner = [&call.template, &call.inverse].into_iter().flatten();
    let mut parameters = call.params.iter().chain(call.hash.values()).chain([&call.name]);
    parameters.any(|parameter| parameter_uses(parameter, part))
        || inner.into_iter().any(|inner| uses(inner, part))
}

fn parameter_uses(parameter: &Parameter, part: &str) -> bool {
    match parameter {
        Parameter::Subexpression(inner) => match inner.as_element() {
            TemplateElement::Expression(call) => call_uses(call, part),
            _ => false,
        },
        other => other.as_name().is_some_and(|path| path.split(['.', '/']).any(|it| it == part)),
    }
}

/// A template that was read.
#[derive(Debug)]
pub(super) struct Form {
    path: &'static str,
    template: Template,
    is_own: bool,
}

impl Form {
    /// Whether the template names a part of its data, which need not be made otherwise.
    pub(super) fn names(&self, part: &str) -> bool {
        uses(&self.template, part)
    }

    /// Whether it is a team's own, which may ask for any part of its data in any way.
    pub(super) fn is_own(&self) -> bool {
        self.is_own
    }

    /// Fills the form. HTML is escaped by the engine, other formats by the helpers of their templates.
    pub(super) fn fill(
        &self,
        data: &Context,
        rows: &Rows<'_>,
    ) -> Result<Vec<Piece>, Box<Diagnostic>> {
        let written = Written::default();
        let mut engine = Handlebars::new();
        if !self.path.ends_with(".html.hbs") {
            engine.register_escape_fn(no_escape);
        }
        markup::register(&mut engine, &written);
        bounds::register(&mut engine);
        engine.register_helper("eachReview", Box::new(*rows));
        let filled =
            self.template.render(&engine, data, &mut RenderContext::new(None), &mut &written);
        filled.map_err(|error| {
            let line = error.line_no.map(|line| format!(":{line}"));
            let at = format!("{}{}", self.path, line.unwrap_or_default());
            self.refused(&format!("{at}: {}", error.reason()))
        })?;
        drop(engine);
        Ok(written.into_pieces())
    }

    /// Why the template cannot be used.
    pub(super) fn refused(&self, reason: &str) -> Box<Diagnostic> {
        broken(self.path, reason)
    }
}

fn unparsed(path: &str, error: &TemplateError) -> Box<Diagnostic> {
    let at = error.pos().map(|(line, column)| format!(":{line}:{column}"));
    broken(path, &format!("{path}{}: {}", at.unwrap_or_default(), error.reason()))
}

fn broken(path: &str, reason: &str) -> Box<Diagnostic> {
    let broken =
        Diagnostic::error("PB2101", format!("the report template `{path}` cannot be used"))
            .reason(reason.to_owned())
            .help(format!("correct the template, or remove `{path}` to use the built-in one"));
    Box::new(broken)
}
