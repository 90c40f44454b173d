//! A team's own templates: what they may do, and the bounds that no text in them gets around.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prebake::bicep::format::{FormatOptions, format};
use prebake::bicep::syntax::FileKind;
use prebake::diagnostic::{Diagnostics, Sources, text};
use prebake::pipeline::{self, Input, Tools};
use prebake::render::{EMBEDDED, Templates};

use crate::tools::tools;

const CONFIG: &str = "name: any\nlocation: northeurope\nresourceGroup: any\n\
    images: [{ name: docker.io/library/python, tag: '3.12' }]\nnode: { gpu: false }\n\
    gallery: { version: 1.0.0 }\nbatch: { pools: [{ id: one, nodes: 1 }] }\n";
const BATCH: &str = "bicep/batch.bicep.tera";

/// The files of a render with these templates laid over the embedded ones, or what was found.
fn rendered(overlay: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
    let overlay = overlay.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let (mut sources, mut findings) = (Sources::new(), Diagnostics::new());
    let Some(templates) = Templates::new(overlay.collect(), &mut sources, &mut findings) else {
        return Err(text::render(&findings, &sources, false));
    };
    let tools = Tools { templates, ..tools() };
    let bytes = CONFIG.as_bytes().to_vec();
    let input = Input { path: "prebake.yaml".to_owned(), bytes, ..Input::default() };
    let outcome = pipeline::render(&input, &tools);
    match outcome.render {
        Some(render) => Ok(Arc::unwrap_or_clone(render.artifacts.files)),
        None => Err(text::render(&outcome.diagnostics, &outcome.sources, false)),
    }
}

/// The text of `batch.bicep` made by a template of comments, so that it compiles whatever it makes.
fn made(template: &str) -> String {
    let files = rendered(&[(BATCH, &format!("{}/*[{template}]*/", embedded(BATCH)))]);
    let made = files.expect(template)["batch.bicep"].clone();
    let (start, end) = (made.rfind("/*[").expect("starts"), made.rfind("]*/").expect("ends"));
    made[start + 3..end].to_owned()
}

fn embedded(path: &str) -> &'static str {
    EMBEDDED.iter().find(|(name, _)| *name == path).expect("is embedded").1
}

/// What is found in templates that are refused.
fn found(overlay: &[(&str, &str)]) -> String {
    let found = rendered(overlay).err();
    assert!(found.is_some(), "it renders: {:?}", overlay.last());
    found.unwrap_or_default()
}

/// What is found in so many templates of which each links to the next, the last being `end`.
fn found_in_chain(length: usize, link: impl Fn(&str) -> String, end: &str) -> String {
    let name = |number: usize| format!("part{number}.tera");
    let mut parts = vec![(BATCH.to_owned(), link(&name(0)))];
    parts.extend((1..length).map(|number| (name(number - 1), link(&name(number)))));
    parts.push((name(length - 1), end.to_owned()));
    let parts: Vec<(&str, &str)> = parts.iter().map(|(path, text)| (&**path, &**text)).collect();
    found(&parts)
}

fn refused(template: &str) -> String {
    let start = Instant::now();
    let found = found(&[(BATCH, template)]);
    assert!(start.elapsed() < Duration::from_secs(30), "{template} took {:?}", start.elapsed());
    found
}

#[test]
fn templates_of_a_team_render_as_the_engine_would() {
    for (template, expected) in [
        ("{% for i in range(end=3) %}{{ i }},{% endfor %}", "0,1,2,"),
        ("a {%- for i in range(end=2) -%} \n b {%- endfor -%} c", "abbc"),
        ("{% for i in [] %}x{% else %}none{% endfor %}", "none"),
        ("{% set a = 'x' ~ 1 %}{{ a }}{{ 'y' | upper }}", "x1Y"),
        ("{% set_global a = [1, 2] %} {{- a | join(sep='-') }}", "1-2"),
        ("{% set a = \"for %} }} {% raw\" -%}  {{ a }}", "for %} }} {% raw"),
        ("{% raw %}{% for %}{{ x }}{% set y %}{% endraw %}", "{% for %}{{ x }}{% set y %}"),
        ("{# {% for %} {{ #}z", "z"),
        ("{{ 'a.b.c' | replace(from='.', to='--') }}", "a--b--c"),
        ("{{ 'a\nb\n\nc' | indent(width=2) }}", "a\n  b\n\n  c"),
        ("{{ 'a\nb' | indent(width=1, first=true, indentation='.') }}", ".a\n.b"),
        (
            "{% set_global n = 0 %}{% for i in range(end=3) %}{% set_global n = n + i %}{% endfor %}{{ n }}",
            "3",
        ),
        ("{% for k, v in {'a': 1} %}{{ k }}{{ v }}{% endfor %}", "a1"),
        (
            "{% for i in range(end=9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "01",
        ),
    ] {
        assert_eq!(made(template), expected, "{template}");
    }
    let parts = [
        ("part.tera", "<{{ name }}>"),
        (BATCH, "// {% include 'part.tera' %}\n"),
        ("bicep/batch.bicepparam.tera", "using './batch.bicep'\n"),
    ];
    assert!(rendered(&parts).expect("renders")["batch.bicep"].starts_with("// <any>\n"));
}

