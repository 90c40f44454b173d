use std::fmt::Write as _;
use std::path::Path;

use clap::Args;

use super::folders::Folders;
use super::{Configs, DEFAULT_OUTPUT, Exit, input, terminal};
use crate::check;
use crate::diagnostic::{explanation, explanations, nearest};

/// `prebake explain`.
#[derive(Debug, Args)]
pub(super) struct Explain {
    /// Diagnostic code, such as POOL001, DIF001 or PB0101; or a config, to list its patches and added files [default: list all
    /// codes]
    code: Option<String>,
}

impl Explain {
    pub(super) fn run(&self) -> Exit {
        let Some(code) = &self.code else {
            terminal::out(&list());
            return Exit::Done;
        };
        if Path::new(code).extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            return extensions(Path::new(code));
        }
        let story = check::explain(&code.to_uppercase())
            .or_else(|| explanation(code).map(|known| known.to_string()));
        if let Some(story) = story {
            terminal::out(&story);
            return Exit::Done;
        }
        let known = check::rules().map(|rule| rule.code);
        let help = match nearest(code, known.chain(explanations().map(|known| known.code))) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`prebake explain` lists the codes".to_owned(),
        };
        terminal::failed(
            &format!("unknown code `{code}`"),
            "prebake has no diagnostic with this code",
            &help,
        );
        Exit::Failed
    }
}

/// Lists what the patches and the added files of a config make of its render.
fn extensions(path: &Path) -> Exit {
    let configs = Configs::shared(None, None);
    let tools = match input::tools(&configs, Path::new(DEFAULT_OUTPUT)) {
        Ok(tools) => tools,
        Err(code) => return code,
    };
    let mut code = Exit::Done;
    for job in input::jobs(path, &configs, &Folders::default()) {
        let outcome = job.render(&tools);
        let Some(render) = &outcome.render else {
            terminal::findings(&outcome.diagnostics, &outcome.sources);
            code = Exit::of(&outcome, outcome.diagnostics.has_errors());
            continue;
        };
        let changes = render.extension.changes();
        let mut text = format!(
            "{}: {} by patches and added files\n",
            render.model.name,
            changed(changes.len())
        );
        for change in changes {
            let (what, effect) = change.line();
            let _ = writeln!(text, "  {} {what}: {effect}", change.path);
            if let Some(place) = change.place {
                let (file, at) = outcome.sources.position(place);
                let _ = writeln!(text, "    {file}:{}:{}", at.line, at.column);
            }
        }
        terminal::out(&text);
    }
    code
}

fn changed(count: usize) -> String {
    match count {
        1 => "1 change".to_owned(),
        count => format!("{count} changes"),
    }
}

/// Whether a code starts so. Rules of Microsoft's linter are words with `-` between them.
fn is_of(code: &str, start: &str) -> bool {
    if start == "-" { code.contains('-') } else { code.starts_with(start) }
}

fn list() -> String {
    let mut list =
        "# Rules about Azure; `checks.rules` in the config sets their level\n".to_owned();
    for rule in check::rules() {
        let _ = writeln!(list, "{:8} {:8} {}", rule.code, rule.severity.word(), rule.title);
    }
    for (start, heading) in [
        ("DIF", "Reviews"),
        ("IMG", "Reviews: node images"),
        ("PB", "Configs, templates, render folders, parameters and schemas"),
        ("BCP", "Bicep: codes of the Microsoft compiler"),
        ("-", "Bicep: rules of the Microsoft linter"),
    ] {
        let _ = writeln!(list, "\n# {heading}");
        for known in explanations().filter(|known| is_of(known.code, start)) {
            let _ = writeln!(list, "{:17} {}", known.code, known.title);
        }
    }
    list
}
