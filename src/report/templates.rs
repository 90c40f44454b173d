use std::collections::BTreeMap;

use handlebars::{Handlebars, Template, TemplateError, no_escape};
use serde::Serialize;

use super::bounds::{self, Report};
use super::markup;
use crate::diagnostic::Diagnostic;

/// The report templates that the binary carries, by path below `templates/`.
const EMBEDDED: [(&str, &str); 3] = [
    ("report/review.txt.hbs", include_str!("../../templates/report/review.txt.hbs")),
    ("report/review.md.hbs", include_str!("../../templates/report/review.md.hbs")),
    ("report/review.html.hbs", include_str!("../../templates/report/review.html.hbs")),
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

    /// Renders one template. HTML is escaped by the engine, other formats by the helpers of their
    /// templates.
    pub(super) fn render(
        &self,
        path: &str,
        data: &impl Serialize,
    ) -> Result<String, Box<Diagnostic>> {
        let mut engine = Handlebars::new();
        if !path.ends_with(".html.hbs") {
            engine.register_escape_fn(no_escape);
        }
        markup::register(&mut engine);
        bounds::register(&mut engine);
        let mut template = Template::compile_with_name(self.text(path), path.to_owned())
            .map_err(|error| unparsed(path, &error))?;
        if self.overrides.contains_key(path) {
            let laid = bounds::lay(&mut template).map_err(|error| unparsed(path, &error))?;
            laid.map_err(|(line, why)| broken(path, &format!("{path}:{line}: {why}")))?;
        }
        engine.register_template(path, template);
        let mut report = Report::default();
        engine.render_to_write(path, data, &mut report).map_err(|error| {
            let line = error.line_no.map(|line| format!(":{line}"));
            broken(path, &format!("{path}{}: {}", line.unwrap_or_default(), error.reason()))
        })?;
        Ok(report.into_text())
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
            .help(format!(
                "correct the template, or remove your own `{path}` to use the embedded one"
            ));
    Box::new(broken)
}