/// Every embedded template, as a team that ejected them all would have it, renders to the same files.
#[test]
fn ejected_templates_render_the_same() {
    let ejected: Vec<(&str, &str)> = EMBEDDED.to_vec();
    let (mut own, mut others) =
        (rendered(&ejected).expect("renders"), rendered(&[]).expect("renders"));
    // It tells the digest of the templates, by path and text: those are the same too.
    assert_eq!(own.remove("manifest.json"), others.remove("manifest.json"));
    assert_eq!(own, others);
}

#[test]
fn loops_end() {
    let nested =
        "{% for a in range(end=100000) %}{% for b in range(end=100000) %}{% endfor %}{% endfor %}";
    let found = refused(nested);
    assert!(
        found.starts_with("error[PB2003]: template `bicep/batch.bicep.tera` exceeds a limit"),
        "{found}"
    );
    assert!(
        found.contains(
            "the loops and includes of this config's templates go through more than 16 MiB"
        ),
        "{found}"
    );
    assert!(found.contains("batch.bicep.tera:1:"), "{found}");
    assert!(found.contains(nested), "shows the text as it was written: {found}");
    assert!(refused("{% for a in range(end=100001) %}{% endfor %}").contains("limit of 100000"));
    let mut deep = "x".to_owned();
    for depth in 0..30 {
        deep = format!("{{% for a{depth} in [1, 2] %}}{deep}{{% endfor %}}");
    }
    assert!(refused(&deep).contains("PB2003"));
    let else_too = "{% for a in range(end=100000) %}{% for b in [] %}{% else %}\
        {% for c in range(end=100000) %}{% endfor %}{% endfor %}{% endfor %}";
    assert!(refused(else_too).contains("PB2003"));
}

#[test]
fn includes_and_blocks_that_double_end() {
    let include =
        |name: &str| format!("{{% include '{name}' %}}{{%- include \"{name}\" -%}}").repeat(3);
    assert!(found_in_chain(10, include, "").contains("PB2003"));

    let supers = "{{ super() }}".repeat(6);
    let child =
        |name: &str| format!("{{% extends '{name}' %}}{{% block a %}}{supers}{{% endblock %}}");
    assert!(found_in_chain(10, child, "{% block a %}{% endblock %}").contains("PB2003"));
}

#[test]
fn circles_and_long_chains_are_refused() {
    for template in
        ["{% include 'bicep/batch.bicep.tera' %}", "{% extends 'bicep/batch.bicep.tera' %}"]
    {
        let found = refused(template);
        assert!(found.contains("PB2003") && found.contains("form a cycle"), "{found}");
    }
    let include = |name: &str| format!("{{% include '{name}' %}}");
    assert!(found_in_chain(5000, include, "end").contains("more than 10 levels deep"));
}

#[test]
fn values_and_files_do_not_grow_without_bound() {
    let doubled = "{% set_global a = a ~ a %}".repeat(60);
    let listed = "{% set_global a = [a, a] %}".repeat(60);
    let replaced = "{% set_global a = a | replace(from='x', to='xxxxxxxx') %}".repeat(60);
    let chained = " | replace(from='x', to='xxxxxxxx')".repeat(30);
    let quoted = " | shell".repeat(40);
    let printed = " | json".repeat(60);
    for (template, limit) in [
        (format!("{{% set_global a = 'x' %}}{doubled}"), "larger than 4 MiB"),
        (format!("{{% set_global a = 'x' %}}{listed}{{{{ a | json }}}}"), "larger than 4 MiB"),
        (format!("{{% set_global a = 'x' %}}{replaced}"), "larger than 4 MiB"),
        (format!("{{{{ 'x'{chained} }}}}"), "larger than 4 MiB"),
        (format!("{{{{ \"'\"{quoted} }}}}"), "larger than 4 MiB"),
        (format!("{{{{ '\\\\'{printed} }}}}"), "larger than 4 MiB"),
        ("{% set a = range(end=100000) | join(sep='0123456789012345678901234567890123456789') %}".to_owned(), "larger than 4 MiB"),
        ("{{ range(end=100000) | join(sep='\n') | indent(width=1000) }}".to_owned(), "larger than 4 MiB"),
        (
            "{% set a = range(end=100000) | join(sep='0123456789') %}{% for b in range(end=20) %}{{ a }}{% endfor %}"
                .to_owned(),
            "a file of more than 16 MiB",
        ),
    ] {
        let found = refused(&template);
        let shown = &template[..template.len().min(100)];
        assert!(found.contains("PB2003") && found.contains(limit), "{shown}: {found}");
    }
}

#[test]
fn tags_that_gather_text_are_refused_at_their_place() {
    for (template, column) in [
        ("a{% filter upper %}x{% endfilter %}", 2),
        ("ab{%- set x %}y{% endset %}", 3),
        ("{% set_global x | upper %}y{% endset %}", 1),
        ("{% component a() %}{% endcomponent %}", 1),
        ("{{ [x for x in range(end=3)] }}", 1),
        ("{% if [x for x in [1]] %}{% endif %}", 1),
        ("{% for y in [x for x in [1]] %}{% endfor %}", 1),
    ] {
        let found = refused(template);
        assert!(found.contains("PB2003"), "{template}: {found}");
        assert!(found.contains(&format!("batch.bicep.tera:1:{column}")), "{template}: {found}");
    }
}

#[test]
fn nothing_outside_can_be_read_or_run() {
    for template in [
        "{% include '/etc/passwd' %}",
        "{% include '../../../etc/passwd' %}",
        "{% extends '/etc/passwd' %}",
        "{{ load_data(path='/etc/passwd') }}",
        "{{ get_env(name='HOME') }}",
        "{{ now() }}",
        "{{ get_random(end=9) }}",
        "{{ 'id' | exec }}",
        "{% import '/etc/passwd' as x %}",
    ] {
        let found = refused(template);
        assert!(found.contains("PB2001") || found.contains("PB2002"), "{template}: {found}");
        assert!(!found.contains("root:"), "{template}: {found}");
    }
}

#[test]
fn mistakes_after_a_loop_are_shown_where_they_stand() {
    let template = "{% for i in [1] %}\n{% set x = i %}\n  {{ nothing }}\n{% endfor %}";
    let found = refused(template);
    assert!(found.contains("PB2002") && found.contains("batch.bicep.tera:3:6"), "{found}");
    let broken = refused("{% for i in [1] %}{% set x = 1 %}\n{% if %}{% endif %}{% endfor %}");
    assert!(broken.contains("PB2001") && broken.contains("batch.bicep.tera:2:"), "{broken}");
}

#[test]
fn templates_share_one_budget() {
    // One goes through 10 MB: 40,000 passes of 256 bytes. Two go beyond the 16 MiB of a config.
    let part = "{% for a in range(end=40000) %}{% endfor %}";
    let image = format!("{part}{}", embedded("bicep/image.bicep.tera"));
    let batch = format!("{part}{}", embedded(BATCH));
    assert!(rendered(&[("bicep/image.bicep.tera", &image)]).is_ok());
    assert!(rendered(&[(BATCH, &batch)]).is_ok());
    let found = found(&[("bicep/image.bicep.tera", &image), (BATCH, &batch)]);
    assert!(found.contains("go through more than 16 MiB"), "{found}");
}

#[test]
fn what_a_template_makes_is_in_the_form_of_the_formatter() {
    let own = "{% extends \"built-in/bicep/batch.bicep.tera\" %}\n{% block more %}\noutput   poolCount   int={{ batch.pools | length }}\n{% endblock %}\n";
    let files = rendered(&[(BATCH, own)]).expect("it renders");
    assert!(files["batch.bicep"].contains("\noutput poolCount int = "), "{}", files["batch.bicep"]);
    let form = format(&files["batch.bicep"], FileKind::Bicep, &FormatOptions::default());
    assert_eq!(files["batch.bicep"], form);
}

#[test]
fn a_template_extends_the_built_in_one_of_its_path() {
    let own = "{% extends \"built-in/bicep/batch.bicep.tera\" %}\n{% block storageRole %}{% endblock %}\n\
               {% block more %}\n\noutput poolCount int = {{ batch.pools | length }}\n{% endblock %}\n";
    let (own, others) =
        (rendered(&[(BATCH, own)]).expect("renders"), rendered(&[]).expect("renders"));
    let (own, others) = (&own["batch.bicep"], &others["batch.bicep"]);
    assert!(others.contains("resource storageRole ") && !own.contains("resource storageRole "));
    assert!(own.ends_with("\n\noutput poolCount int = 1\n"), "{own}");
    let start = "{% extends \"built-in/bicep/bach.bicep.tera\" %}";
    assert!(refused(start).contains("PB2001"), "{}", refused(start));
}
